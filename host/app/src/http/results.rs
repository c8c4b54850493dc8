//! The image AI answers.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use shopkeeper_domain::{AttemptToken, Command, ImageId, Outcome, Quality, Task, attempt_under_way};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App,
    access::{ImageAi, InShop},
    extract::{At, Json, Text, or_empty},
    images::Upload,
    problem::Problem,
    tasks::{TaskPath, no_task},
    views::{TaskView, json, json_response, task_in},
};
use crate::object::optional_object;
use crate::workflow::{self, Done, Subject};

/// What a refusal calls it.
const RESULT: &str = "a result";

/// What a quality check found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityBody {
    /// 0 to 100.
    #[schema(maximum = 100)]
    score: u8,
    passed: bool,
    issue: Option<Text<500>>,
    /// How many tries it took; 1 where it is left out.
    attempts: Option<u32>,
}

/// A result, or why there is none: exactly one of `image_id`, `result_url` and `failure`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultBody {
    #[schema(value_type = Option<String>)]
    image_id: Option<ImageId>,
    result_url: Option<String>,
    /// Why the image AI gives no picture.
    failure: Option<Text<500>>,
    /// As the job gave it.
    attempt_token: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_object")]
    quality: Option<QualityBody>,
}

/// Takes the result of an attempt: as JSON, as a form with the file and `attempt_token`, or as the file itself.
#[utoipa::path(post, path = "/tasks/{id}/result", params(("shop" = String, Path), ("id" = Uuid, Path)), request_body = ResultBody,
    responses((status = 200, body = TaskView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn submit(
    State(app): State<App>,
    access: InShop<ImageAi>,
    At(path): At<TaskPath>,
    request: Request,
) -> Result<Response, Problem> {
    let task = path.task();
    let stored = app.service.workflow.store.task(&access.shop.id, task).await?;
    let stored = stored.ok_or_else(|| no_task(task))?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = kind.trim().to_ascii_lowercase();
    let (token, outcome) = if kind.starts_with("multipart/") || kind.starts_with("image/") {
        from_file(&app, &access, &stored, request).await?
    } else {
        let Json(body) = Json::within(super::JSON_BODY, request).await?;
        from_json(&app, &access, &stored, body).await?
    };
    let command = Command::Finish { task, token, outcome };
    let view = move |done: &Done<'_>| json(&task_in(&done.decision.after, task));
    let turn = access.turn(StatusCode::OK);
    let request = workflow::Request::Command(command);
    Ok(json_response(app.service.workflow.handle(&turn, Subject::Task(task), request, &view).await?))
}

async fn from_file(
    app: &App,
    access: &InShop<ImageAi>,
    task: &Task,
    request: Request,
) -> Result<(Option<AttemptToken>, Outcome), Problem> {
    let upload = Upload::read(request, app).await?;
    let mut token = None;
    for (name, value) in &upload.fields {
        match (name.as_str(), value.parse()) {
            ("attempt_token", Ok(given)) => token = Some(given),
            ("attempt_token", Err(_)) => {
                return Err(Problem::invalid("/attempt_token", "an attempt token is a UUID"));
            }
            _ => {
                return Err(Problem::invalid(
                    format!("/{name}"),
                    "the form takes `file` and `attempt_token`",
                ));
            }
        }
    }
    // A result that nobody waits for is refused before its picture is kept; the commit asks once more.
    attempt_under_way(task, token, RESULT)?;
    let kept = app.service.pictures.keep(&access.shop.id, upload.file).await;
    let image = kept.map_err(Problem::picture_in_body)?.id;
    Ok((token, Outcome::Picture { image, quality: None }))
}

async fn from_json(
    app: &App,
    access: &InShop<ImageAi>,
    task: &Task,
    body: ResultBody,
) -> Result<(Option<AttemptToken>, Outcome), Problem> {
    let token = body.attempt_token.map(AttemptToken);
    if let Some(failure) = body.failure {
        if body.image_id.is_some() || body.result_url.is_some() {
            return Err(Problem::invalid("/failure", "a failed attempt has no picture"));
        }
        return Ok((token, Outcome::Refused(failure.0)));
    }
    if body.quality.as_ref().is_some_and(|q| q.score > 100) {
        return Err(Problem::invalid("/quality/score", "a score is 0 to 100"));
    }
    attempt_under_way(task, token, RESULT)?;
    let image = app.picture_of(&access.shop, body.image_id, (body.result_url, "/result_url")).await?;
    let quality = body.quality.map(|q| Quality {
        score: q.score,
        passed: q.passed,
        issue: or_empty(q.issue),
        attempts: q.attempts.unwrap_or(1),
    });
    Ok((token, Outcome::Picture { image, quality }))
}
