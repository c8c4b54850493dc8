//! The size asked for, read from a prompt or a note: "295*413", "一寸", "35×45mm", "放大2倍".

use super::notes::starts_with;

/// A size that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    /// Exactly this many pixels.
    Exact {
        /// Across.
        width: u32,
        /// Down.
        height: u32,
    },
    /// So many times the original.
    Times(f64),
    /// The largest part with these proportions, width by height.
    Ratio(f64),
}

/// Print sizes by name at 300 dots per inch, as photo studios deliver them.
const NAMED: [(&str, u32, u32); 12] = [
    ("小一寸", 260, 378),
    ("大一寸", 390, 567),
    ("小二寸", 413, 531),
    ("小两寸", 413, 531),
    ("一寸", 295, 413),
    ("1寸", 295, 413),
    ("小1寸", 260, 378),
    ("大1寸", 390, 567),
    ("二寸", 413, 579),
    ("两寸", 413, 579),
    ("2寸", 413, 579),
    ("小2寸", 413, 531),
];

const DOTS_PER_MM: f64 = 300.0 / 25.4;

/// Lower case, half-width, one sign for "by" and for each pause: what the readers of notes work on.
pub(super) fn normalised(text: &str) -> Vec<char> {
    // Nobody writes a wish this long; a hostile note does not get to cost more.
    text.chars()
        .take(8_000)
        .flat_map(|c| {
            match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
                '×' | '✕' | '✖' | '╳' | '乘' => '*',
                '\u{3000}' => ' ',
                '’' => '\'',
                '吋' => '寸',
                _ => c,
            }
            .to_lowercase()
        })
        .collect()
}

/// The last size in a text; one in pixels counts before a mere "twice as large".
pub(super) fn read(text: &str) -> Option<Wanted> {
    let text = normalised(text);
    let mut exact = None;
    let mut times = None;
    let mut at = 0;
    while at < text.len() {
        if let Some((length, size)) = exact_at(&text, at) {
            exact = Some(size);
            at += length;
        } else if let Some((length, factor)) = times_at(&text, at) {
            times = Some(Wanted::Times(factor));
            at += length;
        } else {
            // A number is read whole or not at all: 1295*413 is not 295*413.
            at += digits(&text[at..]).max(1);
        }
    }
    exact.or(times)
}

/// Proportions such as `3:4`, unless the picture has them already.
pub(super) fn ratio(text: &str, (width, height): (u32, u32)) -> Option<Wanted> {
    let (across, down) = text.trim().split_once([':', '：', '/'])?;
    let (across, down): (f64, f64) = (across.trim().parse().ok()?, down.trim().parse().ok()?);
    let ratio = across / down;
    let sane = ratio.is_finite() && (0.05..=20.0).contains(&ratio);
    let current = f64::from(width) / f64::from(height.max(1));
    (sane && (ratio / current - 1.0).abs() > 0.01).then_some(Wanted::Ratio(ratio))
}

fn digits(text: &[char]) -> usize {
    text.iter().take_while(|c| c.is_ascii_digit() || **c == '.').count()
}

/// A decimal number and how many characters it takes.
fn number(text: &[char]) -> Option<(usize, f64)> {
    let length = digits(text);
    let digits: String = text.iter().take(length).collect();
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // A full stop at the end is the sentence's.
    digits.trim_end_matches('.').parse().ok().filter(|n: &f64| n.is_finite()).map(|n| (length, n))
}

fn spaces(text: &[char]) -> usize {
    text.iter().take_while(|c| **c == ' ').count()
}

/// What a unit is worth in dots, and how many characters it takes; without a unit, pixels.
fn unit(text: &[char]) -> (usize, f64) {
    let skipped = spaces(text);
    let units = [
        ("mm", DOTS_PER_MM),
        ("毫米", DOTS_PER_MM),
        ("cm", DOTS_PER_MM * 10.0),
        ("厘米", DOTS_PER_MM * 10.0),
    ];
    let found = units.iter().find(|(name, _)| starts_with(&text[skipped..], name));
    found.map_or((0, 1.0), |(name, dots)| (skipped + name.chars().count(), *dots))
}

fn exact_at(text: &[char], at: usize) -> Option<(usize, Wanted)> {
    let rest = &text[at..];
    let after_digit = at > 0 && text[at - 1].is_ascii_digit();
    let named = NAMED.iter().filter(|(name, ..)| starts_with(rest, name)).max_by_key(|(name, ..)| name.len());
    if let Some((name, width, height)) = named
        && !after_digit
    {
        return Some((name.chars().count(), Wanted::Exact { width: *width, height: *height }));
    }
    let (mut length, width) = number(rest)?;
    let (unit_length, mut dots_across) = unit(&rest[length..]);
    length += unit_length + spaces(&rest[length + unit_length..]);
    if !matches!(rest.get(length), Some('*' | 'x')) {
        return None;
    }
    length += 1;
    length += spaces(&rest[length..]);
    let (height_length, height) = number(&rest[length..])?;
    length += height_length;
    let (unit_length, dots_down) = unit(&rest[length..]);
    length += unit_length;
    if dots_across == 1.0 {
        dots_across = dots_down;
    }
    let dots = |value: f64| (value > 0.0 && value < 1e6).then_some(value.round() as u32);
    let (width, height) = (dots(width * dots_across)?, dots(height * dots_down)?);
    Some((length, Wanted::Exact { width, height }))
}

