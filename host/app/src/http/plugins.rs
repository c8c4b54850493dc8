//! A shop's plugins: upload, activate, roll back, settings. What they did is in `plugin_records`, trying them out in
//! `plugin_trials`.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    response::Json as JsonAnswer,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shopkeeper_domain::{
    roles::Role,
    rollout::{Bound, Change, Digest, Source, Trial, Turned},
};
use shopkeeper_engine::{Description, Report};
use shopkeeper_storage::{ShadowCounts, UploadedPlugin};
use utoipa::ToSchema;

use super::{
    App,
    access::{InShop, Operator},
    extract::{At, Json, too_large},
    problem::Problem,
};
use crate::{
    plugins::{Mode, PluginError, Wanted},
    shops::{Held, ShopState},
};

#[derive(Deserialize)]
pub(super) struct RolePath {
    pub(super) role: Role,
}

impl PluginError {
    /// As a problem; settings are found at `pointer` in the request.
    pub(super) fn problem(self, pointer: &str) -> Problem {
        let detail = self.to_string();
        match self {
            Self::Refused(findings) => {
                let mut problem = Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    format!("the component is refused: it {detail}"),
                );
                for finding in findings {
                    problem.add(None, finding.what, Some(finding.hint));
                }
                problem
            }
            Self::Settings { problems, .. } => {
                let first = problems.first().map(|p| p.pointer.clone()).unwrap_or_default();
                let mut problem = Problem::invalid(format!("{pointer}{first}"), detail);
                for found in problems {
                    problem.add(Some(format!("{pointer}{}", found.pointer)), found.message, None);
                }
                problem
            }
            Self::Failed { .. } => Problem::invalid(pointer, detail),
            Self::Unknown(_) => Problem::not_found(detail).at("/digest"),
            Self::OtherRole { .. } | Self::NotAllowed { .. } => Problem::invalid("/digest", detail),
            Self::NoTurn(_) => Problem::new(StatusCode::CONFLICT, detail),
            Self::Busy | Self::Contended => Problem::too_many(detail),
            Self::Storage(error) => error.into(),
            Self::Load(error) => super::problem::unavailable(&error),
        }
    }
}

