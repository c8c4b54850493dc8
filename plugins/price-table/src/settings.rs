//! What a shop can set, read without copying a string.

use plugin_kit::{List, Text};
use serde::Deserialize;

use crate::clock::{Day, Span, TimeOfDay};

/// The settings a shop starts with. Compact on purpose: this very text is read anew in every call.
pub const DEFAULTS: &str = include_str!("defaults.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// [`DEFAULTS`], read already.
const SHIPPED: Settings<'static> = Settings {
    table: List::Shipped(&[
        Row::of("simple", 1000, 1500, Some(Text::of("{price},这张比较简单"))),
        Row::of("normal", 1500, 2000, None),
        Row::of("complex", 2000, 2500, None),
        Row::of("hard", 2500, 3000, None),
    ]),
    otherwise: Some(Otherwise { low: 2000, high: 2000, hint: None }),
    operations: Vec::new(),
    several: Vec::new(),
    returning: None,
    tags: Vec::new(),
    times: Vec::new(),
    minimum: 0,
    rounding: None,
};

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    // Reading takes longer than all the rest of a call: a shop that changed nothing is spared it.
    if plugin_kit::same(text, DEFAULTS) {
        return Ok(SHIPPED);
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's price list. Amounts are in fen. Everything but the table is off where it is left out; the table has no
/// default of its own, so that no price is ever asked which the shop did not write down.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Settings<'a> {
    /// A row a complexity.
    #[serde(borrow)]
    pub table: List<'a, Row<'a>>,
    /// For every other complexity.
    #[serde(borrow, default)]
    pub otherwise: Option<Otherwise<'a>>,
    /// Added to each picture on which the operation is done.
    #[serde(borrow, default)]
    pub operations: Vec<Surcharge<'a>>,
    /// The highest step reached counts.
    #[serde(default)]
    pub several: Vec<Several>,
    /// Of this and the tags' discounts the largest counts.
    #[serde(default)]
    pub returning: Option<Returning>,
    /// By the customer's tags.
    #[serde(borrow, default)]
    pub tags: Vec<TagDiscount<'a>>,
    /// By the shop's local time; each that is on counts, of what the one before left.
    #[serde(borrow, default)]
    pub times: Vec<Window<'a>>,
    /// For the whole bill, rounded or not.
    #[serde(default)]
    pub minimum: i64,
    /// The last step.
    #[serde(default)]
    pub rounding: Option<Rounding>,
}

/// What a picture of one complexity costs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row<'a> {
    /// As the analysis named it.
    #[serde(borrow)]
    pub complexity: Text<'a>,
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
    /// How the shop says it: `{price}` becomes what is quoted. The price alone where it is left out.
    #[serde(borrow, default)]
    pub hint: Option<Text<'a>>,
}

impl Row<'static> {
    const fn of(complexity: &'static str, low: i64, high: i64, hint: Option<Text<'static>>) -> Self {
        Self { complexity: Text::of(complexity), low, high, hint }
    }
}

/// What a picture of any other complexity costs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Otherwise<'a> {
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
    /// How the shop says it: `{price}` becomes what is quoted. The price alone where it is left out.
    #[serde(borrow, default)]
    pub hint: Option<Text<'a>>,
}

/// What an operation adds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Surcharge<'a> {
    /// Such as `remove_bg`.
    #[serde(borrow)]
    pub operation: Text<'a>,
    /// What the bill calls it.
    #[serde(borrow, default)]
    pub label: Option<Text<'a>>,
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
}

/// A discount for several pictures at once.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Several {
    /// From how many pictures.
    pub from: u32,
    /// Percent off.
    pub percent: i64,
}

/// A discount for returning customers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Returning {
    /// From how many completed orders.
    pub orders: u32,
    /// Percent off.
    pub percent: i64,
}

/// A discount for customers with a tag.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TagDiscount<'a> {
    /// Such as 大客户.
    #[serde(borrow)]
    pub tag: Text<'a>,
    /// Percent off.
    pub percent: i64,
}

/// A time in which work costs more, or less.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Window<'a> {
    /// What the bill calls it.
    #[serde(borrow)]
    pub label: Text<'a>,
    /// 1 is Monday; empty means every day.
    #[serde(default)]
    pub days: Vec<u8>,
    /// Not before this day.
    #[serde(default)]
    pub first_day: Option<Day>,
    /// Not after this day.
    #[serde(default)]
    pub last_day: Option<Day>,
    /// The first minute; the day's where it is left out.
    #[serde(default = "begin")]
    pub from: TimeOfDay,
    /// The first minute after it; where it is not after `from`, the next day's.
    #[serde(default = "end")]
    pub to: TimeOfDay,
    /// More where positive, less where negative.
    pub percent: i64,
}

impl Window<'_> {
    pub(crate) fn span(&self) -> Span<'_> {
        Span {
            days: &self.days,
            first_day: self.first_day,
            last_day: self.last_day,
            from: self.from,
            to: self.to,
        }
    }
}

fn begin() -> TimeOfDay {
    TimeOfDay::BEGIN
}

fn end() -> TimeOfDay {
    TimeOfDay::END
}

/// How the total is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Rounding {
    /// To a multiple of this.
    pub to: i64,
    /// In which direction.
    #[serde(default)]
    pub mode: Mode,
}

/// In which direction to round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Half goes up.
    #[default]
    Nearest,
    /// Never below the sum.
    Up,
    /// Never above the sum.
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_compact_and_readable() {
        let settings = parse(DEFAULTS).expect("valid");
        assert_eq!(settings.table.len(), 4);
        assert_eq!(serde_json::from_str(DEFAULTS).ok(), Some(SHIPPED), "written twice, to be the same");
        assert!(settings.otherwise.is_some() && settings.rounding.is_none() && settings.minimum == 0);
        assert_eq!(DEFAULTS, DEFAULTS.trim());
        assert!(DEFAULTS.len() < 400, "read in every call: {} bytes", DEFAULTS.len());
    }

    #[test]
    fn the_schema_is_json_and_names_every_setting() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("valid");
        let names: Vec<_> = schema["properties"].as_object().expect("an object").keys().cloned().collect();
        let known = [
            "minimum",
            "operations",
            "otherwise",
            "returning",
            "rounding",
            "several",
            "table",
            "tags",
            "times",
        ];
        assert_eq!(names, known);
    }
}
