//! Today: every task of the shop, by status, and what each waits for.

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shopkeeper_domain::{CustomerId, CustomerKey, Operation, State as Stand, Status, Task, TaskId};
use shopkeeper_storage::TaskFilter;

use super::{
    App, Problem,
    frame::{Frame, Visit, html},
    show::{Moment, price},
};
use crate::{
    http::extract::{Ask, bad_cursor},
    workflow::now,
};

/// How many tasks are shown at a time.
const AT_A_TIME: u32 = 24;
/// The operations that have a word of ours, what is done where nothing was asked for first.
pub(super) const OPERATIONS: [&str; 10] = [
    "enhance",
    "remove_bg",
    "resize",
    "fix_old_photo",
    "layered",
    "watermark_removal",
    "inpaint",
    "colorize",
    "retouch",
    "compose",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    status: Option<Status>,
    customer_id: Option<CustomerId>,
    cursor: Option<String>,
}

/// A status to choose.
struct Choice {
    href: String,
    name: &'static str,
    label: String,
    tasks: u64,
    chosen: bool,
}

/// A task in the list.
pub(super) struct Card {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) customer: String,
    pub(super) before: String,
    pub(super) after: Option<String>,
    pub(super) status: &'static str,
    pub(super) label: String,
    pub(super) what: String,
    pub(super) price: Option<String>,
    /// Whom it waits for; none where it is over.
    pub(super) waits: Option<String>,
    /// Whether that is a person at the shop.
    pub(super) yours: bool,
    pub(super) since: Moment,
    pub(super) span: String,
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    frame: Frame,
    all: Choice,
    choices: Vec<Choice>,
    customer: String,
    status: &'static str,
    cards: Vec<Card>,
    /// Whether this is not the first page.
    further: bool,
    newest: String,
    older: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    mut visit: Visit,
    Ask(wanted): Ask<Wanted>,
) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let store = &app.service.workflow.store;
    let before = wanted.cursor.as_deref().map(str::parse::<TaskId>).transpose().map_err(|_| bad_cursor())?;
    let filter = TaskFilter {
        status: wanted.status,
        customer: wanted.customer_id.clone(),
        platform: None,
        before,
        limit: AT_A_TIME,
    };
    let page = store.tasks(&shop.id, filter).await?;
    let counts = store.count_tasks(&shop.id).await?;
    let keys: Vec<CustomerKey> = page.rows.iter().map(|(_, t)| t.customer.clone()).collect();
    let holds = store.holds(&shop.id, keys).await?;
    let now = now();
    let address = |status: Option<Status>, cursor: Option<&TaskId>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(status.map(|s| ("status", s.name())));
        query.extend_pairs(wanted.customer_id.as_ref().map(|c| ("customer_id", c.as_str())));
        query.extend_pairs(cursor.map(|c| ("cursor", c.to_string())));
        format!("{}?{}", frame.at("/"), query.finish())
    };
    let choice = |(status, tasks): &(Status, u64)| Choice {
        href: address(Some(*status), None),
        name: status.name(),
        label: status_label(&frame, *status),
        tasks: *tasks,
        chosen: wanted.status == Some(*status),
    };
    let last = page.rows.last().filter(|_| page.more).map(|(_, t)| t.id);
    let all = Choice {
        href: address(None, None),
        name: "",
        label: frame.t("status-all"),
        tasks: counts.iter().map(|(_, n)| n).sum(),
        chosen: wanted.status.is_none(),
    };
    let cards = page
        .rows
        .iter()
        .map(|(_, task)| card(&frame, task, holds.contains_key(&task.customer), now))
        .collect();
    let page = TodayPage {
        all,
        choices: counts.iter().map(choice).collect(),
        customer: wanted.customer_id.as_ref().map_or_else(String::new, ToString::to_string),
        status: wanted.status.map_or("", Status::name),
        cards,
        further: before.is_some(),
        newest: address(wanted.status, None),
        older: last.map(|last| address(wanted.status, Some(&last))),
        frame,
    };
    Ok(html(&page))
}

/// A task in a list; `held`: whether a person has the conversation.
pub(super) fn card(frame: &Frame, task: &Task, held: bool, now: DateTime<Utc>) -> Card {
    let waits = waits_for(task, held);
    let picture = |id| frame.at(&format!("/images/{id}?w=320"));
    Card {
        id: task.id.to_string(),
        href: frame.at(&format!("/tasks/{}", task.id)),
        customer: task.customer_name.clone(),
        before: picture(&task.image),
        after: task.state.result().map(picture),
        status: task.status().name(),
        label: status_label(frame, task.status()),
        what: operations(frame, &task.operations),
        price: task.quote.as_ref().map(price),
        waits: waits.map(|w| frame.t(w)),
        yours: waits == Some("waits-you"),
        since: frame.shown().at(task.updated_at, now),
        span: frame.shown().span(now - task.updated_at),
    }
}

/// A status in the visitor's language.
pub(super) fn status_label(frame: &Frame, status: Status) -> String {
    frame.t(&format!("status-{}", status.name()))
}

/// What is done to a picture, in the visitor's language; a word of the shop's own stays as it is.
pub(super) fn operations(frame: &Frame, operations: &[Operation]) -> String {
    operations.iter().map(|o| operation(frame, o.as_str())).collect::<Vec<_>>().join(" + ")
}

/// One operation in the visitor's language; a shop's own by its name.
pub(super) fn operation(frame: &Frame, name: &str) -> String {
    match name {
        known if OPERATIONS.contains(&known) => frame.t(&format!("operation-{}", known.replace('_', "-"))),
        own => own.to_owned(),
    }
}

/// Whom a task waits for, as a word's id; none where it is over. `held`: whether a person has the conversation.
pub(super) fn waits_for(task: &Task, held: bool) -> Option<&'static str> {
    Some(match &task.state {
        Stand::Completed { .. } | Stand::Cancelled { .. } => return None,
        Stand::Processing { .. } => "waits-processor",
        Stand::Delivering { .. } => "waits-mail",
        Stand::Failed { .. } | Stand::AwaitingConfirm { withheld: Some(_), .. } => "waits-you",
        _ if held => "waits-you",
        Stand::Pending { .. } if task.quote.is_none() => "waits-you",
        Stand::Pending { .. } => "waits-payment",
        Stand::AwaitingConfirm { .. } | Stand::Revision { .. } => "waits-customer",
    })
}
