//! One task: before and after, what was tried and said, what it costs, and what can be done now.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shopkeeper_domain::{
    Command, Customer, ImageId, State as Stand, Status, Task, TaskId,
    roles::{Role, pricing::Quote},
};
use shopkeeper_engine::Report;
use shopkeeper_storage::{Said, Utterance};
use uuid::Uuid;

use super::{
    App, Problem,
    form::Form,
    frame::{Frame, Visit, html},
    history::{self, Attempt, Step},
    show::{Moment, price, range},
    today::{operations, status_label, waits_for},
};
use crate::{
    http::{
        customers,
        extract::At,
        tasks::{self, TaskPath, no_task},
    },
    shops::ShopState,
    workflow::{Payload, now},
};

/// How many events are shown at the most.
const EVENTS: u32 = 500;
/// How much of the conversation is shown.
const UTTERANCES: u32 = 60;

/// A picture: small, and whole.
pub(super) struct Picture {
    pub(super) small: String,
    pub(super) large: String,
}

struct Line {
    label: String,
    price: String,
}

/// The price, and who made it.
struct QuoteView {
    price: String,
    hint: String,
    lines: Vec<Line>,
    /// Plugin, version, settings revision; none where nobody remembers.
    by: Option<By>,
}

struct By {
    name: String,
    version: String,
    revision: u32,
    digest: String,
}

struct Bubble {
    by_customer: bool,
    text: Option<String>,
    pictures: Vec<Picture>,
    at: Moment,
    /// Whether it still waits to be sent.
    waits: bool,
}

struct Tried {
    attempt: Attempt,
    picture: Option<Picture>,
}

struct Wish {
    at: Moment,
    text: String,
    pictures: Vec<Picture>,
}

/// What a person can do now: the last part of the form's address, its word, and whether it is the one to be done.
struct Action {
    path: &'static str,
    label: String,
    primary: bool,
}

/// A row of facts.
struct Fact {
    label: String,
    text: String,
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    frame: Frame,
    here: String,
    version: u64,
    customer: String,
    customer_page: String,
    status: &'static str,
    label: String,
    waits: Option<String>,
    span: String,
    since: Moment,
    failure: Option<String>,
    held: Option<String>,
    before: Picture,
    after: Option<Picture>,
    actions: Vec<Action>,
    /// Ends it for good: asked twice.
    may_cancel: bool,
    facts: Vec<Fact>,
    quote: Option<QuoteView>,
    attempts: Vec<Tried>,
    wishes: Vec<Wish>,
    bubbles: Vec<Bubble>,
    steps: Vec<Step>,
}

pub(super) async fn show(
    State(app): State<App>,
    mut visit: Visit,
    At(path): At<TaskPath>,
) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let (store, id) = (&app.service.workflow.store, path.task());
    let task = store.task(&shop.id, id).await?.ok_or_else(|| no_task(id))?;
    let events = store.events(&shop.id, id, 0, EVENTS).await?.rows;
    let customer = store.customer(&shop.id, &task.customer).await?;
    let said = store.conversation(&shop.id, &task.customer, UTTERANCES).await?;
    let quote = match &task.quote {
        Some(quote) => Some(priced(quote, quoted_by(&app, &shop, &task).await?)),
        None => None,
    };
    let (now, shown) = (now(), frame.shown());
    let hold = customer.as_ref().and_then(|c| c.hold.as_ref());
    let tried =
        |attempt: Attempt| Tried { picture: attempt.image.as_ref().map(|id| picture(&frame, id)), attempt };
    let wish = |note: &shopkeeper_domain::Note| Wish {
        at: shown.at(note.at, now),
        text: note.text.clone(),
        pictures: note.images.iter().map(|id| picture(&frame, id)).collect(),
    };
    let page = TaskPage {
        here: frame.at(&format!("/tasks/{id}")),
        version: task.version,
        customer: task.customer_name.clone(),
        customer_page: frame.customer(&task.customer),
        status: task.status().name(),
        label: status_label(&frame, task.status()),
        waits: waits_for(&task, hold.is_some()).map(|w| frame.t(w)),
        span: shown.span(now - task.updated_at),
        since: shown.at(task.updated_at, now),
        failure: match &task.state {
            Stand::Failed { reason, .. } => Some(reason.clone()),
            Stand::AwaitingConfirm { withheld: Some(why), .. } => Some(frame.t(history::withheld_word(*why))),
            _ => None,
        },
        held: hold.map(|h| frame.t(history::hold_word(h.reason))),
        before: picture(&frame, &task.image),
        after: task.state.result().map(|id| picture(&frame, id)),
        actions: actions(&frame, &task, hold.is_some()),
        may_cancel: !task.status().is_final(),
        facts: facts(&frame, &task, customer.as_ref()),
        quote,
        attempts: history::attempts(&frame, &events).into_iter().map(tried).collect(),
        wishes: task.notes.iter().map(wish).collect(),
        bubbles: said.iter().filter_map(|u| bubble(&frame, u)).collect(),
        steps: events.iter().rev().map(|(position, event)| history::step(&frame, *position, event)).collect(),
        frame,
    };
    Ok(html(&page))
}

