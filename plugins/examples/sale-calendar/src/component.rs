//! Glue between the pricing world and [`crate::price()`].

use crate::bindings::exports::shopkeeper::common::lifecycle::{self, Description};
use crate::bindings::exports::shopkeeper::pricing::pricing::{self, Quote, QuoteRequest};
use crate::bindings::shopkeeper::common::log::{self, Level};
use crate::bindings::shopkeeper::common::settings;
use crate::bindings::shopkeeper::common::types::{Money, Refusal};
use crate::{Bill, Local, Range, Refused};

/// The component.
pub struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary:
                "底价、多张优惠和促销日历。Base prices, tiers by number of pictures, and a calendar of sales."
                    .into(),
            settings_schema: crate::SCHEMA.into(),
            default_settings: crate::DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<lifecycle::Problem>> {
        let problem =
            |found: crate::Problem| lifecycle::Problem { pointer: found.pointer, message: found.message };
        crate::check(&settings).map_err(|problems| problems.into_iter().map(problem).collect())
    }
}

impl pricing::Guest for Plugin {
    fn price(request: QuoteRequest) -> Result<Quote, Refusal> {
        let settings =
            crate::parse(&settings::get()).map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let now = Local::at(request.now.unix_milliseconds, request.now.utc_offset_minutes);
        let complexities: Vec<&str> =
            request.pictures.iter().map(|picture| picture.complexity.as_str()).collect();
        let bill = crate::price(&settings, &complexities, now).map_err(|refused| match refused {
            Refused::NoPictures => Refusal::InvalidInput("pictures".into()),
            Refused::NeedsPerson(why) => Refusal::NeedsPerson(why),
        })?;
        log::write(Level::Debug, &format!("{} pictures: {}", complexities.len(), bill.hint));
        Ok(quote(bill))
    }
}

fn quote(bill: Bill) -> Quote {
    let line = |line: crate::Line| {
        let (low, high) = money(line.range);
        pricing::Line { label: line.label, low, high }
    };
    let (low, high) = money(bill.total);
    let lines = bill.lines.into_iter().map(line).collect();
    Quote { low, high, hint: bill.hint, lines, attributes: Vec::new() }
}

fn money(range: Range) -> (Money, Money) {
    let fen = |minor| Money { minor, currency: "CNY".into() };
    (fen(range.low), fen(range.high))
}
