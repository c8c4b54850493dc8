//! What the built-in detection and the host's address reader make of labelled messages, beside the rules of the seed.
//!
//! `cargo xtask eval`. The component is asked through the engine, as in the service. Four sets: the examples that the
//! rules were asked for with, those they were tuned on, those that their second opinion was learnt from, and those set aside
//! before, of which only the totals are told.
//! Ends with failure where a goal is missed. `--open` leaves out what was set aside: each look at it spoils it a little, and
//! it is a measure, not a test.

mod labels;
mod score;
mod seed;

use std::process::ExitCode;

use labels::Line;
use score::Score;
use shopkeeper_domain::{
    AddressKind, find_addresses,
    roles::{CustomerNumbers, Moment, Role, detection::MessageView},
};
use shopkeeper_engine::{Engine, EngineConfig};

/// What was made of a message.
pub(crate) struct Answer {
    pub(crate) intent: String,
    pub(crate) operations: Vec<String>,
    pub(crate) addresses: Vec<(String, AddressKind)>,
}

/// A set of messages and what is asked of it, in percent.
struct Set {
    name: &'static str,
    lines: Vec<Line>,
    /// Whether its lines may be shown.
    open: bool,
    intent: f64,
    addresses: f64,
}

async fn ask(engine: &Engine, text: &str) -> Answer {
    let detection = engine.builtin(Role::Detection);
    let addresses = find_addresses(text);
    let view = MessageView {
        text: text.to_owned(),
        images: 0,
        // Where a word of the customer can mail the work.
        phase: "awaiting-confirm".into(),
        addresses: u32::try_from(addresses.len()).expect("few"),
        customer: CustomerNumbers::default(),
        now: Moment { unix_milliseconds: 1_700_000_000_000, utc_offset_minutes: 480 },
        attributes: Vec::new(),
    };
    let reading = engine.read_intent(&[detection], &view).await.answer.expect("a reading");
    let found = engine.find_operations(&[detection], text).await.answer.expect("operations");
    Answer {
        intent: reading.intent.to_string(),
        operations: found.iter().map(|f| f.name.to_string()).collect(),
        addresses: addresses.into_iter().map(|f| (f.address.to_string(), f.kind)).collect(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let asked = |option: &str| std::env::args().any(|argument| argument == option);
    let (failures, only_open) = (asked("--failures"), asked("--open"));
    let (examples, columns) = labels::examples();
    seed::is_the_seed(&columns);
    let sets = [
        Set { name: "the 92", lines: examples, open: true, intent: 95.0, addresses: 95.0 },
        Set { name: "tuning", lines: labels::read("tuning"), open: true, intent: 95.0, addresses: 95.0 },
        Set { name: "training", lines: labels::read("training"), open: true, intent: 88.0, addresses: 95.0 },
        Set {
            name: "set aside",
            lines: labels::read("held-out"),
            open: false,
            intent: 90.0,
            addresses: 95.0,
        },
    ];
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let mut missed = Vec::new();
    score::header();
    for set in sets.iter().filter(|set| set.open || !only_open) {
        let (mut ours, mut seeds) = (Score::default(), Score::default());
        let mut wrong = Vec::new();
        for line in &set.lines {
            let answer = ask(&engine, &line.text).await;
            wrong.extend(ours.grade(line, &answer).map(|why| format!("{}  {why}", line.text)));
            let _ = seeds.grade(line, &seed::answer(&line.text));
        }
        ours.print(set.name, "shopkeeper");
        seeds.print("", "seed");
        if ours.intent() < set.intent || ours.addresses() < set.addresses || ours.wrong_confirms > 0 {
            missed.push(set.name);
        }
        if failures && set.open {
            wrong.iter().for_each(|line| println!("    {line}"));
        }
    }
    println!("\nA wrong confirm, which mails work that was not accepted, counts ten times among the errors.");
    for name in &missed {
        println!("missed on {name}: intent, addresses or no wrong confirm");
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
