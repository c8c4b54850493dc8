//! Who is signed in: a cookie that holds a random token, of which the digest is stored.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use shopkeeper_storage::{Session, Storage, StorageError};

use super::{App, Problem, form};
use crate::{
    http::access::Caller,
    secrets::{random, sha256},
    workflow::now,
};

/// How long somebody stays signed in at the most.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long somebody stays signed in whom nobody sees.
const IDLE: TimeDelta = TimeDelta::days(3);
/// How late it may be noted that somebody was seen: not every page is a write.
const NOTED: TimeDelta = TimeDelta::minutes(5);
/// A page that looks again by itself says so: nobody is seen then.
const BY_ITSELF: &str = "x-by-itself";

/// Whether somebody is still signed in.
pub(in crate::http) fn is_good(session: &Session, now: DateTime<Utc>) -> bool {
    now - session.created_at < LIFETIME && now - session.used_at < IDLE
}

/// Forgets who is not signed in any more.
pub(crate) async fn forget(store: &dyn Storage) -> Result<usize, StorageError> {
    store.forget_sessions(now() - LIFETIME, now() - IDLE).await
}

/// Whoever is signed in, for a page.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) caller: Arc<Caller>,
    pub(super) digest: [u8; 32],
    /// What each of their forms carries.
    pub(super) csrf: Arc<str>,
}

/// The digest of a token, and the token of the forms that belong to it. Neither leads to another.
fn digests(token: &str) -> ([u8; 32], Arc<str>) {
    let csrf = sha256(&[b"forms of ", token.as_bytes()]);
    (sha256(&[b"session ", token.as_bytes()]), URL_SAFE_NO_PAD.encode(csrf).into())
}

fn is_secure(app: &App) -> bool {
    app.service.config.server.public_url.starts_with("https://")
}

/// A browser takes a cookie of the first name only over TLS, from this host, for all of it.
fn name(app: &App) -> &'static str {
    if is_secure(app) { "__Host-shopkeeper" } else { "shopkeeper" }
}

fn cookie(app: &App, value: &str, seconds: i64) -> HeaderValue {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let cookie =
        format!("{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", name(app));
    HeaderValue::try_from(cookie).expect("plain ASCII")
}

/// The value of a cookie.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    cookies
        .flat_map(|c| c.split(';'))
        .filter_map(|c| c.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|c| c.1)
}

/// Signs the holder of a key in; the cookie for their browser, none where the key was taken away meanwhile.
pub(super) async fn begin(app: &App, caller: &Caller) -> Result<Option<HeaderValue>, Problem> {
    let token = URL_SAFE_NO_PAD.encode(random().map_err(|e| StorageError::Failed(e.to_string()))?);
    let begun = app.service.workflow.store.add_session(digests(&token).0, caller.key(), now()).await?;
    Ok(begun.then(|| cookie(app, &token, LIFETIME.num_seconds())))
}

/// The cookie of somebody who is not signed in any more.
pub(super) fn no_cookie(app: &App) -> HeaderValue {
    cookie(app, "", 0)
}

/// Finds out who is signed in. Whatever changes something must carry the token of their forms.
pub(super) async fn guard(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let out = || Problem::new(StatusCode::UNAUTHORIZED, "sign in first");
    let (digest, csrf) = digests(cookie_of(request.headers(), name(&app)).ok_or_else(out)?);
    let (caller, seen) = app.keys.signed_in(digest).await?.ok_or_else(out)?;
    if now() - seen > NOTED && !request.headers().contains_key(BY_ITSELF) {
        app.service.workflow.store.use_session(digest, now()).await?;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        request = form::check(&app, request, &csrf).await?;
    }
    request.extensions_mut().insert(caller.clone());
    request.extensions_mut().insert(SignedIn { caller, digest, csrf });
    Ok(next.run(request).await)
}
