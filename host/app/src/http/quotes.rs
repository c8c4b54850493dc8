//! Asking without doing: what operations a text names, what work would cost.

use axum::{extract::State, response::Json as JsonAnswer};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{
    AccountId, CustomerId, CustomerKey, ImageId, Operation, Platform, Specification, roles::Refusal,
};
use utoipa::ToSchema;

use super::{
    App,
    access::{Agent, ConnectorOrAgent, InShop},
    extract::{Json, Text, or_empty},
    problem::Problem,
    views::QuoteView,
};
use crate::{object::Object, plugins::Journal, workflow::picture};

/// The most pictures in one quote.
const PICTURES: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DetectBody {
    text: Text<5000>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct OperationView {
    name: String,
    rule: String,
    /// The first character, counted in Unicode scalar values.
    start: u32,
    /// One past the last.
    end: u32,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DetectView {
    operations: Vec<OperationView>,
    /// The first, `enhance` where there is none.
    operation: String,
}

/// What a text asks to be done.
#[utoipa::path(post, path = "/detect", params(("shop" = String, Path)), request_body = DetectBody, responses((status = 200, body = DetectView)))]
pub(super) async fn detect(
    State(app): State<App>,
    access: InShop<ConnectorOrAgent>,
    Json(body): Json<DetectBody>,
) -> JsonAnswer<DetectView> {
    let plugins = &app.service.workflow.plugins;
    let mut journal = Journal::default();
    let found = plugins.find_operations(&access.shop, None, &body.text.0, &mut journal).await;
    plugins.conclude(&access.shop, None, journal).await;
    let operations: Vec<OperationView> = found
        .answer
        .unwrap_or_default()
        .into_iter()
        .map(|o| OperationView {
            name: o.name.to_string(),
            rule: o.evidence.rule,
            start: o.evidence.span.start,
            end: o.evidence.span.end,
        })
        .collect();
    let operation = operations.first().map_or_else(|| Operation::enhance().to_string(), |o| o.name.clone());
    JsonAnswer(DetectView { operations, operation })
}

/// A picture to be priced: an analysis's fields, of which only those that a price can hang on count.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "an analysis can be sent as it is, with what says whose picture it is")]
pub(super) struct PictureBody {
    complexity: Text<40>,
    /// Read from `request_text` where they are left out.
    #[schema(value_type = Option<Vec<String>>)]
    operations: Option<Vec<Operation>>,
    request_text: Option<Text<5000>>,
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    customer_name: Option<Text<64>>,
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    #[schema(value_type = Option<String>)]
    account_id: Option<AccountId>,
    image_url: Option<String>,
    #[schema(value_type = Option<String>)]
    image_id: Option<ImageId>,
    prompt: Option<Text<8000>>,
    aspect_ratio: Option<Text<40>>,
    perspective: Option<Text<200>>,
    process: Option<Text<200>>,
    subject: Option<Text<200>>,
    quality: Option<Text<200>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteBody {
    #[schema(value_type = Vec<PictureBody>)]
    pictures: Vec<Object<PictureBody>>,
    /// Priced as for this customer, where they are known.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
}

/// The price, or why a person must say it.
#[derive(Serialize, ToSchema)]
pub(super) struct QuoteAnswer {
    #[serde(flatten)]
    #[schema(inline)]
    quote: Option<QuoteView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    refusal: Option<Refusal>,
}

/// A price without a task.
#[utoipa::path(post, path = "/quotes", params(("shop" = String, Path)), request_body = QuoteBody, responses((status = 200, body = QuoteAnswer), (status = 422, body = Problem)))]
pub(super) async fn quote(
    State(app): State<App>,
    access: InShop<Agent>,
    Json(body): Json<QuoteBody>,
) -> Result<JsonAnswer<QuoteAnswer>, Problem> {
    if body.pictures.is_empty() || body.pictures.len() > PICTURES {
        return Err(Problem::invalid("/pictures", format!("a quote is for 1 to {PICTURES} pictures")));
    }
    let key = body.customer_id.map(|id| CustomerKey { platform: body.platform.unwrap_or_default(), id });
    let mut pictures = Vec::with_capacity(body.pictures.len());
    for Object(p) in body.pictures {
        let specification = Specification {
            complexity: Some(p.complexity.0),
            prompt: or_empty(p.prompt),
            aspect_ratio: p.aspect_ratio.map_or_else(|| "1:1".to_owned(), |t| t.0),
            perspective: p.perspective.map_or_else(|| "no".to_owned(), |t| t.0),
            process: or_empty(p.process),
            subject: or_empty(p.subject),
            quality: or_empty(p.quality),
        };
        let operations = match p.operations {
            Some(operations) => operations,
            None => {
                let text = or_empty(p.request_text);
                app.service.workflow.operations_of(&access.shop, key.as_ref(), &text).await
            }
        };
        pictures.push(picture(&specification, operations));
    }
    let priced = app.service.workflow.quote(&access.shop, pictures, key).await?;
    Ok(JsonAnswer(match priced.answer {
        Ok(quote) => QuoteAnswer { quote: Some(QuoteView::new(&quote, Some(&priced.by))), refusal: None },
        Err(refusal) => QuoteAnswer { quote: None, refusal: Some(refusal) },
    }))
}
