//! A picture's job in hand: what every processor of this service does alike.

use shopkeeper_domain::{AttemptToken, Case, Command, Outcome as Attempt, Quality, State, Task, TaskId};
use shopkeeper_storage::OutboxEntry;

use super::{Outcome, TRIES};
use crate::{pictures::PictureError, service::Service, workflow::Payload};

/// A job that is wanted.
pub(super) struct Job<'a> {
    service: &'a Service,
    entry: &'a OutboxEntry,
    token: AttemptToken,
    pub(super) task: Task,
}

impl<'a> Job<'a> {
    /// Takes up a job; what becomes of the entry where there is none to be done.
    pub(super) async fn take(service: &'a Service, entry: &'a OutboxEntry) -> Result<Self, Outcome> {
        let (Some(id), Some(Payload::Job { token })) = (entry.task, Payload::parse(&entry.payload)) else {
            return Err(Outcome::Never("the job can't be read".to_owned()));
        };
        match load(service, entry, id, token).await? {
            Some(task) if entry.attempts > TRIES => {
                let job = Self { service, entry, token, task };
                Err(job.finish(Attempt::Broke("处理多次中断,已停止重试".to_owned())))
            }
            Some(task) => Ok(Self { service, entry, token, task }),
            None => Err(Outcome::Done),
        }
    }

    /// Whether this attempt is still wanted: somebody may have cancelled it meanwhile.
    pub(super) async fn is_wanted(&self) -> Result<bool, Outcome> {
        Ok(load(self.service, self.entry, self.task.id, self.token).await?.is_some())
    }

    /// Ends the attempt.
    pub(super) fn finish(&self, outcome: Attempt) -> Outcome {
        Outcome::Then(Command::Finish { task: self.task.id, token: Some(self.token), outcome })
    }

    /// Ends the attempt with a picture.
    pub(super) async fn deliver(&self, bytes: Vec<u8>, quality: Option<Quality>) -> Outcome {
        match self.service.pictures.keep(&self.entry.shop, bytes).await {
            Ok(kept) => self.finish(Attempt::Picture { image: kept.id, quality }),
            Err(PictureError::Refused(problem)) => self.finish(Attempt::Broke(problem.in_chinese())),
            Err(error) => Outcome::Later(error.to_string(), None),
        }
    }
}

async fn load(
    service: &Service,
    entry: &OutboxEntry,
    id: TaskId,
    token: AttemptToken,
) -> Result<Option<Task>, Outcome> {
    match service.workflow.store.load_by_task(&entry.shop, id).await {
        Ok(found) => Ok(found.and_then(|f| wanted(f.case, id, token))),
        Err(error) => Err(Outcome::Later(error.to_string(), None)),
    }
}

/// The task, if this attempt of it is still wanted.
fn wanted(case: Case, id: TaskId, token: AttemptToken) -> Option<Task> {
    case.tasks
        .into_iter()
        .find(|task| task.id == id)
        .filter(|task| matches!(task.state, State::Processing { token: current, .. } if current == token))
}
