//! A question as data: read from JSON with sensible defaults, asked of one plugin, answered as JSON. What tools, replay
//! and shadow use; customers' calls go through `consult`.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shopkeeper_domain::roles::{Role, detection::MessageView, pricing::QuoteRequest, wording::Situation};

use crate::{
    Binding, Cost, Engine, Fault, LogLine,
    answers::PriceBounds,
    consult::{FindOperations, Price, Question, ReadIntent, Word, written},
    engine::Way,
    journal::{Masked, masked_log},
};

/// One call that a plugin can be asked.
#[derive(Debug, Clone)]
pub enum Asked {
    /// `pricing.price`
    Price(QuoteRequest, PriceBounds),
    /// `detection.read-intent`
    ReadIntent(MessageView),
    /// `detection.find-operations`
    FindOperations(String),
    /// `wording.word`
    Word(Situation),
}

/// Why an input is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WrongInput {
    /// JSON Pointer into the input.
    pub pointer: String,
    /// In a sentence.
    pub message: String,
}

/// What a plugin answered.
#[derive(Debug, Clone)]
pub struct Heard {
    /// JSON text: `{"ok": …}` or `{"refused": …}`; a fault where there is no answer.
    pub output: Result<String, Fault>,
    /// What it took.
    pub cost: Cost,
    /// What it wrote into its log.
    pub log: Vec<LogLine>,
}

/// The functions of a role, the main one first.
fn functions(role: Role) -> &'static [&'static str] {
    match role {
        Role::Pricing => &["price"],
        Role::Detection => &["read-intent", "find-operations"],
        Role::Wording => &["word"],
    }
}

impl Asked {
    /// Reads a call's input; what is left out has a plain default: a new customer, a normal picture, a fixed moment.
    /// Where no function is named, it is the role's main one.
    pub fn parse(
        role: Role,
        function: Option<&str>,
        input: &Value,
        bounds: PriceBounds,
    ) -> Result<Self, WrongInput> {
        let given = input.as_object().ok_or_else(|| wrong("", "an input is an object"))?;
        let function = function.unwrap_or(functions(role)[0]);
        match (role, function) {
            (Role::Pricing, "price") => {
                let mut whole = over(json!({ "pictures": [{}], "customer": customer() }), given);
                if let Some(pictures) = whole["pictures"].as_array_mut() {
                    for picture in pictures {
                        if let Some(fields) = picture.as_object() {
                            *picture = over(picture_defaults(), fields);
                        }
                    }
                }
                read(whole).map(|request| Self::Price(request, bounds))
            }
            (Role::Detection, "read-intent") => {
                let defaults = json!({
                    "text": "", "images": 0, "phase": "awaiting-confirm", "customer": customer(),
                });
                let mut whole = over(defaults, given);
                if whole.get("addresses").is_none() {
                    let text = whole["text"].as_str().unwrap_or("");
                    whole["addresses"] = json!(shopkeeper_domain::find_addresses(text).len());
                }
                read(whole).map(Self::ReadIntent)
            }
            (Role::Detection, "find-operations") => match given.get("text") {
                Some(Value::String(text)) if given.len() == 1 => Ok(Self::FindOperations(text.clone())),
                _ => Err(wrong("/text", "find-operations takes {\"text\": …}")),
            },
            (Role::Wording, "word") => {
                let defaults = json!({
                    "slots": [], "bucket": 0, "locale": "zh-CN", "customer": customer(),
                });
                read(over(defaults, given)).map(Self::Word)
            }
            _ => Err(wrong("", format!("{role} plugins have {}", functions(role).join(" and ")))),
        }
    }

    /// Reads a call back from the journal.
    pub fn recorded(
        role: Role,
        function: &str,
        input: &str,
        bounds: PriceBounds,
    ) -> Result<Self, WrongInput> {
        let value: Value = serde_json::from_str(input).map_err(|e| wrong("", e.to_string()))?;
        match (function, value) {
            ("find-operations", Value::String(text)) => Ok(Self::FindOperations(text)),
            (_, value) => Self::parse(role, Some(function), &value, bounds),
        }
    }

