//! Trying a plugin out on the page: what is asked is typed in a few fields, and questions and answers are put in words.

use chrono::{NaiveDateTime, TimeZone};
use serde_json::{Value, json};
use shopkeeper_domain::{
    Status, Task,
    roles::{
        Refusal, Role,
        detection::{FoundOperation, Intent, Reading},
        pricing::{Quote, QuoteRequest},
        wording::{Key, Phrase},
    },
};

use shopkeeper_engine::Heard;

use super::{
    super::{
        frame::Frame,
        show::{price, range},
        task::{Picture, picture},
        today::{OPERATIONS, operation, status_label},
    },
    milliseconds,
    typed::Typed,
};
use crate::{
    http::{plugins::as_json, views::json as compact},
    plugins::{Different, Replayed},
    workflow::{now, picture as described},
};

/// How a browser types a time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// How much of a text stands in a table.
const SHORT: usize = 200;
/// How many answers that differ are shown.
const DIFFERENT: usize = 50;

/// What can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
    pub(super) picture: Option<Picture>,
}

/// The fields of what is to be asked; which of them there are depends on the role.
pub(super) struct Asking {
    pub(super) role: Role,
    /// The customer's message.
    pub(super) text: String,
    pub(super) complexity: String,
    pub(super) pictures: String,
    pub(super) orders: String,
    pub(super) at: String,
    pub(super) operations: Vec<Choice>,
    /// The shop's latest pictures, to price as one of them was described.
    pub(super) tasks: Vec<Choice>,
    pub(super) phases: Vec<Choice>,
    pub(super) keys: Vec<Choice>,
    pub(super) locale: String,
}

/// An answer in words.
pub(super) struct Answer {
    pub(super) text: String,
    /// The rows of a bill, or why: label and amount.
    pub(super) lines: Vec<(String, String)>,
    /// Whether it is no answer.
    pub(super) wrong: bool,
}

impl Asking {
    /// Whether one of the shop's pictures is to be priced.
    pub(super) fn has_task(&self) -> bool {
        self.tasks.iter().any(|t| t.chosen)
    }

    pub(super) fn new(frame: &Frame, role: Role, typed: &Typed, tasks: &[Task]) -> Self {
        let one = |name: &str, default: &str| typed.one(&format!("try-{name}")).unwrap_or(default).to_owned();
        let choice = |name: &str, default: &str, value: &str, label: String| Choice {
            chosen: one(name, default) == value,
            value: value.to_owned(),
            label,
            picture: None,
        };
        let ticked = typed.all("try-operation");
        let of_operation = |name: &&str| Choice {
            value: (*name).to_owned(),
            label: operation(frame, name),
            chosen: ticked.iter().any(|t| t == name) || ticked.is_empty() && *name == OPERATIONS[0],
            picture: None,
        };
        let of_task = |task: &Task| Choice {
            picture: Some(picture(frame, &task.image)),
            ..choice("task", "", &task.id.to_string(), task.customer_name.clone())
        };
        let phase = |s: &Status| choice("phase", "awaiting-confirm", s.name(), status_label(frame, *s));
        let key = |k: &Key| choice("key", "image-ready", k.name(), frame.t(&format!("say-{}", k.name())));
        let local = now().with_timezone(&frame.shown().zone()).format(LOCAL).to_string();
        let locale = frame.shop.as_ref().map_or("zh-CN", |s| s.settings.locale.as_str());
        Self {
            role,
            text: one("text", &frame.t("try-text-default")),
            complexity: one("complexity", "simple"),
            pictures: one("pictures", "1"),
            orders: one("orders", "0"),
            at: one("at", &local),
            operations: OPERATIONS.iter().map(of_operation).collect(),
            tasks: tasks.iter().map(of_task).collect(),
            phases: Status::ALL.iter().filter(|s| !s.is_final()).map(phase).collect(),
            keys: Key::ALL.iter().map(key).collect(),
            locale: one("locale", locale),
        }
    }

