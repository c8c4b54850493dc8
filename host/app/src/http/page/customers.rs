//! Customers: whom the shop knows, what it knows of one, and forgetting them.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use shopkeeper_domain::{Command, Customer, CustomerId, CustomerKey, EmailStatus, Platform, TaskId};
use shopkeeper_storage::{Erased, Known, TaskFilter};

use super::{
    App, Problem,
    form::Form,
    frame::{Frame, Visit, html},
    history::hold_word,
    show::Moment,
    task::{Picture, picture},
    today::{Card, card},
};
use crate::{
    http::{
        customers::{self, no_customer},
        extract::{Ask, At},
    },
    workflow::now,
};

/// How many customers are shown at a time.
const AT_A_TIME: u32 = 24;
/// How many of a customer's orders are shown at a time.
const ORDERS: u32 = 12;
/// How many of a customer's pictures are shown.
const PICTURES: u32 = 60;
/// How many of a customer's wishes are shown.
const WISHES: usize = 10;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/s/{shop}/customers", get(list))
        .route("/s/{shop}/customers/profile", get(show))
        .route("/s/{shop}/customers/profile/erase", get(ask_to_erase).post(erase))
        .route("/s/{shop}/customers/profile/{action}", post(act))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// What the customer's id begins with.
    id: Option<String>,
    cursor: Option<TaskId>,
    /// Whether one was just erased.
    erased: Option<String>,
}

/// A customer in the list.
struct Person {
    /// For the list to be put in order by.
    id: String,
    href: String,
    name: String,
    who: String,
    picture: Option<Picture>,
    tags: Vec<&'static str>,
    orders: String,
    held: bool,
    last: Option<Moment>,
}

#[derive(Template)]
#[template(path = "customers.html")]
struct ListPage {
    frame: Frame,
    beginning: String,
    erased: bool,
    people: Vec<Person>,
    /// Whether there are more than can be shown.
    too_many: bool,
    further: bool,
    older: Option<String>,
}

async fn list(
    State(app): State<App>,
    mut visit: Visit,
    Ask(wanted): Ask<Wanted>,
) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let store = &app.service.workflow.store;
    let (known, next, too_many) = match &wanted.id {
        Some(beginning) => {
            let mut found = store.customers_named(&shop.id, beginning.clone(), AT_A_TIME + 1).await?;
            let too_many = found.len() > AT_A_TIME as usize;
            found.truncate(AT_A_TIME as usize);
            (found, None, too_many)
        }
        None => {
            let (found, next) = store.latest_customers(&shop.id, wanted.cursor, AT_A_TIME).await?;
            (found, next, false)
        }
    };
    let page = ListPage {
        people: known.iter().map(|k| person(&frame, k)).collect(),
        beginning: wanted.id.unwrap_or_default(),
        erased: wanted.erased.is_some(),
        too_many,
        further: wanted.cursor.is_some(),
        older: next.map(|task| format!("{}?cursor={task}", frame.at("/customers"))),
        frame,
    };
    Ok(html(&page))
}

fn person(frame: &Frame, known: &Known) -> Person {
    let customer = known.customer.as_ref();
    let last = known.last.as_ref();
    let orders = customer.map_or(0, |c| c.completed_orders);
    Person {
        id: format!("{}/{}", known.key.platform, known.key.id),
        href: frame.customer(&known.key),
        name: name(known),
        who: who(&known.key),
        picture: last.map(|t| picture(frame, &t.image)),
        tags: customer.map(tags).unwrap_or_default(),
        orders: frame.with("customer-orders", "n", orders),
        held: customer.is_some_and(|c| c.hold.is_some()),
        last: last.map(|t| frame.shown().at(t.updated_at, now())),
    }
}

/// What a customer is called: their name, else their id.
fn name(known: &Known) -> String {
    let named = known.customer.as_ref().and_then(|c| c.name.clone());
    named.filter(|n| !n.trim().is_empty()).unwrap_or_else(|| known.key.id.to_string())
}

fn who(key: &CustomerKey) -> String {
    format!("{} · {}", key.id, key.platform)
}

fn tags(customer: &Customer) -> Vec<&'static str> {
    customer.tags.iter().map(|t| t.label()).collect()
}

/// Which customer, in a query or a form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    platform: Platform,
    id: CustomerId,
    /// Of their orders.
    cursor: Option<TaskId>,
}

impl Who {
    fn key(&self) -> CustomerKey {
        CustomerKey { platform: self.platform.clone(), id: self.id.clone() }
    }
}

