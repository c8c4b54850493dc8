//! Amounts and rows of the bill as a shop would write them.

/// What stands for the amount in a shop's own words.
pub(crate) const PRICE: &str = "{price}";

/// The shop's own words with the amount in them, or the amount alone: `25-35元`, `20元`, `12.5-15元`. Words that don't say
/// the amount are not said: they may name another.
pub(crate) fn hint(own: Option<&str>, low: i64, high: i64) -> String {
    let mut rest = own.unwrap_or_default();
    let mut text = String::with_capacity(rest.len() + 24);
    let mut said = false;
    // One character is found more quickly than a word.
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.strip_prefix(&PRICE[1..]) {
            Some(behind) => {
                amount(&mut text, low, high);
                said = true;
                rest = behind;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    if said {
        text.push_str(rest);
    } else {
        text.clear();
        amount(&mut text, low, high);
    }
    text
}

fn amount(text: &mut String, low: i64, high: i64) {
    yuan(text, low);
    if high != low {
        text.push('-');
        yuan(text, high);
    }
    text.push('元');
}

/// Fen as yuan without idle zeros.
fn yuan(text: &mut String, fen: i64) {
    if fen < 0 {
        text.push('-');
    }
    let (whole, cents) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    number(text, whole);
    if cents > 0 {
        text.push('.');
        number(text, cents / 10);
        if cents % 10 > 0 {
            number(text, cents % 10);
        }
    }
}

/// Digit by digit: the standard library's formatting is most of what a call would cost.
fn number(text: &mut String, value: u64) {
    if value >= 10 {
        number(text, value / 10);
    }
    text.push(char::from(b'0' + (value % 10) as u8));
}

/// The row of a picture: `图片(简单)`, or `第2张(简单)` where there are several.
pub(crate) fn picture(position: Option<usize>, complexity: &str) -> String {
    let mut text = String::with_capacity(32);
    place(&mut text, position, "图片");
    let word = match complexity {
        "simple" => "简单",
        "normal" => "普通",
        "complex" => "复杂",
        "hard" => "困难",
        other => other,
    };
    if !word.is_empty() {
        text.push('(');
        text.push_str(&named(word));
        text.push(')');
    }
    text
}

/// A word from outside: as much of it as can be shown.
pub(crate) fn named(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ')).take(20).collect()
}

/// The one row of a bill with too many pictures for a row each.
pub(crate) fn together(count: usize) -> String {
    format!("共{count}张")
}

/// The row of a surcharge: `抠图换底`, or `第2张 抠图换底` where there are several pictures.
pub(crate) fn surcharge(position: Option<usize>, label: Option<&str>, operation: &str) -> String {
    let mut text = String::with_capacity(32);
    place(&mut text, position, "");
    if position.is_some() {
        text.push(' ');
    }
    text.push_str(label.unwrap_or(match operation {
        "enhance" => "变清晰",
        "remove_bg" => "抠图换底",
        "resize" => "改尺寸",
        "fix_old_photo" => "老照片修复",
        "layered" => "分层文件",
        other => other,
    }));
    text
}

fn place(text: &mut String, position: Option<usize>, alone: &str) {
    match position {
        Some(index) => {
            text.push('第');
            number(text, index as u64 + 1);
            text.push('张');
        }
        None => text.push_str(alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints() {
        for (low, high, said) in [
            (2500, 3500, "25-35元"),
            (2000, 2000, "20元"),
            (1250, 1505, "12.5-15.05元"),
            (0, 5, "0-0.05元"),
            (i64::MAX, i64::MAX, "92233720368547758.07元"),
            (-110, 100, "-1.1-1元"),
        ] {
            assert_eq!(hint(None, low, high), said);
        }
        assert_eq!(hint(Some("{price},含加急;共{price}"), 500, 500), "5元,含加急;共5元");
        for silent in ["15-20元", "{price", "{low}元", ""] {
            assert_eq!(hint(Some(silent), 500, 500), "5元", "{silent}");
        }
    }

    #[test]
    fn rows() {
        assert_eq!(picture(None, "simple"), "图片(简单)");
        assert_eq!(picture(Some(1), "重绘"), "第2张(重绘)");
        assert_eq!(picture(None, ""), "图片");
        assert_eq!(picture(None, "a\u{202e}b|c\n"), "图片(abc)");
        assert_eq!(surcharge(None, None, "remove_bg"), "抠图换底");
        assert_eq!(surcharge(Some(0), Some("加急"), "x"), "第1张 加急");
    }
}
