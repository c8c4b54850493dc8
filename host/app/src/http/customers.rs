//! Customers: what is known of them, who looks after them, and what waits for the agent.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Json as JsonAnswer, Response},
};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{Command, Customer, CustomerId, CustomerKey, Platform};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{Agent, ConnectorOrOperator, InShop, Operator},
    extract::{Ask, At},
    problem::Problem,
    views::{QuoteView, TaskView, json, json_response},
};
use crate::{
    service::LINK,
    workflow::{Done, Reply, Request, Subject},
};

#[derive(Deserialize)]
pub(super) struct CustomerPath {
    customer: CustomerId,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformQuery {
    /// `AliWorkbench` (千牛) where it is left out.
    #[param(value_type = Option<String>)]
    platform: Option<Platform>,
}

fn key(path: CustomerPath, query: PlatformQuery) -> CustomerKey {
    CustomerKey { platform: query.platform.unwrap_or_default(), id: path.customer }
}

/// A customer's profile.
#[derive(Serialize, ToSchema)]
pub(super) struct CustomerView {
    customer_id: String,
    platform: String,
    name: Option<String>,
    account_id: Option<String>,
    email: Option<String>,
    /// `pending`, `sent` or `failed`.
    #[schema(value_type = Option<String>)]
    email_status: Option<shopkeeper_domain::EmailStatus>,
    completed_orders: u32,
    /// … of which with at least one revision.
    revised_orders: u32,
    /// Revisions asked for, over all orders.
    revisions: u32,
    /// Oldest first.
    requirements: Vec<String>,
    /// Oldest first.
    complexities: Vec<String>,
    last_image_id: Option<String>,
    last_prompt: Option<String>,
    last_aspect_ratio: Option<String>,
    last_perspective: Option<String>,
    tags: Vec<&'static str>,
    /// Why a person looks after the conversation; none where it is automatic.
    #[schema(value_type = Option<Object>)]
    hold: Option<shopkeeper_domain::Hold>,
}

impl From<&Customer> for CustomerView {
    fn from(customer: &Customer) -> Self {
        let last = customer.last.as_ref();
        Self {
            customer_id: customer.key.id.to_string(),
            platform: customer.key.platform.to_string(),
            name: customer.name.clone(),
            account_id: customer.account.as_ref().map(ToString::to_string),
            email: customer.email.as_ref().map(|e| e.address.to_string()),
            email_status: customer.email.as_ref().map(|e| e.status),
            completed_orders: customer.completed_orders,
            revised_orders: customer.revised_orders,
            revisions: customer.revisions,
            requirements: customer.requirements.clone(),
            complexities: customer.complexities.clone(),
            last_image_id: last.map(|l| l.image.to_string()),
            last_prompt: last.map(|l| l.specification.prompt.clone()),
            last_aspect_ratio: last.map(|l| l.specification.aspect_ratio.clone()),
            last_perspective: last.map(|l| l.specification.perspective.clone()),
            tags: customer.tags.iter().map(|t| t.label()).collect(),
            hold: customer.hold.clone(),
        }
    }
}

/// A customer's profile.
#[utoipa::path(get, path = "/customers/{customer}", params(("shop" = String, Path), ("customer" = String, Path), PlatformQuery),
    responses((status = 200, body = CustomerView), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<CustomerPath>,
    Ask(query): Ask<PlatformQuery>,
) -> Result<JsonAnswer<CustomerView>, Problem> {
    let customer = app.service.workflow.store.customer(&access.shop.id, &key(path, query)).await?;
    let customer = customer.ok_or_else(no_customer)?;
    Ok(JsonAnswer(CustomerView::from(&customer)))
}

/// What went with a customer.
#[derive(Serialize, ToSchema)]
pub(super) struct ErasedView {
    tasks: usize,
    messages: usize,
    /// Lines of the audit log.
    events: usize,
    /// Entries of the outbox, sent and unsent.
    entries: usize,
    /// Calls of plugins and their faults.
    calls: usize,
    /// Those that no other customer of the shop uses.
    pictures: usize,
    mails: usize,
    /// Not gone: order number, amount and time stay in the accounts, without the customer.
    payments_kept: usize,
}

/// Erases a customer: profile, tasks, texts, pictures, mails, everything that names them, also while work is under way;
/// it is not wanted any more then. What stays is order number, amount and time of each payment. A customer who writes
/// again is someone never heard of.
#[utoipa::path(delete, path = "/customers/{customer}", params(("shop" = String, Path), ("customer" = String, Path), PlatformQuery),
    responses((status = 200, body = ErasedView), (status = 404, body = Problem)))]
