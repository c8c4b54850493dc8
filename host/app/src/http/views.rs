//! What callers see.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shopkeeper_domain::{
    FoundAddress, Status, Task, TaskId,
    roles::{detection::Evidence, pricing::Quote},
};
use shopkeeper_engine::Answered;
use shopkeeper_storage::NewEntry;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::workflow::{Payload, Reply};

/// An answer that is JSON text already.
pub(super) fn json_response(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    if reply.body.is_empty() {
        return status.into_response();
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, kind, reply.body).into_response()
}

/// Any view as JSON text.
pub(super) fn json<T: Serialize>(view: &T) -> String {
    serde_json::to_string(view).expect("a view is plain data")
}

/// Exact money.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MoneyView {
    /// How many of the currency's smallest unit: fen for CNY.
    minor: i64,
    /// ISO 4217.
    #[schema(example = "CNY")]
    currency: String,
}

impl From<shopkeeper_domain::Money> for MoneyView {
    fn from(money: shopkeeper_domain::Money) -> Self {
        Self { minor: money.minor, currency: money.currency.to_string() }
    }
}

/// One row of the bill.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LineView {
    label: String,
    low: MoneyView,
    high: MoneyView,
}

/// The plugin that answered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginView {
    name: String,
    version: String,
    /// SHA-256 of the component, in hex.
    digest: String,
    /// Which of the shop's bindings it was; 0 is the built-in plugin as it comes.
    settings_revision: u32,
}

impl From<&Answered> for PluginView {
    fn from(by: &Answered) -> Self {
        Self {
            name: by.name.to_string(),
            version: by.version.to_string(),
            digest: hex(&by.digest),
            settings_revision: by.revision,
        }
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A price, as a range.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuoteView {
    low: MoneyView,
    high: MoneyView,
    currency: String,
    /// How the shop would say it.
    hint: String,
    lines: Vec<LineView>,
    /// Who priced it; only in the answer that made the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<PluginView>,
}

impl QuoteView {
    pub(super) fn new(quote: &Quote, by: Option<&Answered>) -> Self {
        let line = |l: &shopkeeper_domain::roles::pricing::Line| LineView {
            label: l.label.clone(),
            low: l.low.into(),
            high: l.high.into(),
        };
        Self {
            low: quote.low.into(),
            high: quote.high.into(),
            currency: quote.low.currency.to_string(),
            hint: quote.hint.clone(),
            lines: quote.lines.iter().map(line).collect(),
            plugin: by.map(PluginView::from),
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskView {
    id: Uuid,
    customer_id: String,
    customer_name: String,
    platform: String,
    account_id: Option<String>,
    image_id: String,
    operations: Vec<String>,
    complexity: Option<String>,
    prompt: String,
    aspect_ratio: String,
    perspective: String,
    process: String,
    subject: String,
    quality: String,
    /// What the customer wanted changed, oldest first.
    revisions: Vec<String>,
    /// Pictures that came with those notes.
    revision_image_ids: Vec<String>,
    revision_count: u32,
    quote: Option<QuoteView>,
    attempt: u32,
    result_image_id: Option<String>,
    /// Whether the result waits for a person before the customer gets it.
    held: bool,
    /// Why processing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    email: Option<String>,
    #[schema(value_type = String, example = "awaiting-confirm")]
    status: Status,
    /// The status as a shop owner reads it.
    label: &'static str,
    paid: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: u64,
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        use shopkeeper_domain::State;
        let spec = &task.specification;
        Self {
            id: task.id.0,
            customer_id: task.customer.id.to_string(),
            customer_name: task.customer_name.clone(),
            platform: task.customer.platform.to_string(),
            account_id: task.account.as_ref().map(ToString::to_string),
            image_id: task.image.to_string(),
            operations: task.operations.iter().map(ToString::to_string).collect(),
            complexity: spec.complexity.clone(),
            prompt: spec.prompt.clone(),
            aspect_ratio: spec.aspect_ratio.clone(),
            perspective: spec.perspective.clone(),
            process: spec.process.clone(),
            subject: spec.subject.clone(),
            quality: spec.quality.clone(),
            revisions: task.notes.iter().map(|n| n.text.clone()).collect(),
            revision_image_ids: task.notes.iter().flat_map(|n| &n.images).map(ToString::to_string).collect(),
            revision_count: task.revision_count,
            quote: task.quote.as_ref().map(|q| QuoteView::new(q, None)),
            attempt: task.attempt,
            result_image_id: task.state.result().map(ToString::to_string),
            held: matches!(task.state, State::AwaitingConfirm { withheld: Some(_), .. }),
            failure: match &task.state {
                State::Failed { reason, .. } => Some(reason.clone()),
                _ => None,
            },
            email: task.state.address().map(ToString::to_string),
            status: task.status(),
            label: task.status().label(),
            paid: task.paid_by.is_some(),
            created_at: task.created_at,
            updated_at: task.updated_at,
            version: task.version,
        }
    }
}

/// The view of a task of the case, if it is there.
pub(super) fn task_in(case: &shopkeeper_domain::Case, id: TaskId) -> Option<TaskView> {
    case.task(id).map(TaskView::from)
}

/// A rule that matched, and where.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EvidenceView {
    rule: String,
    /// The first character, counted in Unicode scalar values.
    start: u32,
    /// One past the last.
    end: u32,
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self { rule: evidence.rule.clone(), start: evidence.span.start, end: evidence.span.end }
    }
}

/// An e-mail address in the text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressView {
    address: String,
    /// `exact`, `repaired` or `derived`.
    #[schema(value_type = String)]
    kind: shopkeeper_domain::AddressKind,
}

impl From<&FoundAddress> for AddressView {
    fn from(found: &FoundAddress) -> Self {
        Self { address: found.address.to_string(), kind: found.kind }
    }
}

/// Something that was put into the outbox.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentView {
    id: Uuid,
    /// `text` or `image`.
    kind: &'static str,
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
}

impl SentView {
    /// The chat entries among these.
    pub(super) fn chat(entries: &[NewEntry]) -> Vec<Self> {
        let view = |entry: &NewEntry| {
            let (text, image_id) = match Payload::parse(&entry.payload)? {
                Payload::Text(text) => (Some(text), None),
                Payload::Image(image) => (None, Some(image.to_string())),
                _ => return None,
            };
            Some(Self { id: entry.id.0, kind: entry.kind, text, image_id })
        };
        entries.iter().filter_map(view).collect()
    }
}
