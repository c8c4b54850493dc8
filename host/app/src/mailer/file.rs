//! Mail into `<data>/mail/<id>.eml`: an RFC 5322 message with the pictures attached, as any mail program opens it.

use std::path::PathBuf;

use async_trait::async_trait;

use super::{Mail, MailError, Mailer, message::Sender};
use crate::{config, pictures::Desk};

/// Writes mails into a folder.
pub(crate) struct FileMailer {
    folder: PathBuf,
    desk: Desk,
    sender: Sender,
}

impl FileMailer {
    /// A mailer into this folder; an error where the configured sender is no address.
    pub(crate) fn new(folder: PathBuf, desk: Desk, config: &config::Mail) -> Result<Self, String> {
        Ok(Self { folder, desk, sender: Sender::new(config)? })
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let path = self.folder.join(format!("{}.eml", mail.id));
        let message = self.sender.message(mail).await?;
        let desk = self.desk.clone();
        let written = tokio::task::spawn_blocking(move || desk.write(&path, &message.bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(MailError::Transient(format!("the mail can't be written: {e}"))),
            Err(e) => Err(MailError::Transient(e.to_string())),
        }
    }
}
