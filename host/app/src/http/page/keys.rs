//! The shop's keys, for the admin: who may do what. A new key is shown once.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    App, Problem,
    form::Form,
    frame::{Frame, Visit, html},
    show::Moment,
};
use crate::{
    http::{
        access::{Admin, InShop, Scope},
        extract::{At, parse},
        shops::{self, KeyPath, NewKeyView},
    },
    workflow::now,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/s/{shop}/keys", get(show).post(add))
        .route("/s/{shop}/keys/{id}/revoke", post(revoke))
}

struct Key {
    id: String,
    scopes: Vec<String>,
    created: Moment,
    /// Whether it is the one just made.
    new: bool,
}

/// What a key can be made for.
struct Choice {
    value: &'static str,
    label: String,
    help: String,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    frame: Frame,
    here: String,
    keys: Vec<Key>,
    choices: Vec<Choice>,
    /// The new key: here and nowhere else.
    fresh: Option<String>,
    problem: Option<String>,
}

async fn show(State(app): State<App>, visit: Visit, _: InShop<Admin>) -> Result<Response, Problem> {
    Ok(html(&page(&app, visit, None, None).await?))
}

async fn add(
    State(app): State<App>,
    visit: Visit,
    admin: InShop<Admin>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let scopes: Vec<String> = form.into_iter().filter(|(name, _)| name == "scope").map(|(_, v)| v).collect();
    let wanted = parse(serde_json::json!({ "scopes": scopes }).to_string().as_bytes());
    let made = match wanted {
        Ok(wanted) => shops::make_key(&app, &admin, wanted).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(key) => {
            Ok((StatusCode::CREATED, html(&page(&app, visit, Some(key), None).await?)).into_response())
        }
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let detail = Some(problem.detail().to_owned());
            Ok((problem.status(), html(&page(&app, visit, None, detail).await?)).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn revoke(
    State(app): State<App>,
    visit: Visit,
    admin: InShop<Admin>,
    At(path): At<KeyPath>,
) -> Result<Response, Problem> {
    let back = visit.frame.at("/keys");
    shops::delete_key(State(app), admin, At(path)).await?;
    Ok(Redirect::to(&back).into_response())
}

async fn page(
    app: &App,
    visit: Visit,
    fresh: Option<NewKeyView>,
    problem: Option<String>,
) -> Result<KeysPage, Problem> {
    let frame = visit.frame;
    let keys = app.service.workflow.store.keys(Some(&visit.access.shop.id)).await?;
    // A scope of another version of this program is shown by its name.
    let scope =
        |name: &String| Scope::parse(name).map_or(name.clone(), |s| frame.t(&format!("scope-{}", s.name())));
    let key = |key: shopkeeper_storage::Key| Key {
        id: key.id.to_string(),
        scopes: key.scopes.iter().map(scope).collect(),
        created: frame.shown().at(key.created_at, now()),
        new: fresh.as_ref().is_some_and(|f| f.id == key.id),
    };
    let choice = |scope: Scope| Choice {
        value: scope.name(),
        label: frame.t(&format!("scope-{}", scope.name())),
        help: frame.t(&format!("scope-{}-help", scope.name())),
    };
    Ok(KeysPage {
        here: frame.at("/keys"),
        // The newest first.
        keys: keys.into_iter().rev().map(key).collect(),
        choices: Scope::OF_SHOPS.into_iter().map(choice).collect(),
        fresh: fresh.map(|f| f.key),
        problem,
        frame,
    })
}
