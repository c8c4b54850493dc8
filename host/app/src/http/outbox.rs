//! What is to be said in the chat, for a connector that pulls.

use std::time::Duration;

use axum::{Extension, extract::State, http::StatusCode, response::Json as JsonAnswer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::OutboxId;
use shopkeeper_storage::OutboxEntry;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App, Permit,
    access::{Connector, InShop},
    extract::{Ask, At},
    problem::Problem,
};
use crate::{
    shops::ShopState,
    workflow::{Payload, now},
};

/// How many entries one answer holds.
const ENTRIES: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OutboxQuery {
    /// Only what comes after this entry.
    after: Option<Uuid>,
    /// How long to wait for something to come, 0 to 30 seconds.
    wait: Option<u64>,
}

/// Something to send to a customer. It stays until it is acknowledged.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryView {
    /// Stable: a connector that sees it twice has sent it already.
    id: Uuid,
    customer_id: String,
    platform: String,
    account_id: Option<String>,
    /// `text` or `image`.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    /// The picture, without a key, until the link expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    task_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EntryList {
    /// In order for each customer.
    entries: Vec<EntryView>,
}

/// An entry as connectors see it; none where it is nothing that they send.
pub(super) fn view(app: &App, shop: &ShopState, entry: OutboxEntry) -> Option<EntryView> {
    let (text, image) = match Payload::parse(&entry.payload)? {
        Payload::Text(text) => (Some(text), None),
        Payload::Image(image) => (None, Some(image)),
        _ => return None,
    };
    let customer = entry.customer?;
    Some(EntryView {
        id: entry.id.0,
        customer_id: customer.id.into(),
        platform: customer.platform.into(),
        account_id: entry.account.map(String::from),
        kind: entry.kind,
        text,
        url: image.as_ref().map(|i| app.signed_link(shop, i)),
        image_id: image.map(String::from),
        task_id: entry.task.map(|t| t.0),
        created_at: entry.created_at,
    })
}

/// What waits to be sent; waits for something to come where nothing does.
#[utoipa::path(get, path = "/outbox", params(("shop" = String, Path), OutboxQuery), responses((status = 200, body = EntryList)))]
pub(super) async fn pull(
    State(app): State<App>,
    access: InShop<Connector>,
    Ask(query): Ask<OutboxQuery>,
    Extension(permit): Extension<Permit>,
) -> Result<JsonAnswer<EntryList>, Problem> {
    let wait = query.wait.unwrap_or(0);
    if wait > 30 {
        return Err(Problem::invalid("/wait", "wait is 0 to 30 seconds"));
    }
    let _place = if wait > 0 { Some(permit.wait(&app)?) } else { None };
    let until = Instant::now() + Duration::from_secs(wait);
    let shop = access.shop.clone();
    // Listening begins before looking, so that nothing falls in between.
    let mut bell = shop.chat.subscribe();
    loop {
        bell.mark_unchanged();
        let after = query.after.map(OutboxId);
        let entries = app.service.workflow.store.waiting_chat(&shop.id, after, ENTRIES).await?;
        let rung = async {
            tokio::select! {
                _ = bell.changed() => true,
                () = app.stop.cancelled() => false,
            }
        };
        if !entries.is_empty() || !timeout_at(until, rung).await.unwrap_or(false) {
            let entries = entries.into_iter().filter_map(|e| view(&app, &shop, e)).collect();
            return Ok(JsonAnswer(EntryList { entries }));
        }
    }
}

#[derive(Deserialize)]
pub(super) struct EntryPath {
    id: Uuid,
}

/// Says that an entry was sent.
#[utoipa::path(post, path = "/outbox/{id}/ack", params(("shop" = String, Path), ("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn acknowledge(
    State(app): State<App>,
    access: InShop<Connector>,
    At(path): At<EntryPath>,
) -> Result<StatusCode, Problem> {
    sent(&app, &access, OutboxId(path.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes note that an entry was sent, by whatever line that came.
pub(super) async fn sent(app: &App, access: &InShop<Connector>, id: OutboxId) -> Result<(), Problem> {
    if app.service.workflow.store.acknowledge(&access.shop.id, id, now()).await? {
        Ok(())
    } else {
        Err(Problem::not_found("this shop's outbox has no such entry"))
    }
}
