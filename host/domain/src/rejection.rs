//! Why a command changed nothing.

use crate::{OutboxId, Status, TaskId};

/// A command that can't be taken. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// This customer has no such task.
    #[error("there is no task {0} of this customer")]
    UnknownTask(TaskId),
    /// The task's status doesn't take it.
    #[error("the task is {status}; {command} takes {takes}")]
    WrongStatus {
        /// Where it stands.
        status: Status,
        /// What was asked.
        command: &'static str,
        /// What it would need.
        takes: &'static str,
    },
    /// An answer to an attempt that is over.
    #[error(
        "the attempt token is not the one of the attempt under way (attempt {current}): this result is stale"
    )]
    StaleAttempt {
        /// The attempt under way.
        current: u32,
    },
    /// The job was handed out with a token, so the answer needs it.
    #[error("the job of attempt {current} was handed out with an attempt token: send it as attempt_token")]
    TokenNeeded {
        /// The attempt under way.
        current: u32,
    },
    /// The task was changed since the caller saw it.
    #[error("the task is at version {current}, not {given}: read it again and decide anew")]
    StaleVersion {
        /// What the caller saw.
        given: u64,
        /// What there is.
        current: u64,
    },
    /// Nothing waits for approval.
    #[error("the result is not held for approval")]
    NotHeld,
    /// Automatic processing is off.
    #[error("image processing is switched off for this shop: switch it on, then retry")]
    ProcessingOff,
    /// No task is being delivered by this mail.
    #[error("no task is being delivered by mail {0}")]
    UnknownMail(OutboxId),
}
