//! `Idempotency-Key`: the same POST again gets the first answer again.
//!
//! What goes through the workflow remembers its answer in the same transaction as its effects. Whatever
//! else succeeds is remembered afterwards: those requests change nothing, or the same thing, when repeated.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shopkeeper_storage::{AnswerKey, RememberedAnswer};

use super::{App, access::Caller, extract::body_too_large, problem::Problem, views::json_response};
use crate::{
    secrets::sha256,
    workflow::{Repeatable, Reply, now},
};

/// The largest body that is read: a picture and what surrounds it in a form.
pub(super) const PICTURE_BODY: usize = (20 << 20) + (64 << 10);
/// The largest answer that is remembered.
const ANSWER: usize = 1 << 20;
/// The longest idempotency key.
const KEY: usize = 255;

/// Marks an answer that must not be stored, because it holds a secret.
#[derive(Clone, Copy)]
pub(super) struct Unrepeatable;

fn key_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY).contains(&key.len()) => Ok(Some(key)),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "an Idempotency-Key is 1 to 255 visible ASCII characters",
        )),
    }
}

pub(super) async fn repeat(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = key_of(request.headers())?.map(str::to_owned) else { return Ok(next.run(request).await) };
    let Some(caller) = request.extensions().get::<std::sync::Arc<Caller>>().cloned() else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, PICTURE_BODY).await.map_err(|_| body_too_large())?;
    let target = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let repeatable = Repeatable {
        key: AnswerKey(sha256(&[caller.digest(), b"\n", key.as_bytes()])),
        request: sha256(&[target.as_bytes(), b"\n", &body]),
    };
    let store = &app.service.workflow.store;
    if let Some(first) = store.answer(repeatable.key).await? {
        return if first.request == repeatable.request {
            Ok(json_response(Reply { status: first.status, body: first.body }))
        } else {
            Err(crate::workflow::WorkflowError::OtherRequest.into())
        };
    }
    parts.extensions.insert(repeatable);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let json = response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t == "application/json");
    if !response.status().is_success() || !json || response.extensions().get::<Unrepeatable>().is_some() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER)
        .await
        .map_err(|e| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    let answer = RememberedAnswer {
        key: repeatable.key,
        request: repeatable.request,
        status: parts.status.as_u16(),
        body: String::from_utf8_lossy(&body).into_owned(),
        at: now(),
    };
    match store.remember(answer).await {
        // Remembered already, in the transaction of its effects.
        Ok(()) | Err(shopkeeper_storage::StorageError::Exists) => {}
        Err(error) => tracing::warn!(%error, "an answer could not be remembered"),
    }
    Ok(Response::from_parts(parts, Body::from(body)).into_response())
}
