//! The built-in image processor, on threads of its own: CPU work never runs on an async thread.

use shopkeeper_domain::{Outcome as Attempt, Task, full_prompt};
use shopkeeper_storage::OutboxEntry;

use super::{Outcome, job::Job};
use crate::{
    imaging::{self, Refused},
    service::Service,
};

pub(super) async fn run(service: &Service, entry: &OutboxEntry) -> Outcome {
    let job = match Job::take(service, entry).await {
        Ok(job) => job,
        Err(outcome) => return outcome,
    };
    let original = match service.pictures.read(&entry.shop, &job.task.image).await {
        Ok(Some((_, bytes))) => bytes,
        Ok(None) => return job.finish(Attempt::Broke("原图已不存在".to_owned())),
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    match process(service, job.task.clone(), original).await {
        Ok(bytes) => job.deliver(bytes, None).await,
        Err(failure) => job.finish(failure),
    }
}

async fn process(service: &Service, task: Task, original: Vec<u8>) -> Result<Vec<u8>, Attempt> {
    let pictures = service.pictures.clone();
    let work = tokio::task::spawn_blocking(move || {
        let operations: Vec<String> = task.operations.iter().map(|o| o.as_str().to_owned()).collect();
        let notes: Vec<String> = task.notes.iter().map(|n| n.text.clone()).collect();
        let prompt = full_prompt(&task);
        imaging::process(&imaging::Job {
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
