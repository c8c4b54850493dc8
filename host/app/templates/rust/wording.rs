//! {{name}}: what the shop says, from a template for each situation.
//!
//! `word` and `check` are plain functions that `cargo test` runs natively; `Plugin` hands the
//! world's calls to them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use bindings::exports::shopkeeper::wording::wording::{self, Phrase, Situation};
use bindings::shopkeeper::common::log::{self, Level};
use bindings::shopkeeper::common::settings;
use bindings::shopkeeper::common::types::Refusal;

const SCHEMA: &str = include_str!("../settings.schema.json");
const DEFAULTS: &str = include_str!("../settings.default.json");

/// The host sends 500 characters at most; the rest is for what the slots hold.
const LONGEST: usize = 300;

/// Every situation, and the slots that can stand in its text.
const SITUATIONS: [(&str, &[&str]); 12] = [
    ("image-ready", &["operations"]),
    ("image-ready-agent-hint", &["operations"]),
    ("processing-delayed", &[]),
    ("ask-revision-detail", &[]),
    ("revision-accepted", &["count"]),
    ("ask-address", &[]),
    ("confirm-address", &["address"]),
    ("work-mailed", &["address"]),
    ("mail-failed", &["address"]),
    ("handed-off", &[]),
    ("mail-subject", &["name", "count", "operations"]),
    ("mail-body", &["name", "count", "operations"]),
];

#[derive(Deserialize)]
struct Settings {
    templates: BTreeMap<String, String>,
}

fn word(settings: &Settings, key: &str, slots: &[(String, String)]) -> Result<Phrase, Refusal> {
    let template = settings
        .templates
        .get(key)
        .ok_or_else(|| Refusal::Unsupported(key.into()))?;
    Ok(Phrase {
        text: fill(template, slots),
        label: String::new(),
    })
}

/// Replaces each `{slot}`; one the situation does not carry becomes nothing. What a slot holds is
/// never read as a template again: a customer's name may well be `{address}`.
fn fill(template: &str, slots: &[(String, String)]) -> String {
    let mut pieces = template.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((name, rest)) => {
                let value = slots
                    .iter()
                    .find(|(slot, _)| slot == name)
                    .map(|(_, value)| value.as_str());
                text.push_str(value.unwrap_or_default());
                text.push_str(rest);
            }
            None => {
                text.push('{');
                text.push_str(piece);
            }
        }
    }
    text
}

/// Everything that is wrong with the settings. A form keeps to the schema, but settings also come
/// by other ways.
fn check(text: &str) -> Vec<Problem> {
    let settings = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(settings)) => settings,
        Ok(_) => return vec![problem("", "这里要写成对象,例如 {…}")],
        Err(why) => return vec![problem("", format!("不是有效的 JSON:{why}"))],
    };
    let mut found = Vec::new();
    for key in settings.keys().filter(|key| *key != "templates") {
        found.push(problem(at("", key), "不认识的设置项"));
    }
    match settings.get("templates") {
        None => found.push(problem("", "缺少 templates")),
        Some(Value::Object(templates)) => {
            for (key, template) in templates {
                if let Err(message) = check_template(key, template) {
                    found.push(problem(at("/templates", key), message));
                }
            }
        }
        Some(_) => found.push(problem("/templates", "这里要写成对象,例如 {…}")),
    }
    found
}

fn check_template(key: &str, template: &Value) -> Result<(), String> {
    let (_, slots) = SITUATIONS
        .iter()
        .find(|(known, _)| *known == key)
        .ok_or("没有这个场合".to_owned())?;
    let text = template.as_str().ok_or("这里要填文字".to_owned())?;
    if text.trim().is_empty() || text.chars().count() > LONGEST {
        return Err(format!("要有 1 到 {LONGEST} 个字"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("除了换行,不能有控制字符".to_owned());
    }
    let named = text
        .split('{')
        .skip(1)
        .filter_map(|piece| piece.split_once('}'));
    let mut slots_used = named.map(|(slot, _)| slot);
    if let Some(slot) = slots_used.find(|slot| !slots.contains(slot)) {
        return Err(format!("这个场合没有 {{{slot}}}"));
    }
    Ok(())
}

/// The pointer to `key` in what `place` points to.
fn at(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn problem(pointer: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem {
        pointer: pointer.into(),
        message: message.into(),
    }
}

/// The component.
pub struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "按模板回复,每种场合一句。Words each situation from a template.".into(),
            settings_schema: SCHEMA.into(),
            default_settings: DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let found = check(&settings);
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

impl wording::Guest for Plugin {
    fn word(situation: Situation) -> Result<Phrase, Refusal> {
        let settings: Settings = serde_json::from_str(&settings::get())
            .map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        log::write(Level::Debug, &format!("wording {}", situation.key));
        word(&settings, &situation.key, &situation.slots)
    }
}

/// What wit-bindgen makes of `wit/`.
#[allow(warnings, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "wording-plugin", generate_all });
}

// Only a component has a use for the exports, and a native library can't carry their names.
#[cfg(target_arch = "wasm32")]
bindings::export!(Plugin with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_suit_and_cover_every_situation() {
        assert!(check(DEFAULTS).is_empty());
        let settings: Settings = serde_json::from_str(DEFAULTS).expect("they parse");
        for (key, _) in SITUATIONS {
            assert!(word(&settings, key, &[]).is_ok(), "{key}");
        }
        let slots = [("address".to_owned(), "{address}".to_owned())];
        let said = word(&settings, "confirm-address", &slots).expect("words");
        assert_eq!(said.text, "是发到 {address} 吗?");
    }
}
