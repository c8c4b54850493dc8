//! How a mail leaves the house. `file` writes real messages into a folder; a server comes behind the same trait.

mod file;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shopkeeper_domain::{EmailAddress, OutboxId};

pub(crate) use file::FileMailer;

/// A picture in a mail.
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
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
    /// When it was decided to send it: the same in every repeat.
    pub(crate) at: DateTime<Utc>,
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
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
