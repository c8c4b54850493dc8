//! Trying a plugin out before anybody sees it: one call, or the last recorded ones.

use axum::{extract::State, response::Json as JsonAnswer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shopkeeper_domain::{roles::Role, rollout::Digest};
use shopkeeper_engine::{Asked, LogLine};
use utoipa::ToSchema;

use super::{
    App,
    access::{InShop, Operator},
    extract::{At, Json},
    plugins::{RolePath, as_json},
    problem::Problem,
};
use crate::{
    plugins::{Replayed, Wanted},
    shops::ShopState,
};

/// The most calls of one replay.
const MOST: u32 = 1000;

/// What is to be tried; the live plugin where no digest is given.
fn wanted(
    shop: &ShopState,
    role: Role,
    digest: Option<Digest>,
    settings: Option<Map<String, Value>>,
) -> Wanted {
    let live = Digest::new(shop.roles.of(role).live.binding.plugin.digest);
    Wanted { digest: digest.unwrap_or(live), settings: settings.map(Value::Object) }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TryBody {
    /// The live plugin where it is left out.
    #[schema(value_type = Option<String>)]
    digest: Option<Digest>,
    settings: Option<Map<String, Value>>,
    /// The role's main one where it is left out; detection has `read-intent` and `find-operations`.
    function: Option<String>,
    /// As in `wit/`, with snake_case names; what is left out has a plain default.
    #[schema(value_type = Object)]
    input: Value,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TryView {
    name: String,
    version: String,
    digest: String,
    function: &'static str,
    /// `{"ok": …}` or `{"refused": …}`; null at fault.
    #[schema(value_type = Object)]
    output: Value,
    fault: Option<String>,
    /// The same for the same call on every machine.
    instructions: Option<u64>,
    peak_memory_bytes: usize,
    /// Counting instructions makes it slower than a customer's call.
    took_us: f64,
    #[schema(value_type = Vec<Object>)]
    log: Vec<LogLine>,
}

/// Asks a plugin one thing; records nothing.
#[utoipa::path(post, path = "/plugins/{role}/try", params(("shop" = String, Path), ("role" = String, Path)), request_body = TryBody,
    responses((status = 200, body = TryView), (status = 422, body = Problem)))]
pub(super) async fn try_out(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Json(body): Json<TryBody>,
) -> Result<JsonAnswer<TryView>, Problem> {
    let bounds = access.shop.settings.bounds();
    let asked = Asked::parse(path.role, body.function.as_deref(), &body.input, bounds)
        .map_err(|wrong| Problem::invalid(format!("/input{}", wrong.pointer), wrong.message))?;
    // The live plugin as it is: nothing to look up or to check.
    let as_it_is = body.digest.is_none() && body.settings.is_none();
    let wanted = (!as_it_is).then(|| wanted(&access.shop, path.role, body.digest, body.settings));
    let plugins = &app.service.workflow.plugins;
    let tried = plugins.try_out(&access.shop, path.role, wanted, &asked).await;
    let (binding, heard) = tried.map_err(|e| e.problem("/settings"))?;
    Ok(JsonAnswer(TryView {
        name: binding.plugin.description.name.to_string(),
        version: binding.plugin.description.version.to_string(),
        digest: binding.plugin.digest_hex(),
        function: asked.function(),
        output: heard.output.as_deref().map(as_json).unwrap_or_default(),
        fault: heard.output.err().map(|f| f.to_string()),
        instructions: heard.cost.instructions,
        peak_memory_bytes: heard.cost.memory_bytes,
        took_us: heard.cost.took.as_secs_f64() * 1e6,
        log: heard.log,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// The live plugin where it is left out: with other settings, what would a change of them have changed?
    #[schema(value_type = Option<String>)]
    digest: Option<Digest>,
    settings: Option<Map<String, Value>>,
    /// 1 to 1000; 100 where it is left out.
    last: Option<u32>,
}

/// A recorded call that would be answered otherwise.
#[derive(Serialize, ToSchema)]
pub(super) struct DifferentView {
    function: String,
    #[schema(value_type = Object)]
    input: Value,
    /// What was answered; null where the plugin of that time failed.
    #[schema(value_type = Object)]
    old: Value,
    /// What would be answered; null at fault.
    #[schema(value_type = Object)]
    new: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReplayView {
    name: String,
    digest: String,
    /// How many recorded calls were asked again.
    calls: u64,
    same: u64,
    different: Vec<DifferentView>,
    /// How many of them failed.
    faults: usize,
    failed: Vec<DifferentView>,
    instructions: InstructionsView,
    /// Whether the time for a replay was over before all calls were made.
    cut_short: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct InstructionsView {
    median: u64,
    most: u64,
}

impl From<Replayed> for ReplayView {
    fn from(found: Replayed) -> Self {
        let view = |d: crate::plugins::Different| DifferentView {
            function: d.function,
            input: as_json(&d.input),
            old: d.old.as_deref().map(as_json).unwrap_or_default(),
            new: d.new.as_deref().map(as_json).unwrap_or_default(),
            fault: d.new.err(),
        };
        let at = |place: usize| found.instructions.get(place).copied().unwrap_or(0);
        let count = found.instructions.len();
        Self {
            instructions: InstructionsView { median: at(count / 2), most: at(count.saturating_sub(1)) },
            name: found.name,
            digest: found.digest.to_string(),
            calls: found.calls,
            same: found.same,
            faults: found.faults.len(),
            different: found.different.into_iter().map(view).collect(),
            failed: found.faults.into_iter().map(view).collect(),
            cut_short: found.cut,
        }
    }
}

/// Asks the last recorded calls again: what would have been answered otherwise? Changes nothing.
#[utoipa::path(post, path = "/plugins/{role}/replay", params(("shop" = String, Path), ("role" = String, Path)), request_body = ReplayBody,
    responses((status = 200, body = ReplayView), (status = 422, body = Problem)))]
pub(super) async fn replay(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Json(body): Json<ReplayBody>,
) -> Result<JsonAnswer<ReplayView>, Problem> {
    let last = body.last.unwrap_or(100);
    if !(1..=MOST).contains(&last) {
        return Err(Problem::invalid("/last", format!("a replay is of 1 to {MOST} calls")));
    }
    let wanted = wanted(&access.shop, path.role, body.digest, body.settings);
    let plugins = &app.service.workflow.plugins;
    let found = plugins.replay(&access.shop, path.role, wanted, last).await;
    Ok(JsonAnswer(found.map_err(|e| e.problem("/settings"))?.into()))
}
