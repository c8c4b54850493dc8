//! The form of the settings: which fields there are, how a setting is shown in one, and what JSON is made of what was typed.
//! A field is named by the JSON Pointer of its setting, so that the API's problems find it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What was typed, by the name of its field; several where several boxes are ticked.
pub(super) type Typed = BTreeMap<String, Vec<String>>;

/// How a setting is typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Kept where nothing is typed, and never shown.
    Secret,
    /// A whole number, and the word of its unit.
    Number(&'static str),
    /// An amount in the shop's currency, with two decimals.
    Money,
    Yes,
    /// One of these; each has a word that begins so.
    Choice(&'static str, &'static [&'static str]),
    /// Any of these; each has a word that begins so.
    Several(&'static str, &'static [&'static str]),
    /// A line each.
    Dates,
    /// Rows of days and times.
    Windows,
}

/// A setting.
pub(super) struct Setting {
    pub(super) pointer: &'static str,
    pub(super) kind: Kind,
    /// Whether it may be left empty, and means `null` then.
    optional: bool,
}

const fn must(pointer: &'static str, kind: Kind) -> Setting {
    Setting { pointer, kind, optional: false }
}

const fn may(pointer: &'static str, kind: Kind) -> Setting {
    Setting { pointer, kind, optional: true }
}

/// The parts of the form: a word, and its settings.
pub(super) const PARTS: &[(&str, &[Setting])] = &[
    (
        "settings-prices",
        &[
            may("/price_floor", Kind::Money),
            may("/price_ceiling", Kind::Money),
            must("/currency", Kind::Text),
            must("/free_revisions", Kind::Number("unit-times")),
        ],
    ),
    (
        "settings-work",
        &[
            must("/processing_enabled", Kind::Yes),
            must("/processor", Kind::Choice("processor", &["local", "external", "gemini", "openai"])),
            must("/hold_failed_quality", Kind::Yes),
            must("/image_ai/quality_check", Kind::Yes),
            must("/image_ai/pass_mark", Kind::Number("unit-points")),
            must("/image_ai/attempts", Kind::Number("unit-times")),
            must("/image_ai/concurrency", Kind::Number("unit-pictures")),
        ],
    ),
    (
        "settings-talk",
        &[
            may("/alert_webhook", Kind::Secret),
            may("/chat_webhook", Kind::Text),
            may("/agent/url", Kind::Text),
            must("/agent/seconds", Kind::Number("unit-seconds")),
            may("/mail_from_name", Kind::Text),
        ],
    ),
    (
        "settings-patience",
        &[
            may("/patience/reminder_minutes", Kind::Number("unit-minutes")),
            may("/patience/stuck_minutes", Kind::Number("unit-minutes")),
            may("/patience/not_started_minutes", Kind::Number("unit-minutes")),
            may("/patience/parked_days", Kind::Number("unit-days")),
        ],
    ),
    (
        "settings-hours",
        &[
            must(WINDOWS, Kind::Windows),
            must("/opening_hours/holidays", Kind::Dates),
            must("/utc_offset_minutes", Kind::Number("unit-minutes")),
        ],
    ),
    (
        "settings-tags",
        &[
            must("/tags/returning_orders", Kind::Number("unit-orders")),
            must("/tags/big_orders", Kind::Number("unit-orders")),
            must("/tags/revising_orders", Kind::Number("unit-orders")),
            must("/tags/recent_pictures", Kind::Number("unit-pictures")),
        ],
    ),
    (
        "settings-more",
        &[
            must("/locale", Kind::Text),
            must("/plugin_capabilities", Kind::Several("capability", &["settings", "log", "wasi"])),
        ],
    ),
];

/// Where the opening hours lie.
pub(super) const WINDOWS: &str = "/opening_hours/windows";
/// The field that takes a secret away.
pub(super) const NONE: &str = "/none";
/// As the settings name them.
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn all() -> impl Iterator<Item = &'static Setting> {
    PARTS.iter().flat_map(|(_, settings)| settings.iter())
}

/// The setting that a problem is about: where it lies, or what lies in it.
pub(super) fn blamed(pointer: &str) -> Option<&'static Setting> {
    let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|r| r.starts_with('/'));
    all()
        .find(|s| s.pointer == pointer || inside(s.pointer, pointer))
        .or_else(|| all().find(|s| inside(pointer, s.pointer)))
}

/// The settings as they would have been typed.
pub(super) fn shown(settings: &Value) -> Typed {
    let mut typed = Typed::new();
    for setting in all() {
        let value = settings.pointer(setting.pointer).unwrap_or(&Value::Null);
        let texts = match setting.kind {
            Kind::Secret => continue,
            Kind::Windows => {
                for (n, window) in value.as_array().into_iter().flatten().enumerate() {
                    show_window(&mut typed, n, window);
                }
                continue;
            }
            Kind::Money => value["minor"].as_i64().map(major).into_iter().collect(),
            Kind::Yes => value.as_bool().filter(|yes| *yes).map(|_| "yes".to_owned()).into_iter().collect(),
            Kind::Dates => vec![texts(value).join("\n")],
            Kind::Several(..) => texts(value),
            Kind::Text | Kind::Number(_) | Kind::Choice(..) => text(value).into_iter().collect(),
        };
        typed.insert(setting.pointer.to_owned(), texts);
    }
    // Where there is no agent yet, what one would have.
    let seconds = typed.entry("/agent/seconds".to_owned()).or_default();
    if seconds.is_empty() {
        seconds.push(crate::settings::ten().to_string());
    }
    typed
}

fn show_window(typed: &mut Typed, n: usize, window: &Value) {
    let mut put = |name: &str, texts| typed.insert(format!("{WINDOWS}/{n}/{name}"), texts);
    // "09:00:00" is typed as "09:00".
    let time = |t: &Value| text(t).map(|t| t.strip_suffix(":00").unwrap_or(&t).to_owned());
    put("days", texts(&window["days"]));
    put("from", time(&window["from"]).into_iter().collect());
    put("to", time(&window["to"]).into_iter().collect());
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// What was typed, as a form has it: rows of opening hours that are empty are left out, the others are numbered anew.
pub(super) fn typed(fields: impl Iterator<Item = (String, String)>) -> Typed {
    let mut typed = Typed::new();
    let mut rows: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    for (name, value) in fields {
        let row = name.strip_prefix(WINDOWS).and_then(|rest| rest.strip_prefix('/')?.split_once('/'));
        match row.and_then(|(n, field)| Some((n.parse().ok()?, field.to_owned()))) {
            Some((n, field)) => rows.entry(n).or_default().push((field, value)),
            None => typed.entry(name).or_default().push(value),
        }
    }
    let told = |row: &Vec<(String, String)>| row.iter().any(|(_, value)| !value.trim().is_empty());
    for (n, row) in rows.into_values().filter(told).enumerate() {
        for (field, value) in row {
            typed.entry(format!("{WINDOWS}/{n}/{field}")).or_default().push(value);
        }
    }
    typed
}

/// How many rows of opening hours were typed.
pub(super) fn windows(typed: &Typed) -> usize {
    let number =
        |name: &String| name.strip_prefix(WINDOWS)?.strip_prefix('/')?.split('/').next()?.parse().ok();
    typed.keys().filter_map(number).max().map_or(0, |last: usize| last + 1)
}

/// The one thing that was typed in a field.
pub(super) fn one<'a>(typed: &'a Typed, name: &str) -> &'a str {
    typed.get(name).and_then(|texts| texts.first()).map_or("", |text| text.trim())
}