    /// What is asked, as the API takes it.
    pub(super) fn input(&self, frame: &Frame, tasks: &[Task]) -> Value {
        let number = |text: &str| text.trim().parse::<u64>().map_or_else(|_| json!(text), |n| json!(n));
        let zone = frame.shown().zone();
        let at = NaiveDateTime::parse_from_str(&self.at, LOCAL).ok();
        let at = at.and_then(|at| zone.from_local_datetime(&at).single()).map(|at| at.to_rfc3339());
        let mut input = match self.role {
            Role::Pricing => {
                let chosen = self.tasks.iter().find(|t| t.chosen);
                let task = chosen.and_then(|c| tasks.iter().find(|t| t.id.to_string() == c.value));
                let one = match task {
                    Some(task) => json!(described(&task.specification, task.operations.clone())),
                    None => {
                        let ticked = self.operations.iter().filter(|o| o.chosen).map(|o| &o.value);
                        json!({ "complexity": self.complexity, "operations": ticked.collect::<Vec<_>>() })
                    }
                };
                let count = self.pictures.trim().parse::<usize>().unwrap_or(1).clamp(1, 100);
                json!({ "pictures": vec![one; count], "customer": { "completed_orders": number(&self.orders) } })
            }
            Role::Detection => {
                let phase = self.phases.iter().find(|p| p.chosen).map_or("awaiting-confirm", |p| &p.value);
                json!({ "text": self.text, "phase": phase })
            }
            Role::Wording => {
                let key = self.keys.iter().find(|k| k.chosen).map_or("image-ready", |k| &k.value);
                let slots = json!([
                    ["address", "name@example.com"],
                    ["name", frame.t("try-name")],
                    ["count", "1"],
                    ["operations", operation(frame, OPERATIONS[0])],
                ]);
                json!({ "key": key, "locale": self.locale, "slots": slots })
            }
        };
        if let (Some(at), Some(fields)) = (at, input.as_object_mut()) {
            fields.insert("now".to_owned(), json!(at));
        }
        input
    }
}

/// A recorded question in words.
pub(super) fn asked(frame: &Frame, role: Role, input: &Value) -> String {
    let text = match role {
        Role::Pricing => serde_json::from_value(input.clone()).ok().map(|request: QuoteRequest| {
            let one = |p: &shopkeeper_domain::roles::pricing::Picture| {
                let operations: Vec<_> = p.operations.iter().map(|o| operation(frame, o.as_str())).collect();
                format!("{} {}", p.complexity, operations.join("+"))
            };
            request.pictures.iter().map(one).collect::<Vec<_>>().join("; ")
        }),
        Role::Detection => input.as_str().or(input["text"].as_str()).map(str::to_owned),
        Role::Wording => serde_json::from_value(input["key"].clone())
            .ok()
            .map(|key: Key| frame.t(&format!("say-{}", key.name()))),
    };
    short(text.unwrap_or_else(|| compact(input)))
}

