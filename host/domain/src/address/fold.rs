//! A folded copy of a text that remembers where each character came from.

use unicode_normalization::UnicodeNormalization;

/// NFKC character by character, zero-width characters out, 秋秋邮箱 as qq邮箱.
pub(super) struct Folded {
    /// The folded characters.
    pub(super) chars: Vec<char>,
    /// For each, the position of its origin in the text, in characters.
    origins: Vec<usize>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded =
            Self { chars: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
        for (at, c) in text.chars().enumerate() {
            if c.is_ascii() || ('\u{4e00}'..='\u{9fff}').contains(&c) {
                folded.push(c, at);
            } else if !is_zero_width(c) {
                for n in std::iter::once(c).nfkc() {
                    folded.push(n, at);
                }
            }
        }
        folded.name_qq();
        folded
    }

    /// 秋秋邮箱, as phones write what they hear.
    fn name_qq(&mut self) {
        for at in 2..self.chars.len() {
            if let ['秋', '秋', '邮'] | ['扣', '扣', '邮'] = self.chars[at - 2..=at] {
                self.chars[at - 2..at].fill('q');
            }
        }
    }

    fn push(&mut self, c: char, at: usize) {
        self.chars.push(c);
        self.origins.push(at);
    }

    /// The range of the text that the folded range `[start, end)` came from; `end > start`.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        (self.origins[start], self.origins[end - 1] + 1)
    }
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{180e}')
}
