//! Forms: each carries its session's token, and is read as strictly as JSON.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Multipart, Request},
    http::{StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::{App, COMPONENT_BODY, Problem};
use crate::{
    http::{JSON_BODY, extract::body_too_large},
    secrets::is_same,
};

/// The field that carries the token; the first one of a form with files.
pub(super) const TOKEN: &str = "csrf";
/// Scripts send the token in this header instead.
const TOKEN_HEADER: &str = "x-csrf-token";
/// What surrounds a file in a form.
pub(super) const AROUND: usize = 64 << 10;

/// Lets a request through that carries this token; its body is as it was.
pub(super) async fn check(app: &App, request: Request, token: &str) -> Result<Request, Problem> {
    let missing = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "this form is out of date or not ours: open the page again and send it from there",
        )
    };
    if let Some(given) = request.headers().get(TOKEN_HEADER) {
        return if is_same(given.as_bytes(), token.as_bytes()) { Ok(request) } else { Err(missing()) };
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let with_files = kind.trim().to_ascii_lowercase().starts_with("multipart/form-data");
    let most = if with_files { COMPONENT_BODY + AROUND } else { JSON_BODY };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, most).await.map_err(|_| body_too_large())?;
    let whole = |body: &Bytes| Request::from_parts(parts.clone(), Body::from(body.clone()));
    let given = if with_files {
        let mut form = Multipart::from_request(whole(&body), app).await.map_err(|_| missing())?;
        let first = form.next_field().await.ok().flatten().filter(|f| f.name() == Some(TOKEN));
        first.ok_or_else(missing)?.text().await.map_err(|_| missing())?
    } else {
        let field = form_urlencoded::parse(&body).find(|(name, _)| name == TOKEN);
        field.ok_or_else(missing)?.1.into_owned()
    };
    if is_same(given.as_bytes(), token.as_bytes()) { Ok(whole(&body)) } else { Err(missing()) }
}

/// The fields of a form, without the token. An empty field is one that was left out.
pub(super) struct Form<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let body = to_bytes(request.into_body(), JSON_BODY).await.map_err(|_| body_too_large())?;
        let mut fields = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(&body).filter(|(n, v)| n != TOKEN && !v.is_empty()) {
            fields.append_pair(&name, &value);
        }
        let fields = fields.finish();
        let read = serde_urlencoded::from_str(&fields);
        read.map(Self).map_err(|e| Problem::invalid("", format!("the form can't be read: {e}")))
    }
}
