//! The price table as a plugin for Extism: the same request, the same settings and the same quote, as JSON.
//!
//! Of the rules, only those that the benchmark's settings have are here: the table, surcharges for operations and
//! the minimum. The others are off there, so that they would cost next to nothing in either plugin.

use std::borrow::Cow;

use extism_pdk::{Error, FnResult, plugin_fn};
use serde::{Deserialize, Serialize};

/// All that our own plugin is given, or asks its host for, in one call.
#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(borrow)]
    settings: Settings<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    pictures: Vec<Picture<'a>>,
    // Our own plugin is given these as well, and they have to be read to be given.
    #[expect(dead_code, reason = "the rules that look at it are off")]
    customer: Customer,
    #[expect(dead_code, reason = "the rules that look at it are off")]
    now: Moment,
}

#[derive(Deserialize)]
struct Picture<'a> {
    #[serde(borrow)]
    complexity: Cow<'a, str>,
    operations: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the rules that look at it are off")]
struct Customer {
    completed_orders: u32,
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the rules that look at it are off")]
struct Moment {
    unix_milliseconds: i64,
    utc_offset_minutes: i16,
}

#[derive(Deserialize)]
struct Settings<'a> {
    #[serde(borrow)]
    table: Vec<Row<'a>>,
    #[serde(borrow, default)]
    otherwise: Option<Otherwise<'a>>,
    #[serde(borrow, default)]
    operations: Vec<Surcharge<'a>>,
    #[serde(default)]
    minimum: i64,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    complexity: Cow<'a, str>,
    low: i64,
    high: i64,
    #[serde(borrow, default)]
    hint: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Otherwise<'a> {
    low: i64,
    high: i64,
    #[serde(borrow, default)]
    hint: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Surcharge<'a> {
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    label: Option<Cow<'a, str>>,
    low: i64,
    high: i64,
}

#[derive(Serialize)]
struct Quote {
    low: Money,
    high: Money,
    hint: String,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    label: String,
    low: Money,
    high: Money,
}

/// Amounts are in fen throughout, so the currency can only be CNY.
#[derive(Serialize)]
struct Money {
    minor: i64,
    currency: &'static str,
}

const fn fen(minor: i64) -> Money {
    Money { minor, currency: "CNY" }
}

/// The bill so far.
#[derive(Default)]
struct Bill {
    low: i64,
    high: i64,
    lines: Vec<Line>,
}

impl Bill {
    /// One more row; nothing where the total overflows.
    fn add(&mut self, label: String, low: i64, high: i64) -> Option<()> {
        self.low = self.low.checked_add(low)?;
        self.high = self.high.checked_add(high)?;
        self.lines.push(Line { label, low: fen(low), high: fen(high) });
        Some(())
    }
}

/// Prices the request in the input, by the settings in the input.
#[plugin_fn]
pub fn price(input: String) -> FnResult<String> {
    let input: Input<'_> = serde_json::from_str(&input)?;
    let quote = quote(&input.request, &input.settings).ok_or_else(|| Error::msg("no price"))?;
    Ok(serde_json::to_string(&quote)?)
}

/// Works the bill out; nothing where a complexity has no price, or an amount overflows.
fn quote(request: &Request<'_>, settings: &Settings<'_>) -> Option<Quote> {
    let mut bill = Bill { lines: Vec::with_capacity(request.pictures.len() + 2), ..Bill::default() };
    let mut hint = None;
    for picture in &request.pictures {
        let row = settings.table.iter().find(|row| row.complexity == picture.complexity);
        let (low, high, own) = match (row, &settings.otherwise) {
            (Some(row), _) => (row.low, row.high, &row.hint),
            (None, Some(other)) => (other.low, other.high, &other.hint),
            (None, None) => return None,
        };
        hint = own.as_deref();
        bill.add(format!("图片({})", word(&picture.complexity)), low, high)?;
        for extra in &settings.operations {
            if picture.operations.iter().any(|operation| **operation == *extra.operation) {
                let label = extra.label.as_ref().unwrap_or(&extra.operation);
                bill.add(label.clone().into_owned(), extra.low, extra.high)?;
            }
        }
    }
    let missing = |amount: i64| settings.minimum.saturating_sub(amount).max(0);
    let (low, high) = (missing(bill.low), missing(bill.high));
    if (low, high) != (0, 0) {
        bill.add("补足最低收费".to_owned(), low, high)?;
    }
    let price = format!("{}-{}元", bill.low / 100, bill.high / 100);
    // The table's own words are about one picture.
    let hint = match hint {
        Some(hint) if request.pictures.len() == 1 => hint.replace("{price}", &price),
        _ => price,
    };
    Some(Quote { low: fen(bill.low), high: fen(bill.high), hint, lines: bill.lines })
}

fn word(complexity: &str) -> &str {
    match complexity {
        "simple" => "简单",
        "normal" => "普通",
        "complex" => "复杂",
        "hard" => "困难",
        other => other,
    }
}
