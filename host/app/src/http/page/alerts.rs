//! What went wrong: what could not be sent, what the operator was told, and where plugins failed.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use shopkeeper_domain::{Alert, AlertKind, CustomerKey, TaskId, roles::Role};
use shopkeeper_storage::{DeadLetter, Incident, Raised, Standing};

use super::{
    App, Problem,
    frame::{Frame, Visit, html},
    show::{Moment, money},
    task::{Picture, picture},
};
use crate::{
    http::{
        extract::{Ask, At, PageQuery},
        outbox::{self, EntryPath},
    },
    workflow::{Payload, now},
};

/// How many of each are shown at a time.
const AT_A_TIME: u32 = 30;
/// How many incidents of plugins are shown.
const INCIDENTS: u32 = 10;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/s/{shop}/alerts", get(show)).route("/s/{shop}/alerts/{id}/resend", post(resend))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Of the alerts.
    cursor: Option<String>,
    /// Of what could not be sent.
    dead: Option<String>,
}

/// Somebody or something that is spoken of.
struct Link {
    href: String,
    label: String,
}

/// Something that could not be sent.
struct Letter {
    id: String,
    queue: String,
    about: Vec<Link>,
    /// What was to be said.
    text: Option<String>,
    picture: Option<Picture>,
    problem: String,
    tries: String,
    created: Moment,
    since: Moment,
    span: String,
}

/// Something the operator was told.
struct Told {
    position: i64,
    title: String,
    about: Vec<Link>,
    /// What is to be known besides.
    more: Option<String>,
    reason: String,
    at: Moment,
    /// Where the telling did not end well.
    standing: Option<String>,
}

/// An answer that a plugin did not give.
struct Fault {
    role: String,
    function: String,
    fault: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    frame: Frame,
    letters: Vec<Letter>,
    more_letters: Option<String>,
    told: Vec<Told>,
    older: Option<String>,
    further: bool,
    /// Whether nobody is told: there is no robot.
    unheard: bool,
    faults: Vec<Fault>,
}

async fn show(
    State(app): State<App>,
    mut visit: Visit,
    Ask(wanted): Ask<Wanted>,
) -> Result<Response, Problem> {
    visit.goes_live(&app).await?;
    let (shop, frame) = (visit.access.shop, visit.frame);
    let store = &app.service.workflow.store;
    let before = |cursor: &Option<String>| {
        PageQuery { limit: Some(AT_A_TIME), cursor: cursor.clone() }.before().map(|(before, _)| before)
    };
    let (alerts_before, dead_before) = (before(&wanted.cursor)?, before(&wanted.dead)?);
    let dead = store.dead_letters(&shop.id, dead_before, AT_A_TIME).await?;
    let raised = store.alerts(&shop.id, alerts_before, AT_A_TIME).await?;
    let incidents = store.latest_incidents(&shop.id, INCIDENTS).await?;
    let here = frame.at("/alerts");
    let next = |name: &str, page_more: bool, last: Option<i64>| {
        last.filter(|_| page_more).map(|last| format!("{here}?{name}={last}"))
    };
    let page = AlertsPage {
        more_letters: next("dead", dead.more, dead.rows.last().map(|(seq, _)| *seq)),
        older: next("cursor", raised.more, raised.rows.last().map(|(seq, _)| *seq)),
        further: alerts_before.is_some() || dead_before.is_some(),
        letters: dead.rows.iter().map(|(_, letter)| self::letter(&frame, letter)).collect(),
        told: raised.rows.iter().filter_map(|(seq, raised)| told(&frame, *seq, raised)).collect(),
        unheard: shop.settings.alert_webhook.is_none() && app.service.config.alerts.webhook.is_empty(),
        faults: incidents.iter().map(|i| fault(&frame, i)).collect(),
        frame,
    };
    Ok(html(&page))
}

async fn resend(State(app): State<App>, visit: Visit, At(path): At<EntryPath>) -> Result<Response, Problem> {
    let back = visit.frame.at("/alerts");
    outbox::resend(State(app), visit.access, At(path)).await?;
    Ok(Redirect::to(&back).into_response())
}

fn about(frame: &Frame, customer: Option<&CustomerKey>, task: Option<TaskId>) -> Vec<Link> {
    let customer = customer.map(|key| Link { href: frame.customer(key), label: key.id.to_string() });
    let task = task.map(|id| Link { href: frame.at(&format!("/tasks/{id}")), label: frame.t("the-order") });
    customer.into_iter().chain(task).collect()
}

