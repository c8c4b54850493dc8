//! Mailing the finished pictures.

use std::io;

use chrono::TimeDelta;
use shopkeeper_domain::{Case, Command, ImageId, OutboxId, State, Task};
use shopkeeper_storage::{Image, OutboxEntry};

use super::Outcome;
use crate::{
    mailer::{Attachment, Link, Mail, MailError},
    pictures::{PictureError, extension},
    service::Service,
    workflow::Payload,
};

pub(super) async fn run(service: &Service, entry: &OutboxEntry) -> Outcome {
    let mail = match compose(service, entry).await {
        Ok(Some(mail)) => mail,
        Ok(None) => return Outcome::Done,
        Err(error) => return unsent(service, entry, error),
    };
    let attached: usize = mail.attachments.iter().map(|a| a.bytes.len()).sum();
    match service.mailer.send(mail).await {
        Ok(()) => Outcome::Then(Command::MailSent { mail: entry.id }),
        Err(MailError::Permanent(reason)) if attached > service.config.mail.max_bytes => {
            let note =
                "its pictures are larger than mail.max_bytes, and go as links only with server.public_url";
            unsent(service, entry, MailError::Permanent(format!("{reason} (note: {note})")))
        }
        Err(error) => unsent(service, entry, error),
    }
}

fn unsent(service: &Service, entry: &OutboxEntry, error: MailError) -> Outcome {
    match error {
        MailError::Transient(problem) if entry.attempts < service.config.outbox.tries => {
            Outcome::Later(problem, None)
        }
        MailError::Transient(reason) | MailError::Permanent(reason) => {
            Outcome::Then(Command::MailFailed { mail: entry.id, reason })
        }
    }
}

/// The mail with what is still to be delivered by it; none where nothing is.
async fn compose(service: &Service, entry: &OutboxEntry) -> Result<Option<Mail>, MailError> {
    let Some(Payload::Mail { to, tasks, subject, body }) = Payload::parse(&entry.payload) else {
        return Err(MailError::Permanent("the mail can't be read from the outbox".to_owned()));
    };
    let store = &service.workflow.store;
    let named = shopkeeper_storage::Named { tasks, ..Default::default() };
    let Some(customer) = &entry.customer else { return Ok(None) };
    let case = store.load(&entry.shop, customer, named).await.map_err(later)?.case;
    let shop = service.shops.get(&entry.shop).await.map_err(later)?;
    let config = &service.config;
    let mut mail = Mail {
        id: entry.id,
        from_name: shop.and_then(|s| s.settings.mail_from_name.clone()),
        to,
        to_name: String::new(),
        subject,
        body,
        attachments: Vec::new(),
        links: Vec::new(),
        link_days: config.mail.link_days,
        at: entry.created_at,
    };
    let mut room = config.mail.max_bytes;
    for (number, (task, result)) in (1..).zip(carried(&case, entry.id)) {
        let (image, bytes) = picture(service, entry, result).await?;
        let label = task.operations.first().map_or("照片", |o| o.label());
        let name = format!("{label}-{number}.{}", extension(&image.media_type));
        mail.to_name.clone_from(&task.customer_name);
        // A link without a host leads nowhere: then the server may say whether the mail is too large.
        if bytes.len() <= room || config.server.public_url.is_empty() {
            room = room.saturating_sub(bytes.len());
            mail.attachments.push(Attachment { name, media_type: image.media_type, bytes });
        } else {
            let good_for = TimeDelta::days(config.mail.link_days.into());
            mail.links.push(Link { name, url: service.signed_link(&entry.shop, result, good_for) });
        }
    }
    let empty = mail.attachments.is_empty() && mail.links.is_empty();
    Ok((!empty).then_some(mail))
}

fn later(error: impl std::fmt::Display) -> MailError {
    MailError::Transient(error.to_string())
}

/// A picture that is gone doesn't come back by waiting: a person is told at once.
async fn picture(
    service: &Service,
    entry: &OutboxEntry,
    id: &ImageId,
) -> Result<(Image, Vec<u8>), MailError> {
    let gone = || MailError::Permanent("a finished picture is gone from the data folder".to_owned());
    match service.pictures.read(&entry.shop, id).await {
        Ok(found) => found.ok_or_else(gone),
        Err(PictureError::Disk(e)) if e.kind() == io::ErrorKind::NotFound => Err(gone()),
        Err(error) => Err(later(error)),
    }
}

fn carried(case: &Case, mail: OutboxId) -> impl Iterator<Item = (&Task, &ImageId)> {
    case.tasks.iter().filter_map(move |task| match &task.state {
        State::Delivering { mail: carrier, result, .. } if *carrier == mail => Some((task, result)),
        _ => None,
    })
}
