//! A role's workbench: its plugin's settings in a form, tried and replayed before anything is live, then made live, run in
//! the shadow or for some customers, and taken back.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::Value;
use shopkeeper_domain::{
    Task,
    roles::Role,
    rollout::{Change, Digest, Trial},
};
use shopkeeper_engine::{Asked, Plugin};
use shopkeeper_storage::TaskFilter;

use super::{
    super::{
        App, Problem,
        form::Form,
        frame::{Frame, Visit, html},
        history,
        show::Moment,
    },
    InPlace,
    fields::{self, Complaint, Field},
    in_place, moment,
    schema::Schema,
    trial::{Asking, Replay, Tried, replayed, tried},
    typed::{Typed, add},
};
use crate::{
    http::{
        extract::{Ask, At},
        plugin_records::{Names, SettingChange},
        plugins::{RolePath, as_json},
        views::json as compact,
    },
    plugins::{Mode, PluginError, Wanted},
};

/// How many recorded calls a replay asks again.
const REPLAY: u32 = 200;
/// How many lines of history are shown.
const TURNS: u32 = 20;
/// How many faults are shown.
const FAULTS: u32 = 5;
/// How many of the shop's latest pictures can be priced for a try.
const TASKS: u32 = 8;

/// What a person wants of the form.
#[derive(Debug, PartialEq)]
enum Deed {
    Check,
    Try,
    Replay,
    Use(Mode),
    AsForm,
    AsJson,
    /// Add a row or part there.
    Add(String),
    /// Take it away.
    Remove(String),
}

impl Deed {
    fn parse(typed: &Typed) -> Option<Self> {
        Some(match typed.one("do").unwrap_or("check") {
            "check" => Self::Check,
            "try" => Self::Try,
            "replay" => Self::Replay,
            "live" => Self::Use(Mode::Live),
            "shadow" => Self::Use(Mode::Try(Trial::Shadow)),
            "canary" => {
                let percent = typed.one("percent")?.trim().parse().ok().filter(|n| *n <= 100)?;
                Self::Use(Mode::Try(Trial::Canary(percent)))
            }
            "form" => Self::AsForm,
            "json" => Self::AsJson,
            other => match other.split_once(':')? {
                ("add", pointer) => Self::Add(pointer.to_owned()),
                ("remove", pointer) => Self::Remove(pointer.to_owned()),
                _ => return None,
            },
        })
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Use(Mode::Live) => "live",
            Self::Use(Mode::Try(Trial::Shadow)) => "shadow",
            Self::Use(Mode::Try(Trial::Canary(_))) => "canary",
            _ => "check",
        }
    }
}

/// A line of the history.
struct Turn {
    at: Moment,
    what: String,
    who: String,
    plugin: String,
    reason: Option<String>,
    changes: Vec<(String, String, String)>,
}

struct Incident {
    at: Moment,
    function: String,
    fault: String,
}

/// What is on the bench.
struct Work {
    settings: Value,
    as_json: bool,
    /// What was typed as JSON and is none, and where it breaks.
    broken: Option<(String, String)>,
    complaints: Vec<Complaint>,
    /// Where to type next.
    next: Option<String>,
    /// What came of it: a word, and whether it is good news.
    note: Option<(String, bool)>,
    tried: Option<Tried>,
    replayed: Option<Replay>,
    typed: Typed,
    status: StatusCode,
}

impl Work {
    fn new(settings: Value, typed: Typed) -> Self {
        Self {
            settings,
            as_json: false,
            broken: None,
            complaints: Vec::new(),
            next: None,
            note: None,
            tried: None,
            replayed: None,
            typed,
            status: StatusCode::OK,
        }
    }

