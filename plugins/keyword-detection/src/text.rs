//! A copy of a text for matching: full-width ASCII narrowed, ASCII in lower case, zero-width characters out; it
//! knows where each character came from, so that spans are of the text as it was typed.

/// The copy.
pub(crate) struct Matchable {
    chars: Vec<char>,
    origins: Vec<u32>,
    masked: Vec<bool>,
    /// Which characters there are, by their lowest eight bits: most keywords are dismissed by a look at it.
    present: [u64; 4],
}

/// Where a keyword stands in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) at: usize,
    pub(crate) len: usize,
}

/// Adverbs of degree, and what else may stand between a negation and what it negates.
const DEGREES: [&[char]; 9] =
    [&['很'], &['太'], &['够'], &['大'], &['算'], &['怎', '么'], &['那', '么'], &['特', '别'], &['非', '常']];

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
            present: [0; 4],
        };
        for (origin, c) in (0..).zip(text.chars()) {
            if let Some(c) = fold(c) {
                let (word, bit) = place(c);
                copy.present[word] |= bit;
                copy.chars.push(c);
                copy.origins.push(origin);
            }
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
        let first = keyword.chars().find_map(fold)?;
        let (word, bit) = place(first);
        if self.present[word] & bit == 0 {
            return None;
        }
        (from..self.chars.len())
            .filter(|&at| self.chars[at] == first)
            .find_map(|at| self.stands_at(keyword, at))
    }

    /// The keyword right here, none of it masked.
    fn stands_at(&self, keyword: &str, at: usize) -> Option<Hit> {
        let mut len = 0;
        for c in keyword.chars().filter_map(fold) {
            if self.chars.get(at + len) != Some(&c) || self.masked[at + len] {
                return None;
            }
            len += 1;
        }
        (len > 0).then_some(Hit { at, len })
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

    /// The word of these that ends right before the hit.
    pub(crate) fn preceded_by<'w>(
        &self,
        hit: Hit,
        mut words: impl Iterator<Item = &'w str>,
    ) -> Option<&'w str> {
        words.find(|word| {
            let len = word.chars().filter_map(fold).count();
            hit.at.checked_sub(len).is_some_and(|at| self.stands_at(word, at) == Some(Hit { at, len }))
        })
    }

    /// The 不, 没 or 未 that says the opposite of the hit, with or without an adverb of degree between: 不太满意,
    /// 不是很好, 没有特别满意.
    pub(crate) fn negation(&self, hit: Hit) -> Option<Hit> {
        let mut before = &self.chars[..hit.at];
        while let Some(shorter) = DEGREES.iter().find_map(|degree| before.strip_suffix(*degree)) {
            before = shorter;
        }
        let before = before.strip_suffix(&['是']).or(before.strip_suffix(&['有'])).unwrap_or(before);
        let at = before.len().checked_sub(1)?;
        (matches!(before[at], '不' | '没' | '未') && !self.masked[at]).then_some(Hit { at, len: 1 })
    }

    /// The hit in the text as it was typed, as a half-open range of Unicode scalar values.
    pub(crate) fn span(&self, hit: Hit) -> (u32, u32) {
        (self.origins[hit.at], self.origins[hit.at + hit.len - 1] + 1)
    }
}

/// A character's place in [`Matchable::present`].
fn place(c: char) -> (usize, u64) {
    let low = c as u32 & 0xff;
    ((low >> 6) as usize, 1 << (low & 63))
}

fn is_break(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(c, '，' | '。' | '！' | '？' | '；' | '、' | '…' | '~' | '～')
}