pub(super) fn picture(frame: &Frame, id: &ImageId) -> Picture {
    let large = frame.at(&format!("/images/{id}"));
    Picture { small: format!("{large}?w=320"), large }
}

fn priced(quote: &Quote, by: Option<By>) -> QuoteView {
    let line = |l: &shopkeeper_domain::roles::pricing::Line| Line {
        label: l.label.clone(),
        price: range(l.low, l.high),
    };
    QuoteView {
        price: price(quote),
        hint: quote.hint.clone(),
        lines: quote.lines.iter().map(line).collect(),
        by,
    }
}

/// The plugin that priced a task, as far as the journal goes back.
async fn quoted_by(app: &App, shop: &ShopState, task: &Task) -> Result<Option<By>, Problem> {
    let store = &app.service.workflow.store;
    let found = store.priced_by(&shop.id, &task.customer, task.created_at).await?;
    let Some((digest, revision)) = found else { return Ok(None) };
    let built_in = &app.service.engine().builtin(Role::Pricing).plugin;
    let description = if built_in.digest == digest.bytes() {
        Some(built_in.description.clone())
    } else {
        let row = store.plugin(&shop.id, digest).await?;
        row.and_then(|r| serde_json::from_str::<Report>(&r.report).ok()).and_then(|r| r.description)
    };
    let by = |d: shopkeeper_engine::Description| By {
        name: d.name.to_string(),
        version: d.version.to_string(),
        revision,
        digest: digest.to_string(),
    };
    Ok(description.map(by))
}

fn actions(frame: &Frame, task: &Task, held: bool) -> Vec<Action> {
    let withheld = matches!(task.state, Stand::AwaitingConfirm { withheld: Some(_), .. });
    [
        ("retry", task.status() == Status::Failed, true),
        ("approve", withheld, true),
        ("take-over", !held, false),
        ("give-back", held, !withheld),
    ]
    .into_iter()
    .filter(|(_, possible, _)| *possible)
    .map(|(path, _, primary)| Action { path, label: frame.t(&format!("do-{path}")), primary })
    .collect()
}

fn facts(frame: &Frame, task: &Task, customer: Option<&Customer>) -> Vec<Fact> {
    let spec = &task.specification;
    let tags = customer.map(|c| c.tags.iter().map(|t| t.label()).collect::<Vec<_>>().join("、"));
    let attempts = task.attempt.to_string();
    [
        ("fact-what", operations(frame, &task.operations)),
        ("fact-complexity", spec.complexity.clone().unwrap_or_default()),
        ("fact-prompt", spec.prompt.clone()),
        ("fact-ratio", spec.aspect_ratio.clone()),
        ("fact-order", task.paid_by.as_ref().map_or_else(|| frame.t("not-paid"), ToString::to_string)),
        ("fact-attempts", attempts),
        ("fact-email", task.state.address().map(ToString::to_string).unwrap_or_default()),
        ("fact-customer", format!("{} · {}", task.customer.id, task.customer.platform)),
        ("fact-tags", tags.unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(id, text)| Fact { label: frame.t(id), text })
    .collect()
}

fn bubble(frame: &Frame, utterance: &Utterance) -> Option<Bubble> {
    let at = frame.shown().at(utterance.at, now());
    let (by_customer, text, pictures, waits) = match &utterance.said {
        Said::ByCustomer { text, images } => (true, Some(text.clone()), images.clone(), false),
        Said::ByShop { payload, sent } => match Payload::parse(payload)? {
            Payload::Text(text) => (false, Some(text), Vec::new(), !sent),
            Payload::Image(image) => (false, None, vec![image], !sent),
            _ => return None,
        },
    };
    let pictures = pictures.iter().map(|id| picture(frame, id)).collect();
    Some(Bubble { by_customer, text: text.filter(|t| !t.is_empty()), pictures, at, waits })
}

/// What a person does.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Retry,
    Approve,
    Cancel,
    TakeOver,
    GiveBack,
}

#[derive(Deserialize)]
pub(super) struct DeedPath {
    id: Uuid,
    action: Deed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// The task's version that the person saw.
    version: u64,
}

pub(super) async fn act(
    State(app): State<App>,
    visit: Visit,
    At(path): At<DeedPath>,
    Form(seen): Form<Seen>,
) -> Result<Response, Problem> {
    let (task, version) = (TaskId(path.id), Some(seen.version));
    let back = visit.frame.at(&format!("/tasks/{task}"));
    let access = visit.access;
    let (command, about_customer) = match path.action {
        Deed::Retry => (Command::Retry { task, version }, false),
        Deed::Approve => (Command::Approve { task, version }, false),
        Deed::Cancel => (Command::Cancel { task, version }, false),
        Deed::TakeOver => (Command::Hold, true),
        Deed::GiveBack => (Command::Resume, true),
    };
    if about_customer {
        let found = app.service.workflow.store.task(&access.shop.id, task).await?;
        let customer = found.ok_or_else(|| no_task(task))?.customer;
        customers::act(&app, access, customer, command).await?;
    } else {
        tasks::act(&app, access, task, command).await?;
    }
    Ok(Redirect::to(&back).into_response())
}
