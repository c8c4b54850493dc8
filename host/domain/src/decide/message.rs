//! The customer writes. The rows of `DOMAIN.md`'s table, in its order.

use super::{Draft, Effect, Silence, delivery};
use crate::{
    AddressKind, AlertKind, Candidate, EventBody, HoldReason, Message, Note, Rejection, StartReason, Status,
    TaskId,
    roles::{detection::Intent, wording::Key},
};

/// How much of the customer's words goes into an alert, in characters.
const EXCERPT: usize = 200;

pub(super) fn say(draft: &mut Draft<'_>, message: Message) -> Result<(), Rejection> {
    if let Some(id) = message.about {
        draft.task(id)?;
    }
    if draft.was_held {
        draft.silence = Some(Silence::Held);
        return Ok(());
    }
    let subject = draft.case.subject(message.about).map(|t| (t.id, t.status(), t.is_shown()));
    if message.intent == Intent::HandOff {
        let excerpt = message.text.chars().take(EXCERPT).collect::<String>();
        hand_off(draft, subject.map(|(id, ..)| id), &message, HoldReason::CustomerAsked, excerpt);
        return Ok(());
    }
    match subject {
        Some((id, Status::AwaitingConfirm, true)) => awaiting_confirm(draft, id, &message),
        Some((id, Status::Revision, _)) => revision(draft, id, &message),
        Some(_) => draft.silence = Some(Silence::NotWaiting),
        None => draft.silence = Some(Silence::NoTask),
    }
    Ok(())
}

fn awaiting_confirm(draft: &mut Draft<'_>, id: TaskId, message: &Message) {
    match message.intent {
        Intent::Revise => {
            remember_address(draft, id, message, false);
            let note = note(draft, message);
            draft.record(Some(id), EventBody::RevisionAsked { note });
            reply(draft, id, message, Key::AskRevisionDetail, Vec::new());
        }
        Intent::WithdrawAddress => {
            draft.record(Some(id), EventBody::AddressesDropped);
            reply(draft, id, message, Key::AskAddress, Vec::new());
        }
        Intent::Confirm | Intent::None if !message.addresses.is_empty() => match message.addresses.as_slice()
        {
            [only] if only.kind == AddressKind::Exact => delivery::start(draft, only.address.clone()),
            _ => remember_address(draft, id, message, true),
        },
        Intent::Confirm => confirm_without_address(draft, id, message),
        _ => draft.silence = Some(Silence::NotForWorkflow),
    }
}

fn confirm_without_address(draft: &mut Draft<'_>, id: TaskId, message: &Message) {
    let customer = &draft.case.customer;
    match (customer.candidate.clone(), customer.email.clone()) {
        (Some(candidate), _) if candidate.is_agreed() => delivery::start(draft, candidate.address),
        (Some(candidate), _) => ask_about(draft, id, message, candidate),
        (None, Some(email)) => {
            ask_about(draft, id, message, Candidate { address: email.address, certain: false, asked: false });
        }
        (None, None) => reply(draft, id, message, Key::AskAddress, Vec::new()),
    }
}

fn revision(draft: &mut Draft<'_>, id: TaskId, message: &Message) {
    match message.intent {
        Intent::Confirm => {
            draft.record(Some(id), EventBody::RevisionDropped);
            if message.addresses.is_empty() {
                reply(draft, id, message, Key::AskAddress, Vec::new());
            } else {
                awaiting_confirm(draft, id, message);
            }
        }
        Intent::Question => draft.silence = Some(Silence::NotForWorkflow),
        // Not a word about the picture: doing it again would cost an attempt and change nothing.
        Intent::WithdrawAddress => {
            draft.record(Some(id), EventBody::AddressesDropped);
            reply(draft, id, message, Key::AskRevisionDetail, Vec::new());
        }
        _ if message.text.trim().is_empty() && message.images.is_empty() => {
            draft.silence = Some(Silence::NotForWorkflow);
        }
        _ => detail(draft, id, message),
    }
}

/// The customer said what to change.
fn detail(draft: &mut Draft<'_>, id: TaskId, message: &Message) {
    let policy = &draft.context.policy;
    let Some(task) = draft.case.task(id) else { return };
    let (count, paid) = (task.revision_count, task.paid_by.is_some());
    if count > policy.free_revisions {
        let reason = format!("免费修改次数({}次)已用完", policy.free_revisions);
        return hand_off(draft, Some(id), message, HoldReason::RevisionsUsedUp, reason);
    }
    if paid && !policy.processing_enabled {
        let reason = "客户要求修改,但已暂停自动作图".to_owned();
        return hand_off(draft, Some(id), message, HoldReason::ProcessingOff, reason);
    }
    remember_address(draft, id, message, false);
    let note = note(draft, message);
    draft.record(Some(id), EventBody::NoteKept { note });
    if paid {
        draft.start(id, StartReason::Revision);
    } else {
        draft.record(Some(id), EventBody::PaymentAwaited);
    }
    reply(draft, id, message, Key::RevisionAccepted, vec![("count".to_owned(), count.to_string())]);
}

fn hand_off(
    draft: &mut Draft<'_>,
    task: Option<TaskId>,
    message: &Message,
    reason: HoldReason,
    words: String,
) {
    draft.record(None, EventBody::ConversationHeld { reason });
    draft.alert(AlertKind::HandOff, task, words);
    let account = message.account.clone().or_else(|| draft.case.customer.account.clone());
    draft.say(task, account, Key::HandedOff, Vec::new());
}

/// Keeps the first address of the message for later, and asks about it where `ask` is set.
fn remember_address(draft: &mut Draft<'_>, id: TaskId, message: &Message, ask: bool) {
    let Some(first) = message.addresses.first() else { return };
    let certain = message.addresses.len() == 1 && first.kind == AddressKind::Exact;
    let candidate = Candidate { address: first.address.clone(), certain, asked: false };
    if ask {
        ask_about(draft, id, message, candidate);
    } else {
        draft.record(Some(id), EventBody::AddressRemembered { candidate });
    }
}

fn ask_about(draft: &mut Draft<'_>, id: TaskId, message: &Message, candidate: Candidate) {
    let address = candidate.address.to_string();
    draft
        .record(Some(id), EventBody::AddressRemembered { candidate: Candidate { asked: true, ..candidate } });
    reply(draft, id, message, Key::ConfirmAddress, vec![("address".to_owned(), address)]);
}

fn note(draft: &Draft<'_>, message: &Message) -> Note {
    Note { text: message.text.trim().to_owned(), images: message.images.clone(), at: draft.context.now }
}

/// Answers from the account that the customer wrote to.
fn reply(draft: &mut Draft<'_>, id: TaskId, message: &Message, key: Key, slots: super::Slots) {
    draft.say_about(id, key, slots);
    if let (Some(account), Some(Effect::Say { account: from, .. })) =
        (&message.account, draft.effects.last_mut())
    {
        *from = Some(account.clone());
    }
}