/// What a plugin says of itself, and what was found when it was examined.
#[derive(Serialize, ToSchema)]
pub(super) struct UploadView {
    /// SHA-256 of the component, in hex: its name from now on.
    digest: String,
    /// What it can be activated for.
    roles: Vec<&'static str>,
    description: DescriptionView,
    imports: Vec<String>,
    report: ReportView,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DescriptionView {
    name: String,
    version: String,
    summary: String,
    /// JSON Schema (2020-12) of the settings.
    settings_schema: Value,
    default_settings: Value,
}

impl From<&Description> for DescriptionView {
    fn from(description: &Description) -> Self {
        Self {
            name: description.name.to_string(),
            version: description.version.to_string(),
            summary: description.summary.clone(),
            settings_schema: as_json(&description.settings_schema),
            default_settings: as_json(&description.default_settings),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReportView {
    bytes: usize,
    /// Length of the compiled code.
    code_bytes: Option<usize>,
    /// What it asks of the host: `settings`, `log`, `wasi`.
    capabilities: Vec<&'static str>,
    /// Of the call of `describe`, instance and initialisation included.
    instructions: Option<u64>,
    memory_bytes: Option<usize>,
}

impl From<&Report> for ReportView {
    fn from(report: &Report) -> Self {
        Self {
            bytes: report.bytes,
            code_bytes: report.code_bytes,
            capabilities: report.capabilities.iter().map(|c| c.name()).collect(),
            instructions: report.first_call.and_then(|c| c.instructions),
            memory_bytes: report.first_call.map(|c| c.memory_bytes),
        }
    }
}

/// Text that was found to be JSON when it came in.
pub(super) fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Examines a component and keeps it where it is taken; activates nothing.
#[utoipa::path(post, path = "/plugins", params(("shop" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = UploadView), (status = 422, body = Problem)))]
pub(super) async fn upload(
    State(app): State<App>,
    access: InShop<Operator>,
    request: Request,
) -> Result<(StatusCode, JsonAnswer<UploadView>), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if kind.starts_with("multipart/") || kind.starts_with("application/json") {
        let detail = "send the component itself as the body: Content-Type: application/wasm";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let wasm = Bytes::from_request(request, &app).await.map_err(too_large)?;
    let plugins = &app.service.workflow.plugins;
    let report = plugins.upload(&access.shop, &access.who(), wasm).await.map_err(|e| e.problem(""))?;
    let view = UploadView {
        roles: report.roles.iter().map(|r| r.name()).collect(),
        description: report
            .description
            .as_ref()
            .map(DescriptionView::from)
            .expect("a taken one is described"),
        imports: report.imports.clone(),
        report: ReportView::from(&report),
        digest: report.digest,
    };
    Ok((StatusCode::CREATED, JsonAnswer(view)))
}

/// A plugin that answers, or is on trial.
#[derive(Serialize, ToSchema)]
pub(super) struct BoundView {
    digest: String,
    name: String,
    version: String,
    built_in: bool,
    /// Counts the bindings of this shop and role; 0 is the built-in plugin as it comes.
    settings_revision: u32,
    since: Option<DateTime<Utc>>,
    /// Calls since it was loaded into memory.
    calls: u64,
    /// … that failed.
    faults: u64,
    /// The mean of a call, in microseconds.
    took_us: f64,
}

impl BoundView {
    fn new(held: &Held, bound: &Bound) -> Self {
        let (plugin, fared) = (&held.binding.plugin, held.health.fared());
        Self {
            digest: plugin.digest_hex(),
            name: plugin.description.name.to_string(),
            version: plugin.description.version.to_string(),
            built_in: bound.source == Source::BuiltIn,
            settings_revision: bound.revision,
            since: bound.since,
            calls: fared.calls,
            faults: fared.faults,
            took_us: fared.took.as_secs_f64() * 1e6,
        }
    }
}

/// A plugin on trial.
#[derive(Serialize, ToSchema)]
pub(super) struct CandidateView {
    /// `shadow` or `canary`.
    mode: &'static str,
    /// Of a canary: how many of a hundred customers it answers; 0 where it was stopped.
    percent: Option<u8>,
    #[serde(flatten)]
    #[schema(inline)]
    bound: BoundView,
    /// Of a shadow: how its answers compare.
    shadow: Option<ShadowView>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ShadowView {
    calls: u64,
    same: u64,
    different: u64,
    faults: u64,
}

impl From<ShadowCounts> for ShadowView {
    fn from(counts: ShadowCounts) -> Self {
        let ShadowCounts { calls, same, different, faults } = counts;
        Self { calls, same, different, faults }
    }
}

/// What answers in a role.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleView {
    live: BoundView,
    candidate: Option<CandidateView>,
    /// How many earlier bindings can be rolled back to, the built-in one not counted.
    earlier: usize,
    /// Digests of bindings that failed too often.
    quarantined: Vec<String>,
    /// The plugin that comes with the host.
    built_in: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct StoredView {
    digest: String,
    roles: Vec<&'static str>,
    name: String,
    version: String,
    summary: String,
    capabilities: Vec<&'static str>,
    bytes: usize,
    uploaded_by: String,
    uploaded_at: DateTime<Utc>,
}

impl StoredView {
    fn new(row: &UploadedPlugin) -> Option<Self> {
        let report: Report = serde_json::from_str(&row.report).ok()?;
        let description = report.description?;
        Some(Self {
            digest: report.digest,
            roles: report.roles.iter().map(|r| r.name()).collect(),
            name: description.name.to_string(),
            version: description.version.to_string(),
            summary: description.summary,
            capabilities: report.capabilities.iter().map(|c| c.name()).collect(),
            bytes: report.bytes,
            uploaded_by: row.by.clone(),
            uploaded_at: row.at,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct PluginList {
    /// What was uploaded, newest first.
    plugins: Vec<StoredView>,
    roles: RolesView,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RolesView {
    pricing: RoleView,
    detection: RoleView,
    wording: RoleView,
}

async fn role_view(app: &App, shop: &ShopState, role: Role) -> Result<RoleView, Problem> {
    let in_role = shop.roles.of(role);
    let rollout = &in_role.rollout;
    let candidate = match (&in_role.trial, &rollout.candidate) {
        (Some((trial, held)), Some(candidate)) => {
            let bound = BoundView::new(held, &candidate.bound);
            let (mode, percent, shadow) = match trial {
                Trial::Canary(percent) => ("canary", Some(*percent), None),
                Trial::Shadow => {
                    let revision = candidate.bound.revision;
                    let counts = app.service.workflow.store.shadow_counts(&shop.id, role, revision).await?;
                    ("shadow", None, Some(counts.into()))
                }
            };
            Some(CandidateView { mode, percent, bound, shadow })
        }
        _ => None,
    };
    let digest = |bound: &Bound| match bound.source {
        Source::Uploaded(digest) => digest.to_string(),
        Source::BuiltIn => app.service.engine().builtin(role).plugin.digest_hex(),
    };
    Ok(RoleView {
        live: BoundView::new(&in_role.live, &rollout.live),
        candidate,
        earlier: rollout.earlier.len(),
        quarantined: rollout.quarantined.iter().map(digest).collect(),
        built_in: app.service.engine().builtin(role).plugin.digest_hex(),
    })
}

/// What is stored, and in each role what is live, since when, and how it fares.
#[utoipa::path(get, path = "/plugins", params(("shop" = String, Path)), responses((status = 200, body = PluginList)))]
pub(super) async fn list(
    State(app): State<App>,
    access: InShop<Operator>,
) -> Result<JsonAnswer<PluginList>, Problem> {
    let rows = app.service.workflow.store.plugins(&access.shop.id).await?;
    let roles = RolesView {
        pricing: role_view(&app, &access.shop, Role::Pricing).await?,
        detection: role_view(&app, &access.shop, Role::Detection).await?,
        wording: role_view(&app, &access.shop, Role::Wording).await?,
    };
    Ok(JsonAnswer(PluginList { plugins: rows.iter().filter_map(StoredView::new).collect(), roles }))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ModeName {
    /// It answers from now on.
    #[default]
    Live,
    /// It is asked too; its answers are compared and never used.
    Shadow,
    /// It answers `percent` of the customers, always the same ones.
    Canary,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActivateBody {
    /// As the upload answered it, or the built-in plugin's.
    #[schema(value_type = String)]
    digest: Digest,
    /// Where they are left out: those it is used with already, else those of the plugin of the same name, else its
    /// defaults.
    settings: Option<Map<String, Value>>,
    #[serde(default)]
    mode: ModeName,
    /// 0 to 100; with `canary` only.
    percent: Option<u8>,
}

/// What answers after a change.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedView {
    /// Such as `live`, `shadow`, `canary`, `settings`, `rollback`.
    action: String,
    #[serde(flatten)]
    #[schema(inline)]
    role: RoleView,
}

async fn changed(
    app: &App,
    shop: &ShopState,
    role: Role,
    turned: Turned,
) -> Result<JsonAnswer<ChangedView>, Problem> {
    // As it is in memory now: what is shown is what answers.
    let shop =
        app.service.shops.get(&shop.id).await?.ok_or_else(|| Problem::not_found("the shop is gone"))?;
    let role = role_view(app, &shop, role).await?;
    Ok(JsonAnswer(ChangedView { action: turned.action, role }))
}

/// Uses a plugin from now on. Calls under way end on the one before; none fails.
#[utoipa::path(post, path = "/plugins/{role}/activate", params(("shop" = String, Path), ("role" = String, Path)), request_body = ActivateBody,
    responses((status = 200, body = ChangedView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn activate(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Json(body): Json<ActivateBody>,
) -> Result<JsonAnswer<ChangedView>, Problem> {
    let mode = match (body.mode, body.percent) {
        (ModeName::Live, None) => Mode::Live,
        (ModeName::Shadow, None) => Mode::Try(Trial::Shadow),
        (ModeName::Canary, Some(percent @ 0..=100)) => Mode::Try(Trial::Canary(percent)),
        (ModeName::Canary, _) => {
            return Err(Problem::invalid("/percent", "a canary answers 0 to 100 percent of the customers"));
        }
        (_, Some(_)) => return Err(Problem::invalid("/percent", "only a canary has a percentage")),
    };
    let wanted = Wanted { digest: body.digest, settings: body.settings.map(Value::Object) };
    let plugins = &app.service.workflow.plugins;
    let done = plugins.activate(&access.shop, path.role, &access.who(), mode, wanted).await;
    changed(&app, &access.shop, path.role, done.map_err(|e| e.problem("/settings"))?).await
}

/// Back to the binding before this one, at last to the built-in plugin; where a canary runs, it is ended.
#[utoipa::path(post, path = "/plugins/{role}/rollback", params(("shop" = String, Path), ("role" = String, Path)),
    responses((status = 200, body = ChangedView), (status = 409, body = Problem)))]
pub(super) async fn roll_back(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
) -> Result<JsonAnswer<ChangedView>, Problem> {
    let plugins = &app.service.workflow.plugins;
    let done = plugins.change(&access.shop, path.role, &access.who(), Change::RollBack).await;
    changed(&app, &access.shop, path.role, done.map_err(|e| e.problem(""))?).await
}

/// Ends a shadow or canary.
#[utoipa::path(delete, path = "/plugins/{role}/candidate", params(("shop" = String, Path), ("role" = String, Path)),
    responses((status = 200, body = ChangedView), (status = 409, body = Problem)))]
pub(super) async fn end_trial(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
) -> Result<JsonAnswer<ChangedView>, Problem> {
    let plugins = &app.service.workflow.plugins;
    let done = plugins.change(&access.shop, path.role, &access.who(), Change::EndTrial).await;
    changed(&app, &access.shop, path.role, done.map_err(|e| e.problem(""))?).await
}

/// The live plugin's settings, and what they can be.
#[derive(Serialize, ToSchema)]
pub(super) struct SettingsView {
    digest: String,
    settings_revision: u32,
    settings: Value,
    description: DescriptionView,
}

/// The live plugin's settings.
#[utoipa::path(get, path = "/plugins/{role}/settings", params(("shop" = String, Path), ("role" = String, Path)), responses((status = 200, body = SettingsView)))]
pub(super) async fn get_settings(
    access: InShop<Operator>,
    At(path): At<RolePath>,
) -> JsonAnswer<SettingsView> {
    let binding = &access.shop.roles.of(path.role).live.binding;
    JsonAnswer(SettingsView {
        digest: binding.plugin.digest_hex(),
        settings_revision: binding.revision,
        settings: as_json(&binding.settings),
        description: (&binding.plugin.description).into(),
    })
}

/// Gives the live plugin other settings, checked by the plugin itself.
#[utoipa::path(put, path = "/plugins/{role}/settings", params(("shop" = String, Path), ("role" = String, Path)), request_body = Object,
    responses((status = 200, body = ChangedView), (status = 422, body = Problem)))]
pub(super) async fn put_settings(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Json(settings): Json<Map<String, Value>>,
) -> Result<JsonAnswer<ChangedView>, Problem> {
    let plugins = &app.service.workflow.plugins;
    let settings = Value::Object(settings);
    let done = plugins.put_settings(&access.shop, path.role, &access.who(), settings).await;
    changed(&app, &access.shop, path.role, done.map_err(|e| e.problem(""))?).await
}
