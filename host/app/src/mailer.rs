//! How a mail leaves the house. The message is built once ([`message`]), whichever way it goes: `file` writes it into a
//! folder, `smtp` hands it to a server.

mod file;
mod message;
mod smtp;

use std::path::PathBuf;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shopkeeper_domain::{EmailAddress, OutboxId};

use crate::{
    config::{self, Transport},
    pictures::Desk,
};

pub(crate) use smtp::SmtpMailer;

/// A picture in a mail.
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// A picture that a mail has no room for.
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// A mail with finished pictures.
pub(crate) struct Mail {
    /// Stable over every retry: the Message-ID is made of it.
    pub(crate) id: OutboxId,
    /// Who it is from, instead of the installation's name.
    pub(crate) from_name: Option<String>,
    pub(crate) to: EmailAddress,
    pub(crate) to_name: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) links: Vec<Link>,
    /// How long the links are good.
    pub(crate) link_days: u32,
    /// When it was decided to send it: the same in every repeat.
    pub(crate) at: DateTime<Utc>,
}

/// Why a mail did not leave. The texts name no address: they go into events, alerts and the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MailError {
    /// May work later.
    #[error("{0}")]
    Transient(String),
    /// Never will.
    #[error("{0}")]
    Permanent(String),
}

/// Sends mail.
#[async_trait]
pub(crate) trait Mailer: Send + Sync {
    /// Sends it, or says why not. The same mail may come again after a crash.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

/// The mailer that is configured; an error says what is wrong with the configuration.
pub(crate) fn open(config: &config::Mail, folder: PathBuf, desk: Desk) -> Result<Box<dyn Mailer>, String> {
    Ok(match config.transport {
        Transport::File => Box::new(file::FileMailer::new(folder, desk, config)?),
        Transport::Smtp => Box::new(SmtpMailer::new(config)?),
    })
}
