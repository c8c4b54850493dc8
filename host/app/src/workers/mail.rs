//! Mailing the finished pictures.

use shopkeeper_domain::{Case, Command, EmailAddress, ImageId, OutboxId, State, Task, TaskId};
use shopkeeper_storage::OutboxEntry;

use super::Outcome;
use crate::{
    mailer::{Attachment, Mail, MailError},
    pictures::extension,
    service::Service,
    workflow::Payload,
};

pub(super) async fn run(service: &Service, entry: &OutboxEntry) -> Outcome {
    let Some(Payload::Mail { to, tasks, subject, body }) = Payload::parse(&entry.payload) else {
        return Outcome::Never("the mail can't be read".to_owned());
    };
    let tries = service.config.outbox.tries;
    match compose(service, entry, to, &tasks, subject, body).await {
        Ok(None) => Outcome::Done,
        Ok(Some(mail)) => match service.mailer.send(mail).await {
            Ok(()) => Outcome::Then(Command::MailSent { mail: entry.id }),
            Err(MailError::Transient(problem)) if entry.attempts < tries => Outcome::Later(problem, None),
            Err(MailError::Transient(reason) | MailError::Permanent(reason)) => {
                Outcome::Then(Command::MailFailed { mail: entry.id, reason })
            }
        },
        Err(problem) if entry.attempts < tries => Outcome::Later(problem, None),
        Err(reason) => Outcome::Then(Command::MailFailed { mail: entry.id, reason }),
    }
}

/// The mail with what is still to be delivered by it; none where nothing is.
async fn compose(
    service: &Service,
    entry: &OutboxEntry,
    to: EmailAddress,
    tasks: &[TaskId],
    subject: String,
    body: String,
) -> Result<Option<Mail>, String> {
    let store = &service.workflow.store;
    let named = shopkeeper_storage::Named { tasks: tasks.to_vec(), ..Default::default() };
    let Some(customer) = &entry.customer else { return Ok(None) };
    let case = store.load(&entry.shop, customer, named).await.map_err(|e| e.to_string())?.case;
    let mut attachments = Vec::new();
    let mut name = String::new();
    for (task, result) in carried(&case, entry.id) {
        let read = service.pictures.read(&entry.shop, result).await.map_err(|e| e.to_string())?;
        let (image, bytes) = read.ok_or("a picture is gone")?;
        let label = task.operations.first().map_or("照片", |o| o.label());
        attachments.push(Attachment {
            name: format!("{label}-{}.{}", attachments.len() + 1, extension(&image.media_type)),
            media_type: image.media_type,
            bytes,
        });
        name.clone_from(&task.customer_name);
    }
    if attachments.is_empty() {
        return Ok(None);
    }
    let shop = service.shops.get(&entry.shop).await.map_err(|e| e.to_string())?;
    let from_name = shop.and_then(|s| s.settings.mail_from_name.clone());
    Ok(Some(Mail {
        id: entry.id,
        from_name,
        to,
        to_name: name,
        subject,
        body,
        attachments,
        at: entry.created_at,
    }))
}

fn carried(case: &Case, mail: OutboxId) -> impl Iterator<Item = (&Task, &ImageId)> {
    case.tasks.iter().filter_map(move |task| match &task.state {
        State::Delivering { mail: carrier, result, .. } if *carrier == mail => Some((task, result)),
        _ => None,
    })
}
