//! A copy of a text for matching that knows where each character came from, so that spans are of the text as typed.
//!
//! Compatibility forms are narrowed, ASCII is in lower case, zero-width characters and spaces between single characters
//! are out, traditional characters are simplified. Nothing but matching ever sees it.

use crate::script;

/// The copy.
pub(crate) struct Matchable {
    pub(crate) chars: Vec<char>,
    origins: Vec<u32>,
    /// Where the characters with these lowest eight bits stand: the first, and for each place the next. Most words of
    /// the tables are dismissed by a look at it, and no word is compared where it can't be.
    first: [u32; 256],
    next: Vec<u32>,
}

/// No place.
const NOWHERE: u32 = u32::MAX;
/// How many characters a gap in a keyword stands for at most.
const GAP: usize = 6;
/// Stands for a gap in a keyword.
pub(crate) const ELLIPSIS: char = '…';

/// Stands for a whole number in a keyword.
pub(crate) const NUMBER: char = '#';
/// Its digits at most.
const LONGEST_NUMBER: usize = 6;

/// What a character is matched as; none for what can't be seen.
pub(crate) fn fold(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    Some(match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{180e}' => return None,
        // Variation selectors and skin tones: 👎🏿 is 👎.
        '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => return None,
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff61}' => '。',
        // The full-width forms stand in the order of ASCII; so do the circled letters.
        '\u{ff01}'..='\u{ff5e}' => shifted(c, 0xff01, '!').to_ascii_lowercase(),
        '\u{24b6}'..='\u{24cf}' => shifted(c, 0x24b6, 'a'),
        '\u{24d0}'..='\u{24e9}' => shifted(c, 0x24d0, 'a'),
        '\u{2e80}'.. => script::simplified(c),
        c => c,
    })
}

fn shifted(c: char, from: u32, to: char) -> char {
    char::from_u32(c as u32 - from + to as u32).unwrap_or(c)
}

/// Whether a text is matched as it stands.
pub(crate) fn is_folded(text: &str) -> bool {
    text.chars().all(|c| fold(c) == Some(c))
}

impl Matchable {
    pub(crate) fn new(text: &str) -> Self {
        let mut chars = Vec::with_capacity(text.len() / 2);
        let mut origins = Vec::with_capacity(text.len() / 2);
        for (origin, c) in (0..).zip(text.chars()) {
            if let Some(c) = fold(c) {
                chars.push(c);
                origins.push(origin);
            }
        }
        let mut copy = Self { chars, origins, first: [NOWHERE; 256], next: Vec::new() };
        copy.blank_links();
        copy.close_up();
        copy.next.resize(copy.chars.len(), NOWHERE);
        for at in (0..copy.chars.len()).rev() {
            let low = low(copy.chars[at]);
            let place = u32::try_from(at).unwrap_or(NOWHERE);
            copy.next[at] = std::mem::replace(&mut copy.first[low], place);
        }
        copy
    }

    /// Blanks what belongs to a link: no word of it was chosen by the customer.
    fn blank_links(&mut self) {
        let graphic = |c: &char| c.is_ascii_graphic();
        let mut at = 0;
        while at + 3 <= self.chars.len() {
            if self.chars[at..at + 3] != [':', '/', '/'] {
                at += 1;
                continue;
            }
            let start = at - self.chars[..at].iter().rev().take_while(|c| c.is_ascii_alphanumeric()).count();
            let end = at + self.chars[at..].iter().take_while(|c| graphic(c)).count();
            self.chars[start..end].fill(' ');
            at = end;
        }
    }

    /// Takes out the spaces of 不 满 意: those with a single Chinese character on either side.
    fn close_up(&mut self) {
        if !self.chars.contains(&' ') {
            return;
        }
        let chars = &self.chars;
        let single = |at: usize| {
            let apart = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_none_or(|c| is_break(*c));
            chars.get(at).is_some_and(|c| is_han(*c))
                && (at == 0 || apart(at.checked_sub(1)))
                && apart(Some(at + 1))
        };
        let spaced: Vec<bool> = (0..chars.len())
            .map(|at| chars[at] == ' ' && at > 0 && single(at - 1) && single(at + 1))
            .collect();
        let mut keep = spaced.iter().map(|spaced| !spaced);
        self.chars.retain(|_| keep.next().unwrap_or(true));
        let mut keep = spaced.iter().map(|spaced| !spaced);
        self.origins.retain(|_| keep.next().unwrap_or(true));
    }

    /// By the lowest bits of its first character, whether a word may stand here.
    pub(crate) fn beginnings(&self) -> [bool; 256] {
        let mut may = self.first.map(|place| place != NOWHERE);
        may[NUMBER as usize] = true;
        may
    }

