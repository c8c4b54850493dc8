//! Everything that can be wrong with a price list, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::{Map, Value};

use crate::clock::TimeOfDay;
use crate::settings::parse;

/// One million yuan: more than any retouched picture, little enough that sums stay exact.
const MOST: i64 = 100_000_000;

const SECTIONS: [&str; 9] =
    ["table", "otherwise", "operations", "several", "returning", "tags", "times", "minimum", "rounding"];

/// Finds every problem.
///
/// # Errors
/// The problems, each with a pointer into the settings.
pub fn check(settings: &str) -> Result<(), Vec<Problem>> {
    Checker::run(settings, walk, |text| parse(text).map(drop))
}

fn walk(checker: &mut Checker, value: &Value) {
    let Some(settings) = checker.object(value, &SECTIONS) else { return };
    checker.required(settings, "table", |checker, value| {
        keyed(
            checker,
            value,
            1..=50,
            &["complexity", "low", "high", "hint"],
            "complexity",
            |checker, row| {
                range(checker, row);
                label(checker, row, "hint", 100);
            },
        );
    });
    checker.field(settings, "otherwise", |checker, value| {
        let Some(row) = checker.object(value, &["low", "high", "hint"]) else { return };
        range(checker, row);
        label(checker, row, "hint", 100);
    });
    checker.field(settings, "operations", |checker, value| {
        keyed(checker, value, 0..=50, &["operation", "label", "low", "high"], "operation", |checker, row| {
            range(checker, row);
            label(checker, row, "label", 40);
        });
    });
    checker.field(settings, "several", |checker, value| {
        checker.list(value, 0..=20, |checker, value| {
            let Some(step) = checker.object(value, &["from", "percent"]) else { return };
            integer(checker, step, "from", 2, 1000);
            discount(checker, step);
        });
        repeated(checker, value, "from");
    });
    checker.field(settings, "returning", |checker, value| {
        let Some(returning) = checker.object(value, &["orders", "percent"]) else { return };
        integer(checker, returning, "orders", 1, 10_000);
        discount(checker, returning);
    });
    checker.field(settings, "tags", |checker, value| {
        keyed(checker, value, 0..=50, &["tag", "percent"], "tag", discount);
    });
    checker.field(settings, "times", |checker, value| checker.list(value, 0..=20, window));
    checker.field(settings, "minimum", |checker, value| {
        checker.integer(value, 0..=MOST, "(分)");
    });
    checker.field(settings, "rounding", |checker, value| {
        let Some(rounding) = checker.object(value, &["to", "mode"]) else { return };
        integer(checker, rounding, "to", 1, 100_000);
        checker.field(rounding, "mode", |checker, value| {
            if !matches!(value.as_str(), Some("nearest" | "up" | "down")) {
                checker.problem("只能填 nearest(四舍五入)、up(向上)或 down(向下)");
            }
        });
    });
}

/// A list of objects told apart by one of their texts.
fn keyed(
    checker: &mut Checker,
    value: &Value,
    length: std::ops::RangeInclusive<usize>,
    known: &[&str],
    key: &str,
    rest: impl Fn(&mut Checker, &Map<String, Value>),
) {
    checker.list(value, length, |checker, value| {
        let Some(row) = checker.object(value, known) else { return };
        checker.required(row, key, |checker, value| {
            checker.text(value, 40);
        });
        rest(checker, row);
    });
    repeated(checker, value, key);
}

/// Two rows for one thing: the second would never be looked at.
fn repeated(checker: &mut Checker, value: &Value, key: &str) {
    let Some(rows) = value.as_array() else { return };
    // Lists are short (their lengths are checked): comparing each with those before it is cheap enough.
    for (index, row) in rows.iter().enumerate().take(50) {
        let Some(name) = row.get(key) else { continue };
        if rows[..index].iter().any(|earlier| earlier.get(key) == Some(name)) {
            checker.index(index, |checker| checker.key(key, |checker| checker.problem("和前面的一项重复了")));
        }
    }
}

fn range(checker: &mut Checker, row: &Map<String, Value>) {
    let low = integer(checker, row, "low", 0, MOST);
    let high = integer(checker, row, "high", 0, MOST);
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        checker.key("high", |checker| checker.problem("最高价不能低于最低价"));
    }
}

fn discount(checker: &mut Checker, row: &Map<String, Value>) {
    integer(checker, row, "percent", 1, 90);
}

fn integer(checker: &mut Checker, row: &Map<String, Value>, key: &str, least: i64, most: i64) -> Option<i64> {
    let unit = if most == MOST { "(分)" } else { "" };
    let mut found = None;
    checker.required(row, key, |checker, value| found = checker.integer(value, least..=most, unit));
    found
}

fn label(checker: &mut Checker, row: &Map<String, Value>, key: &str, longest: usize) {
    checker.field(row, key, |checker, value| {
        checker.text(value, longest);
    });
}

fn window(checker: &mut Checker, value: &Value) {
    let Some(window) = checker.object(value, &["label", "days", "from", "to", "percent"]) else { return };
    checker.required(window, "label", |checker, value| {
        checker.text(value, 40);
    });
    checker.field(window, "days", |checker, value| {
        checker.list(value, 1..=7, |checker, value| {
            checker.integer(value, 1..=7, "(1 是星期一,7 是星期日)");
        });
    });
    let mut times = [None, None];
    for (slot, key) in times.iter_mut().zip(["from", "to"]) {
        checker.required(window, key, |checker, value| {
            *slot = value.as_str().and_then(TimeOfDay::read);
            if slot.is_none() {
                checker.problem("时间要写成 09:30 这样,从 00:00 到 23:59");
            }
        });
    }
    if let [Some(from), Some(to)] = times
        && from == to
    {
        checker.key("to", |checker| checker.problem("开始和结束不能是同一时刻"));
    }
    integer(checker, window, "percent", -90, 300);
}

#[cfg(test)]
mod tests;
