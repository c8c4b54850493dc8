//! Jobs for an outside image AI: it claims one, works, and answers with the job's token.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Json as JsonAnswer, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use shopkeeper_domain::{Command, full_prompt};
use shopkeeper_storage::{OutboxEntry, Settle, Whose};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App,
    access::{ImageAi, InShop},
    problem::Problem,
};
use crate::{
    service::LINK,
    settings::Processor,
    workflow::{Payload, Request, Subject, Turn, WorkflowError, now},
};

/// Who holds what was claimed over HTTP: it stays claimed over a restart, until its lease is over.
const OWNER: &str = "outside";

/// A picture to be worked on.
#[derive(Serialize, ToSchema)]
pub(super) struct JobView {
    task_id: Uuid,
    /// Send it with the result.
    attempt_token: Uuid,
    attempt: u32,
    operations: Vec<String>,
    /// The specification and every revision note.
    prompt: String,
    aspect_ratio: String,
    perspective: String,
    process: String,
    subject: String,
    quality: String,
    image_id: String,
    /// The picture, without a key, until the link expires.
    url: String,
    /// Pictures that the customer sent with their notes.
    reference_image_ids: Vec<String>,
    /// Answer until then: after it, the job is offered again.
    lease_until: DateTime<Utc>,
}

/// Claims the oldest job that waits for an outside image AI; 204 where none does.
#[utoipa::path(post, path = "/image-jobs/claim", params(("shop" = String, Path)), responses((status = 200, body = JobView), (status = 204)))]
pub(super) async fn claim(State(app): State<App>, access: InShop<ImageAi>) -> Result<Response, Problem> {
    let store = &app.service.workflow.store;
    let queue = Processor::External.queue();
    loop {
        let lease = now() + TimeDelta::seconds(i64::from(app.service.config.processing.lease_seconds));
        let claimed = store.claim(queue, Whose::Of(&access.shop.id), OWNER, now(), lease, 1).await?;
        let Some(entry) = claimed.into_iter().next() else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        match hand_out(&app, &access, &entry, lease).await? {
            Some(job) => return Ok(JsonAnswer(job).into_response()),
            // Nobody wants this attempt any more: on to the next.
            None => store.settle(Settle { id: entry.id, now: now() }).await?,
        }
    }
}

async fn hand_out(
    app: &App,
    access: &InShop<ImageAi>,
    entry: &OutboxEntry,
    lease_until: DateTime<Utc>,
) -> Result<Option<JobView>, Problem> {
    let (Some(id), Some(Payload::Job { token })) = (entry.task, Payload::parse(&entry.payload)) else {
        return Ok(None);
    };
    // The answer to remember is the job, which is known only after this.
    let turn = Turn { repeatable: None, ..access.turn(StatusCode::OK) };
    let request = Request::Command(Command::Claim { task: id, token });
    match app.service.workflow.handle(&turn, Subject::Task(id), request, &|_| String::new()).await {
        Ok(_) => {}
        Err(WorkflowError::Rejected(_) | WorkflowError::NoTask(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let Some(task) = app.service.workflow.store.task(&access.shop.id, id).await? else { return Ok(None) };
    let spec = &task.specification;
    Ok(Some(JobView {
        task_id: id.0,
        attempt_token: token.0,
        attempt: task.attempt,
        operations: task.operations.iter().map(ToString::to_string).collect(),
        prompt: full_prompt(&task),
        aspect_ratio: spec.aspect_ratio.clone(),
        perspective: spec.perspective.clone(),
        process: spec.process.clone(),
        subject: spec.subject.clone(),
        quality: spec.quality.clone(),
        image_id: task.image.to_string(),
        url: app.service.signed_link(&access.shop.id, &task.image, LINK),
        reference_image_ids: task.notes.iter().flat_map(|n| &n.images).map(ToString::to_string).collect(),
        lease_until,
    }))
}
