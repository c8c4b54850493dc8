//! The form of a plugin's settings: drawn from its schema and the settings there are, and read back as JSON.
//!
//! A field is named by the JSON Pointer of its setting, so that what a plugin finds wrong finds its field. Before a pointer
//! stand `has:` (this list, object or row is there), `json:` (typed as JSON) and `new:` (the name of a further part). What
//! can't be a number stays the text that was typed: the plugin says what is wrong with it, and the field shows it again.

use askama::{Template, filters::HtmlSafe};
use serde_json::{Map, Value, json};

use super::{
    super::{show, words::Lang},
    schema::{Kind, Line, Part, Place, Schema},
    typed::escaped,
};
use crate::http::views::json as compact;

/// How deep in each other fields are drawn; what lies deeper is typed as JSON.
pub(super) const DEPTH: usize = 8;
/// From how deep on groups are folded.
const FOLDED: usize = 3;
/// How many fields and choices are drawn; the rest is typed as JSON.
const FIELDS: usize = 4000;
/// How long a stranger's words on a field may be; what is longer is cut.
const LABEL: usize = 80;
const HELP: usize = 1000;
/// How long a default or an example may be to be shown in an empty field.
const HINT: usize = 60;

/// Something that the plugin found wrong.
pub(super) struct Complaint {
    pub(super) pointer: String,
    pub(super) message: String,
    /// The id and label of the field where it is shown.
    pub(super) field: Option<(String, String)>,
}

/// What can be chosen.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// One place of the settings in the form.
#[derive(Template)]
#[template(path = "plugin_field.html")]
pub(super) struct Field {
    lang: Lang,
    /// The JSON Pointer.
    name: String,
    id: String,
    kind: &'static str,
    label: String,
    help: String,
    unit: String,
    /// The default, or an example, where nothing is typed.
    hint: String,
    value: String,
    /// The amount, where it counts hundredths of one.
    money: Option<String>,
    choices: Vec<Choice>,
    parts: Vec<Self>,
    /// Whether it is a part that may be left out as a whole, and whether it is there.
    optional: bool,
    given: bool,
    /// Whether it is a row, or a part that somebody added.
    removable: bool,
    /// Whether further parts with names of their own can be added.
    grows: bool,
    /// Whether somebody is to type here next.
    next: bool,
    problems: Vec<String>,
    /// Whether it lies so deep that it is shown when it is opened.
    folded: bool,
    /// Whether something in it is wrong, or to be typed in next.
    open: bool,
}

/// It is a template, which escapes everything in it.
impl HtmlSafe for Field {}

/// Where a field stands.
struct Spot {
    pointer: String,
    label: String,
    optional: bool,
    removable: bool,
}

/// Draws the fields of settings. The one at `next` is to be typed in next.
pub(super) fn draw(
    schema: &Schema,
    settings: &Value,
    lang: Lang,
    complaints: &mut [Complaint],
    next: Option<&str>,
) -> Field {
    let spot = Spot { pointer: String::new(), label: String::new(), optional: false, removable: false };
    Pen { lang, complaints, next, left: FIELDS }.draw(&schema.place(), spot, Some(settings), 0)
}

struct Pen<'a> {
    lang: Lang,
    complaints: &'a mut [Complaint],
    next: Option<&'a str>,
    left: usize,
}