/// An answer in words: `{"ok": …}`, `{"refused": …}` or nothing.
pub(super) fn answered(frame: &Frame, role: Role, output: Option<&str>) -> Answer {
    let output: Value = output.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let Some(ok) = output.get("ok") else {
        let refused = output.get("refused");
        let why = refused.map(|why| match serde_json::from_value(why.clone()) {
            Ok(Refusal::InvalidInput(why) | Refusal::Unsupported(why) | Refusal::NeedsPerson(why)) => why,
            _ => compact(why),
        });
        let text = why.map_or_else(|| frame.t("try-no-answer"), |why| frame.with("try-refused", "why", why));
        return Answer { text, lines: Vec::new(), wrong: true };
    };
    let plain = |text: String| Answer { text, lines: Vec::new(), wrong: false };
    let read = match role {
        Role::Pricing => serde_json::from_value(ok.clone()).ok().map(|quote: Quote| Answer {
            text: format!("{} · {}", price(&quote), quote.hint),
            lines: quote.lines.iter().map(|l| (l.label.clone(), range(l.low, l.high))).collect(),
            wrong: false,
        }),
        Role::Detection if ok.is_array() => {
            serde_json::from_value(ok.clone()).ok().map(|found: Vec<FoundOperation>| {
                let names: Vec<_> = found.iter().map(|f| operation(frame, f.name.as_str())).collect();
                plain(if names.is_empty() { frame.t("try-no-operations") } else { names.join("、") })
            })
        }
        Role::Detection => serde_json::from_value(ok.clone()).ok().map(|reading: Reading| Answer {
            text: format!("{} · {}%", intent(frame, &reading.intent), reading.confidence),
            lines: reading
                .evidence
                .iter()
                .map(|e| (e.rule.clone(), format!("{}–{}", e.span.start, e.span.end)))
                .collect(),
            wrong: false,
        }),
        Role::Wording => {
            serde_json::from_value(ok.clone()).ok().map(|phrase: Phrase| match phrase.label.as_str() {
                "" => plain(phrase.text),
                label => Answer { lines: vec![(label.to_owned(), String::new())], ..plain(phrase.text) },
            })
        }
    };
    read.unwrap_or_else(|| plain(compact(ok)))
}

fn intent(frame: &Frame, intent: &Intent) -> String {
    match intent {
        Intent::Other(word) => word.clone(),
        known => frame.t(&format!("intent-{known}")),
    }
}

fn short(text: String) -> String {
    if text.chars().count() <= SHORT {
        return text;
    }
    text.chars().take(SHORT).chain(['…']).collect()
}

/// What came of a try.
pub(super) struct Tried {
    pub(super) answer: Answer,
    /// Instructions, memory and time, in words.
    pub(super) cost: String,
    pub(super) log: Vec<String>,
    /// As the API has it.
    pub(super) raw: String,
}

/// A recorded call that would be answered otherwise.
pub(super) struct Row {
    pub(super) asked: String,
    pub(super) old: Answer,
    pub(super) new: Answer,
}

/// What came of a replay.
pub(super) struct Replay {
    pub(super) summary: String,
    pub(super) rows: Vec<Row>,
    /// How many more there are.
    pub(super) more: usize,
    pub(super) cut: bool,
}

/// What came of a try.
pub(super) fn tried(frame: &Frame, role: Role, heard: &Heard) -> Tried {
    let (answer, raw) = match &heard.output {
        Ok(output) => (answered(frame, role, Some(output)), output.clone()),
        Err(fault) => (failed(frame, &fault.to_string()), fault.to_string()),
    };
    let values = [
        ("instructions", heard.cost.instructions.unwrap_or(0).into()),
        ("memory", (heard.cost.memory_bytes / 1024).into()),
        ("took", milliseconds(heard.cost.took.as_secs_f64() * 1e3).into()),
    ];
    let log = heard.log.iter().map(|line| line.message.clone()).collect();
    Tried { answer, cost: frame.lang.with("try-cost", &values), log, raw }
}

fn failed(frame: &Frame, fault: &str) -> Answer {
    Answer { text: frame.with("try-failed", "why", fault), lines: Vec::new(), wrong: true }
}

/// What came of a replay.
pub(super) fn replayed(frame: &Frame, role: Role, found: Replayed) -> Replay {
    let values = [
        ("calls", found.calls.into()),
        ("same", found.same.into()),
        ("different", found.different.len().into()),
        ("faults", found.faults.len().into()),
    ];
    let row = |d: Different| Row {
        asked: asked(frame, role, &as_json(&d.input)),
        old: answered(frame, role, d.old.as_deref()),
        new: match &d.new {
            Ok(new) => answered(frame, role, Some(new)),
            Err(fault) => failed(frame, fault),
        },
    };
    let all = found.faults.len() + found.different.len();
    Replay {
        summary: frame.lang.with("replay-sum", &values),
        rows: found.faults.into_iter().chain(found.different).take(DIFFERENT).map(row).collect(),
        more: all.saturating_sub(DIFFERENT),
        cut: found.cut,
    }
}
