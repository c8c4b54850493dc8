//! A copy of a text for matching: full-width ASCII narrowed, ASCII in lower case, zero-width characters out; it
//! knows where each character came from, so that spans are of the text as it was typed.

/// The copy.
pub(crate) struct Matchable {
    chars: Vec<char>,
    origins: Vec<u32>,
    masked: Vec<bool>,
}

/// Where a keyword stands in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) at: usize,
    pub(crate) len: usize,
}

pub(crate) fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' => return None,
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            // The full-width forms stand in the order of ASCII.
            let narrow = char::from_u32(c as u32 - 0xfee0).unwrap_or(c);
            narrow.to_ascii_lowercase()
        }
        c => c.to_ascii_lowercase(),
    })
}

impl Matchable {
    pub(crate) fn new(text: &str) -> Self {
        let mut copy = Self {
            chars: Vec::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len()),
            masked: Vec::new(),
        };
        let mut origin = 0;
        for c in text.chars() {
            if let Some(c) = fold(c) {
                copy.chars.push(c);
                copy.origins.push(origin);
            }
            origin += 1;
        }
        copy.masked.resize(copy.chars.len(), false);
        copy
    }

    /// Takes every place of this word out of matching.
    pub(crate) fn mask(&mut self, word: &str) {
        let mut from = 0;
        while let Some(hit) = self.find_plain(word, from) {
            self.masked[hit.at..hit.at + hit.len].fill(true);
            from = hit.at + hit.len;
        }
    }

    /// The first place of a keyword from `from` on.
    pub(crate) fn find(&self, keyword: &str, from: usize) -> Option<Hit> {
        let mut from = from;
        loop {
            let hit = self.find_plain(keyword, from)?;
            if self.stands_alone(hit) {
                return Some(hit);
            }
            from = hit.at + 1;
        }
    }

    fn find_plain(&self, keyword: &str, from: usize) -> Option<Hit> {
        let mut wanted = keyword.chars().filter_map(fold);
        let first = wanted.next()?;
        (from..self.chars.len()).find_map(|at| {
            if self.chars[at] != first || self.masked[at] {
                return None;
            }
            let mut len = 1;
            for c in wanted.clone() {
                if self.chars.get(at + len) != Some(&c) || self.masked[at + len] {
                    return None;
                }
                len += 1;
            }
            Some(Hit { at, len })
        })
    }

    /// A Latin word counts only between other characters; a single Chinese character only as a clause of its own
    /// (good as 行, not in 进行).
    fn stands_alone(&self, hit: Hit) -> bool {
        let before = hit.at.checked_sub(1).map(|at| self.chars[at]);
        let after = self.chars.get(hit.at + hit.len).copied();
        let word = self.chars[hit.at];
        if word.is_ascii_alphanumeric() {
            return !before.is_some_and(|c| c.is_ascii_alphanumeric())
                && !after.is_some_and(|c| c.is_ascii_alphanumeric());
        }
        if hit.len > 1 || is_break(word) || matches!(word, '吗') {
            return true;
        }
        let alone =
            |c: char| is_break(c) || c == word || matches!(c, '的' | '了' | '吧' | '呀' | '啊' | '哦' | '呢');
        before.is_none_or(|c| is_break(c) || c == word) && after.is_none_or(alone)
    }

    /// Whether one of these words ends right before the hit.
    pub(crate) fn preceded_by<'w>(&self, hit: Hit, mut words: impl Iterator<Item = &'w str>) -> bool {
        words.any(|word| {
            let len = word.chars().filter_map(fold).count();
            hit.at.checked_sub(len).is_some_and(|at| self.find_plain(word, at) == Some(Hit { at, len }))
        })
    }

    /// The hit in the text as it was typed, as a half-open range of Unicode scalar values.
    pub(crate) fn span(&self, hit: Hit) -> (u32, u32) {
        (self.origins[hit.at], self.origins[hit.at + hit.len - 1] + 1)
    }
}

fn is_break(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(c, '，' | '。' | '！' | '？' | '；' | '、' | '…' | '~' | '～')
}
