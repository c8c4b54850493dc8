//! `Idempotency-Key`: the same POST again gets the first answer again.
//!
//! What goes through the workflow remembers its answer in the same transaction as its effects. Whatever
//! else succeeds is remembered afterwards. What was refused is not remembered: it changed nothing, and once the reason is
//! gone it may be asked again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shopkeeper_storage::AnswerKey;

use super::{App, access::Caller, extract::body_too_large, problem::Problem, views::json_response};
use crate::{
    secrets::{ApiKey, sha256},
    workflow::{Repeatable, Reply},
};

/// The largest body that holds a picture, with what surrounds it in a form.
pub(super) const PICTURE_BODY: usize = (20 << 20) + (64 << 10);
/// The largest body that is read: a component.
pub(super) const COMPONENT_BODY: usize = shopkeeper_engine::MAX_COMPONENT;
/// The largest answer that is remembered.
const ANSWER: usize = 1 << 20;
/// The longest idempotency key.
const KEY: usize = 255;

/// Stands in a remembered answer for the key that it gave: no secret is stored, but this one can be derived again.
const DERIVED_KEY: &str = "sk_(derived)";

/// Marks an answer that shows the key derived from its request.
#[derive(Clone, Copy)]
pub(super) struct ShowsKey;

/// Requests under way: one that comes twice at the same moment is done once and answered twice.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashMap<AnswerKey, Weak<tokio::sync::Mutex<()>>>>);

impl UnderWay {
    /// The turnstile of all requests with this key.
    fn turnstile(&self, key: AnswerKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = all.get(&key).and_then(Weak::upgrade) {
            return there;
        }
        all.retain(|_, turnstile| turnstile.strong_count() > 0);
        let fresh = Arc::default();
        all.insert(key, Arc::downgrade(&fresh));
        fresh
    }
}

/// The API key that a request with an idempotency key gets, however often it comes.
pub(super) fn derived_key(app: &App, repeatable: &Repeatable) -> ApiKey {
    app.service.secret.repeatable_key(&sha256(&[&repeatable.key.0, &repeatable.request]))
}

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
    let Some(caller) = request.extensions().get::<Arc<Caller>>().cloned() else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, COMPONENT_BODY).await.map_err(|_| body_too_large())?;
    let target = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let repeatable = Repeatable {
        key: AnswerKey(sha256(&[caller.digest(), b"\n", key.as_bytes()])),
        request: sha256(&[target.as_bytes(), b"\n", &body]),
    };
    let turnstile = app.under_way.turnstile(repeatable.key);
    let _turn = turnstile.lock().await;
    let store = &app.service.workflow.store;
    if let Some(first) = store.answer(repeatable.key).await? {
        return if first.request == repeatable.request {
            let body = match first.body.contains(DERIVED_KEY) {
                true => first.body.replace(DERIVED_KEY, &derived_key(&app, &repeatable).0),
                false => first.body,
            };
            Ok(json_response(Reply { status: first.status, body }))
        } else {
            Err(crate::workflow::WorkflowError::OtherRequest.into())
        };
    }
    parts.extensions.insert(repeatable);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let json = response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t == "application/json");
    if !response.status().is_success() || !json {
        return Ok(response);
    }
    let shows_key = response.extensions().get::<ShowsKey>().is_some();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER)
        .await
        .map_err(|e| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    let mut text = String::from_utf8_lossy(&body).into_owned();
    if shows_key {
        text = text.replace(&derived_key(&app, &repeatable).0, DERIVED_KEY);
    }
    match store.remember(repeatable.answer(parts.status.as_u16(), text)).await {
        // Remembered already, in the transaction of its effects.
        Ok(()) | Err(shopkeeper_storage::StorageError::Exists) => {}
        Err(error) => tracing::warn!(%error, "an answer could not be remembered"),
    }
    Ok(Response::from_parts(parts, Body::from(body)).into_response())
}
