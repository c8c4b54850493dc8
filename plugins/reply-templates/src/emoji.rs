//! Taking emoji out of a text, with the spaces that only held them apart.

/// The text without emoji.
pub(crate) fn without(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = first(rest) {
        plain.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|c| is_emoji(c, true));
        let nothing_before = plain.is_empty() || plain.ends_with([' ', '\n']);
        if nothing_before && rest.starts_with(' ') {
            rest = rest.trim_start_matches(' ');
        } else if rest.is_empty() || rest.starts_with(CLOSING) {
            plain.truncate(plain.trim_end_matches(' ').len());
        }
    }
    plain.push_str(rest);
    plain
}

/// What no space stands before.
const CLOSING: [char; 9] = ['\n', ',', '.', '!', '?', '。', '\u{ff0c}', '\u{ff01}', '\u{ff1f}'];

/// Where the first emoji begins. Most text has no byte that could be one's first: it is not looked at in characters.
fn first(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        from += text.as_bytes()[from..].iter().position(|byte| matches!(byte, 0xe2 | 0xef | 0xf0))?;
        let c = text[from..].chars().next()?;
        if is_emoji(c, false) {
            return Some(from);
        }
        from += c.len_utf8();
    }
}

/// Pictures, dingbats and what joins or varies them; `after` one, what may stand in other texts too.
fn is_emoji(c: char, after: bool) -> bool {
    match c {
        '\u{200d}' => after,
        '\u{20e3}' | '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23fa}' | '\u{fe0f}' => true,
        '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn emoji_go_and_the_words_stay_as_they_were() {
        for (with, plain) in [
            ("好了😊", "好了"),
            ("I'm done! 🎉", "I'm done!"),
            ("One 🎉 two", "One two"),
            ("One 🎉two", "One two"),
            ("🎉 好了", "好了"),
            ("好的 🙏,请稍等", "好的,请稍等"),
            ("一👍🏽二👨‍👩‍👧三❤️四🇨🇳五✍️六", "一二三四五六"),
            ("1️⃣ 看图 ⭐\n2️⃣ 发邮箱", "1 看图\n2 发邮箱"),
            ("《看图》①~①、「好」·…—(¥15)", "《看图》①~①、「好」·…—(¥15)"),
            ("a  b\u{200d}c", "a  b\u{200d}c"),
            ("💐", ""),
            ("", ""),
        ] {
            assert_eq!(without(with), plain, "{with}");
        }
    }
}