fn letter(frame: &Frame, letter: &DeadLetter) -> Letter {
    let (entry, now) = (&letter.entry, now());
    let (text, shown) = match Payload::parse(&entry.payload) {
        Some(Payload::Text(text) | Payload::Notice { otherwise: text, .. }) => (Some(text), None),
        Some(Payload::Image(image)) => (None, Some(picture(frame, &image))),
        Some(Payload::Mail { subject, .. }) => (Some(subject), None),
        Some(Payload::Alert(alert)) => (Some(title(frame, &alert.kind)), None),
        Some(Payload::Job { .. }) | None => (None, None),
    };
    Letter {
        id: entry.id.to_string(),
        queue: queue(frame, &entry.kind),
        about: about(frame, entry.customer.as_ref(), entry.task),
        text,
        picture: shown,
        problem: letter.problem.clone(),
        tries: frame.with("dead-tries", "n", entry.attempts),
        created: frame.shown().at(entry.created_at, now),
        since: frame.shown().at(letter.at, now),
        span: frame.shown().span(now - letter.at),
    }
}

/// Where something was to go, in the visitor's language.
fn queue(frame: &Frame, kind: &str) -> String {
    match kind {
        known @ ("text" | "image" | "mail" | "agent" | "alert") => frame.t(&format!("queue-{known}")),
        _ => frame.t("queue-job"),
    }
}

fn told(frame: &Frame, position: i64, raised: &Raised) -> Option<Told> {
    let Some(Payload::Alert(alert)) = Payload::parse(&raised.payload) else { return None };
    let Alert { kind, customer, account, task, order, reason } = &alert;
    let known = [
        more(frame, kind),
        order.as_ref().map(|o| frame.with("alert-order", "order", o.as_str())),
        account.as_ref().map(|a| frame.with("alert-account", "account", a.as_str())),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    Some(Told {
        position,
        title: title(frame, kind),
        about: about(frame, customer.as_ref(), *task),
        more: Some(known.join(" · ")).filter(|m| !m.is_empty()),
        reason: reason.clone(),
        at: frame.shown().at(raised.at, now()),
        standing: match raised.standing {
            Standing::Waiting => Some(frame.t("alert-waiting")),
            Standing::Dead => Some(frame.t("alert-dead")),
            Standing::Done => None,
        },
    })
}

/// What an alert is about, in the visitor's language.
fn title(frame: &Frame, kind: &AlertKind) -> String {
    frame.t(match kind {
        AlertKind::PaidWhileOff => "alert-paid-while-off",
        AlertKind::PaidWithoutPicture => "alert-paid-without-picture",
        AlertKind::AmountTooLow { .. } => "alert-amount-too-low",
        AlertKind::QualityFailed { .. } => "alert-quality-failed",
        AlertKind::ProcessingRefused => "alert-processing-refused",
        AlertKind::ProcessingError => "alert-processing-error",
        AlertKind::MailFailed => "alert-mail-failed",
        AlertKind::HandOff => "alert-hand-off",
        AlertKind::Stuck => "alert-stuck",
        AlertKind::PaidNotStarted => "alert-paid-not-started",
        AlertKind::PaymentExpired => "alert-payment-expired",
        AlertKind::DeadLetter { .. } => "alert-dead-letter",
        AlertKind::PluginQuarantined { .. } => "alert-plugin-quarantined",
        AlertKind::CanaryStopped { .. } => "alert-canary-stopped",
    })
}

/// What its kind says besides.
fn more(frame: &Frame, kind: &AlertKind) -> Option<String> {
    Some(match kind {
        AlertKind::AmountTooLow { paid, wanted } => {
            let values = [("paid", money(*paid).into()), ("wanted", money(*wanted).into())];
            frame.lang.with("alert-amounts", &values)
        }
        AlertKind::QualityFailed { score, attempts, held } => {
            let then = frame.t(if *held { "alert-held" } else { "alert-sent-anyway" });
            let values =
                [("score", (*score).into()), ("attempts", (*attempts).into()), ("then", then.into())];
            frame.lang.with("alert-quality", &values)
        }
        AlertKind::DeadLetter { queue } => self::queue(frame, queue),
        AlertKind::PluginQuarantined { role, plugin } | AlertKind::CanaryStopped { role, plugin } => {
            format!("{plugin} · {}", self::role(frame, *role))
        }
        _ => return None,
    })
}

/// A role in the visitor's language.
pub(super) fn role(frame: &Frame, role: Role) -> String {
    frame.t(match role {
        Role::Pricing => "figure-role-pricing",
        Role::Detection => "figure-role-detection",
        Role::Wording => "figure-role-wording",
    })
}

fn fault(frame: &Frame, incident: &Incident) -> Fault {
    Fault {
        role: role(frame, incident.role),
        function: incident.function.clone(),
        fault: incident.fault.clone(),
        at: frame.shown().at(incident.at, now()),
    }
}
