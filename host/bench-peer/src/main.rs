//! What one call of the same pricing plugin costs in Extism: medians over batches, each line one figure as JSON.
//!
//! The argument is the guest's wasm file. Requests and quotes are JSON, which is how one talks to a plugin there; the
//! settings come with each request. Writing the request and reading the quote is left out of what is measured.

use std::{env, fs, hint::black_box, time::Instant};

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde_json::{Value, json};

/// Both series take their turn in each round, so that what else the machine does touches them alike.
const ROUNDS: usize = 150;
/// A fresh call takes so much longer that fewer of them say as much.
const FRESH_CALLS: u32 = 20;
const REUSED_CALLS: u32 = 100;

/// The settings of our own plugin's benchmark: the price list it ships with, and a minimum.
const SETTINGS: &str = include_str!("../../../plugins/price-table/src/defaults.json");
const MINIMUM: i64 = 100;

/// One figure: the means of its batches, in microseconds.
struct Series {
    name: &'static str,
    batches: Vec<f64>,
}

impl Series {
    const fn new(name: &'static str) -> Self {
        Self { name, batches: Vec::new() }
    }

    fn batch(&mut self, calls: u32, mut call: impl FnMut()) {
        let started = Instant::now();
        for _ in 0..calls {
            call();
        }
        self.batches.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }

    /// Prints the median.
    fn print(mut self) {
        self.batches.sort_by(f64::total_cmp);
        let (name, median) = (self.name, self.batches[self.batches.len() / 2]);
        println!("{{\"name\":\"{name}\",\"figure\":\"{median:.2} µs\",\"value\":{median},\"goal\":\"\"}}");
    }
}

/// What our own benchmark asks, with the settings that our host would keep at hand.
fn input() -> String {
    let mut settings: Value = serde_json::from_str(SETTINGS).expect("settings");
    settings["minimum"] = MINIMUM.into();
    json!({
        "request": {
            "pictures": [{ "complexity": "normal", "operations": ["enhance"] }],
            "customer": { "completed_orders": 0, "tags": [] },
            "now": { "unix_milliseconds": 1_700_000_000_000_i64, "utc_offset_minutes": 480 },
        },
        "settings": settings,
    })
    .to_string()
}

fn call<'p>(plugin: &'p mut Plugin, input: &str) -> &'p str {
    plugin.call("price", input).expect("a quote")
}

fn fresh(compiled: &CompiledPlugin) -> Plugin {
    Plugin::new_from_compiled(compiled).expect("an instance")
}

/// A fast wrong answer is no figure.
fn check(quote: &str) {
    let quote: Value = serde_json::from_str(quote).expect("JSON");
    let line = json!({
        "label": "图片(普通)",
        "low": { "minor": 1500, "currency": "CNY" },
        "high": { "minor": 2000, "currency": "CNY" },
    });
    assert_eq!(quote["low"], line["low"], "{quote}");
    assert_eq!(quote["high"], line["high"], "{quote}");
    assert_eq!(quote["hint"], "15-20元", "{quote}");
    assert_eq!(quote["lines"], json!([line]), "{quote}");
}

fn main() {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("usage: bench-peer <the guest's wasm file>");
        std::process::exit(2);
    };
    let manifest = Manifest::new([Wasm::data(fs::read(path).expect("the guest's wasm file"))]);
    // Compiled once, before anything is measured: a cache on disk would only be left behind.
    let compiled = PluginBuilder::new(manifest).with_cache_disabled().compile().expect("it compiles");
    let input = input();
    let mut reused = fresh(&compiled);
    check(call(&mut fresh(&compiled), &input));
    check(call(&mut reused, &input));

    let mut each = Series::new("Extism 1.30: the same prices, fresh");
    let mut one = Series::new("Extism 1.30: the same prices, reused");
    // The first round warms up and is thrown away.
    for round in 0..=ROUNDS {
        each.batch(FRESH_CALLS, || {
            black_box(call(&mut fresh(&compiled), &input));
        });
        one.batch(REUSED_CALLS, || {
            black_box(call(&mut reused, &input));
        });
        if round == 0 {
            each.batches.clear();
            one.batches.clear();
        }
    }
    // What was reused must still answer rightly.
    check(call(&mut reused, &input));
    each.print();
    one.print();
}
