//! Glue between the pricing world and [`crate::price()`].
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported on the plugins' own target only")
)]

use crate::bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use crate::bindings::exports::shopkeeper::pricing::pricing::{self, Quote, QuoteRequest};
use crate::bindings::shopkeeper::common::settings;
use crate::bindings::shopkeeper::common::types::{Money, Refusal};
use crate::{Asked, Bill, Picture, Range, Refused};

/// The component.
pub(crate) struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: "price-table".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "按价目表报价:复杂度定底价,可设操作加价、多张和老客优惠、时段、最低价与取整。Prices from a table.".into(),
            settings_schema: crate::SCHEMA.into(),
            default_settings: crate::DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        crate::check(&settings).map_err(|problems| {
            let mut list = Vec::with_capacity(problems.len());
            list.extend(
                problems.into_iter().map(|found| Problem { pointer: found.pointer, message: found.message }),
            );
            list
        })
    }
}

impl pricing::Guest for Plugin {
    fn price(request: QuoteRequest) -> Result<Quote, Refusal> {
        let text = settings::get();
        let settings = crate::parse(&text).map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let pictures: Vec<_> = request
            .pictures
            .iter()
            .map(|picture| Picture { complexity: &picture.complexity, operations: &picture.operations })
            .collect();
        let asked = Asked {
            pictures: &pictures,
            completed_orders: request.customer.completed_orders,
            tags: &request.customer.tags,
            unix_milliseconds: request.now.unix_milliseconds,
            utc_offset_minutes: request.now.utc_offset_minutes,
        };
        crate::price(&settings, &asked).map(quote).map_err(|refused| match refused {
            Refused::InvalidInput(field) => Refusal::InvalidInput(field.into()),
            Refused::NeedsPerson(why) => Refusal::NeedsPerson(why),
        })
    }
}

fn quote(bill: Bill) -> Quote {
    let (low, high) = money(bill.total);
    Quote {
        low,
        high,
        hint: bill.hint,
        lines: bill
            .lines
            .into_iter()
            .map(|line| {
                let (low, high) = money(line.range);
                pricing::Line { label: line.label, low, high }
            })
            .collect(),
        attributes: Vec::new(),
    }
}

/// Amounts are in fen throughout, so the currency can only be CNY.
fn money(range: Range) -> (Money, Money) {
    let fen = |minor| Money { minor, currency: "CNY".into() };
    (fen(range.low), fen(range.high))
}
