//! {{name}}: a message's intent and operations, by the keywords in it.
//!
//! `read_intent`, `find_operations` and `check` are plain functions that `cargo test` runs
//! natively; `Plugin` hands the world's calls to them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use bindings::exports::shopkeeper::detection::detection::{
    self, Evidence, Intent, Message, Operation, Reading, Span,
};
use bindings::shopkeeper::common::log::{self, Level};
use bindings::shopkeeper::common::settings;
use bindings::shopkeeper::common::types::Refusal;

const SCHEMA: &str = include_str!("../settings.schema.json");
const DEFAULTS: &str = include_str!("../settings.default.json");

/// In the order in which they are looked for: 不满意 must be found before 满意.
const LISTS: [&str; 3] = ["hand_off", "revise", "confirm"];
/// The longest keyword, in characters.
const LONGEST: usize = 40;

#[derive(Deserialize)]
struct Settings {
    hand_off: Vec<String>,
    revise: Vec<String>,
    confirm: Vec<String>,
    /// What a keyword asks for.
    operations: BTreeMap<String, String>,
}

fn read_intent(settings: &Settings, text: &str) -> Reading {
    let lists = [
        ("hand_off", Intent::HandOff, &settings.hand_off),
        ("revise", Intent::Revise, &settings.revise),
        ("confirm", Intent::Confirm, &settings.confirm),
    ];
    for (rule, intent, words) in lists {
        for word in words {
            if let Some(span) = find(text, word) {
                // A word that is all there is says more than one within a sentence.
                let confidence = if text.trim() == word { 95 } else { 70 };
                let evidence = vec![Evidence {
                    rule: rule.into(),
                    span,
                }];
                return Reading {
                    intent,
                    confidence,
                    evidence,
                    attributes: Vec::new(),
                };
            }
        }
    }
    Reading {
        intent: Intent::None,
        confidence: 0,
        evidence: Vec::new(),
        attributes: Vec::new(),
    }
}

fn find_operations(settings: &Settings, text: &str) -> Vec<Operation> {
    let mut found: Vec<(Span, &String)> = settings
        .operations
        .iter()
        .filter_map(|(word, name)| find(text, word).map(|span| (span, name)))
        .collect();
    found.sort_by_key(|(span, _)| (span.start, span.end));
    let mut operations: Vec<Operation> = Vec::new();
    for (span, name) in found {
        if operations.iter().all(|earlier| earlier.name != *name) {
            let evidence = Evidence {
                rule: "operations".into(),
                span,
            };
            operations.push(Operation {
                name: name.clone(),
                evidence,
            });
        }
    }
    operations
}

/// Where `word` first stands in `text`, counted in Unicode scalar values as the host does.
fn find(text: &str, word: &str) -> Option<Span> {
    let start = text[..text.find(word)?].chars().count();
    let end = start + word.chars().count();
    Some(Span {
        start: u32::try_from(start).ok()?,
        end: u32::try_from(end).ok()?,
    })
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
    for key in settings
        .keys()
        .filter(|key| *key != "operations" && !LISTS.contains(&key.as_str()))
    {
        found.push(problem(at("", key), "不认识的设置项"));
    }
    for list in LISTS {
        match settings.get(list) {
            None => found.push(problem("", format!("缺少 {list}"))),
            Some(Value::Array(words)) if words.len() <= 200 => {
                for (index, word) in words.iter().enumerate() {
                    if !word.as_str().is_some_and(is_keyword) {
                        found.push(problem(
                            format!("/{list}/{index}"),
                            "关键词要写成 1 到 40 个字",
                        ));
                    }
                }
            }
            Some(_) => found.push(problem(format!("/{list}"), "这里要写成列表,最多 200 个词")),
        }
    }
    match settings.get("operations") {
        None => found.push(problem("", "缺少 operations")),
        // The host takes no more than 64 operations.
        Some(Value::Object(operations)) if operations.len() <= 60 => {
            for (word, name) in operations {
                if !is_keyword(word) {
                    found.push(problem(
                        at("/operations", word),
                        "关键词要写成 1 到 40 个字",
                    ));
                }
                if !name.as_str().is_some_and(is_operation) {
                    let message = "操作代号只能用小写字母、数字、_ 和 -,例如 enhance";
                    found.push(problem(at("/operations", word), message));
                }
            }
        }
        Some(_) => found.push(problem("/operations", "这里要写成对象,最多 60 个词")),
    }
    found
}

fn is_keyword(word: &str) -> bool {
    !word.trim().is_empty() && word.chars().count() <= LONGEST
}

fn is_operation(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(plain)
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

fn settings() -> Result<Settings, Refusal> {
    serde_json::from_str(&settings::get()).map_err(|why| Refusal::Other(format!("settings: {why}")))
}

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "按关键词识别意图和操作。Reads intent and operations by keywords.".into(),
            settings_schema: SCHEMA.into(),
            default_settings: DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let found = check(&settings);
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

impl detection::Guest for Plugin {
    fn read_intent(message: Message) -> Result<Reading, Refusal> {
        let reading = read_intent(&settings()?, &message.text);
        log::write(Level::Debug, &format!("read as {:?}", reading.intent));
        Ok(reading)
    }

    fn find_operations(text: String) -> Result<Vec<Operation>, Refusal> {
        Ok(find_operations(&settings()?, &text))
    }
}

/// What wit-bindgen makes of `wit/`.
#[allow(warnings, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "detection-plugin", generate_all });
}

// Only a component has a use for the exports, and a native library can't carry their names.
#[cfg(target_arch = "wasm32")]
bindings::export!(Plugin with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_suit_and_read() {
        assert!(check(DEFAULTS).is_empty());
        let settings: Settings = serde_json::from_str(DEFAULTS).expect("they parse");
        let reading = read_intent(&settings, "😀不满意");
        assert!(matches!(reading.intent, Intent::Revise));
        assert_eq!(
            (reading.evidence[0].span.start, reading.evidence[0].span.end),
            (1, 4)
        );
        assert_eq!(find_operations(&settings, "太模糊了")[0].name, "enhance");
    }
}
