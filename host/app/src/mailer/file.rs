//! Mail into `<data>/mail/<id>.eml`: an RFC 5322 message with the pictures attached, as any mail program opens it.

use std::{path::PathBuf, time::SystemTime};

use async_trait::async_trait;
use lettre::{
    Address, Message,
    message::{Attachment as Part, Mailbox, MultiPart, SinglePart, header::ContentType},
};

use super::{Mail, MailError, Mailer};
use crate::{config, pictures::Desk};

/// Writes mails into a folder.
pub(crate) struct FileMailer {
    folder: PathBuf,
    desk: Desk,
    from_name: String,
    from: Address,
}

impl FileMailer {
    /// A mailer into this folder; an error where the configured sender is no address.
    pub(crate) fn new(folder: PathBuf, desk: Desk, config: &config::Mail) -> Result<Self, String> {
        let from = config
            .from_address
            .parse()
            .map_err(|e| format!("mail.from_address {:?} is no e-mail address: {e}", config.from_address))?;
        Ok(Self { folder, desk, from_name: one_line(&config.from_name), from })
    }

    fn message(&self, mail: Mail) -> Result<Message, MailError> {
        let permanent = |e: &dyn std::fmt::Display| MailError::Permanent(e.to_string());
        let to: Address = mail.to.as_str().parse().map_err(|e| permanent(&e))?;
        let from_name = mail.from_name.as_deref().map_or_else(|| self.from_name.clone(), one_line);
        let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(mail.body));
        for attachment in mail.attachments {
            let kind = ContentType::parse(&attachment.media_type).map_err(|e| permanent(&e))?;
            parts = parts.singlepart(Part::new(attachment.name).body(attachment.bytes, kind));
        }
        Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.domain())))
            .date(SystemTime::from(mail.at))
            .from(Mailbox::new(Some(from_name).filter(|n| !n.is_empty()), self.from.clone()))
            .to(Mailbox::new(Some(one_line(&mail.to_name)).filter(|n| !n.is_empty()), to))
            .subject(one_line(&mail.subject))
            .multipart(parts)
            .map_err(|e| permanent(&e))
    }
}

/// Control characters out: a name with a line break in it would end the header, and lettre panics on it.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let path = self.folder.join(format!("{}.eml", mail.id));
        let message = self.message(mail)?;
        let desk = self.desk.clone();
        let written = tokio::task::spawn_blocking(move || desk.write(&path, &message.formatted())).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(MailError::Transient(format!("the mail can't be written: {e}"))),
            Err(e) => Err(MailError::Transient(e.to_string())),
        }
    }
}
