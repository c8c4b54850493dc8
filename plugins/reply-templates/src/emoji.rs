//! Taking emoji out of a text, with the spaces that only held them apart.

/// The text without emoji.
pub(crate) fn without(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut taken = false;
    for c in text.chars() {
        if is_emoji(c, taken) {
            taken = true;
            continue;
        }
        if taken {
            let space_before = plain.is_empty() || plain.ends_with([' ', '\n']);
            if c == ' ' && space_before {
                continue;
            }
            if matches!(c, '\n' | ',' | '.' | '!' | '?' | '。' | '\u{ff0c}' | '\u{ff01}' | '\u{ff1f}') {
                plain.truncate(plain.trim_end_matches(' ').len());
            }
            taken = false;
        }
        plain.push(c);
    }
    if taken {
        plain.truncate(plain.trim_end_matches(' ').len());
    }
    plain
}

/// Pictures, dingbats and what joins or varies them; `after` one, what may stand in other texts too.
fn is_emoji(c: char, after: bool) -> bool {
    match c {
        // Most text is none of these.
        '\0'..='\u{1fff}' | '\u{3040}'..='\u{fe0e}' => false,
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
