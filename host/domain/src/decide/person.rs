//! What a person at the shop can do.

use super::{Draft, processing};
use crate::{EventBody, HoldReason, Rejection, StartReason, State, Status, TaskId, Withheld};

pub(super) fn retry(draft: &mut Draft<'_>, id: TaskId, version: Option<u64>) -> Result<(), Rejection> {
    let task = draft.task_at(id, version)?;
    if task.status() != Status::Failed {
        return Err(Rejection::WrongStatus { status: task.status(), command: "a retry", takes: "failed" });
    }
    if !draft.context.policy.processing_enabled {
        return Err(Rejection::ProcessingOff);
    }
    draft.start(id, StartReason::Retry);
    Ok(())
}

pub(super) fn cancel(draft: &mut Draft<'_>, id: TaskId, version: Option<u64>) -> Result<(), Rejection> {
    let task = draft.task_at(id, version)?;
    if task.status().is_final() {
        let takes = "any status but completed and cancelled";
        return Err(Rejection::WrongStatus { status: task.status(), command: "a cancellation", takes });
    }
    draft.record(Some(id), EventBody::TaskCancelled);
    Ok(())
}

pub(super) fn approve(draft: &mut Draft<'_>, id: TaskId, version: Option<u64>) -> Result<(), Rejection> {
    let task = draft.task_at(id, version)?;
    match task.state {
        State::AwaitingConfirm { withheld: Some(_), .. } => {
            draft.record(Some(id), EventBody::ResultReleased);
            processing::show(draft, id);
            Ok(())
        }
        State::AwaitingConfirm { withheld: None, .. } => Err(Rejection::NotHeld),
        ref state => Err(Rejection::WrongStatus {
            status: state.status(),
            command: "an approval",
            takes: "awaiting-confirm",
        }),
    }
}

pub(super) fn hold(draft: &mut Draft<'_>) {
    if !draft.was_held {
        draft.record(None, EventBody::ConversationHeld { reason: HoldReason::TakenOver });
    }
}

pub(super) fn resume(draft: &mut Draft<'_>) {
    if !draft.was_held {
        return;
    }
    draft.record(None, EventBody::ConversationResumed);
    draft.was_held = false;
    let waiting: Vec<TaskId> = draft
        .case
        .tasks
        .iter()
        .filter(|t| t.state.is_withheld(Withheld::Conversation))
        .map(|t| t.id)
        .collect();
    for id in waiting {
        draft.record(Some(id), EventBody::ResultReleased);
        processing::show(draft, id);
    }
}
