//! The HTTP contract. A handler parses, calls the workflow, and shows what came of it; it holds no rule of the shop.

mod access;
mod analyses;
mod connect;
mod customers;
mod events;
mod extract;
mod idempotency;
mod images;
mod jobs;
mod messages;
mod outbox;
mod page;
mod payments;
mod plugin_records;
mod plugin_trials;
mod plugins;
mod problem;
mod quotes;
mod results;
mod shops;
mod system;
mod tasks;
mod views;

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::service::Service;
pub(crate) use outbox::EntryView;
pub(crate) use page::sessions::forget as forget_sessions;

use access::Keys;
use idempotency::UnderWay;
use page::{Failures, Thumbnails};
use problem::Problem;

/// The largest body that is not a picture.
const JSON_BODY: usize = 1 << 20;

/// What every handler can reach. Copied several times a request.
#[derive(Clone)]
pub(crate) struct App(Arc<Reach>);

pub(crate) struct Reach {
    service: Arc<Service>,
    keys: Keys,
    permits: Arc<Semaphore>,
    /// Requests that wait for something to come hold one of these instead: they cost next to nothing.
    waiting: Arc<Semaphore>,
    under_way: Arc<UnderWay>,
    /// Failed sign-ins.
    failures: Arc<Failures>,
    /// Small pictures for the page.
    thumbnails: Arc<Thumbnails>,
    /// Cancelled when the service goes down: nobody waits for new entries then.
    stop: CancellationToken,
    /// Connections that stay open: the service ends when they have said goodbye.
    connections: TaskTracker,
    document: Arc<str>,
}

impl Deref for App {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.0
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Shopkeeper 掌柜",
        description = "Orders of photo-retouching shops: quote, payment, processing, revision, mail."
    ),
    modifiers(&Bearer),
    security(("key" = []))
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

fn routes() -> (Router<App>, utoipa::openapi::OpenApi) {
    let shop = OpenApiRouter::new()
        .routes(routes!(shops::list_keys, shops::add_key))
        .routes(routes!(shops::delete_key))
        .routes(routes!(shops::get_settings, shops::put_settings))
        .routes(routes!(images::download))
        .routes(routes!(analyses::analyse))
        .routes(routes!(tasks::create, tasks::list))
        .routes(routes!(tasks::summary))
        .routes(routes!(tasks::get))
        .routes(routes!(tasks::events))
        .routes(routes!(tasks::retry))
        .routes(routes!(tasks::cancel))
        .routes(routes!(tasks::approve))
        .routes(routes!(jobs::claim))
        .routes(routes!(payments::pay))
        .routes(routes!(messages::receive))
        .routes(routes!(quotes::detect))
        .routes(routes!(quotes::quote))
        .routes(routes!(customers::get, customers::erase))
        .routes(routes!(customers::take))
        .routes(routes!(customers::hold))
        .routes(routes!(customers::resume))
        .routes(routes!(outbox::pull))
        .routes(routes!(outbox::acknowledge))
        .routes(routes!(connect::connect))
        .routes(routes!(events::listen))
        .routes(routes!(outbox::dead))
        .routes(routes!(outbox::resend))
        .routes(routes!(outbox::webhook_secret))
        .routes(routes!(plugins::list))
        .routes(routes!(plugins::activate))
        .routes(routes!(plugins::roll_back))
        .routes(routes!(plugins::end_trial))
        .routes(routes!(plugins::get_settings, plugins::put_settings))
        .routes(routes!(plugin_records::history))
        .routes(routes!(plugin_records::calls))
        .routes(routes!(plugin_records::incidents))
        .routes(routes!(plugin_records::log))
        .routes(routes!(plugin_trials::try_out))
        .routes(routes!(plugin_trials::replay));
    let shop = shop.layer(DefaultBodyLimit::max(JSON_BODY)).merge(
        OpenApiRouter::new()
            .routes(routes!(images::upload))
            .routes(routes!(results::submit))
            .layer(DefaultBodyLimit::max(idempotency::PICTURE_BODY)),
    );
    let component = DefaultBodyLimit::max(idempotency::COMPONENT_BODY);
    let shop = shop.merge(OpenApiRouter::new().routes(routes!(plugins::upload)).layer(component));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(shops::add_shop, shops::list_shops))
        .nest("/v1/shops/{shop}", shop)
        .split_for_parts()
}

/// The OpenAPI document, as JSON.
pub fn openapi() -> String {
    routes().1.to_pretty_json().expect("the document is plain data")
}

/// The whole service behind one router.
pub(crate) fn router(service: Arc<Service>, stop: CancellationToken, connections: TaskTracker) -> Router {
    let (contract, document) = routes();
    let app = App(Arc::new(Reach {
        permits: Arc::new(Semaphore::new(service.config.server.concurrent_requests)),
        waiting: Arc::new(Semaphore::new(service.config.server.concurrent_requests)),
        under_way: Arc::default(),
        failures: Arc::default(),
        thumbnails: Arc::default(),
        keys: Keys::new(service.workflow.store.clone()),
        document: document.to_json().expect("the document is plain data").into(),
        service,
        stop,
        connections,
    }));
    let no_such_method = || async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method; see /openapi.json")
    };
    contract
        .fallback(|| async { Problem::not_found("there is no such path; /openapi.json lists them all") })
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::repeat))
        .layer(middleware::from_fn_with_state(app.clone(), access::authenticate))
        .layer(middleware::from_fn_with_state(app.clone(), bounded))
        .merge(page::routes(&app).method_not_allowed_fallback(no_such_method))
        // Health and the document answer whoever asks, also under load.
        .merge(system::routes().method_not_allowed_fallback(no_such_method))
        .with_state(app)
}

/// A request's place among those that are worked on. It is given back when the last copy goes.
#[derive(Clone)]
struct Permit(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Permit {
    /// Gives the place back early, for one among those that wait.
    fn wait(&self, app: &App) -> Result<OwnedSemaphorePermit, Problem> {
        let waiting = app.waiting.clone().try_acquire_owned();
        let waiting = waiting
            .map_err(|_| Problem::too_many("as many requests wait already as may: ask without `wait`"))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(waiting)
    }
}

/// Works on a bounded number of requests at a time and counts how they end.
async fn bounded(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let Ok(permit) = app.permits.clone().try_acquire_owned() else {
        app.service.workflow.metrics.responded(429);
        return Err(Problem::too_many("the service is working on as many requests as it can: try again"));
    };
    let permit = Permit(Arc::new(Mutex::new(Some(permit))));
    request.extensions_mut().insert(permit.clone());
    let response = next.run(request).await;
    app.service.workflow.metrics.responded(response.status().as_u16());
    Ok(response)
}