    /// Nothing was done: says why.
    fn refuse(&mut self, frame: &Frame, error: PluginError) -> Result<(), Problem> {
        self.status = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            PluginError::Settings { problems, .. } => {
                let complaint = |p: shopkeeper_engine::Problem| Complaint {
                    pointer: p.pointer,
                    message: p.message,
                    field: None,
                };
                self.complaints = problems.into_iter().map(complaint).collect();
                self.note = Some((frame.t("bench-wrong"), false));
            }
            error
            @ (PluginError::Failed { .. } | PluginError::NotAllowed { .. } | PluginError::NoTurn(_)) => {
                self.note = Some((error.to_string(), false));
            }
            error => return Err(error.problem("")),
        }
        Ok(())
    }
}

#[derive(Template)]
#[template(path = "bench.html")]
struct BenchPage {
    frame: Frame,
    here: String,
    place: InPlace,
    /// The plugin on the bench.
    name: String,
    version: String,
    summary: String,
    digest: String,
    is_live: bool,
    /// The state that this page shows: somebody else's change in between is not overwritten.
    seen: u64,
    /// None where it is typed as JSON.
    form: Option<Field>,
    /// Whether a form can be drawn.
    has_form: bool,
    json: String,
    broken: Option<String>,
    complaints: Vec<Complaint>,
    note: Option<(String, bool)>,
    asking: Asking,
    tried: Option<Tried>,
    replayed: Option<Replay>,
    percent: String,
    turns: Vec<Turn>,
    faults: Vec<Incident>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    /// The plugin on the bench; the live one where it is left out.
    plugin: Option<Digest>,
    done: Option<Done>,
}

/// What was done just now.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Done {
    Upload,
    Live,
    Shadow,
    Canary,
    RollBack,
    EndTrial,
}

impl Done {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "done-upload",
            Self::Live => "done-live",
            Self::Shadow => "done-shadow",
            Self::Canary => "done-canary",
            Self::RollBack => "done-roll-back",
            Self::EndTrial => "done-end-trial",
        }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    At(path): At<RolePath>,
    Ask(chosen): Ask<Chosen>,
) -> Result<Response, Problem> {
    let live = Digest::new(visit.access.shop.roles.of(path.role).live.binding.plugin.digest);
    let digest = chosen.plugin.unwrap_or(live);
    let plugins = &app.service.workflow.plugins;
    let offered = plugins.offered(&visit.access.shop, path.role, digest).await;
    let (plugin, _, settings) = offered.map_err(|e| e.problem(""))?;
    let mut work = Work::new(as_json(&settings), Typed::default());
    work.note = chosen.done.map(|done| (visit.frame.t(done.word()), true));
    finish(&app, visit, path.role, &plugin, work).await
}

