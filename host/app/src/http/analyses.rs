//! An analysis comes in: a task is made and priced.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{
    AccountId, CustomerId, CustomerKey, ImageId, Platform, Specification, roles::Refusal,
};
use utoipa::ToSchema;

use super::{
    App,
    access::{ImageAi, InShop},
    extract::{Json, Text, or_empty},
    problem::Problem,
    views::{QuoteView, TaskView, json, json_response},
};
use crate::workflow::{AnalysisRequest, Done, Request, Subject};

/// What the image-recognition AI found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Analysis {
    #[schema(value_type = String)]
    customer_id: CustomerId,
    customer_name: Option<Text<64>>,
    /// `AliWorkbench` (千牛) where it is left out.
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    /// The shop's account that the customer writes to.
    #[schema(value_type = Option<String>)]
    account_id: Option<AccountId>,
    /// Where the picture is; exactly one of this and `image_id`.
    image_url: Option<String>,
    /// A picture that was uploaded.
    #[schema(value_type = Option<String>)]
    image_id: Option<ImageId>,
    /// `simple`, `normal`, `complex`, `hard`, or a word of the shop's own.
    complexity: Text<40>,
    prompt: Option<Text<8000>>,
    /// `1:1` where it is left out.
    aspect_ratio: Option<Text<40>>,
    /// `no` where it is left out.
    perspective: Option<Text<200>>,
    process: Option<Text<200>>,
    subject: Option<Text<200>>,
    quality: Option<Text<200>>,
    /// What the customer wrote with the picture: the operations are read from it.
    request_text: Option<Text<5000>>,
}

/// The new task and its price.
#[derive(Serialize, ToSchema)]
pub(super) struct AnalysisView {
    task: TaskView,
    /// None where a person must say the price; `refusal` says why.
    quote: Option<QuoteView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    refusal: Option<Refusal>,
}

fn view(done: &Done<'_>) -> String {
    let task = done.decision.events.first().and_then(|e| e.task).and_then(|id| done.decision.after.task(id));
    let view = task.map(|task| AnalysisView {
        task: TaskView::from(task),
        quote: task.quote.as_ref().map(|q| QuoteView::new(q, done.read.quoted_by.as_ref())),
        refusal: done.read.refusal.clone(),
    });
    json(&view)
}

/// Makes a task of an analysed picture and prices it.
#[utoipa::path(post, path = "/analyses", params(("shop" = String, Path)), request_body = Analysis,
    responses((status = 201, body = AnalysisView), (status = 422, body = Problem)))]
pub(super) async fn analyse(
    State(app): State<App>,
    access: InShop<ImageAi>,
    Json(analysis): Json<Analysis>,
) -> Result<Response, Problem> {
    let or = |text: Option<Text<40>>, default: &str| text.map_or_else(|| default.to_owned(), |t| t.0);
    let image = app.picture_of(&access.shop, analysis.image_id, (analysis.image_url, "/image_url")).await?;
    let specification = Specification {
        complexity: Some(analysis.complexity.0),
        prompt: or_empty(analysis.prompt),
        aspect_ratio: or(analysis.aspect_ratio, "1:1"),
        perspective: analysis.perspective.map_or_else(|| "no".to_owned(), |t| t.0),
        process: or_empty(analysis.process),
        subject: or_empty(analysis.subject),
        quality: or_empty(analysis.quality),
    };
    let key = CustomerKey { platform: analysis.platform.unwrap_or_default(), id: analysis.customer_id };
    let request = Request::Analysis(Box::new(AnalysisRequest {
        customer_name: analysis.customer_name.map(|n| n.0).filter(|n| !n.trim().is_empty()),
        account: analysis.account_id,
        image,
        specification,
        request: or_empty(analysis.request_text),
    }));
    let turn = access.turn(StatusCode::CREATED);
    let subject = Subject::Customer(key, Vec::new());
    Ok(json_response(app.service.workflow.handle(&turn, subject, request, &view).await?))
}
