//! The image AI takes a job and answers it.

use super::{Draft, Effect, operations_slot};
use crate::{
    AlertKind, AttemptToken, EventBody, Outcome, Quality, Rejection, State, Task, TaskId, Withheld,
    roles::wording::Key,
};

/// How much of a reason from outside goes into an alert, in characters.
const REASON: usize = 200;

/// Whether a result is waited for from the attempt that the token speaks for; `command` names the request in a refusal.
pub fn attempt_under_way(
    task: &Task,
    token: Option<AttemptToken>,
    command: &'static str,
) -> Result<(), Rejection> {
    let stale = Rejection::StaleAttempt { current: task.attempt };
    match (&task.state, token) {
        (State::Processing { token: current, .. }, Some(given)) if *current == given => Ok(()),
        (State::Processing { handed_out: false, .. } | State::Pending { .. }, None) => Ok(()),
        (State::Processing { handed_out: true, .. }, None) => {
            Err(Rejection::TokenNeeded { current: task.attempt })
        }
        (State::Processing { .. } | State::Pending { .. }, Some(_)) => Err(stale),
        (state, _) => {
            Err(Rejection::WrongStatus { status: state.status(), command, takes: "pending or processing" })
        }
    }
}

pub(super) fn claim(draft: &mut Draft<'_>, id: TaskId, token: AttemptToken) -> Result<(), Rejection> {
    let task = draft.task(id)?;
    match &task.state {
        State::Processing { token: current, handed_out, .. } if *current == token => {
            if !handed_out {
                draft.record(Some(id), EventBody::JobClaimed);
            }
            Ok(())
        }
        State::Processing { .. } => Err(Rejection::StaleAttempt { current: task.attempt }),
        state => {
            Err(Rejection::WrongStatus { status: state.status(), command: "a claim", takes: "processing" })
        }
    }
}

pub(super) fn finish(
    draft: &mut Draft<'_>,
    id: TaskId,
    token: Option<AttemptToken>,
    outcome: Outcome,
) -> Result<(), Rejection> {
    let task = draft.task(id)?;
    attempt_under_way(task, token, "a result")?;
    let (kind, reason) = match outcome {
        Outcome::Picture { image, quality } => {
            let withheld = withheld(draft, quality.as_ref());
            let score = quality.as_ref().map(|q| q.score);
            draft.record(Some(id), EventBody::ResultReceived { image, withheld, score });
            if let Some(quality) = quality.filter(|q| !q.passed) {
                let kind = AlertKind::QualityFailed {
                    score: quality.score,
                    attempts: quality.attempts,
                    held: withheld == Some(Withheld::Quality),
                };
                draft.alert(kind, Some(id), cut(&quality.issue));
            }
            if withheld.is_none() {
                show(draft, id);
            }
            return Ok(());
        }
        Outcome::Refused(reason) => (AlertKind::ProcessingRefused, reason),
        Outcome::Broke(reason) => (AlertKind::ProcessingError, reason),
    };
    if !matches!(task.state, State::Processing { .. }) {
        return Err(Rejection::WrongStatus {
            status: task.status(),
            command: "a failure",
            takes: "processing",
        });
    }
    let reason = cut(&reason);
    draft.record(Some(id), EventBody::ProcessingFailed { reason: reason.clone() });
    draft.alert(kind, Some(id), reason);
    draft.say_about(id, Key::ProcessingDelayed, Vec::new());
    Ok(())
}

fn withheld(draft: &Draft<'_>, quality: Option<&Quality>) -> Option<Withheld> {
    if quality.is_some_and(|q| !q.passed) && draft.context.policy.hold_failed_quality {
        Some(Withheld::Quality)
    } else if draft.was_held {
        Some(Withheld::Conversation)
    } else {
        None
    }
}

/// The picture to the customer, then the ready text.
pub(super) fn show(draft: &mut Draft<'_>, id: TaskId) {
    let Some(task) = draft.case.task(id) else { return };
    let Some(image) = task.state.result().cloned() else { return };
    let (account, slot) = (task.account.clone(), operations_slot(task));
    draft.effects.push(Effect::Show { task: id, account: account.clone(), image });
    if !draft.was_held {
        draft.effects.push(Effect::Ready { task: id, account, slots: vec![slot] });
    }
}

fn cut(reason: &str) -> String {
    reason.chars().take(REASON).collect()
}