    /// Such as `read-intent`.
    pub fn function(&self) -> &'static str {
        match self {
            Self::Price(..) => Price::FUNCTION,
            Self::ReadIntent(_) => ReadIntent::FUNCTION,
            Self::FindOperations(_) => FindOperations::FUNCTION,
            Self::Word(_) => Word::FUNCTION,
        }
    }

    /// The role that has this function.
    pub fn role(&self) -> Role {
        match self {
            Self::Price(..) => Role::Pricing,
            Self::ReadIntent(_) | Self::FindOperations(_) => Role::Detection,
            Self::Word(_) => Role::Wording,
        }
    }

    /// JSON text, with names and addresses masked.
    pub fn input(&self) -> String {
        match self {
            Self::Price(request, _) => request.masked(),
            Self::ReadIntent(message) => message.masked(),
            Self::FindOperations(text) => text.masked(),
            Self::Word(situation) => situation.masked(),
        }
    }
}

fn wrong(pointer: &str, message: impl Into<String>) -> WrongInput {
    WrongInput { pointer: pointer.to_owned(), message: message.into() }
}

fn customer() -> Value {
    json!({ "completed_orders": 0, "revisions": 0, "tags": [], "attributes": [] })
}

fn picture_defaults() -> Value {
    json!({
        "complexity": "normal", "operations": ["enhance"], "aspect_ratio": "1:1", "perspective": "no",
        "process": "", "subject": "", "quality": "", "attributes": [],
    })
}

/// The defaults with what was given over them, objects within objects too.
fn over(mut defaults: Value, given: &Map<String, Value>) -> Value {
    fn lay(below: &mut Value, above: &Value) {
        match (below, above) {
            (Value::Object(below), Value::Object(above)) => {
                for (name, value) in above {
                    lay(below.entry(name.clone()).or_insert(Value::Null), value);
                }
            }
            (below, above) => *below = above.clone(),
        }
    }
    lay(&mut defaults, &Value::Object(given.clone()));
    defaults
}

/// Noon in Beijing on an ordinary Wednesday.
const NOON: &str = "2026-03-04T12:00:00+08:00";

fn read<T: DeserializeOwned>(mut whole: Value) -> Result<T, WrongInput> {
    let fields = whole.as_object_mut().ok_or_else(|| wrong("", "an input is an object"))?;
    fields.entry("attributes").or_insert_with(|| json!([]));
    let now = fields.entry("now").or_insert_with(|| json!(NOON));
    if let Value::String(text) = now {
        let time = chrono::DateTime::parse_from_rfc3339(text)
            .map_err(|e| wrong("/now", format!("{text:?} is no RFC 3339 time: {e}")))?;
        *now = json!({
            "unix_milliseconds": time.timestamp_millis(),
            "utc_offset_minutes": time.offset().local_minus_utc() / 60,
        });
    }
    serde_path_to_error::deserialize(whole).map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => Some(format!("/{key}")),
                _ => None,
            })
            .collect();
        wrong(&pointer, error.inner().to_string())
    })
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As the journal has it: names and addresses masked.
    Masked,
    /// As it is, to whoever asked.
    Plain,
}

impl Engine {
    /// Asks one plugin one thing, and nobody else where it fails.
    pub async fn ask(&self, binding: &Binding, asked: &Asked, shown: Shown) -> Heard {
        self.hear(Way::Live, binding, asked, shown).await
    }

    /// The same, counting instructions: slower, and with more time to answer.
    pub async fn measure(&self, binding: &Binding, asked: &Asked, shown: Shown) -> Heard {
        self.hear(Way::Metered, binding, asked, shown).await
    }

    async fn hear(&self, way: Way, binding: &Binding, asked: &Asked, shown: Shown) -> Heard {
        match asked {
            Asked::Price(request, bounds) => {
                self.hear_one(way, binding, &Price(request, bounds), shown).await
            }
            Asked::ReadIntent(message) => self.hear_one(way, binding, &ReadIntent(message), shown).await,
            Asked::FindOperations(text) => self.hear_one(way, binding, &FindOperations(text), shown).await,
            Asked::Word(situation) => self.hear_one(way, binding, &Word(situation), shown).await,
        }
    }

    async fn hear_one<Q: Question>(&self, way: Way, binding: &Binding, question: &Q, shown: Shown) -> Heard {
        let ran = self.call(way, binding, question).await;
        let output = match (shown, &ran.answer) {
            (Shown::Plain, Ok(Ok(answer))) => Ok(json!({ "ok": answer }).to_string()),
            (Shown::Plain, Ok(Err(refusal))) => Ok(json!({ "refused": refusal }).to_string()),
            (_, answer) => written(question, answer).map_err(Clone::clone),
        };
        Heard { output, cost: ran.cost, log: masked_log(ran.log) }
    }
}
