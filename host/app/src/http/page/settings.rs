//! The shop's settings in a form. What was typed is kept until it is right; problems are shown at their fields.

mod fields;

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use self::fields::{DAYS, Kind, PARTS, Setting, Typed, WINDOWS, blamed, object, one, shown, typed, windows};
use super::{
    App, Problem,
    form::Form,
    frame::{Frame, Visit, html},
};
use crate::{
    http::{
        extract::{Ask, parse},
        shops,
        views::json,
    },
    settings::ShopSettings,
};

/// How many empty rows of opening hours the form offers.
const SPARE: usize = 2;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/s/{shop}/settings", get(show).post(save))
}

/// What can be chosen.
struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

/// A row of opening hours.
struct Row {
    /// What the names of its fields begin with.
    name: String,
    days: Vec<Choice>,
    from: String,
    to: String,
}

/// A field of the form.
struct Field {
    /// The JSON Pointer of its setting.
    name: &'static str,
    id: String,
    kind: &'static str,
    label: String,
    help: String,
    unit: String,
    value: String,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    /// Whether there is a secret.
    set: bool,
    /// What is wrong, in the API's words.
    problem: Option<String>,
}

struct Part {
    title: String,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    here: String,
    parts: Vec<Part>,
    saved: bool,
    /// What is wrong, and with which field: its id and label; none where it is no field.
    problem: Option<(String, Option<(String, String)>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    saved: Option<String>,
}

async fn show(visit: Visit, Ask(after): Ask<After>) -> Response {
    let settings = &visit.access.shop.settings;
    let typed = shown(&serde_json::to_value(settings).unwrap_or_default());
    let set = settings.alert_webhook.is_some();
    html(&page(visit.frame, &typed, set, after.saved.is_some(), None))
}

async fn save(
    State(app): State<App>,
    visit: Visit,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let shop = &visit.access.shop;
    let typed = typed(form.into_iter());
    let current = serde_json::to_value(&shop.settings).unwrap_or_default();
    let wanted = parse::<ShopSettings>(json(&object(&typed, &current)).as_bytes());
    let saved = match wanted {
        Ok(settings) => shops::change_settings(&app, &shop.id, &settings).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(()) => Ok(Redirect::to(&visit.frame.at("/settings?saved=yes")).into_response()),
        Err(problem) if problem.pointer().is_some() => {
            let set = shop.settings.alert_webhook.is_some();
            let page = page(visit.frame, &typed, set, false, Some(&problem));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn page(frame: Frame, typed: &Typed, set: bool, saved: bool, problem: Option<&Problem>) -> SettingsPage {
    let blame = problem.and_then(|p| blamed(p.pointer()?));
    let wrong = |setting: &Setting| {
        problem.filter(|_| blame.is_some_and(|b| b.pointer == setting.pointer)).map(|p| p.detail().to_owned())
    };
    let part = |(title, settings): &(&str, &'static [Setting])| Part {
        title: frame.t(title),
        fields: settings.iter().map(|s| field(&frame, s, typed, set, wrong(s))).collect(),
    };
    let named = |setting: &Setting| (id(setting), frame.t(&word(setting)));
    SettingsPage {
        here: frame.at("/settings"),
        parts: PARTS.iter().map(part).collect(),
        saved,
        problem: problem.map(|p| (p.detail().to_owned(), blame.map(named))),
        frame,
    }
}

/// Where a setting stands in the page.
fn id(setting: &Setting) -> String {
    setting.pointer[1..].replace('/', ".")
}

/// The word of a setting; its help is called the same with `-help`.
fn word(setting: &Setting) -> String {
    format!("set{}", setting.pointer.replace(['/', '_'], "-"))
}

fn field(frame: &Frame, setting: &Setting, typed: &Typed, set: bool, problem: Option<String>) -> Field {
    let given = typed.get(setting.pointer).cloned().unwrap_or_default();
    let choices = |group: &str, values: &'static [&'static str]| {
        let choice = |value: &&'static str| Choice {
            value,
            label: frame.t(&format!("{group}-{value}")),
            chosen: given.iter().any(|g| g == value),
        };
        values.iter().map(choice).collect()
    };
    let word = word(setting);
    let mut field = Field {
        name: setting.pointer,
        id: id(setting),
        kind: "text",
        label: frame.t(&word),
        help: frame.t(&format!("{word}-help")),
        unit: String::new(),
        value: given.first().cloned().unwrap_or_default(),
        choices: Vec::new(),
        rows: Vec::new(),
        set: false,
        problem,
    };
    match setting.kind {
        Kind::Text => {}
        Kind::Secret => (field.kind, field.set) = ("secret", set),
        Kind::Number(unit) => (field.kind, field.unit) = ("number", frame.t(unit)),
        Kind::Money => (field.kind, field.unit) = ("money", one(typed, "/currency").to_owned()),
        Kind::Yes => field.kind = "yes",
        Kind::Choice(group, values) => (field.kind, field.choices) = ("choice", choices(group, values)),
        Kind::Several(group, values) => (field.kind, field.choices) = ("several", choices(group, values)),
        Kind::Dates => field.kind = "dates",
        Kind::Windows => {
            field.kind = "windows";
            field.rows = (0..windows(typed) + SPARE).map(|n| row(frame, typed, n)).collect();
        }
    }
    field
}

fn row(frame: &Frame, typed: &Typed, n: usize) -> Row {
    let name = format!("{WINDOWS}/{n}");
    let chosen = typed.get(&format!("{name}/days"));
    let day = |value: &'static str| Choice {
        value,
        label: frame.t(&format!("day-{}", value.to_ascii_lowercase())),
        chosen: chosen.is_some_and(|days| days.iter().any(|d| d == value)),
    };
    Row {
        days: DAYS.into_iter().map(day).collect(),
        from: one(typed, &format!("{name}/from")).to_owned(),
        to: one(typed, &format!("{name}/to")).to_owned(),
        name,
    }
}