impl Pen<'_> {
    fn draw(&mut self, place: &Place<'_>, spot: Spot, value: Option<&Value>, depth: usize) -> Field {
        let kind = place.kind();
        let within = size(&kind, value);
        let drawn = depth <= DEPTH && within <= self.left && fits(&kind, value);
        if drawn {
            self.left -= within;
        }
        let lang = self.lang;
        let hint =
            |value: &Value| Some(plain(value)).filter(|t| t.chars().count() <= HINT && !t.contains('\n'));
        let mut field = Field {
            lang,
            id: id(&spot.pointer),
            kind: "json",
            label: cut(&spot.label, LABEL),
            help: cut(place.description(lang).unwrap_or_default(), HELP),
            unit: cut(place.unit(lang).unwrap_or_default(), LABEL),
            hint: place.default().or(place.example()).and_then(hint).unwrap_or_default(),
            value: value.map(plain).unwrap_or_default(),
            money: None,
            choices: Vec::new(),
            parts: Vec::new(),
            optional: spot.optional
                && matches!(kind, Kind::Ticks(_) | Kind::Lines(_) | Kind::Rows(_) | Kind::Object(..)),
            given: value.is_some(),
            removable: spot.removable,
            grows: false,
            next: self.next == Some(spot.pointer.as_str()),
            problems: Vec::new(),
            folded: depth >= FOLDED,
            open: false,
            name: spot.pointer,
        };
        // What is left out as a whole is shown as what it then is: to be changed once it is given.
        let value = value.or_else(|| place.default().filter(|v| field.optional && fits(&kind, Some(*v))));
        match kind {
            _ if !drawn => {
                field.value = value.map(pretty).unwrap_or_default();
                field.optional = false;
            }
            Kind::Json => field.value = value.map(pretty).unwrap_or_default(),
            Kind::Text(long) => {
                field.kind = if long || field.value.contains('\n') { "long" } else { "text" };
            }
            Kind::Number => {
                field.kind = "number";
                let amount = value.and_then(Value::as_i64).filter(|_| place.is_money());
                field.money = amount.map(|minor| show::money(shopkeeper_domain::Money::fen(minor)));
            }
            Kind::Yes => self.choose(&mut field, &[json!(true), json!(false)], value, spot.optional),
            Kind::Choice(values) => self.choose(&mut field, &values, value, spot.optional),
            Kind::Ticks(values) => {
                field.kind = "ticks";
                let ticked = value.and_then(Value::as_array);
                let others = ticked.into_iter().flatten().filter(|v| !values.contains(v));
                let choice = |v: &Value| Choice {
                    value: compact(v),
                    label: self.word(v),
                    chosen: ticked.is_some_and(|t| t.contains(v)),
                };
                field.choices = values.iter().chain(others).map(choice).collect();
            }
            Kind::Lines(_) => {
                field.kind = "lines";
                let lines = value.and_then(Value::as_array).into_iter().flatten().map(plain);
                field.value = lines.collect::<Vec<_>>().join("\n");
            }
            Kind::Rows(row) => {
                field.kind = "rows";
                for (n, value) in value.and_then(Value::as_array).into_iter().flatten().enumerate() {
                    let title = row.title(lang).unwrap_or(&field.label);
                    let spot = Spot {
                        pointer: format!("{}/{n}", field.name),
                        label: format!("{title} {}", n + 1),
                        optional: false,
                        removable: true,
                    };
                    field.parts.push(self.draw(&row, spot, Some(value), depth + 1));
                }
            }
            Kind::Object(parts, more) => {
                field.kind = "object";
                field.grows = more.is_some();
                self.parts(&mut field, &parts, more.as_ref(), value.and_then(Value::as_object), depth);
                if let Some(first) = field.parts.first_mut().filter(|_| field.next) {
                    first.next = true;
                }
            }
        }
        self.complain(&mut field);
        field.open = field.next || !field.problems.is_empty() || field.parts.iter().any(|part| part.open);
        field
    }

    fn parts(
        &mut self,
        field: &mut Field,
        parts: &[Part<'_>],
        more: Option<&Place<'_>>,
        values: Option<&Map<String, Value>>,
        depth: usize,
    ) {
        let at = |name: &str| format!("{}/{}", field.name, escaped(name));
        for part in parts {
            let label = part.place.title(self.lang).unwrap_or(part.name).to_owned();
            let spot = Spot { pointer: at(part.name), label, optional: !part.required, removable: false };
            let value = values.and_then(|v| v.get(part.name));
            field.parts.push(self.draw(&part.place, spot, value, depth + 1));
        }
        for (name, value) in values.into_iter().flatten() {
            if parts.iter().any(|part| part.name == name) {
                continue;
            }
            let spot = Spot { pointer: at(name), label: name.clone(), optional: false, removable: true };
            let drawn = match more {
                Some(place) => self.draw(place, spot, Some(value), depth + 1),
                None => self.draw(&Place::unknown(), spot, Some(value), depth + 1),
            };
            field.parts.push(drawn);
        }
    }

    fn choose(&self, field: &mut Field, values: &[Value], value: Option<&Value>, optional: bool) {
        field.kind = "choice";
        let other = value.filter(|v| !values.contains(v));
        let none = (optional || value.is_none()).then(|| Choice {
            value: String::new(),
            label: if field.hint.is_empty() || !optional {
                self.lang.t("form-none")
            } else {
                self.lang.with("form-default", &[("value", field.hint.as_str().into())])
            },
            chosen: value.is_none(),
        });
        let choice = |v: &Value| Choice { value: compact(v), label: self.word(v), chosen: value == Some(v) };
        field.choices = none.into_iter().chain(values.iter().chain(other).map(choice)).collect();
    }

    fn word(&self, value: &Value) -> String {
        match value {
            Value::Bool(true) => self.lang.t("yes"),
            Value::Bool(false) => self.lang.t("no"),
            other => plain(other),
        }
    }

    /// What is wrong here, or in what lies here and has no field of its own.
    fn complain(&mut self, field: &mut Field) {
        let inside = |pointer: &str| {
            pointer.strip_prefix(&field.name).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        for complaint in self.complaints.iter_mut().filter(|c| c.field.is_none() && inside(&c.pointer)) {
            // What is wrong with everything stands above it.
            if !field.name.is_empty() {
                complaint.field = Some((field.id.clone(), field.label.clone()));
                field.problems.push(complaint.message.clone());
            }
        }
    }
}

/// How many fields and choices are drawn within one.
fn size(kind: &Kind<'_>, value: Option<&Value>) -> usize {
    match kind {
        Kind::Choice(values) | Kind::Ticks(values) => values.len(),
        Kind::Rows(_) => value.and_then(Value::as_array).map_or(0, Vec::len),
        Kind::Object(parts, _) => parts.len() + value.and_then(Value::as_object).map_or(0, Map::len),
        _ => 0,
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most).chain(['…']).collect()
    }
}

