//! The web page of a shop's people. See "How a page is made" in `host/ARCHITECTURE.md`.
//!
//! No second way in: whoever is signed in is the holder of their key, a page's handler asks for [`Visit`] where one of
//! the API asks for `InShop`, and calls the same functions.

mod alerts;
mod assets;
mod customers;
mod failures;
mod figures;
mod form;
mod frame;
mod history;
mod images;
mod keys;
mod plugins;
pub(super) mod sessions;
mod settings;
mod show;
mod sign_in;
mod task;
mod today;
mod words;

use axum::{
    Router,
    body::to_bytes,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{App, bounded, events, idempotency::COMPONENT_BODY, problem::Problem};
pub(super) use failures::Failures;
use frame::{Frame, ProblemPage, Visit, html};
pub(super) use images::Thumbnails;

/// What a page may load and who may show it: nothing but its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// The largest problem that is shown, in bytes.
const PROBLEM: usize = 64 << 10;

pub(super) fn routes(app: &App) -> Router<App> {
    let signed_in = Router::new()
        .route("/", get(sign_in::shops))
        .route("/shops", post(sign_in::add_shop))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-out-everywhere", post(sign_in::sign_out_everywhere))
        .route("/s/{shop}", get(home))
        .route("/s/{shop}/", get(today::show))
        .route("/s/{shop}/tasks/{id}", get(task::show))
        .route("/s/{shop}/tasks/{id}/{action}", post(task::act))
        .route("/s/{shop}/images/{image_id}", get(images::show))
        .route("/s/{shop}/events", get(events::listen))
        .merge(customers::routes())
        .merge(alerts::routes())
        .merge(figures::routes())
        .merge(plugins::routes())
        .merge(settings::routes())
        .merge(keys::routes())
        .route("/s/{shop}/{*nothing}", get(nothing).post(nothing))
        .layer(middleware::from_fn_with_state(app.clone(), sessions::guard))
        .layer(DefaultBodyLimit::max(COMPONENT_BODY + form::AROUND));
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/language/{language}", get(frame::choose_language))
        .route("/assets/{file}", get(assets::serve))
        .merge(signed_in)
        .layer(middleware::from_fn_with_state(app.clone(), bounded))
        .layer(middleware::from_fn(dress))
}

/// An address that lacks its last stroke.
async fn home(visit: Visit) -> Redirect {
    Redirect::to(&visit.frame.at("/"))
}

async fn nothing(_: Visit) -> Problem {
    Problem::not_found("there is no such page")
}

/// Dresses every answer: a problem becomes a page in the visitor's language, whoever must sign in first is sent there, and
/// nothing leaves without its headers.
async fn dress(request: Request, next: Next) -> Response {
    let frame = Frame::outside(&request);
    let reads = request.method() == Method::GET;
    let back = if reads { "/".to_owned() } else { came_from(request.headers()) };
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|k| k == "application/problem+json") {
        response = if reads && response.status() == StatusCode::UNAUTHORIZED {
            Redirect::to(&sign_in::address(&frame.here)).into_response()
        } else {
            in_words(frame, back, response).await
        };
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The page that a form was on.
fn came_from(headers: &HeaderMap) -> String {
    let address =
        headers.get(header::REFERER).and_then(|v| v.to_str().ok()).and_then(|r| r.parse::<Uri>().ok());
    let path = address.as_ref().and_then(|a| a.path_and_query()).map(|p| p.as_str());
    frame::local(path).to_owned()
}

/// A problem as a page.
async fn in_words(frame: Frame, back: String, problem: Response) -> Response {
    let status = problem.status();
    let retry = problem.headers().get(header::RETRY_AFTER).cloned();
    let body = to_bytes(problem.into_body(), PROBLEM).await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    // Of a page that is not there, the title says it all.
    let told = problem["detail"].as_str().filter(|_| status != StatusCode::NOT_FOUND);
    let detail = told.unwrap_or_default().to_owned();
    let title = match status.as_u16() {
        401 => "problem-sign-in",
        403 => "problem-forbidden",
        404 | 405 => "problem-not-found",
        409 => "problem-changed",
        413 => "problem-too-large",
        422 | 400 => "problem-refused",
        429 => "problem-busy",
        _ => "problem-broken",
    };
    let mut response =
        (status, html(&ProblemPage { title: frame.t(title), detail, back, frame })).into_response();
    if let Some(retry) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, retry);
    }
    response
}
