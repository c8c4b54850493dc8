//! Signing in with a key, and out again.

use std::{net::SocketAddr, time::Instant};

use askama::Template;
use axum::{
    Extension,
    extract::{ConnectInfo, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    App, Problem, failures,
    form::Form,
    frame::{Frame, Next, html, local},
    sessions::{self, SignedIn},
};
use crate::{
    http::{
        access::AsAdmin,
        extract::{Json, parse},
        shops,
    },
    secrets::ApiKey,
};

/// Where to sign in, to go on from there.
pub(super) fn address(next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(local(Some(next)).as_bytes()).collect();
    format!("/sign-in?next={next}")
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    /// Why it was not taken.
    refused: Option<String>,
}

pub(super) async fn show(Query(query): Query<Next>, request: Request) -> Response {
    let next = local(query.next.as_deref()).to_owned();
    html(&SignInPage { frame: Frame::outside(&request), next, refused: None })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    key: Option<String>,
    next: Option<String>,
}

/// Whether a form was sent from a page of this site, as far as the browser says. A proxy may have changed the host: what
/// the outside calls this service counts, too.
fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let host =
        |address: &str| address.split_once("://").map(|(_, rest)| rest.trim_end_matches('/').to_owned());
    let public = host(&app.service.config.server.public_url);
    let names = [text("host").map(str::to_owned), public];
    let site = text("sec-fetch-site").is_none_or(|s| s == "same-origin" || s == "none");
    site && text("origin").is_none_or(|origin| host(origin).is_some_and(|from| names.contains(&Some(from))))
}

pub(super) async fn sign_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Response, Problem> {
    if !is_ours(&app, request.headers()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "this form was sent from another site"));
    }
    let mut frame = Frame::outside(&request);
    let from = failures::origin(peer, request.headers());
    let given = <Form<Given> as axum::extract::FromRequest<App>>::from_request(request, &app).await?.0;
    let next = local(given.next.as_deref()).to_owned();
    frame.here = address(&next);
    if let Some(wait) = app.failures.wait(from, Instant::now()) {
        let seconds = wait.as_secs() + 1;
        let refused = Some(frame.with("sign-in-wait", "n", seconds));
        let page = html(&SignInPage { frame, next, refused });
        let retry = [(header::RETRY_AFTER, seconds.to_string())];
        return Ok((StatusCode::TOO_MANY_REQUESTS, retry, page).into_response());
    }
    let key = given.key.as_deref().and_then(ApiKey::read);
    let caller = match &key {
        Some(key) => app.keys.find(key.digest()).await?,
        None => None,
    };
    let begun = match &caller {
        Some(caller) if caller.is_person() => sessions::begin(&app, caller).await?,
        _ => None,
    };
    let Some(cookie) = begun else {
        app.failures.failed(from, Instant::now());
        let why = if caller.is_some() { "sign-in-not-operator" } else { "sign-in-wrong" };
        let refused = Some(frame.t(why));
        return Ok((StatusCode::UNAUTHORIZED, html(&SignInPage { frame, next, refused })).into_response());
    };
    app.failures.succeeded(from);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
}

pub(super) async fn sign_out(
    State(app): State<App>,
    Extension(visitor): Extension<SignedIn>,
) -> Result<Response, Problem> {
    app.service.workflow.store.end_session(visitor.digest).await?;
    Ok(out(&app))
}

pub(super) async fn sign_out_everywhere(
    State(app): State<App>,
    Extension(visitor): Extension<SignedIn>,
) -> Result<Response, Problem> {
    app.service.workflow.store.end_sessions(visitor.caller.key()).await?;
    Ok(out(&app))
}

fn out(app: &App) -> Response {
    app.keys.sessions_ended();
    ([(header::SET_COOKIE, sessions::no_cookie(app))], Redirect::to("/sign-in")).into_response()
}

struct ShopEntry {
    href: String,
    name: String,
    id: String,
}

#[derive(Template)]
#[template(path = "shops.html")]
struct ShopsPage {
    frame: Frame,
    shops: Vec<ShopEntry>,
    /// What was typed for a new one.
    id: String,
    name: String,
    problem: Option<String>,
}

/// The way in: to the one shop of an operator, to a list for the admin.
pub(super) async fn shops(
    State(app): State<App>,
    Extension(visitor): Extension<SignedIn>,
    request: Request,
) -> Result<Response, Problem> {
    if let Some(shop) = visitor.caller.shop() {
        return Ok(Redirect::to(&format!("/s/{shop}/")).into_response());
    }
    let mut frame = Frame::outside(&request);
    frame.visitor = Some(visitor);
    Ok(html(&list(&app, frame).await?))
}

async fn list(app: &App, frame: Frame) -> Result<ShopsPage, Problem> {
    let shops = app.service.workflow.store.shops().await?;
    let entry = |s: shopkeeper_storage::Shop| ShopEntry {
        href: format!("/s/{}/", s.id),
        name: s.name,
        id: s.id.to_string(),
    };
    let shops = shops.into_iter().map(entry).collect();
    Ok(ShopsPage { frame, shops, id: String::new(), name: String::new(), problem: None })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShop {
    id: Option<String>,
    name: Option<String>,
}

pub(super) async fn add_shop(
    State(app): State<App>,
    admin: AsAdmin,
    Extension(visitor): Extension<SignedIn>,
    request: Request,
) -> Result<Response, Problem> {
    let mut frame = Frame::outside(&request);
    (frame.visitor, frame.here) = (Some(visitor), "/".to_owned());
    let given = <Form<NewShop> as axum::extract::FromRequest<App>>::from_request(request, &app).await?.0;
    let (id, name) = (given.id.unwrap_or_default(), given.name.unwrap_or_default());
    let new = serde_json::json!({ "id": id.trim(), "name": name.trim() });
    let added = match parse(new.to_string().as_bytes()) {
        Ok(new) => shops::add_shop(State(app.clone()), admin, Json(new)).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(problem) if problem.status().is_client_error() => {
            let status = problem.status();
            let page = ShopsPage {
                id,
                name,
                problem: Some(problem.detail().to_owned()),
                ..list(&app, frame).await?
            };
            Ok((status, html(&page)).into_response())
        }
        Err(problem) => Err(problem),
    }
}