fn times_at(text: &[char], at: usize) -> Option<(usize, f64)> {
    const PHRASES: [(&str, f64); 10] = [
        ("缩小一半", 0.5),
        ("缩小到一半", 0.5),
        ("缩小为一半", 0.5),
        ("缩小一倍", 0.5),
        ("缩小两倍", 0.5),
        ("放大一倍", 2.0),
        ("放大两倍", 2.0),
        ("放大到两倍", 2.0),
        ("放大三倍", 3.0),
        ("放大四倍", 4.0),
    ];
    let rest = &text[at..];
    if let Some((phrase, factor)) = PHRASES.iter().find(|(phrase, _)| starts_with(rest, phrase)) {
        return Some((phrase.chars().count(), *factor));
    }
    let shrink = starts_with(rest, "缩小");
    let lead =
        ["放大到", "放大", "缩小到", "缩小", "*", "x"].into_iter().find(|lead| starts_with(rest, lead));
    // The x of "max2" or of "295x2" is not a factor's.
    let glued = at > 0 && (text[at - 1].is_ascii_alphanumeric());
    let lead_length = lead.map_or(0, |lead| lead.chars().count());
    let (digits, value) = number(&rest[lead_length..])?;
    let mut length = lead_length + digits;
    let tail = ["倍", "x"].into_iter().find(|tail| starts_with(&rest[length..], tail));
    length += usize::from(tail.is_some());
    let letter_follows = rest.get(length).is_some_and(char::is_ascii_alphanumeric);
    if !(0.05..=20.0).contains(&value) || glued || letter_follows {
        return None;
    }
    match (lead, tail) {
        (Some("放大" | "放大到"), _) | (_, Some("倍")) | (None, Some("x")) | (Some("*" | "x"), None) => {
            Some((length, if shrink && value > 1.0 { 1.0 / value } else { value }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(width: u32, height: u32) -> Option<Wanted> {
        Some(Wanted::Exact { width, height })
    }

    #[test]
    fn sizes_are_read_as_customers_write_them() {
        for text in [
            "295*413",
            "改成 295x413 像素",
            "295×413",
            "295 X 413",
            "２９５＊４１３",
            "尺寸295乘413。",
            "一寸",
            "标准1寸照",
        ] {
            assert_eq!(read(text), exact(295, 413), "{text}");
        }
        assert_eq!(read("小一寸"), exact(260, 378));
        assert_eq!(read("大一寸证件照"), exact(390, 567));
        assert_eq!(read("二寸"), exact(413, 579));
        assert_eq!(read("要小二寸的"), exact(413, 531));
        assert_eq!(read("35mm*45mm"), exact(413, 531));
        assert_eq!(read("3.5x4.5cm"), exact(413, 531));
    }

    #[test]
    fn factors_are_read() {
        for text in ["放大2倍", "×2", "x2", "2倍", "放大一倍", "放大到2倍", "upscale 2x"] {
            assert_eq!(read(text), Some(Wanted::Times(2.0)), "{text}");
        }
        assert_eq!(read("缩小一半"), Some(Wanted::Times(0.5)));
        assert_eq!(read("缩小2倍"), Some(Wanted::Times(0.5)));
        assert_eq!(read("放大1.5倍"), Some(Wanted::Times(1.5)));
    }

    #[test]
    fn the_last_size_counts_and_pixels_before_factors() {
        assert_eq!(read("原来是 3000x4000,改成 295*413"), exact(295, 413));
        assert_eq!(read("放大2倍到 1200*800,清晰2倍"), exact(1200, 800));
    }

    #[test]
    fn no_size_where_there_is_none() {
        for text in [
            "",
            "清晰一点",
            "第2张",
            "共 3 张照片",
            "max2",
            "12寸",
            "99999999*5",
            "0*0",
            "1.2.3x4",
            "x",
            "3*",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn proportions_count_only_where_they_change_something() {
        assert_eq!(ratio("3:4", (400, 400)), Some(Wanted::Ratio(0.75)));
        assert_eq!(ratio("3:4", (300, 400)), None);
        for text in ["", "original", "0:0", "1:0", "-3:4", "1:1000", "a:b"] {
            assert_eq!(ratio(text, (400, 300)), None, "{text}");
        }
    }
}
