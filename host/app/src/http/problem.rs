//! Errors as `application/problem+json` (RFC 9457): what was wrong, where, and what to do.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shopkeeper_domain::Rejection;
use shopkeeper_storage::StorageError;
use utoipa::ToSchema;

use crate::{fetch::FetchError, imaging::ImageProblem, pictures::PictureError, workflow::WorkflowError};

/// An error as callers get it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What was wrong and what to do, in a sentence.
    detail: String,
    /// JSON Pointer (RFC 6901) to the offending field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Every reason, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Reason>,
    #[serde(skip)]
    retry_after: bool,
}

/// One of several reasons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// JSON Pointer (RFC 6901) to the offending field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// In a sentence.
    message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let kind = format!("urn:shopkeeper:{}", title.to_ascii_lowercase().replace(' ', "-"));
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            pointer: None,
            problems: Vec::new(),
            retry_after: false,
        }
    }

    /// 422: understood, but it can't be so; `pointer` names the field.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let pointer = Some(pointer.into());
        Self { pointer, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The same, with the field that is to blame.
    pub(crate) fn at(self, pointer: &str) -> Self {
        Self { pointer: Some(pointer.to_owned()), ..self }
    }

    /// What was wrong.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The field that is to blame, where it is known.
    pub(super) fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Adds one of several reasons.
    pub(crate) fn add(&mut self, pointer: Option<String>, message: String, hint: Option<String>) {
        self.problems.push(Reason { pointer, message, hint });
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        Self { retry_after: true, ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// A picture's problem belongs to the field that brought the picture.
    pub(crate) fn picture(pointer: &str, error: PictureError) -> Self {
        match error {
            PictureError::Refused(problem) => Self::invalid(pointer, problem.to_string()),
            PictureError::Disk(error) => unavailable(&error),
            PictureError::Storage(error) => error.into(),
        }
    }

    /// A picture that came in the request's own body: one that is too large makes the body too large.
    pub(crate) fn picture_in_body(error: PictureError) -> Self {
        match error {
            PictureError::Refused(problem @ ImageProblem::TooManyBytes { .. }) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, problem.to_string())
            }
            error => Self::picture("/file", error),
        }
    }

    pub(crate) fn fetch(pointer: &str, error: &FetchError) -> Self {
        Self::invalid(pointer, format!("the picture was not fetched: {error}"))
    }
}

/// Something of the service's own broke: told in the log, not to the caller.
pub(super) fn unavailable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a request failed");
    let detail = "the service can't store anything right now; nothing was changed: try again";
    Problem { retry_after: true, ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Exists => Self::new(StatusCode::CONFLICT, "it is there already"),
            other => unavailable(&other),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            Rejection::UnknownTask(_) => Self::not_found(detail),
            Rejection::StaleAttempt { .. } | Rejection::TokenNeeded { .. } => {
                Self { pointer: Some("/attempt_token".to_owned()), ..Self::new(StatusCode::CONFLICT, detail) }
            }
            Rejection::StaleVersion { .. } => {
                Self { pointer: Some("/version".to_owned()), ..Self::new(StatusCode::CONFLICT, detail) }
            }
            Rejection::WrongStatus { .. }
            | Rejection::NotHeld
            | Rejection::ProcessingOff
            | Rejection::UnknownMail(_) => Self::new(StatusCode::CONFLICT, detail),
        }
    }
}

impl From<WorkflowError> for Problem {
    fn from(error: WorkflowError) -> Self {
        let detail = error.to_string();
        match error {
            WorkflowError::NoTask(_) => Self::not_found(detail),
            WorkflowError::Rejected(rejection) => rejection.into(),
            WorkflowError::ForeignOrder(_) => Self::invalid("/order_id", detail),
            WorkflowError::OtherRequest => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            WorkflowError::Busy => Self::too_many(detail),
            WorkflowError::Storage(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
