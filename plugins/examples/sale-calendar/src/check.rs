//! Everything that can be wrong with settings, each with its JSON Pointer.
//!
//! The schema draws the form; what it can't say is said here too: sales that overlap, days that don't exist, tiers that
//! give less for more.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::calendar::Local;
use crate::price::MOST;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// RFC 6901, into the settings; empty for the whole.
    pub pointer: String,
    /// For the shop owner.
    pub message: String,
}

type Object = Map<String, Value>;

/// Finds every problem.
///
/// # Errors
/// The problems.
pub fn check(text: &str) -> Result<(), Vec<Problem>> {
    let mut found = Found(Vec::new());
    match serde_json::from_str::<Value>(text) {
        Ok(settings) => found.settings(&settings),
        Err(why) => found.add("", format!("不是有效的 JSON:{why}")),
    }
    if found.0.is_empty() { Ok(()) } else { Err(found.0) }
}

struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.into(), message: message.into() });
    }

    fn settings(&mut self, settings: &Value) {
        let Some(settings) = self.object("", settings, &["prices", "tiers", "sales"]) else { return };
        match settings.get("prices") {
            Some(prices) => self.prices(prices),
            None => self.add("", "缺少 prices"),
        }
        if let Some(tiers) = settings.get("tiers") {
            self.tiers(tiers);
        }
        if let Some(sales) = settings.get("sales") {
            self.sales(sales);
        }
    }

    fn prices(&mut self, prices: &Value) {
        let mut seen = HashSet::new();
        for (place, row) in self.list("/prices", prices, 1..=50) {
            let Some(row) = self.object(&place, row, &["complexity", "label", "low", "high"]) else {
                continue;
            };
            let complexity = self.text(&place, row, "complexity", 40);
            if complexity.is_some_and(|complexity| !seen.insert(complexity)) {
                self.add(&at(&place, "complexity"), "前面已经有这种复杂度了");
            }
            self.text(&place, row, "label", 20);
            let low = self.integer(&place, row, "low", 0..=MOST);
            let high = self.integer(&place, row, "high", 0..=MOST);
            if low.zip(high).is_some_and(|(low, high)| low > high) {
                self.add(&at(&place, "high"), "最高价不能低于最低价");
            }
        }
    }

    fn tiers(&mut self, tiers: &Value) {
        let (mut last_from, mut last_off) = (None, None);
        for (place, tier) in self.list("/tiers", tiers, 0..=20) {
            let Some(tier) = self.object(&place, tier, &["from", "percent_off"]) else { continue };
            let from = self.integer(&place, tier, "from", 2..=1000);
            let off = self.percent_off(&place, tier);
            // None is less than any number, so what could not be read is not compared either.
            if from.is_some() && from <= last_from {
                self.add(&at(&place, "from"), "张数要一档比一档多");
            }
            if off.is_some() && off <= last_off {
                self.add(&at(&place, "percent_off"), "张数更多,优惠也要更多");
            }
            (last_from, last_off) = (from.max(last_from), off.max(last_off));
        }
    }

    fn sales(&mut self, sales: &Value) {
        let mut earlier: Vec<(&str, Local, Local)> = Vec::new();
        for (place, sale) in self.list("/sales", sales, 0..=100) {
            let Some(sale) = self.object(&place, sale, &["label", "from", "to", "percent_off"]) else {
                continue;
            };
            let label = self.text(&place, sale, "label", 20);
            self.percent_off(&place, sale);
            let from = self.time(&place, sale, "from");
            let to = self.time(&place, sale, "to");
            let (Some(from), Some(to)) = (from, to) else { continue };
            if to <= from {
                self.add(&at(&place, "to"), "结束要晚于开始");
                continue;
            }
            if let Some((other, ..)) = earlier.iter().find(|(_, start, end)| from < *end && *start < to) {
                self.add(&at(&place, "from"), format!("时间和「{other}」重叠了"));
            }
            earlier.push((label.unwrap_or_default(), from, to));
        }
    }

    /// An object with no keys but these.
    fn object<'v>(&mut self, place: &str, value: &'v Value, known: &[&str]) -> Option<&'v Object> {
        let Some(object) = value.as_object() else {
            self.add(place, "这里要写成对象,例如 {…}");
            return None;
        };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.add(&at(place, key), format!("不认识的设置项,可用的有:{}", known.join("、")));
        }
        Some(object)
    }

    /// A list's elements with their places; nothing of one that is not of this length.
    fn list<'v>(
        &mut self,
        place: &str,
        value: &'v Value,
        length: RangeInclusive<usize>,
    ) -> Vec<(String, &'v Value)> {
        match value.as_array() {
            Some(list) if length.contains(&list.len()) => list
                .iter()
                .enumerate()
                .map(|(index, element)| (format!("{place}/{index}"), element))
                .collect(),
            _ => {
                self.add(place, format!("这里要写成列表,{} 到 {} 项", length.start(), length.end()));
                Vec::new()
            }
        }
    }

    /// A text of one line that a person can read.
    fn text<'v>(&mut self, place: &str, row: &'v Object, key: &str, longest: usize) -> Option<&'v str> {
        let text = row.get(key).and_then(Value::as_str).filter(|text| {
            !text.trim().is_empty() && text.chars().count() <= longest && !text.chars().any(is_hidden)
        });
        if text.is_none() {
            self.add(&at(place, key), format!("要填 1 到 {longest} 个字,不能有换行和看不见的字符"));
        }
        text
    }

    fn integer(&mut self, place: &str, row: &Object, key: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let number = row.get(key).and_then(Value::as_i64).filter(|number| bounds.contains(number));
        if number.is_none() {
            self.add(&at(place, key), format!("要填 {} 到 {} 之间的整数", bounds.start(), bounds.end()));
        }
        number
    }

    fn percent_off(&mut self, place: &str, row: &Object) -> Option<i64> {
        self.integer(place, row, "percent_off", 1..=90)
    }

    fn time(&mut self, place: &str, row: &Object, key: &str) -> Option<Local> {
        let time = row.get(key).and_then(Value::as_str).and_then(Local::read);
        if time.is_none() {
            self.add(&at(place, key), "要写成 2026-11-11T20:00 这样,而且真有这一天");
        }
        time
    }
}

/// The pointer to `key` in what `place` points to.
fn at(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What the host would not show to anyone: control characters, and those that hide text or turn its direction.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DEFAULTS, parse};

    fn pointers(settings: &str) -> Vec<String> {
        check(settings).err().unwrap_or_default().into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn the_defaults_suit_and_parse() {
        assert_eq!(check(DEFAULTS), Ok(()));
        assert!(parse(DEFAULTS).is_ok());
    }

    #[test]
    fn nothing_that_is_no_object_passes() {
        for text in ["", "{", "[]", "null", "7"] {
            assert_eq!(pointers(text), [""], "{text}");
        }
        assert_eq!(pointers(r#"{"prices":[null]}"#), ["/prices/0"]);
        assert_eq!(pointers(r#"{"prices":null,"tiers":null,"sales":{}}"#), ["/prices", "/tiers", "/sales"]);
    }
}
