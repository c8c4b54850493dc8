//! What is to be said in the chat, for a connector that pulls; and what could not be sent.

use std::time::Duration;

use axum::{Extension, extract::State, http::StatusCode, response::Json as JsonAnswer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{OutboxId, ShopId};
use shopkeeper_storage::{DeadLetter, OutboxEntry, StorageError};
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App, Permit,
    access::{Connector, InShop, Operator},
    extract::{Ask, At, PageQuery, cursor},
    problem::Problem,
};
use crate::{
    service::{LINK, Service},
    shops::ShopState,
    signing::WebhookSecret,
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
pub(crate) struct EntryView {
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

impl EntryView {
    /// None where the entry is nothing for the chat.
    pub(crate) fn of(service: &Service, shop: &ShopState, entry: OutboxEntry) -> Option<Self> {
        let (text, image) = match Payload::parse(&entry.payload)? {
            Payload::Text(text) => (Some(text), None),
            Payload::Image(image) => (None, Some(image)),
            _ => return None,
        };
        let customer = entry.customer?;
        Some(Self {
            id: entry.id.0,
            customer_id: customer.id.into(),
            platform: customer.platform.into(),
            account_id: entry.account.map(String::from),
            kind: entry.kind,
            text,
            url: image.as_ref().map(|i| service.signed_link(&shop.id, i, LINK)),
            image_id: image.map(String::from),
            task_id: entry.task.map(|t| t.0),
            created_at: entry.created_at,
        })
    }
}

/// What a connector may send now: nothing where the shop has it pushed to a webhook, which would send it as well.
pub(super) async fn waiting(
    app: &App,
    shop: &ShopId,
    after: Option<OutboxId>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StorageError> {
    // As the settings are now: a connection outlives a change of them.
    let pushed = app.service.shops.get(shop).await?.is_some_and(|s| s.settings.chat_webhook.is_some());
    if pushed { Ok(Vec::new()) } else { app.service.workflow.store.waiting_chat(shop, after, limit).await }
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
        let entries = waiting(&app, &shop.id, after, ENTRIES).await?;
        let rung = async {
            tokio::select! {
                _ = bell.changed() => true,
                () = app.stop.cancelled() => false,
            }
        };
        if !entries.is_empty() || !timeout_at(until, rung).await.unwrap_or(false) {
            let entries = entries.into_iter().filter_map(|e| EntryView::of(&app.service, &shop, e)).collect();
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

/// Something that could not be sent, however often it was tried.
#[derive(Serialize, ToSchema)]
pub(super) struct DeadView {
    id: Uuid,
    /// `text`, `image`, `alert`, …: where it was to go.
    kind: String,
    customer_id: Option<String>,
    platform: Option<String>,
    task_id: Option<Uuid>,
    /// How often it was tried.
    tries: u32,
    /// What went wrong at last.
    problem: String,
    created_at: DateTime<Utc>,
    given_up_at: DateTime<Utc>,
}

impl From<DeadLetter> for DeadView {
    fn from(letter: DeadLetter) -> Self {
        let entry = letter.entry;
        let (customer, platform) = entry.customer.map(|c| (c.id.into(), c.platform.into())).unzip();
        Self {
            id: entry.id.0,
            kind: entry.kind,
            customer_id: customer,
            platform,
            task_id: entry.task.map(|t| t.0),
            tries: entry.attempts,
            problem: letter.problem,
            created_at: entry.created_at,
            given_up_at: letter.at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct DeadList {
    /// Newest first.
    entries: Vec<DeadView>,
    /// Where the next page begins; none on the last.
    cursor: Option<String>,
}

/// What could not be sent.
#[utoipa::path(get, path = "/outbox/dead", params(("shop" = String, Path), PageQuery), responses((status = 200, body = DeadList)))]
pub(super) async fn dead(
    State(app): State<App>,
    access: InShop<Operator>,
    Ask(query): Ask<PageQuery>,
) -> Result<JsonAnswer<DeadList>, Problem> {
    let (before, limit) = query.before()?;
    let page = app.service.workflow.store.dead_letters(&access.shop.id, before, limit).await?;
    let cursor = cursor(&page);
    let entries = page.rows.into_iter().map(|(_, letter)| letter.into()).collect();
    Ok(JsonAnswer(DeadList { entries, cursor }))
}

/// Has it sent again, as if for the first time, under the same id and in its place in the conversation.
#[utoipa::path(post, path = "/outbox/{id}/resend", params(("shop" = String, Path), ("id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn resend(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<EntryPath>,
) -> Result<StatusCode, Problem> {
    let workflow = &app.service.workflow;
    let kind = workflow.store.resend(&access.shop.id, OutboxId(path.id), now()).await?;
    let kind = kind.ok_or_else(|| Problem::not_found("this shop has no such dead letter"))?;
    workflow.wake.ring(&access.shop, &[kind.as_str()]);
    Ok(StatusCode::NO_CONTENT)
}

/// What the shop's webhooks are signed with.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookSecretView {
    /// `whsec_…`, as libraries for Standard Webhooks take it.
    secret: String,
}

/// The secret by which the receiver of a webhook knows that a message is from this shop.
#[utoipa::path(get, path = "/webhook-secret", params(("shop" = String, Path)), responses((status = 200, body = WebhookSecretView)))]
pub(super) async fn webhook_secret(
    State(app): State<App>,
    access: InShop<Operator>,
) -> JsonAnswer<WebhookSecretView> {
    JsonAnswer(WebhookSecretView { secret: WebhookSecret::of(&app.service.secret, &access.shop.id).shown() })
}
