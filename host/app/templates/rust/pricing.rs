//! {{name}}: each picture costs what its complexity costs, and pictures add up.
//!
//! `price` and `check` are plain functions that `cargo test` runs natively; `Plugin` hands the
//! world's calls to them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use bindings::exports::shopkeeper::pricing::pricing::{self, Line, Quote, QuoteRequest};
use bindings::shopkeeper::common::log::{self, Level};
use bindings::shopkeeper::common::settings;
use bindings::shopkeeper::common::types::{Money, Refusal};

const SCHEMA: &str = include_str!("../settings.schema.json");
const DEFAULTS: &str = include_str!("../settings.default.json");

/// One million yuan, in fen: more than any picture costs, little enough that sums stay exact.
const MOST: i64 = 100_000_000;
/// The host takes no longer bill.
const MOST_LINES: usize = 64;

/// Amounts are in fen.
#[derive(Deserialize)]
struct Settings {
    prices: BTreeMap<String, Range>,
}

#[derive(Deserialize)]
struct Range {
    low: i64,
    high: i64,
}

fn price(settings: &Settings, complexities: &[&str]) -> Result<Quote, Refusal> {
    if complexities.is_empty() {
        return Err(Refusal::InvalidInput("pictures".into()));
    }
    if complexities.len() > MOST_LINES {
        return Err(Refusal::NeedsPerson(format!(
            "一次超过 {MOST_LINES} 张,需要人工报价"
        )));
    }
    let mut total = Range { low: 0, high: 0 };
    let mut lines = Vec::new();
    for (number, complexity) in (1..).zip(complexities) {
        let Some(range) = settings.prices.get(*complexity) else {
            let why = format!("价目里没有这种复杂度({complexity}),需要人工报价");
            return Err(Refusal::NeedsPerson(why));
        };
        total.low += range.low;
        total.high += range.high;
        let label = format!("第{number}张({complexity})");
        lines.push(Line {
            label,
            low: fen(range.low),
            high: fen(range.high),
        });
    }
    let hint = hint(&total);
    Ok(Quote {
        low: fen(total.low),
        high: fen(total.high),
        hint,
        lines,
        attributes: Vec::new(),
    })
}

fn fen(minor: i64) -> Money {
    Money {
        minor,
        currency: "CNY".into(),
    }
}

/// Such as `15-20元`, or `12.5元` for a fixed price.
fn hint(range: &Range) -> String {
    let yuan = |fen: i64| {
        let exact = format!("{}.{:02}", fen / 100, fen % 100);
        exact.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (yuan(range.low), yuan(range.high)) {
        (low, high) if low == high => format!("{low}元"),
        (low, high) => format!("{low}-{high}元"),
    }
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
    for key in settings.keys().filter(|key| *key != "prices") {
        found.push(problem(at("", key), "不认识的设置项"));
    }
    match settings.get("prices") {
        None => found.push(problem("", "缺少 prices")),
        Some(Value::Object(prices)) if (1..=50).contains(&prices.len()) => {
            for (complexity, row) in prices {
                check_row(&at("/prices", complexity), complexity, row, &mut found);
            }
        }
        Some(_) => found.push(problem("/prices", "这里要写成对象,1 到 50 种复杂度")),
    }
    found
}

fn check_row(place: &str, complexity: &str, row: &Value, found: &mut Vec<Problem>) {
    // It becomes a label on the bill.
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{3400}'..='\u{9fff}');
    if !(1..=40).contains(&complexity.chars().count()) || !complexity.chars().all(plain) {
        found.push(problem(
            place,
            "复杂度要写成 1 到 40 个字,只用汉字、英文字母、数字、_ 和 -",
        ));
    }
    let Value::Object(row) = row else {
        return found.push(problem(place, "这里要写成 {\"low\": …, \"high\": …}"));
    };
    for key in row
        .keys()
        .filter(|key| !["low", "high"].contains(&key.as_str()))
    {
        found.push(problem(at(place, key), "不认识的设置项"));
    }
    let mut amount = |key: &str| {
        let amount = row
            .get(key)
            .and_then(Value::as_i64)
            .filter(|fen| (0..=MOST).contains(fen));
        if amount.is_none() {
            found.push(problem(
                at(place, key),
                format!("要填 0 到 {MOST} 之间的整数(分)"),
            ));
        }
        amount
    };
    if let (Some(low), Some(high)) = (amount("low"), amount("high"))
        && low > high
    {
        found.push(problem(at(place, "high"), "最高价不能低于最低价"));
    }
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
            summary: "按复杂度报价,几张相加。A base price for each picture by its complexity."
                .into(),
            settings_schema: SCHEMA.into(),
            default_settings: DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let found = check(&settings);
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

impl pricing::Guest for Plugin {
    fn price(request: QuoteRequest) -> Result<Quote, Refusal> {
        let settings: Settings = serde_json::from_str(&settings::get())
            .map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let complexities: Vec<&str> = request
            .pictures
            .iter()
            .map(|picture| picture.complexity.as_str())
            .collect();
        log::write(
            Level::Debug,
            &format!("{} pictures to price", complexities.len()),
        );
        price(&settings, &complexities)
    }
}

/// What wit-bindgen makes of `wit/`.
#[allow(warnings, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "pricing-plugin", generate_all });
}

// Only a component has a use for the exports, and a native library can't carry their names.
#[cfg(target_arch = "wasm32")]
bindings::export!(Plugin with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_suit_and_price() {
        assert!(check(DEFAULTS).is_empty());
        let settings: Settings = serde_json::from_str(DEFAULTS).expect("they parse");
        let quote = price(&settings, &["normal", "normal"]).expect("a price");
        assert_eq!(
            (quote.low.minor, quote.high.minor, quote.hint.as_str()),
            (3000, 4000, "30-40元")
        );
        assert!(matches!(
            price(&settings, &["unheard-of"]),
            Err(Refusal::NeedsPerson(_))
        ));
    }
}
