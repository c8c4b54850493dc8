//! What happens in a shop, as it happens: server-sent events.
//!
//! Nothing is pushed from the workflow: a listener reads the log from where it is, whenever the shop's bell rings. So a
//! slow listener costs nobody anything, and one that comes back misses nothing.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use shopkeeper_storage::{Happened, StorageError};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App, Permit,
    access::{InShop, Operator},
    extract::{Ask, bad_cursor},
    problem::Problem,
    tasks::EventView,
    views::json,
};

/// How often a listener is told that the line still stands.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How soon a listener comes back whose line was cut.
const RETRY: Duration = Duration::from_secs(2);
/// How many events are read at a time.
const AT_A_TIME: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenQuery {
    /// The `id` of the last event that was seen; from now on where it is left out. `Last-Event-ID` stands above it.
    after: Option<i64>,
}

/// Something that happened in a shop: the `data` of an event whose `event` is `happened`.
#[derive(Serialize, ToSchema)]
pub(super) struct HappenedView {
    /// To which task; none where it is about the customer.
    task_id: Option<Uuid>,
    customer_id: String,
    platform: String,
    #[serde(flatten)]
    what: EventView,
}

/// What happens in the shop, as server-sent events: first `cursor`, whose `id` is where the line begins, then `happened`
/// for each event, oldest first, as it is committed. A line that was cut goes on with `Last-Event-ID`. At most 128 a shop.
#[utoipa::path(get, path = "/events", params(("shop" = String, Path), ListenQuery),
    responses((status = 200, content_type = "text/event-stream", body = HappenedView), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
pub(super) async fn listen(
    State(app): State<App>,
    access: InShop<Operator>,
    Extension(permit): Extension<Permit>,
    Ask(query): Ask<ListenQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = access.shop.listeners.clone().try_acquire_owned();
    let place =
        place.map_err(|_| Problem::too_many("as many listen to this shop's events already as may"))?;
    let waiting = permit.wait(&app)?;
    // Listening begins before looking, so that nothing falls in between.
    let (bell, keys) = (access.shop.happened.subscribe(), app.keys.taken_away());
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let after = match last.map(|l| l.parse().map_err(|_| bad_cursor())).transpose()?.or(query.after) {
        Some(after) => after,
        None => app.service.workflow.store.latest_event(&access.shop.id).await?,
    };
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let first = Event::default().event("cursor").id(after.to_string()).retry(RETRY).data("{}");
    let stop = app.stop.clone();
    let line = Line {
        app,
        access,
        bell,
        keys,
        stop,
        heartbeat,
        after,
        ready: VecDeque::from([first]),
        _places: (place, waiting),
    };
    let events = stream::unfold(line, async |mut line| {
        line.next().await.map(|event| (Ok::<_, Infallible>(event), line))
    });
    // Proxies that keep answers back until they are whole are asked not to.
    Ok(([("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

/// A listener.
struct Line {
    app: App,
    access: InShop<Operator>,
    bell: watch::Receiver<()>,
    keys: watch::Receiver<()>,
    stop: CancellationToken,
    heartbeat: Interval,
    after: i64,
    ready: VecDeque<Event>,
    _places: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Line {
    /// The next event; none where the line ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.stop.is_cancelled() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.bell.mark_unchanged();
            if let Err(error) = self.read().await {
                tracing::error!(%error, "a listener's events could not be read");
                return None;
            }
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                _ = self.bell.changed() => {}
                _ = self.keys.changed() => self.renew().await?,
                _ = self.heartbeat.tick() => {
                    self.renew().await?;
                    return Some(Event::default().comment(""));
                }
            }
        }
    }

    /// Ends where whoever listens may not any more.
    async fn renew(&mut self) -> Option<()> {
        self.access = self.access.renewed(&self.app).await.ok()??;
        Some(())
    }

    async fn read(&mut self) -> Result<(), StorageError> {
        let store = &self.app.service.workflow.store;
        let page = store.happened(&self.access.shop.id, self.after, AT_A_TIME).await?;
        for (position, Happened { customer, event }) in page.rows {
            self.after = position;
            let view = HappenedView {
                task_id: event.task.map(|t| t.0),
                customer_id: customer.id.to_string(),
                platform: customer.platform.to_string(),
                what: event.into(),
            };
            let event = Event::default().event("happened").id(position.to_string());
            self.ready.push_back(event.data(json(&view)));
        }
        Ok(())
    }
}