/// Whether a value can be shown in such a field, and comes back from it as it was.
fn fits(kind: &Kind<'_>, value: Option<&Value>) -> bool {
    let Some(value) = value else { return true };
    let items = |ok: fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(ok));
    match kind {
        Kind::Text(_) => value.as_str().is_some_and(|t| !t.is_empty() && !t.contains('\r')),
        Kind::Number => value.is_number() || is_line(value),
        Kind::Yes | Kind::Choice(_) => !value.is_object() && !value.is_array(),
        Kind::Ticks(_) => items(|v| !v.is_object() && !v.is_array()),
        Kind::Lines(Line::Text) => items(is_line),
        Kind::Lines(Line::Number) => items(|v| v.is_number() || is_line(v)),
        Kind::Rows(_) => value.is_array(),
        Kind::Object(..) => value.is_object(),
        Kind::Json => true,
    }
}

/// Whether a value is a text of one line.
fn is_line(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty() && !text.contains(['\n', '\r']))
}

/// A value in a field: a text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| compact(value), str::to_owned)
}

/// A value where JSON is typed; a text that is none is what somebody typed.
fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && serde_json::from_str::<Value>(text).is_err() => {
            text.clone()
        }
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Where a field stands in the page.
fn id(pointer: &str) -> String {
    let mut id = "set".to_owned();
    for c in pointer.chars() {
        match c {
            '/' => id.push('.'),
            c if c.is_ascii_alphanumeric() || c == '-' => id.push(c),
            c => id.push_str(&format!("_{:x}", u32::from(c))),
        }
    }
    id
}

#[cfg(test)]
mod tests;
