//! The shop's plugins: a card a role, what was uploaded, and what an upload is refused for. Each role's workbench is in
//! [`bench`].

mod bench;
mod fields;
mod schema;
mod trial;
mod typed;

use askama::Template;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    roles::Role,
    rollout::{Bound, Change, Source, Trial},
};
use shopkeeper_engine::{Finding, Report};
use shopkeeper_storage::{CallFilter, UploadedPlugin};

use super::{
    App, Problem, alerts,
    figures::{Drawing, bars, share_of},
    frame::{Frame, Visit, html},
    show::Moment,
};
use crate::{
    http::images::Upload,
    plugins::PluginError,
    shops::{Held, ShopState},
    workflow::now,
};

/// How many of the latest calls a card draws.
const CALLS: u32 = 60;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/s/{shop}/plugins", get(show).post(upload))
        .route("/s/{shop}/plugins/{role}", get(bench::show).post(bench::work))
        .route("/s/{shop}/plugins/{role}/roll-back", post(bench::roll_back))
        .route("/s/{shop}/plugins/{role}/end-trial", post(bench::end_trial))
}

/// A plugin that answers or is on trial, and how it fares.
struct Standing {
    name: String,
    version: String,
    digest: String,
    built_in: bool,
    revision: u32,
    since: Option<Moment>,
    /// Calls and faults since it was loaded, in words.
    fared: String,
    faults: u64,
}

impl Standing {
    fn new(frame: &Frame, held: &Held, bound: &Bound) -> Self {
        let (plugin, fared) = (&held.binding.plugin, held.health.fared());
        let values = [
            ("calls", fared.calls.into()),
            ("faults", fared.faults.into()),
            ("took", milliseconds(fared.took.as_secs_f64() * 1e3).into()),
        ];
        Self {
            name: plugin.description.name.to_string(),
            version: plugin.description.version.to_string(),
            digest: plugin.digest_hex(),
            built_in: bound.source == Source::BuiltIn,
            revision: bound.revision,
            since: bound.since.map(|at| frame.shown().at(at, now())),
            fared: frame.lang.with("plugin-fared", &values),
            faults: fared.faults,
        }
    }
}

/// A plugin on trial.
struct OnTrial {
    /// Beside the live one, or for how many of a hundred customers.
    how: String,
    /// Of a shadow: how its answers compare.
    compared: Option<String>,
    standing: Standing,
}

/// What answers in a role, and what can be done about it.
struct InPlace {
    role: Role,
    title: String,
    about: String,
    href: String,
    live: Standing,
    trial: Option<OnTrial>,
    may_roll_back: bool,
    quarantined: usize,
}

async fn in_place(app: &App, frame: &Frame, shop: &ShopState, role: Role) -> Result<InPlace, Problem> {
    let in_role = shop.roles.of(role);
    let rollout = &in_role.rollout;
    let trial = match (&in_role.trial, &rollout.candidate) {
        (Some((trial, held)), Some(candidate)) => {
            let (how, compared) = match trial {
                Trial::Canary(percent) => (frame.with("trial-canary", "n", *percent), None),
                Trial::Shadow => {
                    let store = &app.service.workflow.store;
                    let counts = store.shadow_counts(&shop.id, role, candidate.bound.revision).await?;
                    let values = [
                        ("calls", counts.calls.into()),
                        ("same", counts.same.into()),
                        ("different", counts.different.into()),
                        ("faults", counts.faults.into()),
                    ];
                    (frame.t("trial-shadow"), Some(frame.lang.with("trial-compared", &values)))
                }
            };
            Some(OnTrial { how, compared, standing: Standing::new(frame, held, &candidate.bound) })
        }
        _ => None,
    };
    Ok(InPlace {
        role,
        title: alerts::role(frame, role),
        about: frame.t(&format!("plugin-about-{role}")),
        href: frame.at(&format!("/plugins/{role}")),
        live: Standing::new(frame, &in_role.live, &rollout.live),
        trial,
        may_roll_back: rollout.turn(Change::RollBack, now()).is_ok(),
        quarantined: rollout.quarantined.len(),
    })
}

struct Card {
    place: InPlace,
    /// The latest calls, oldest first; none where there was none.
    drawing: Option<Drawing>,
    /// What the drawing shows, in a sentence.
    took: String,
}

/// An uploaded component.
struct Uploaded {
    name: String,
    version: String,
    summary: String,
    digest: String,
    by: String,
    at: Moment,
    /// What was found when it was examined.
    found: Vec<(String, String)>,
    /// Where it can be set up, and whether it answers there.
    uses: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "plugins.html")]
struct PluginsPage {
    frame: Frame,
    here: String,
    cards: Vec<Card>,
    uploaded: Vec<Uploaded>,
    /// Why the last upload was refused.
    refused: Vec<Finding>,
    problem: Option<String>,
}

