//! Amounts and rows of the bill as a shop would write them.

use std::fmt::Write as _;

/// Such as `25-35元`, `20元` or `12.5-15元`.
pub(crate) fn hint(low: i64, high: i64) -> String {
    let mut text = String::with_capacity(24);
    yuan(&mut text, low);
    if high != low {
        text.push('-');
        yuan(&mut text, high);
    }
    text.push('元');
    text
}

/// Fen as yuan without idle zeros.
fn yuan(text: &mut String, fen: i64) {
    // Writing to a String can't fail.
    let _ = match (fen / 100, fen % 100) {
        (whole, 0) => write!(text, "{whole}"),
        (whole, cents) if cents % 10 == 0 => write!(text, "{whole}.{}", cents / 10),
        (whole, cents) => write!(text, "{whole}.{cents:02}"),
    };
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
            let _ = write!(text, "第{}张", index + 1);
        }
        None => text.push_str(alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints() {
        assert_eq!(hint(2500, 3500), "25-35元");
        assert_eq!(hint(2000, 2000), "20元");
        assert_eq!(hint(1250, 1505), "12.5-15.05元");
        assert_eq!(hint(0, 5), "0-0.05元");
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
