//! Everything that can be wrong with a price list, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::{Map, Value};

use crate::clock::{Day, TimeOfDay};
use crate::settings::parse;
use crate::wording::PRICE;

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
                hint(checker, row);
            },
        );
    });
    checker.field(settings, "otherwise", |checker, value| {
        let Some(row) = checker.object(value, &["low", "high", "hint"]) else { return };
        range(checker, row);
        hint(checker, row);
    });
    checker.field(settings, "operations", |checker, value| {
        keyed(checker, value, 0..=50, &["operation", "label", "low", "high"], "operation", |checker, row| {
            checker.field(row, "operation", |checker, value| {
                if value.as_str().is_some_and(|name| !name.bytes().all(in_name)) {
                    checker.problem("操作代号只能用小写字母、数字、_ 和 -,例如 remove_bg");
                }
            });
            range(checker, row);
            checker.field(row, "label", |checker, value| {
                checker.text(value, 40);
            });
        });
    });
    checker.field(settings, "several", |checker, value| {
        checker.list(value, 0..=20, |checker, value| {
            let Some(step) = checker.object(value, &["from", "percent"]) else { return };
            integer(checker, step, "from", 2, 1000);
            discount(checker, step);
        });
        repeated(checker, value, "from");
        steps(checker, value);
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

/// What an operation's name is made of.
fn in_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
}

/// The shop's own words must say the amount that is quoted, and no other: one written down would be wrong with the next
/// change of the price, and with every surcharge and discount.
fn hint(checker: &mut Checker, row: &Map<String, Value>) {
    checker.field(row, "hint", |checker, value| {
        let Some(text) = checker.text(value, 100) else { return };
        if !text.contains(PRICE) {
            return checker.problem("要用 {price} 代表报出的金额,例如「{price},这张比较简单」");
        }
        let rest = text.replace(PRICE, " ");
        if rest.contains(['{', '}']) {
            checker.problem("花括号里只能写 {price}");
        } else if amount(&rest) {
            checker.problem("金额不要写死,用 {price} 代替,改价后才不会说错");
        }
    });
}

/// Whether a number of yuan is written out.
fn amount(text: &str) -> bool {
    let digit = |c: char| c.is_numeric() || "一二两三四五六七八九十百千万半".contains(c);
    // 一块 by itself means together.
    let after = ["元", "圆", "块钱", "¥", "￥"];
    let before = ["¥", "￥", "$"];
    let ends = |part: &str| part.trim_end().ends_with(digit);
    after.iter().any(|unit| text.match_indices(unit).any(|(at, _)| ends(&text[..at])))
        || text.match_indices('块').any(|(at, _)| text[..at].trim_end().ends_with(char::is_numeric))
        || before.iter().any(|unit| {
            text.match_indices(unit).any(|(at, _)| text[at + unit.len()..].trim_start().starts_with(digit))
        })
}

/// More pictures get the larger discount, and one picture more is never cheaper than one fewer.
fn steps(checker: &mut Checker, value: &Value) {
    let number = |row: &Value, key, bounds: std::ops::RangeInclusive<i64>| {
        row.get(key).and_then(Value::as_i64).filter(|n| bounds.contains(n))
    };
    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default().iter().take(20).enumerate();
    let mut steps: Vec<_> = rows
        .filter_map(|(index, row)| {
            Some((number(row, "from", 2..=1000)?, number(row, "percent", 1..=90)?, index))
        })
        .collect();
    steps.sort_unstable();
    let mut before = 0;
    for (from, percent, index) in steps {
        let wrong = if percent <= before {
            Some("张数多的一档,优惠要比张数少的大".to_owned())
        } else if from * (100 - percent) < (from - 1) * (100 - before) {
            Some(format!("优惠太大:{from} 张反而比 {} 张便宜,客户会多凑一张", from - 1))
        } else {
            None
        };
        if let Some(message) = wrong {
            checker.index(index, |checker| checker.key("percent", |checker| checker.problem(message)));
        }
        before = percent;
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

fn window(checker: &mut Checker, value: &Value) {
    let known = ["label", "days", "first_day", "last_day", "from", "to", "percent"];
    let Some(window) = checker.object(value, &known) else { return };
    checker.required(window, "label", |checker, value| {
        checker.text(value, 40);
    });
    checker.field(window, "days", |checker, value| {
        let mut seen = Vec::new();
        checker.list(value, 1..=7, |checker, value| {
            let Some(day) = checker.integer(value, 1..=7, "(1 是星期一,7 是星期日)") else { return };
            if seen.contains(&day) {
                checker.problem("和前面的一项重复了");
            }
            seen.push(day);
        });
    });
    let first = read(checker, window, "first_day", Day::read, "日期要写成 2026-11-11 这样,而且要有这一天");
    let last = read(checker, window, "last_day", Day::read, "日期要写成 2026-11-11 这样,而且要有这一天");
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        checker.key("last_day", |checker| checker.problem("最后一天不能早于第一天"));
    }
    let begins = |text: &str| TimeOfDay::read(text).filter(|time| *time < TimeOfDay::END);
    let from = read(checker, window, "from", begins, "时间要写成 09:30 这样,从 00:00 到 23:59");
    let to = read(checker, window, "to", TimeOfDay::read, "时间要写成 09:30 这样,从 00:00 到 24:00");
    if to.is_some_and(|to| to == from.unwrap_or(TimeOfDay::BEGIN)) {
        checker.key("to", |checker| checker.problem("开始和结束不能是同一时刻;全天就两项都不填"));
    }
    integer(checker, window, "percent", -90, 300);
}

/// A text that may be left out, and stands for something.
fn read<T>(
    checker: &mut Checker,
    row: &Map<String, Value>,
    key: &str,
    reader: impl Fn(&str) -> Option<T>,
    otherwise: &str,
) -> Option<T> {
    let mut found = None;
    checker.field(row, key, |checker, value| {
        found = value.as_str().and_then(reader);
        if found.is_none() {
            checker.problem(otherwise);
        }
    });
    found
}

#[cfg(test)]
mod tests;