/// The settings that were typed, on top of those there are. What can't be one is put in as it is: the API says why.
pub(super) fn object(typed: &Typed, current: &Value) -> Value {
    let mut settings = current.clone();
    for setting in all() {
        let given = one(typed, setting.pointer);
        let several = || typed.get(setting.pointer).cloned().unwrap_or_default();
        let value = match setting.kind {
            Kind::Secret if !one(typed, &format!("{}{NONE}", setting.pointer)).is_empty() => Value::Null,
            Kind::Secret if given.is_empty() => continue,
            Kind::Yes => json!(!given.is_empty()),
            Kind::Several(..) => json!(several()),
            Kind::Dates => json!(given.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>()),
            Kind::Windows => Value::Array((0..windows(typed)).map(|n| window(typed, n)).collect()),
            _ if given.is_empty() && setting.optional => Value::Null,
            Kind::Money => json!({ "minor": minor(given), "currency": one(typed, "/currency") }),
            Kind::Number(_) => given.parse::<i64>().map_or_else(|_| json!(given), |n| json!(n)),
            Kind::Text | Kind::Choice(..) | Kind::Secret => json!(given),
        };
        put(&mut settings, setting.pointer, value);
    }
    // No address is no agent.
    if settings.pointer("/agent/url").is_none_or(Value::is_null) {
        settings["agent"] = Value::Null;
    }
    settings
}

