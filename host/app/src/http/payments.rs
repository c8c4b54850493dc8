//! Money comes in.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{Command, CustomerId, CustomerKey, Money, OrderId, Platform, TaskId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App,
    access::{InShop, Paying},
    extract::Json,
    problem::Problem,
    views::{json, json_response},
};
use crate::object::optional_object;
use crate::workflow::{Done, Request, Subject};

/// A payment notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentNotice {
    #[schema(value_type = String)]
    customer_id: CustomerId,
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    /// The natural key: the same order is answered again, not done again.
    #[schema(value_type = String)]
    order_id: OrderId,
    /// Checked against the quotes where it is given.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "optional_object")]
    amount: Option<Money>,
    /// The tasks it is for; whatever is pending where it is left out.
    task_ids: Option<Vec<Uuid>>,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct PaymentView {
    /// The tasks it started.
    started: Vec<Uuid>,
    /// `started`, `parked`, `held` or `skipped`.
    outcome: &'static str,
    reason: String,
}

/// Takes a payment and starts what it covers.
#[utoipa::path(post, path = "/payments", params(("shop" = String, Path)), request_body = PaymentNotice,
    responses((status = 200, body = PaymentView), (status = 404, body = Problem)))]
pub(super) async fn pay(
    State(app): State<App>,
    access: InShop<Paying>,
    Json(notice): Json<PaymentNotice>,
) -> Result<Response, Problem> {
    if let Some(amount) = notice.amount.filter(|a| a.minor < 0) {
        return Err(Problem::invalid(
            "/amount/minor",
            format!("an amount can't be negative: {}", amount.minor),
        ));
    }
    if notice.task_ids.as_ref().is_some_and(Vec::is_empty) {
        let detail = "name at least one task, or leave task_ids out: then it is for whatever is pending";
        return Err(Problem::invalid("/task_ids", detail));
    }
    let key = CustomerKey { platform: notice.platform.unwrap_or_default(), id: notice.customer_id };
    let tasks = notice.task_ids.map(|ids| ids.into_iter().map(TaskId).collect::<Vec<_>>());
    let order = notice.order_id;
    let subject = Subject::Customer(key, tasks.clone().unwrap_or_default());
    let command = Command::Pay { order: order.clone(), amount: notice.amount, tasks };
    let view = {
        let order = order.clone();
        move |done: &Done<'_>| {
            json(&done.decision.after.payment(&order).map(|p| PaymentView {
                started: p.outcome.started().iter().map(|t| t.0).collect(),
                outcome: p.outcome.name(),
                reason: p.reason.clone(),
            }))
        }
    };
    let turn = access.turn(StatusCode::OK);
    Ok(json_response(app.service.workflow.handle(&turn, subject, Request::Pay(command, order), &view).await?))
}
