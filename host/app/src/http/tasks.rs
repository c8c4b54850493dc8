//! Tasks: made by hand, listed, looked at, and what a person can do with one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Json as JsonAnswer, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{
    AccountId, Command, CustomerId, CustomerKey, Event, ImageId, NewTask, Operation, Platform, Specification,
    Status, TaskId,
};
use shopkeeper_storage::TaskFilter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App,
    access::{AgentOrOperator, Anyone, InShop, Operator},
    extract::{Ask, At, Json, MaybeJson, PageQuery, Text, bad_cursor, or_empty, page_size},
    problem::Problem,
    views::{TaskView, json, json_response, task_in},
};
use crate::workflow::{Done, Request, Subject};

/// A task made by hand (`create_image_task`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTaskBody {
    #[schema(value_type = String)]
    customer_id: CustomerId,
    customer_name: Option<Text<64>>,
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    #[schema(value_type = Option<String>)]
    account_id: Option<AccountId>,
    image_url: Option<String>,
    #[schema(value_type = Option<String>)]
    image_id: Option<ImageId>,
    /// `enhance` where it is left out.
    #[schema(value_type = Option<String>)]
    operation: Option<Operation>,
    /// What the customer wants, in words.
    requirements: Option<Text<5000>>,
}

/// Makes a task without an analysis. Nobody prices it: a person does.
#[utoipa::path(post, path = "/tasks", params(("shop" = String, Path)), request_body = NewTaskBody, responses((status = 201, body = TaskView), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(app): State<App>,
    access: InShop<AgentOrOperator>,
    Json(body): Json<NewTaskBody>,
) -> Result<Response, Problem> {
    let image = app.picture_of(&access.shop, body.image_id, (body.image_url, "/image_url")).await?;
    let requirements = or_empty(body.requirements);
    let command = Command::Create(Box::new(NewTask {
        customer_name: body.customer_name.map(|n| n.0).filter(|n| !n.trim().is_empty()),
        account: body.account_id,
        image,
        operations: body.operation.into_iter().collect(),
        specification: Specification {
            prompt: requirements.clone(),
            aspect_ratio: "1:1".to_owned(),
            perspective: "no".to_owned(),
            ..Specification::default()
        },
        request: requirements,
        quote: None,
        offer: false,
    }));
    let key = CustomerKey { platform: body.platform.unwrap_or_default(), id: body.customer_id };
    let view = |done: &Done<'_>| {
        let id = done.decision.events.first().and_then(|e| e.task);
        json(&id.and_then(|id| task_in(&done.decision.after, id)))
    };
    let turn = access.turn(StatusCode::CREATED);
    let subject = Subject::Customer(key, Vec::new());
    Ok(json_response(app.service.workflow.handle(&turn, subject, Request::Command(command), &view).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskQuery {
    /// Only in this status.
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// Only of this customer.
    #[param(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Only on this platform.
    #[param(value_type = Option<String>)]
    platform: Option<Platform>,
    /// At most so many, 1 to 200; 50 where it is left out.
    limit: Option<u32>,
    /// As the page before gave it.
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TaskList {
    /// Newest first.
    tasks: Vec<TaskView>,
    /// Where the next page begins; none on the last.
    cursor: Option<String>,
}

/// Tasks, newest first.
#[utoipa::path(get, path = "/tasks", params(("shop" = String, Path), TaskQuery), responses((status = 200, body = TaskList)))]
pub(super) async fn list(
    State(app): State<App>,
    access: InShop<Anyone>,
    Ask(query): Ask<TaskQuery>,
) -> Result<JsonAnswer<TaskList>, Problem> {
    let before = query.cursor.map(|c| c.parse::<TaskId>()).transpose().map_err(|_| bad_cursor())?;
    let filter = TaskFilter {
        status: query.status,
        customer: query.customer_id,
        platform: query.platform,
        before,
        limit: page_size(query.limit)?,
    };
    let page = app.service.workflow.store.tasks(&access.shop.id, filter).await?;
    let cursor = page.rows.last().filter(|_| page.more).map(|(_, t)| t.id.to_string());
    Ok(JsonAnswer(TaskList { tasks: page.rows.iter().map(|(_, t)| TaskView::from(t)).collect(), cursor }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    /// How many tasks stand in each status.
    #[schema(value_type = Object)]
    counts: std::collections::BTreeMap<&'static str, u64>,
    /// The seed's `get_task_summary`: the latest tasks, a line each.
    text: String,
}

/// How many tasks stand where, and the latest in words.
#[utoipa::path(get, path = "/tasks/summary", params(("shop" = String, Path)), responses((status = 200, body = Summary)))]
pub(super) async fn summary(
    State(app): State<App>,
    access: InShop<Operator>,
) -> Result<JsonAnswer<Summary>, Problem> {
    let store = &app.service.workflow.store;
    let counts = store.count_tasks(&access.shop.id).await?;
    let latest = store.tasks(&access.shop.id, TaskFilter { limit: 100, ..TaskFilter::default() }).await?;
    let line = |task: &shopkeeper_domain::Task| {
        let operations: Vec<&str> = task.operations.iter().map(Operation::as_str).collect();
        let id = task.id.to_string();
        format!(
            "  [{}] {} | {} | {}...",
            task.status().label(),
            task.customer_name,
            operations.join("+"),
            &id[..8]
        )
    };
    let text = if latest.rows.is_empty() {
        "暂无任务".to_owned()
    } else {
        latest.rows.iter().map(|(_, t)| line(t)).collect::<Vec<_>>().join("\n")
    };
    Ok(JsonAnswer(Summary { counts: counts.into_iter().map(|(s, n)| (s.name(), n)).collect(), text }))
}

#[derive(Deserialize)]
pub(super) struct TaskPath {
    pub(super) id: Uuid,
}

impl TaskPath {
    pub(super) fn task(&self) -> TaskId {
        TaskId(self.id)
    }
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", params(("shop" = String, Path), ("id" = Uuid, Path)), responses((status = 200, body = TaskView), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<App>,
    access: InShop<Anyone>,
    At(path): At<TaskPath>,
) -> Result<JsonAnswer<TaskView>, Problem> {
    let task = app.service.workflow.store.task(&access.shop.id, path.task()).await?;
    let task = task.ok_or_else(|| no_task(path.task()))?;
    Ok(JsonAnswer(TaskView::from(&task)))
}

pub(super) fn no_task(id: TaskId) -> Problem {
    Problem::not_found(format!("there is no task {id} in this shop"))
}

/// Something that happened to a task.
#[derive(Serialize, ToSchema)]
pub(super) struct EventView {
    at: DateTime<Utc>,
    /// Who made it happen.
    #[schema(value_type = Object)]
    actor: shopkeeper_domain::Actor,
    /// The status before, where it changed.
    #[schema(value_type = Option<String>)]
    from: Option<Status>,
    /// The status after, where it changed.
    #[schema(value_type = Option<String>)]
    to: Option<Status>,
    /// What, with its details.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    what: shopkeeper_domain::EventBody,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self { at: event.at, actor: event.actor, from: event.from, to: event.to, what: event.body }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct EventList {
    /// Oldest first.
    events: Vec<EventView>,
    /// Where the next page begins; none on the last.
    cursor: Option<String>,
}

/// What happened to a task, oldest first.
#[utoipa::path(get, path = "/tasks/{id}/events", params(("shop" = String, Path), ("id" = Uuid, Path), PageQuery), responses((status = 200, body = EventList), (status = 404, body = Problem)))]
pub(super) async fn events(
    State(app): State<App>,
    access: InShop<Anyone>,
    At(path): At<TaskPath>,
    Ask(query): Ask<PageQuery>,
) -> Result<JsonAnswer<EventList>, Problem> {
    let store = &app.service.workflow.store;
    if store.task(&access.shop.id, path.task()).await?.is_none() {
        return Err(no_task(path.task()));
    }
    let after = query.cursor.map_or(Ok(0), |c| c.parse::<i64>()).map_err(|_| bad_cursor())?;
    let page = store.events(&access.shop.id, path.task(), after, page_size(query.limit)?).await?;
    let cursor = page.rows.last().filter(|_| page.more).map(|(seq, _)| seq.to_string());
    Ok(JsonAnswer(EventList { events: page.rows.into_iter().map(|(_, e)| e.into()).collect(), cursor }))
}

/// What a person saw when they decided.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// The task's version; 409 where it has changed since. Not checked where it is left out.
    version: Option<u64>,
}

/// What a person does with a task.
pub(super) async fn act(
    app: &App,
    access: InShop<Operator>,
    id: TaskId,
    command: Command,
) -> Result<Response, Problem> {
    let view = move |done: &Done<'_>| json(&task_in(&done.decision.after, id));
    let turn = access.turn(StatusCode::OK);
    let reply =
        app.service.workflow.handle(&turn, Subject::Task(id), Request::Command(command), &view).await?;
    Ok(json_response(reply))
}

/// Has a failed task done again.
#[utoipa::path(post, path = "/tasks/{id}/retry", params(("shop" = String, Path), ("id" = Uuid, Path)), request_body = Option<Seen>, responses((status = 200, body = TaskView), (status = 409, body = Problem)))]
pub(super) async fn retry(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<TaskPath>,
    MaybeJson(seen): MaybeJson<Seen>,
) -> Result<Response, Problem> {
    act(&app, access, path.task(), Command::Retry { task: path.task(), version: seen.version }).await
}

/// Ends a task for good.
#[utoipa::path(post, path = "/tasks/{id}/cancel", params(("shop" = String, Path), ("id" = Uuid, Path)), request_body = Option<Seen>, responses((status = 200, body = TaskView), (status = 409, body = Problem)))]
pub(super) async fn cancel(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<TaskPath>,
    MaybeJson(seen): MaybeJson<Seen>,
) -> Result<Response, Problem> {
    act(&app, access, path.task(), Command::Cancel { task: path.task(), version: seen.version }).await
}

/// Lets a held result go out.
#[utoipa::path(post, path = "/tasks/{id}/approve", params(("shop" = String, Path), ("id" = Uuid, Path)), request_body = Option<Seen>, responses((status = 200, body = TaskView), (status = 409, body = Problem)))]
pub(super) async fn approve(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<TaskPath>,
    MaybeJson(seen): MaybeJson<Seen>,
) -> Result<Response, Problem> {
    act(&app, access, path.task(), Command::Approve { task: path.task(), version: seen.version }).await
}