fn window(typed: &Typed, n: usize) -> Value {
    let field = |name: &str| format!("{WINDOWS}/{n}/{name}");
    let days = typed.get(&field("days")).cloned().unwrap_or_default();
    json!({ "days": days, "from": one(typed, &field("from")), "to": one(typed, &field("to")) })
}

/// Puts a value where it belongs, in objects that are made where there are none.
fn put(settings: &mut Value, pointer: &str, value: Value) {
    let mut place = settings;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[name];
    }
    *place = value;
}

fn major(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

/// "15", "15.5" and "15.00" in hundredths; what is no amount stays as it was typed.
fn minor(given: &str) -> Value {
    let amount = given.strip_prefix('¥').unwrap_or(given);
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let number = whole.strip_prefix('-').unwrap_or(whole);
    if number.is_empty() || !digits(number) || !digits(cents) || cents.len() > 2 {
        return json!(given);
    }
    format!("{whole}{cents:0<2}").parse::<i64>().map_or_else(|_| json!(given), |n| json!(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ShopSettings;

    #[test]
    fn settings_that_are_shown_and_sent_back_are_the_same() {
        let mut settings = serde_json::to_value(ShopSettings::default()).expect("plain data");
        settings["price_floor"] = json!({ "minor": 1505, "currency": "CNY" });
        settings["alert_webhook"] = json!("0123456789");
        settings["opening_hours"] = json!({
            "windows": [{ "days": ["Mon", "Sun"], "from": "09:00:00", "to": "00:00:00" }],
            "holidays": ["2027-02-06", "2027-02-07"],
        });
        let typed = shown(&settings);
        assert_eq!(one(&typed, "/price_floor"), "15.05");
        assert!(!format!("{typed:?}").contains("0123456789"));
        let again = object(&typed, &settings);
        let read = |value: Value| serde_json::from_value::<ShopSettings>(value).expect("settings");
        assert_eq!(read(again), read(settings));
    }

    #[test]
    fn amounts_are_exact_or_stay_as_they_were_typed() {
        for (given, hundredths) in [("15", 1500), ("15.5", 1550), ("¥0.05", 5), ("-1.00", -100)] {
            assert_eq!(minor(given), json!(hundredths), "{given}");
        }
        for given in ["fifteen", "1.005", "1,5", "-", "99999999999999999999", "1.-5"] {
            assert_eq!(minor(given), json!(given));
        }
    }

    #[test]
    fn empty_rows_are_no_opening_hours_and_problems_find_their_field() {
        let form = [("0/from", ""), ("2/from", "09:00"), ("2/days", "Mon"), ("2/to", "12:00"), ("3/to", "")];
        let typed =
            typed(form.map(|(name, value)| (format!("{WINDOWS}/{name}"), value.to_owned())).into_iter());
        assert_eq!(windows(&typed), 1);
        assert_eq!(one(&typed, "/opening_hours/windows/0/from"), "09:00");
        for (pointer, field) in [
            ("/price_floor/minor", "/price_floor"),
            ("/opening_hours/windows/1/from", WINDOWS),
            ("/opening_hours", WINDOWS),
            ("/agent/url", "/agent/url"),
            ("/agent", "/agent/url"),
        ] {
            assert_eq!(blamed(pointer).map(|s| s.pointer), Some(field), "{pointer}");
        }
        assert!(blamed("/nothing").is_none());
    }
}