    pub(crate) fn len(&self) -> usize {
        self.chars.len()
    }

    /// Calls `found` for every place of a folded keyword, with where it starts and ends and whether it has a gap. A single
    /// Chinese character counts only as a word of its own unless `anywhere`.
    pub(crate) fn each(&self, keyword: &str, anywhere: bool, mut found: impl FnMut(usize, usize, bool)) {
        let Some(start) = keyword.chars().next() else { return };
        if start == NUMBER {
            return ('0'..='9').for_each(|digit| self.each_from(digit, keyword, anywhere, &mut found));
        }
        self.each_from(start, keyword, anywhere, &mut found);
    }

    fn each_from(
        &self,
        start: char,
        keyword: &str,
        anywhere: bool,
        found: &mut impl FnMut(usize, usize, bool),
    ) {
        let mut place = self.first[low(start)];
        while place != NOWHERE {
            let at = place as usize;
            place = self.next[at];
            if self.chars[at] == start
                && let Some((end, gap)) = self.stands_at(keyword, at)
                && (gap || anywhere || self.stands_alone(at, end))
            {
                found(at, end, gap);
            }
        }
    }

    /// Where a word that stands here ends, and whether it has a gap.
    fn stands_at(&self, word: &str, at: usize) -> Option<(usize, bool)> {
        let mut end = at;
        let mut rest = word.chars();
        while let Some(c) = rest.next() {
            if self.chars.get(end) == Some(&c) {
                end += 1;
            } else if c == NUMBER {
                let digits =
                    self.chars[end..].iter().take(LONGEST_NUMBER + 1).take_while(|c| c.is_ascii_digit());
                match digits.count() {
                    digits @ 1..=LONGEST_NUMBER => end += digits,
                    _ => return None,
                }
            } else if c == ELLIPSIS {
                return self.after_gap(rest.as_str(), end).map(|end| (end, true));
            } else {
                return None;
            }
        }
        Some((end, false))
    }

    /// Where the second half of a keyword ends that stands within a gap's length, in the same clause.
    fn after_gap(&self, tail: &str, from: usize) -> Option<usize> {
        for at in from..=(from + GAP).min(self.chars.len()) {
            if let Some((end, _)) = self.stands_at(tail, at) {
                return Some(end);
            }
            if self.chars.get(at).is_none_or(|c| is_break(*c) && *c != ' ') {
                return None;
            }
        }
        None
    }

    /// A Latin word counts only between other characters; a single Chinese character only as a clause of its own
    /// (good as 行, not in 进行).
    fn stands_alone(&self, start: usize, end: usize) -> bool {
        let before = start.checked_sub(1).map(|at| self.chars[at]);
        let after = self.chars.get(end).copied();
        let (first, last) = (self.chars[start], self.chars[end - 1]);
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if first.is_ascii_alphanumeric() && latin(before) || last.is_ascii_alphanumeric() && latin(after) {
            return false;
        }
        if end - start > 1 || !is_han(first) {
            return true;
        }
        let alone = |c: char| !is_han(c) || c == first || is_particle(c);
        before.is_none_or(|c| !is_han(c) || c == first) && after.is_none_or(alone)
    }

    /// Whether a clause ends here: not between two Latin words.
    pub(crate) fn breaks_at(&self, at: usize) -> bool {
        let latin = |at: Option<usize>| {
            at.and_then(|at| self.chars.get(at)).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '\'')
        };
        is_break(self.chars[at])
            && !(self.chars[at] == ' ' && latin(at.checked_sub(1)) && latin(Some(at + 1)))
    }

    /// A place in the text as it was typed, as a half-open range of Unicode scalar values.
    pub(crate) fn span(&self, start: usize, end: usize) -> (u32, u32) {
        (self.origins[start], self.origins[end - 1] + 1)
    }
}

/// A character's place in [`Matchable::first`].
fn low(c: char) -> usize {
    c as usize & 0xff
}

pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// What may follow a word without changing it.
pub(crate) fn is_particle(c: char) -> bool {
    matches!(
        c,
        '的' | '了'
            | '吧'
            | '呀'
            | '啊'
            | '哦'
            | '喔'
            | '呢'
            | '哈'
            | '啦'
            | '嘞'
            | '呗'
            | '哟'
            | '噢'
            | '额'
            | '耶'
            | '欸'
    )
}

/// What ends a clause.
pub(crate) fn is_break(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | '!' | '?' | ';' | ':' | '~' | '|' | '(' | ')')
        || matches!(c, '，' | '。' | '！' | '？' | '；' | '、' | '…' | '～' | '：' | '｜')
}
