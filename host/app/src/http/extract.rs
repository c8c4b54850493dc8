//! Parsing at the edge: what a handler gets is well formed, and what isn't is told with its place.

use std::fmt;

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::BytesRejection},
    http::{StatusCode, header, request::Parts},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::object::Object;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_json(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// The body of a request that might have been a larger one.
    pub(super) async fn within(most: usize, request: Request) -> Result<Self, Problem> {
        check_json(request.headers())?;
        let bytes = to_bytes(request.into_body(), most).await.map_err(|_| body_too_large())?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be missing.
pub(super) struct MaybeJson<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = check_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        parse(&bytes).map(Self)
    }
}

fn check_json(headers: &axum::http::HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    // What curl -d sends when nobody said otherwise is JSON here all the same.
    match essence.as_str() {
        "application/json" | "application/x-www-form-urlencoded" => Ok(()),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as application/json")),
    }
}

pub(super) fn too_large(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        body_too_large()
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "the body did not arrive whole")
    }
}

pub(super) fn body_too_large() -> Problem {
    let detail =
        "the body is too large: 1 MiB is taken, 20 MiB where it is a picture, 32 MiB where it is a component";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// Reads a JSON object; an error says where and what.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = str::from_utf8(bytes).map_err(|e| malformed(&e))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    match value {
        Ok(value) => deserializer.end().map(|()| value.0).map_err(|e| malformed(&e)),
        Err(error) => {
            // What is no JSON at all is told so, also where something before the mistake has the wrong type.
            serde_json::from_str::<serde_json::Value>(text).map_err(|e| malformed(&e))?;
            let pointer = pointer(error.path(), &error.inner().to_string());
            let why = strip(error.inner());
            Err(Problem::invalid(pointer, format!("the body is not as this path takes it: {why}")))
        }
    }
}

fn malformed(error: &dyn fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}"))
}

/// serde_json's sentence without its line and column, which the pointer says better.
fn strip(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The JSON Pointer of a path, with the unknown field where serde stopped at its parent.
fn pointer(path: &serde_path_to_error::Path, message: &str) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    // Only at the start: further on, serde quotes what the caller wrote.
    for marker in ["unknown field `", "missing field `", "duplicate field `"] {
        if let Some(field) = message.strip_prefix(marker).and_then(|rest| rest.split('`').next())
            && !pointer.ends_with(&format!("/{field}"))
        {
            pointer.push('/');
            pointer.push_str(field);
        }
    }
    pointer
}

/// Parameters in the path; what can't be parsed names nothing there is.
pub(super) struct At<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("there is nothing of this name"))?;
        Ok(Self(value))
    }
}

/// Parameters in the query string.
pub(super) struct Ask<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Ask<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `status=` says as much as nothing.
        let given = parts.uri.query().unwrap_or("").split('&').filter(|p| !p.is_empty() && !p.ends_with('='));
        let given = given.collect::<Vec<_>>().join("&");
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(given.as_bytes()));
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let why = error.inner().to_string();
            Problem::invalid(pointer(error.path(), &why), format!("the query string: {why}"))
        })
    }
}

/// Which part of a list is wanted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// At most so many, 1 to 200; 50 where it is left out.
    pub(super) limit: Option<u32>,
    /// As the page before gave it.
    pub(super) cursor: Option<String>,
}

impl PageQuery {
    /// The position that the page begins before, and its size.
    pub(super) fn before(&self) -> Result<(Option<i64>, u32), Problem> {
        let before = self.cursor.as_ref().map(|c| c.parse().map_err(|_| bad_cursor())).transpose()?;
        Ok((before, page_size(self.limit)?))
    }

    /// The page of a whole list, and the cursor of the next one.
    pub(super) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let limit = page_size(self.limit)? as usize;
        if let Some(cursor) = &self.cursor {
            let last = rows.iter().position(|row| name(row) == *cursor).ok_or_else(bad_cursor)?;
            rows.drain(..=last);
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let cursor = rows.last().filter(|_| more).map(name);
        Ok((rows, cursor))
    }
}

/// The cursor of the next page.
pub(super) fn cursor<T>(page: &shopkeeper_storage::Page<T>) -> Option<String> {
    page.rows.last().filter(|_| page.more).map(|(seq, _)| seq.to_string())
}

/// The size of a page that a caller asks for.
pub(super) fn page_size(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(Problem::invalid("/limit", "a page holds 1 to 200")),
    }
}

pub(super) fn bad_cursor() -> Problem {
    Problem::invalid("/cursor", "this cursor is not one that a page gave")
}

/// A text of at most `MAX` characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String)]
pub(super) struct Text<const MAX: usize>(pub(super) String);

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > MAX {
            return Err(serde::de::Error::custom(format_args!("longer than {MAX} characters")));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A missing text is an empty one.
pub(super) fn or_empty<const MAX: usize>(text: Option<Text<MAX>>) -> String {
    text.unwrap_or_default().0
}