pub(super) async fn work(
    State(app): State<App>,
    visit: Visit,
    At(path): At<RolePath>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let role = path.role;
    let mut typed = Typed::new(form.into_iter());
    let digest = typed.one("plugin").and_then(|text| text.parse::<Digest>().ok());
    let digest = digest.ok_or_else(|| Problem::invalid("/plugin", "the form names no plugin"))?;
    let plugins = &app.service.workflow.plugins;
    let (shop, frame) = (visit.access.shop.clone(), &visit.frame);
    let (plugin, ..) = plugins.offered(&shop, role, digest).await.map_err(|e| e.problem(""))?;
    let schema = Schema::parse(&plugin.description.settings_schema);
    let deed = Deed::parse(&typed);
    if let Some(Deed::Remove(pointer)) = &deed {
        typed.remove(pointer);
    }
    let from_json = typed.one("json").map(|text| (serde_json::from_str::<Value>(text), text.to_owned()));
    let read = match (from_json, &schema) {
        (Some((Ok(settings), _)), _) => Ok(settings),
        (Some((Err(error), text)), _) => Err((text, error.to_string())),
        (None, Some(schema)) => Ok(typed.settings(schema)),
        (None, None) => return Err(Problem::invalid("/json", "the form holds no settings")),
    };
    let as_json = typed.one("json").is_some();
    let mut work = Work { as_json, ..Work::new(Value::Null, typed) };
    match read {
        Ok(settings) => work.settings = settings,
        Err((text, error)) => {
            work.note = Some((frame.t("bench-no-json"), false));
            work.broken = Some((text, error));
            work.status = StatusCode::UNPROCESSABLE_ENTITY;
            return finish(&app, visit, role, &plugin, work).await;
        }
    }
    let wanted = || Wanted { digest, settings: Some(work.settings.clone()) };
    match deed {
        None => {
            work.note = Some((frame.t("bench-percent"), false));
            work.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Some(Deed::AsForm) => work.as_json = false,
        Some(Deed::AsJson) => work.as_json = true,
        Some(Deed::Remove(_)) => {}
        Some(Deed::Add(pointer)) => {
            let name = work.typed.one(&format!("new:{pointer}")).map(str::to_owned);
            if let Some(schema) = &schema {
                work.next = add(&mut work.settings, schema, &pointer, name.as_deref());
            }
        }
        Some(Deed::Check) => match plugins.ready(&shop, role, wanted()).await {
            Ok(_) => work.note = Some((frame.t("bench-right"), true)),
            Err(error) => work.refuse(frame, error)?,
        },
        Some(Deed::Try) => {
            let tasks = latest(&app, &visit, role).await?;
            let input = Asking::new(frame, role, &work.typed, &tasks).input(frame, &tasks);
            match Asked::parse(role, None, &input, shop.settings.bounds()) {
                Ok(asked) => match plugins.try_out(&shop, role, Some(wanted()), &asked).await {
                    Ok((_, heard)) => work.tried = Some(tried(frame, role, &heard)),
                    Err(error) => work.refuse(frame, error)?,
                },
                Err(wrong) => {
                    work.note = Some((wrong.to_string(), false));
                    work.status = StatusCode::UNPROCESSABLE_ENTITY;
                }
            }
        }
        Some(Deed::Replay) => match plugins.replay(&shop, role, wanted(), REPLAY).await {
            Ok(found) => work.replayed = Some(replayed(frame, role, found)),
            Err(error) => work.refuse(frame, error)?,
        },
        Some(Deed::Use(mode)) => {
            let seen = work.typed.one("seen").and_then(|seen| seen.parse::<u64>().ok());
            let done = deed.as_ref().map_or("check", Deed::word);
            if seen != Some(shop.roles.of(role).rollout.version) {
                work.note = Some((frame.t("bench-changed"), false));
                work.status = StatusCode::CONFLICT;
            } else {
                match plugins.activate(&shop, role, &visit.access.who(), mode, wanted()).await {
                    Ok(_) => {
                        let plugin = if done == "live" { String::new() } else { format!("&plugin={digest}") };
                        let there = format!("/plugins/{role}?done={done}{plugin}");
                        return Ok(Redirect::to(&frame.at(&there)).into_response());
                    }
                    Err(error) => work.refuse(frame, error)?,
                }
            }
        }
    }
    finish(&app, visit, role, &plugin, work).await
}

pub(super) async fn roll_back(
    State(app): State<App>,
    visit: Visit,
    At(path): At<RolePath>,
) -> Result<Response, Problem> {
    turn(&app, &visit, path.role, Change::RollBack, "roll-back").await
}

pub(super) async fn end_trial(
    State(app): State<App>,
    visit: Visit,
    At(path): At<RolePath>,
) -> Result<Response, Problem> {
    turn(&app, &visit, path.role, Change::EndTrial, "end-trial").await
}

async fn turn(app: &App, visit: &Visit, role: Role, change: Change, done: &str) -> Result<Response, Problem> {
    let plugins = &app.service.workflow.plugins;
    let turned = plugins.change(&visit.access.shop, role, &visit.access.who(), change).await;
    turned.map_err(|e| e.problem(""))?;
    Ok(Redirect::to(&visit.frame.at(&format!("/plugins/{role}?done={done}"))).into_response())
}

/// The shop's latest pictures, where they can be priced.
async fn latest(app: &App, visit: &Visit, role: Role) -> Result<Vec<Task>, Problem> {
    if role != Role::Pricing {
        return Ok(Vec::new());
    }
    let filter = TaskFilter { status: None, customer: None, platform: None, before: None, limit: TASKS };
    let page = app.service.workflow.store.tasks(&visit.access.shop.id, filter).await?;
    Ok(page.rows.into_iter().map(|(_, task)| task).collect())
}

async fn finish(
    app: &App,
    visit: Visit,
    role: Role,
    plugin: &Arc<Plugin>,
    mut work: Work,
) -> Result<Response, Problem> {
    let tasks = latest(app, &visit, role).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let store = &app.service.workflow.store;
    let names = Names::of(app, &shop.id, role).await?;
    let turns = store.turns(&shop.id, role, None, TURNS).await?.rows;
    let faults = store.incidents(&shop.id, role, None, FAULTS).await?.rows;
    let schema = Schema::parse(&plugin.description.settings_schema);
    let settings = &work.settings;
    let drawn = schema.as_ref().filter(|_| !work.as_json && work.broken.is_none() && settings.is_object());
    let form = drawn
        .map(|schema| fields::draw(schema, settings, frame.lang, &mut work.complaints, work.next.as_deref()));
    let (json, broken) = match work.broken {
        Some((text, error)) => (text, Some(error)),
        None => (serde_json::to_string_pretty(settings).unwrap_or_default(), None),
    };
    let incident = |incident: shopkeeper_storage::Incident| Incident {
        at: moment(&frame, incident.at),
        function: incident.function,
        fault: incident.fault,
    };
    let page = BenchPage {
        here: frame.at(&format!("/plugins/{role}")),
        place: in_place(app, &frame, &shop, role).await?,
        name: plugin.description.name.to_string(),
        version: plugin.description.version.to_string(),
        summary: plugin.description.summary.clone(),
        digest: plugin.digest_hex(),
        is_live: plugin.digest == shop.roles.of(role).live.binding.plugin.digest,
        seen: shop.roles.of(role).rollout.version,
        has_form: schema.is_some(),
        form,
        json,
        broken,
        complaints: work.complaints,
        note: work.note,
        asking: Asking::new(&frame, role, &work.typed, &tasks),
        tried: work.tried,
        replayed: work.replayed,
        percent: work.typed.one("percent").unwrap_or("10").to_owned(),
        turns: turns.into_iter().map(|(_, turn)| line(&frame, &names, turn)).collect(),
        faults: faults.into_iter().map(|(_, i)| incident(i)).collect(),
        frame,
    };
    Ok((work.status, html(&page)).into_response())
}

fn line(frame: &Frame, names: &Names, turn: shopkeeper_storage::Turn) -> Turn {
    let seen = names.turn(turn);
    let what = match seen.percent.filter(|_| seen.action == "canary") {
        Some(percent) => frame.with("turn-canary", "n", percent),
        None => frame.t(&format!("turn-{}", seen.action)),
    };
    let change = |c: SettingChange| {
        let shown = |v: &Value| if v.is_null() { "—".to_owned() } else { compact(v) };
        (c.pointer, shown(&c.old), shown(&c.new))
    };
    let plugin = if seen.action == "end-trial" { &seen.before } else { &seen.now };
    Turn {
        at: moment(frame, seen.at),
        who: if seen.actor == "shopkeeper" {
            frame.t("product")
        } else {
            history::key_name(frame, &seen.actor)
        },
        plugin: format!(
            "{} {} · r{}",
            plugin.name.as_deref().unwrap_or("?"),
            plugin.version.as_deref().unwrap_or("?"),
            plugin.settings_revision
        ),
        what,
        reason: seen.reason,
        changes: seen.changes.into_iter().map(change).collect(),
    }
}
