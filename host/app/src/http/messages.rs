//! The customer writes.

use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{AccountId, CustomerId, CustomerKey, ImageId, MessageId, Platform, TaskId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App,
    access::{ConnectorOrAgent, InShop},
    extract::{Json, Text},
    problem::Problem,
    views::{AddressView, EvidenceView, SentView, TaskView, json, json_response},
};
use crate::workflow::{Done, MessageRequest, Reply, Request, Subject};

/// The most pictures in one message.
const IMAGES: usize = 20;

/// A customer's message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageBody {
    /// The natural key: the same message is answered again, not taken again.
    #[schema(value_type = String)]
    message_id: MessageId,
    #[schema(value_type = String)]
    customer_id: CustomerId,
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    /// The shop's account that the customer wrote to.
    #[schema(value_type = Option<String>)]
    account_id: Option<AccountId>,
    text: Text<5000>,
    /// Pictures sent with it, uploaded before.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    image_ids: Vec<ImageId>,
    /// The task it is about; the latest that waits for the customer's word where it is left out.
    about_task_id: Option<Uuid>,
    /// When the platform says it was sent.
    #[allow(dead_code, reason = "taken for callers who have it; order is the order of arrival")]
    sent_at: Option<DateTime<Utc>>,
}

/// What the message was taken for, and what was done.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageView {
    /// Whether the workflow did something with it; if not, the agent should answer.
    handled: bool,
    /// As in the WIT: `none`, `question`, `revise`, `confirm`, `hand-off`, `withdraw-address`, or the plugin's own.
    intent: String,
    /// 0 to 100.
    confidence: u8,
    evidence: Vec<EvidenceView>,
    /// The e-mail addresses that the host read.
    addresses: Vec<AddressView>,
    /// Why nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The task that it is about, as it stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskView>,
    /// What is said: in the outbox already, here only to be seen.
    messages: Vec<SentView>,
}

fn view(about: Option<TaskId>, done: &Done<'_>) -> String {
    let case = &done.decision.after;
    let touched = done.decision.events.iter().rev().find_map(|e| e.task);
    let spoken = done.decision.effects.iter().find_map(|e| match e {
        shopkeeper_domain::Effect::Say { task, .. } => *task,
        _ => None,
    });
    let task = about.or(touched).or(spoken).and_then(|id| case.task(id)).or_else(|| case.subject(None));
    let reading = done.read.reading.as_ref();
    json(&MessageView {
        handled: done.decision.silence.is_none(),
        intent: reading.map_or_else(String::new, |r| r.intent.to_string()),
        confidence: reading.map_or(0, |r| r.confidence),
        evidence: reading.map_or_else(Vec::new, |r| r.evidence.iter().map(EvidenceView::from).collect()),
        addresses: done.read.addresses.iter().map(AddressView::from).collect(),
        reason: done.decision.silence.map(|s| s.reason()),
        task: task.map(TaskView::from),
        messages: SentView::chat(done.entries),
    })
}

/// Takes a customer's message: reads it, decides, and puts the answer into the outbox.
#[utoipa::path(post, path = "/messages", params(("shop" = String, Path)), request_body = MessageBody,
    responses((status = 200, body = MessageView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn receive(
    State(app): State<App>,
    access: InShop<ConnectorOrAgent>,
    Json(message): Json<MessageBody>,
) -> Result<Response, Problem> {
    take(&app, &access, message).await.map(json_response)
}

/// The one way in of a message, by whatever line it came.
pub(super) async fn take<A>(app: &App, access: &InShop<A>, message: MessageBody) -> Result<Reply, Problem> {
    if message.image_ids.len() > IMAGES {
        return Err(Problem::invalid("/image_ids", format!("a message holds at most {IMAGES} pictures")));
    }
    for (n, id) in message.image_ids.iter().enumerate() {
        app.must_have(&access.shop, id, &format!("/image_ids/{n}")).await?;
    }
    let key = CustomerKey { platform: message.platform.unwrap_or_default(), id: message.customer_id };
    let about = message.about_task_id.map(TaskId);
    let request = Request::Message(Box::new(MessageRequest {
        id: message.message_id,
        account: message.account_id,
        text: message.text.0,
        images: message.image_ids,
        about,
    }));
    let turn = access.turn_of_customer(StatusCode::OK);
    let subject = Subject::Customer(key, about.into_iter().collect());
    Ok(app.service.workflow.handle(&turn, subject, request, &move |done| view(about, done)).await?)
}
