//! The mail goes out, or doesn't.

use super::{Draft, Effect, operations_slot};
use crate::{
    AlertKind, EmailAddress, EventBody, OutboxId, Rejection, State, Task, TaskId, roles::wording::Key,
};

/// All pictures that the customer has before them go out in one mail.
pub(super) fn start(draft: &mut Draft<'_>, to: EmailAddress) {
    let mail = OutboxId(draft.ids.fresh());
    let shown: Vec<&Task> = draft.case.tasks.iter().filter(|t| t.is_shown()).collect();
    let tasks: Vec<TaskId> = shown.iter().map(|t| t.id).collect();
    let name = shown.last().map_or_else(String::new, |t| t.customer_name.clone());
    let mut slots = vec![("name".to_owned(), name), ("count".to_owned(), tasks.len().to_string())];
    slots.extend(shown.last().map(|t| operations_slot(t)));
    for id in &tasks {
        draft.record(Some(*id), EventBody::DeliveryStarted { address: to.clone(), mail });
    }
    draft.effects.push(Effect::Mail { id: mail, to, tasks, slots });
}

fn carried_by(draft: &Draft<'_>, mail: OutboxId) -> Result<(Vec<TaskId>, EmailAddress), Rejection> {
    let mut to = None;
    let mut tasks = Vec::new();
    for task in &draft.case.tasks {
        if let State::Delivering { mail: carrier, address, .. } = &task.state
            && *carrier == mail
        {
            tasks.push(task.id);
            to = Some(address.clone());
        }
    }
    to.map(|to| (tasks, to)).ok_or(Rejection::UnknownMail(mail))
}

pub(super) fn sent(draft: &mut Draft<'_>, mail: OutboxId) -> Result<(), Rejection> {
    let (tasks, to) = carried_by(draft, mail)?;
    for id in &tasks {
        draft.record(Some(*id), EventBody::Delivered);
    }
    let tags = draft.case.customer.earned_tags(&draft.context.policy.tags);
    if tags != draft.case.customer.tags {
        draft.record(None, EventBody::TagsChanged { tags });
    }
    say_address(draft, &tasks, Key::WorkMailed, &to);
    Ok(())
}

pub(super) fn failed(draft: &mut Draft<'_>, mail: OutboxId, reason: &str) -> Result<(), Rejection> {
    let (tasks, to) = carried_by(draft, mail)?;
    for id in &tasks {
        draft.record(Some(*id), EventBody::DeliveryFailed { reason: reason.to_owned() });
    }
    draft.alert(AlertKind::MailFailed, tasks.last().copied(), reason);
    say_address(draft, &tasks, Key::MailFailed, &to);
    Ok(())
}

/// Once a mail, however many pictures it carries.
fn say_address(draft: &mut Draft<'_>, tasks: &[TaskId], key: Key, to: &EmailAddress) {
    if let Some(id) = tasks.last() {
        draft.say_about(*id, key, vec![("address".to_owned(), to.to_string())]);
    }
}
