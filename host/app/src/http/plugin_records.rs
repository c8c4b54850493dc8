//! What a role's plugins did: history, calls, incidents, log. Newest first.

use std::collections::HashMap;

use axum::{extract::State, response::Json as JsonAnswer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shopkeeper_domain::{
    roles::Role,
    rollout::{Bound, Source},
};
use shopkeeper_engine::Report;
use shopkeeper_storage::{Call, CallFilter, CallMode, Incident, Turn};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{InShop, Operator},
    extract::{Ask, At, PageQuery, cursor},
    plugins::{RolePath, as_json},
    problem::Problem,
};

/// How many changes of settings a line of history shows.
const CHANGES: usize = 50;

/// One setting that was changed.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct SettingChange {
    /// JSON Pointer (RFC 6901) into the settings.
    pub(super) pointer: String,
    /// Before; null where it was not there.
    #[schema(value_type = Object)]
    pub(super) old: Value,
    /// After; null where it is gone.
    #[schema(value_type = Object)]
    pub(super) new: Value,
}

/// What differs between two values, place by place.
fn changes(old: &Value, new: &Value) -> Vec<SettingChange> {
    fn walk(pointer: &str, old: &Value, new: &Value, found: &mut Vec<SettingChange>) {
        let below = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (old, new) {
            _ if old == new || found.len() >= CHANGES => {}
            (Value::Object(old), Value::Object(new)) => {
                let gone = old.keys().filter(|k| !new.contains_key(*k));
                for name in new.keys().chain(gone) {
                    let of =
                        |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                    walk(&below(name), &of(old), &of(new), found);
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                for at in 0..old.len().max(new.len()) {
                    let of = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
                    walk(&below(&at.to_string()), &of(old), &of(new), found);
                }
            }
            _ => {
                found.push(SettingChange { pointer: pointer.to_owned(), old: old.clone(), new: new.clone() })
            }
        }
    }
    let mut found = Vec::new();
    walk("", old, new, &mut found);
    found
}

/// A plugin with its settings, in a line of history.
#[derive(Serialize, ToSchema)]
pub(super) struct BindingView {
    digest: String,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) settings_revision: u32,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TurnView {
    pub(super) at: DateTime<Utc>,
    /// Who did it; `shopkeeper` where the host did.
    pub(super) actor: String,
    /// Such as `live`, `shadow`, `canary`, `settings`, `rollback`, `quarantine`.
    pub(super) action: String,
    /// Why, where the host did it.
    pub(super) reason: Option<String>,
    pub(super) percent: Option<u8>,
    pub(super) now: BindingView,
    pub(super) before: BindingView,
    /// What was changed in the settings.
    pub(super) changes: Vec<SettingChange>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TurnList {
    history: Vec<TurnView>,
    cursor: Option<String>,
}

/// The plugins that lines of history name.
pub(super) struct Names {
    reports: HashMap<String, Report>,
    built_in: shopkeeper_engine::Description,
    built_in_digest: String,
}

impl Names {
    pub(super) async fn of(app: &App, shop: &shopkeeper_domain::ShopId, role: Role) -> Result<Self, Problem> {
        let rows = app.service.workflow.store.plugins(shop).await?;
        let report = |text: &str| serde_json::from_str::<Report>(text).ok();
        let reports = rows.iter().filter_map(|r| Some((r.digest.to_string(), report(&r.report)?))).collect();
        let built_in = &app.service.engine().builtin(role).plugin;
        Ok(Self { reports, built_in: built_in.description.clone(), built_in_digest: built_in.digest_hex() })
    }

    fn digest(&self, bound: &Bound) -> String {
        match bound.source {
            Source::BuiltIn => self.built_in_digest.clone(),
            Source::Uploaded(digest) => digest.to_string(),
        }
    }

    fn description(&self, bound: &Bound) -> Option<&shopkeeper_engine::Description> {
        match bound.source {
            Source::BuiltIn => Some(&self.built_in),
            Source::Uploaded(digest) => self.reports.get(&digest.to_string())?.description.as_ref(),
        }
    }

    fn view(&self, bound: &Bound) -> BindingView {
        let description = self.description(bound);
        BindingView {
            digest: self.digest(bound),
            name: description.map(|d| d.name.to_string()),
            version: description.map(|d| d.version.to_string()),
            settings_revision: bound.revision,
        }
    }

    fn settings(&self, bound: &Bound) -> Value {
        match &bound.settings {
            Some(settings) => as_json(settings),
            None => self.description(bound).map(|d| as_json(&d.default_settings)).unwrap_or_default(),
        }
    }

    pub(super) fn turn(&self, turn: Turn) -> TurnView {
        let turned = turn.turned;
        TurnView {
            at: turn.at,
            actor: turn.actor,
            reason: turn.reason,
            percent: turned.percent,
            changes: changes(&self.settings(&turned.before), &self.settings(&turned.now)),
            now: self.view(&turned.now),
            before: self.view(&turned.before),
            action: turned.action,
        }
    }
}

/// Who changed what when.
#[utoipa::path(get, path = "/plugins/{role}/history", params(("shop" = String, Path), ("role" = String, Path), PageQuery), responses((status = 200, body = TurnList)))]
pub(super) async fn history(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Ask(query): Ask<PageQuery>,
) -> Result<JsonAnswer<TurnList>, Problem> {
    let (before, limit) = query.before()?;
    let names = Names::of(&app, &access.shop.id, path.role).await?;
    let page = app.service.workflow.store.turns(&access.shop.id, path.role, before, limit).await?;
    let cursor = cursor(&page);
    Ok(JsonAnswer(TurnList { history: page.rows.into_iter().map(|(_, t)| names.turn(t)).collect(), cursor }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct CallView {
    at: DateTime<Utc>,
    function: String,
    /// `live`, `canary`, `built-in` (answered for another) or `shadow` (asked beside, never used).
    mode: &'static str,
    digest: String,
    settings_revision: u32,
    #[schema(value_type = Object)]
    input: Value,
    /// `{"ok": …}` or `{"refused": …}`; null at fault.
    #[schema(value_type = Object)]
    output: Value,
    fault: Option<String>,
    took_us: f64,
    memory_bytes: u64,
    /// Of a shadow: whether it answered what was used.
    agrees: Option<bool>,
}

impl From<Call> for CallView {
    fn from(call: Call) -> Self {
        Self {
            at: call.at,
            function: call.function.into_owned(),
            mode: call.mode.name(),
            digest: call.digest.to_string(),
            settings_revision: call.settings_revision,
            input: as_json(&call.input),
            output: call.output.as_deref().map(as_json).unwrap_or_default(),
            fault: call.fault,
            took_us: call.took_ns as f64 / 1e3,
            memory_bytes: call.memory_bytes,
            agrees: call.agrees,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct CallList {
    calls: Vec<CallView>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CallQuery {
    /// Only calls of this mode: `live`, `canary`, `built-in`, `shadow`.
    mode: Option<String>,
    /// At most so many, 1 to 200; 50 where it is left out.
    limit: Option<u32>,
    /// As the page before gave it.
    cursor: Option<String>,
}

/// The journal: what was asked, and what was answered. Without names, addresses and ids.
#[utoipa::path(get, path = "/plugins/{role}/calls", params(("shop" = String, Path), ("role" = String, Path), CallQuery), responses((status = 200, body = CallList)))]
pub(super) async fn calls(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Ask(query): Ask<CallQuery>,
) -> Result<JsonAnswer<CallList>, Problem> {
    let mode =
        query.mode.map(|m| m.parse::<CallMode>().map_err(|e| Problem::invalid("/mode", e))).transpose()?;
    let (before, limit) = PageQuery { limit: query.limit, cursor: query.cursor }.before()?;
    let filter = CallFilter { role: path.role, mode, logged: false, before, limit };
    let page = app.service.workflow.store.calls(&access.shop.id, filter).await?;
    let cursor = cursor(&page);
    Ok(JsonAnswer(CallList { calls: page.rows.into_iter().map(|(_, c)| c.into()).collect(), cursor }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct IncidentView {
    at: DateTime<Utc>,
    function: String,
    digest: String,
    settings_revision: u32,
    /// What went wrong.
    reason: String,
    /// The plugin's own, where there is one.
    backtrace: Option<String>,
    #[schema(value_type = Object)]
    input: Value,
}

impl From<Incident> for IncidentView {
    fn from(incident: Incident) -> Self {
        Self {
            at: incident.at,
            function: incident.function,
            digest: incident.digest.to_string(),
            settings_revision: incident.settings_revision,
            reason: incident.fault,
            backtrace: incident.backtrace,
            input: as_json(&incident.input),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct IncidentList {
    incidents: Vec<IncidentView>,
    cursor: Option<String>,
}

/// Faults: each cost its plugin that one answer.
#[utoipa::path(get, path = "/plugins/{role}/incidents", params(("shop" = String, Path), ("role" = String, Path), PageQuery), responses((status = 200, body = IncidentList)))]
pub(super) async fn incidents(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Ask(query): Ask<PageQuery>,
) -> Result<JsonAnswer<IncidentList>, Problem> {
    let (before, limit) = query.before()?;
    let page = app.service.workflow.store.incidents(&access.shop.id, path.role, before, limit).await?;
    let cursor = cursor(&page);
    let incidents = page.rows.into_iter().map(|(_, i)| i.into()).collect();
    Ok(JsonAnswer(IncidentList { incidents, cursor }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct LogView {
    at: DateTime<Utc>,
    function: String,
    digest: String,
    settings_revision: u32,
    mode: &'static str,
    /// Each `{"level": …, "message": …}`, in the order they were written.
    #[schema(value_type = Vec<Object>)]
    lines: Value,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LogList {
    /// A call an entry.
    log: Vec<LogView>,
    cursor: Option<String>,
}

/// The plugins' own lines.
#[utoipa::path(get, path = "/plugins/{role}/log", params(("shop" = String, Path), ("role" = String, Path), PageQuery), responses((status = 200, body = LogList)))]
pub(super) async fn log(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<RolePath>,
    Ask(query): Ask<PageQuery>,
) -> Result<JsonAnswer<LogList>, Problem> {
    let (before, limit) = query.before()?;
    let filter = CallFilter { role: path.role, mode: None, logged: true, before, limit };
    let page = app.service.workflow.store.calls(&access.shop.id, filter).await?;
    let cursor = cursor(&page);
    let view = |(_, call): (i64, Call)| LogView {
        at: call.at,
        function: call.function.into_owned(),
        digest: call.digest.to_string(),
        settings_revision: call.settings_revision,
        mode: call.mode.name(),
        lines: call.log.as_deref().map(as_json).unwrap_or_default(),
    };
    Ok(JsonAnswer(LogList { log: page.rows.into_iter().map(view).collect(), cursor }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_changed_in_settings_is_told_place_by_place() {
        let old = json!({ "table": [{ "low": 1, "high": 2 }], "a/b": 1, "same": [1, 2] });
        let new = json!({ "table": [{ "low": 1, "high": 3 }, { "low": 9 }], "same": [1, 2] });
        let found: Vec<_> = changes(&old, &new).into_iter().map(|c| (c.pointer, c.old, c.new)).collect();
        assert_eq!(
            found,
            [
                ("/table/0/high".to_owned(), json!(2), json!(3)),
                ("/table/1".to_owned(), Value::Null, json!({ "low": 9 })),
                ("/a~1b".to_owned(), json!(1), Value::Null),
            ]
        );
        assert_eq!(changes(&old, &old), []);
    }
}