async fn show(State(app): State<App>, mut visit: Visit) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    Ok(html(&page(&app, visit, Vec::new(), None).await?))
}

async fn page(
    app: &App,
    visit: Visit,
    refused: Vec<Finding>,
    problem: Option<String>,
) -> Result<PluginsPage, Problem> {
    let (shop, frame) = (visit.access.shop, visit.frame);
    let store = &app.service.workflow.store;
    let mut cards = Vec::new();
    for role in Role::ALL {
        let filter = CallFilter { role, mode: None, logged: false, before: None, limit: CALLS };
        let calls = store.calls(&shop.id, filter).await?.rows;
        let took: Vec<u64> = calls.iter().rev().map(|(_, call)| call.took_ns).collect();
        let drawn: Vec<(String, f64)> = took.iter().map(|ns| (String::new(), *ns as f64 / 1e6)).collect();
        let share = |share| milliseconds(share_of(&took, share) as f64 / 1e6);
        let values = [("n", took.len().into()), ("half", share(50).into()), ("most", share(95).into())];
        cards.push(Card {
            place: in_place(app, &frame, &shop, role).await?,
            drawing: (!drawn.is_empty()).then(|| bars(&drawn)),
            took: if drawn.is_empty() {
                frame.t("plugin-no-calls")
            } else {
                frame.lang.with("plugin-took", &values)
            },
        });
    }
    let rows = store.plugins(&shop.id).await?;
    let uploaded = rows.iter().filter_map(|row| uploaded(&frame, &shop, row)).collect();
    Ok(PluginsPage { here: frame.at("/plugins"), cards, uploaded, refused, problem, frame })
}

fn uploaded(frame: &Frame, shop: &ShopState, row: &UploadedPlugin) -> Option<Uploaded> {
    let report: Report = serde_json::from_str(&row.report).ok()?;
    let found = found(frame, &report);
    let description = report.description?;
    let digest = row.digest.to_string();
    let place = |role: &Role| {
        let href = frame.at(&format!("/plugins/{role}?plugin={digest}"));
        let answers = shop.roles.of(*role).live.binding.plugin.digest == row.digest.bytes();
        (href, alerts::role(frame, *role), answers)
    };
    Some(Uploaded {
        name: description.name.to_string(),
        version: description.version.to_string(),
        summary: description.summary,
        uses: report.roles.iter().map(place).collect(),
        by: super::history::key_name(frame, &row.by),
        at: frame.shown().at(row.at, now()),
        found,
        digest,
    })
}

/// The report of what was found, a line each.
fn found(frame: &Frame, report: &Report) -> Vec<(String, String)> {
    let kib = |bytes: usize| format!("{} KiB", bytes.div_ceil(1024));
    let asks = report.capabilities.iter().map(|c| frame.t(&format!("capability-{}", c.name())));
    let asks = asks.collect::<Vec<_>>().join("、");
    let first = report.first_call;
    [
        ("report-size", Some(kib(report.bytes))),
        ("report-code", report.code_bytes.map(kib)),
        ("report-asks", Some(if asks.is_empty() { frame.t("report-asks-nothing") } else { asks })),
        ("report-memory", first.map(|c| kib(c.memory_bytes))),
        ("report-instructions", first.and_then(|c| c.instructions).map(|n| n.to_string())),
    ]
    .into_iter()
    .filter_map(|(word, text)| Some((frame.t(word), text?)))
    .collect()
}

/// Takes a component in, as the API does: refused ones say every reason, taken ones lead to their workbench.
async fn upload(State(app): State<App>, visit: Visit, request: Request) -> Result<Response, Problem> {
    let wasm = Upload::read(request, &app).await?.file;
    if wasm.is_empty() {
        let problem = Some(visit.frame.t("upload-nothing"));
        let page = page(&app, visit, Vec::new(), problem).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response());
    }
    let shop = visit.access.shop.clone();
    match app.service.workflow.plugins.upload(&shop, &visit.access.who(), wasm).await {
        Ok(report) => {
            let role = report.roles.first().map_or("pricing", |role| role.name());
            let there = format!("/plugins/{role}?plugin={}&done=upload", report.digest);
            Ok(Redirect::to(&visit.frame.at(&there)).into_response())
        }
        Err(PluginError::Refused(reasons)) => {
            let page = page(&app, visit, reasons, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(error) => Err(error.problem("")),
    }
}

/// A time in milliseconds, with as many digits as matter.
fn milliseconds(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.0}") }
}

/// A time, where there is one.
fn moment(frame: &Frame, at: DateTime<Utc>) -> Moment {
    frame.shown().at(at, now())
}
