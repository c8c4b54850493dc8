//! The built-in image processor, on threads of its own: CPU work never runs on an async thread.

use shopkeeper_domain::{Case, Command, Outcome as Attempt, State, Task, full_prompt};
use shopkeeper_storage::OutboxEntry;

use super::Outcome;
use crate::{
    imaging::{self, Job, Refused},
    pictures::PictureError,
    service::Service,
    workflow::Payload,
};

/// How often work that ended in a crash is begun again.
const TRIES: u32 = 8;

pub(super) async fn run(service: &Service, entry: &OutboxEntry) -> Outcome {
    let (Some(id), Some(Payload::Job { token })) = (entry.task, Payload::parse(&entry.payload)) else {
        return Outcome::Never("the job can't be read".to_owned());
    };
    let finish = |outcome| Outcome::Then(Command::Finish { task: id, token: Some(token), outcome });
    if entry.attempts > TRIES {
        return finish(Attempt::Broke("处理多次中断,已停止重试".to_owned()));
    }
    let case = match service.workflow.store.load_by_task(&entry.shop, id).await {
        Ok(Some(found)) => found.case,
        Ok(None) => return Outcome::Done,
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    let Some(task) = wanted(&case, id, token) else { return Outcome::Done };
    let original = match service.pictures.read(&entry.shop, &task.image).await {
        Ok(Some((_, bytes))) => bytes,
        Ok(None) => return finish(Attempt::Broke("原图已不存在".to_owned())),
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    match process(service, task.clone(), original).await {
        Ok(bytes) => match service.pictures.keep(&entry.shop, bytes).await {
            Ok(kept) => finish(Attempt::Picture { image: kept.id, quality: None }),
            Err(PictureError::Refused(problem)) => finish(Attempt::Broke(problem.to_string())),
            Err(error) => Outcome::Later(error.to_string(), None),
        },
        Err(Attempt::Picture { .. }) => Outcome::Done,
        Err(failure) => finish(failure),
    }
}

/// The task, if this attempt of it is still wanted.
fn wanted(
    case: &Case,
    id: shopkeeper_domain::TaskId,
    token: shopkeeper_domain::AttemptToken,
) -> Option<&Task> {
    let task = case.task(id)?;
    matches!(task.state, State::Processing { token: current, .. } if current == token).then_some(task)
}

async fn process(service: &Service, task: Task, original: Vec<u8>) -> Result<Vec<u8>, Attempt> {
    let pictures = service.pictures.clone();
    let work = tokio::task::spawn_blocking(move || {
        let operations: Vec<String> = task.operations.iter().map(|o| o.as_str().to_owned()).collect();
        let notes: Vec<String> = task.notes.iter().map(|n| n.text.clone()).collect();
        let prompt = full_prompt(&task);
        imaging::process(&Job {
            original: &original,
            operations: &operations,
            prompt: &prompt,
            notes: &notes,
            aspect_ratio: &task.specification.aspect_ratio,
            limits: pictures.limits(),
        })
    });
    match work.await {
        Ok(Ok(processed)) => Ok(processed.bytes),
        Ok(Err(Refused(reason))) => Err(Attempt::Refused(reason)),
        Err(crash) => {
            tracing::error!(%crash, "the image processor crashed");
            Err(Attempt::Broke("图片处理程序异常".to_owned()))
        }
    }
}