pub(super) async fn erase(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<CustomerPath>,
    Ask(query): Ask<PlatformQuery>,
) -> Result<JsonAnswer<ErasedView>, Problem> {
    forget(&app, &access, &key(path, query)).await.map(JsonAnswer)
}

/// Erases a customer, whoever of the shop's people wants it.
pub(super) async fn forget(
    app: &App,
    access: &InShop<Operator>,
    key: &CustomerKey,
) -> Result<ErasedView, Problem> {
    let erased = app.service.erase(&access.shop.id, key).await?.ok_or_else(no_customer)?;
    tracing::info!(shop = %access.shop.id, by = access.who(), "a customer was erased");
    Ok(ErasedView {
        tasks: erased.tasks,
        messages: erased.messages,
        events: erased.events,
        entries: erased.entries,
        calls: erased.calls,
        pictures: erased.pictures,
        mails: erased.mails,
        payments_kept: erased.payments,
    })
}

pub(super) fn no_customer() -> Problem {
    Problem::not_found("this shop knows no such customer")
}

/// An analysis that waits for the agent to quote it.
#[derive(Serialize, ToSchema)]
pub(super) struct OfferView {
    task_id: uuid::Uuid,
    complexity: Option<String>,
    /// How the shop would say the price; none where a person must say it.
    price_hint: Option<String>,
    quote: Option<QuoteView>,
    image_id: String,
    /// The picture, without a key, until the link expires.
    image_url: String,
    task: TaskView,
}

/// Takes the oldest analysis that was not quoted yet, exactly once; 204 where there is none.
#[utoipa::path(post, path = "/customers/{customer}/pending-analysis/take", params(("shop" = String, Path), ("customer" = String, Path), PlatformQuery),
    responses((status = 200, body = OfferView), (status = 204)))]
pub(super) async fn take(
    State(app): State<App>,
    access: InShop<Agent>,
    At(path): At<CustomerPath>,
    Ask(query): Ask<PlatformQuery>,
) -> Result<Response, Problem> {
    let shop = access.shop.clone();
    let repeatable = access.repeatable();
    let view = {
        let app = app.clone();
        let shop = shop.clone();
        move |task: &shopkeeper_domain::Task| {
            json(&OfferView {
                task_id: task.id.0,
                complexity: task.specification.complexity.clone(),
                price_hint: task.quote.as_ref().map(|q| q.hint.clone()),
                quote: task.quote.as_ref().map(|q| QuoteView::new(q, None)),
                image_id: task.image.to_string(),
                image_url: app.service.signed_link(&shop.id, &task.image, LINK),
                task: TaskView::from(task),
            })
        }
    };
    // The answer is remembered in the transaction that takes the analysis: an agent that never got it can ask again.
    let remember = view.clone();
    let answer = move |task: &shopkeeper_domain::Task| repeatable.map(|r| r.answer(200, remember(task)));
    let taken = app.service.workflow.store.take_offer(&shop.id, &key(path, query), Box::new(answer)).await?;
    Ok(match taken {
        Some(offer) => json_response(Reply { status: 200, body: view(&offer.task) }),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// What a person does with a conversation.
pub(super) async fn act<A>(
    app: &App,
    access: InShop<A>,
    key: CustomerKey,
    command: Command,
) -> Result<Response, Problem> {
    let view = |done: &Done<'_>| json(&CustomerView::from(&done.decision.after.customer));
    let turn = access.turn(StatusCode::OK);
    let subject = Subject::Customer(key, Vec::new());
    Ok(json_response(app.service.workflow.handle(&turn, subject, Request::Command(command), &view).await?))
}

/// A person takes the conversation over: nothing automatic is said until it is given back.
#[utoipa::path(post, path = "/customers/{customer}/hold", params(("shop" = String, Path), ("customer" = String, Path), PlatformQuery), responses((status = 200, body = CustomerView)))]
pub(super) async fn hold(
    State(app): State<App>,
    access: InShop<ConnectorOrOperator>,
    At(path): At<CustomerPath>,
    Ask(query): Ask<PlatformQuery>,
) -> Result<Response, Problem> {
    act(&app, access, key(path, query), Command::Hold).await
}

/// A person gives the conversation back.
#[utoipa::path(post, path = "/customers/{customer}/resume", params(("shop" = String, Path), ("customer" = String, Path), PlatformQuery), responses((status = 200, body = CustomerView), (status = 404, body = Problem)))]
pub(super) async fn resume(
    State(app): State<App>,
    access: InShop<ConnectorOrOperator>,
    At(path): At<CustomerPath>,
    Ask(query): Ask<PlatformQuery>,
) -> Result<Response, Problem> {
    let key = key(path, query);
    if app.service.workflow.store.customer(&access.shop.id, &key).await?.is_none() {
        return Err(no_customer());
    }
    act(&app, access, key, Command::Resume).await
}