struct Fact {
    label: String,
    text: String,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct CustomerPage {
    frame: Frame,
    here: String,
    platform: String,
    id: String,
    name: String,
    tags: Vec<&'static str>,
    held: Option<String>,
    facts: Vec<Fact>,
    /// Newest first.
    wishes: Vec<String>,
    cards: Vec<Card>,
    newest: String,
    older: Option<String>,
    further: bool,
    pictures: Vec<Picture>,
}

async fn show(State(app): State<App>, mut visit: Visit, Ask(asked): Ask<Who>) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let (store, key) = (&app.service.workflow.store, asked.key());
    let known = store.known(&shop.id, &key).await?.ok_or_else(no_customer)?;
    let filter = TaskFilter {
        status: None,
        customer: Some(key.id.clone()),
        platform: Some(key.platform.clone()),
        before: asked.cursor,
        limit: ORDERS,
    };
    let tasks = store.tasks(&shop.id, filter).await?;
    let pictures = store.pictures_of(&shop.id, &key, PICTURES).await?;
    let customer = known.customer.as_ref();
    let hold = customer.and_then(|c| c.hold.as_ref());
    let now = now();
    let last = tasks.rows.last().filter(|_| tasks.more).map(|(_, t)| t.id);
    let wishes = customer.map(|c| c.requirements.iter().rev().take(WISHES).cloned().collect());
    let page = CustomerPage {
        here: frame.at("/customers/profile"),
        platform: key.platform.to_string(),
        id: key.id.to_string(),
        name: name(&known),
        tags: customer.map(tags).unwrap_or_default(),
        held: hold.map(|h| frame.t(hold_word(h.reason))),
        facts: facts(&frame, &known),
        wishes: wishes.unwrap_or_default(),
        cards: tasks.rows.iter().map(|(_, task)| card(&frame, task, hold.is_some(), now)).collect(),
        newest: frame.customer(&key),
        older: last.map(|last| format!("{}&cursor={last}", frame.customer(&key))),
        further: asked.cursor.is_some(),
        pictures: pictures.iter().map(|id| picture(&frame, id)).collect(),
        frame,
    };
    Ok(html(&page))
}

fn facts(frame: &Frame, known: &Known) -> Vec<Fact> {
    let Some(customer) = &known.customer else {
        return vec![
            Fact { label: frame.t("fact-customer"), text: who(&known.key) },
            Fact { label: frame.t("orders-done"), text: frame.t("only-wrote") },
        ];
    };
    let email = customer.email.as_ref().map(|e| {
        let went = match e.status {
            EmailStatus::Pending => "email-pending",
            EmailStatus::Sent => "email-sent",
            EmailStatus::Failed => "email-failed",
        };
        format!("{} ({})", e.address, frame.t(went))
    });
    [
        ("fact-customer", who(&known.key)),
        ("fact-account", customer.account.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("fact-email", email.unwrap_or_default()),
        ("orders-done", customer.completed_orders.to_string()),
        ("orders-revised", customer.revised_orders.to_string()),
        ("revisions-asked", customer.revisions.to_string()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(id, text)| Fact { label: frame.t(id), text })
    .collect()
}

/// What a person does with a conversation.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    TakeOver,
    GiveBack,
}

#[derive(Deserialize)]
struct DeedPath {
    action: Deed,
}

async fn act(
    State(app): State<App>,
    visit: Visit,
    At(path): At<DeedPath>,
    Form(asked): Form<Who>,
) -> Result<Response, Problem> {
    let key = asked.key();
    let back = visit.frame.customer(&key);
    let command = match path.action {
        Deed::TakeOver => Command::Hold,
        Deed::GiveBack => Command::Resume,
    };
    // As the list has them: nobody is made up by a form.
    app.service.workflow.store.known(&visit.access.shop.id, &key).await?.ok_or_else(no_customer)?;
    customers::act(&app, visit.access, key, command).await?;
    Ok(Redirect::to(&back).into_response())
}

/// What goes, or stays, and how much of it.
struct Part {
    label: String,
    count: usize,
}

#[derive(Template)]
#[template(path = "erase.html")]
struct ErasePage {
    frame: Frame,
    here: String,
    back: String,
    platform: String,
    id: String,
    name: String,
    going: Vec<Part>,
    staying: Vec<Part>,
    /// How many orders are not done yet.
    open: usize,
}

async fn ask_to_erase(
    State(app): State<App>,
    visit: Visit,
    Ask(asked): Ask<Who>,
) -> Result<Response, Problem> {
    let (shop, frame) = (visit.access.shop, visit.frame);
    let (store, key) = (&app.service.workflow.store, asked.key());
    let known = store.known(&shop.id, &key).await?.ok_or_else(no_customer)?;
    let would: Erased = store.would_erase(&shop.id, &key).await?;
    let loaded = store.load(&shop.id, &key, shopkeeper_storage::Named::default()).await?;
    let part = |(id, count): (&str, usize)| Part { label: frame.t(id), count };
    let going = [
        ("erase-tasks", would.tasks),
        ("erase-pictures", would.pictures),
        ("erase-messages", would.messages),
        ("erase-entries", would.entries),
        ("erase-mails", would.mails),
        ("erase-events", would.events),
        ("erase-calls", would.calls),
    ];
    let page = ErasePage {
        here: frame.at("/customers/profile/erase"),
        back: frame.customer(&key),
        platform: key.platform.to_string(),
        id: key.id.to_string(),
        name: name(&known),
        going: going.map(part).into(),
        staying: [("erase-payments", would.payments)].map(part).into(),
        open: loaded.case.tasks.iter().filter(|t| !t.status().is_final()).count(),
        frame,
    };
    Ok(html(&page))
}

async fn erase(State(app): State<App>, visit: Visit, Form(asked): Form<Who>) -> Result<Response, Problem> {
    customers::forget(&app, &visit.access, &asked.key()).await?;
    Ok(Redirect::to(&visit.frame.at("/customers?erased=yes")).into_response())
}
