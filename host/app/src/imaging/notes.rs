//! What revision notes ask for, read into knobs: "再亮一点,不要太黄" turns two of them.
//!
//! No language model is asked. A table of words and their neighbours covers what customers of a photo
//! shop write; a note that says none of it turns nothing.

use super::backdrop::{self, Backdrop};
use super::size::normalised;
use super::words::{Axis, Kind, Mark, WORDS, Word, mark_before};

/// The prompt's lines under which revision notes are repeated.
const NOTE_HEADING: &str = "【客户修改要求】";
/// No number of notes turns a knob further than this.
const FURTHEST: f32 = 3.0;
/// How far 一点 turns a knob.
pub(super) const SMALL: f32 = 0.6;
/// How far 很多 turns a knob.
pub(super) const MORE: f32 = 1.6;
/// A note against the one before it goes back part of the way: between "too dark" and "too bright".
const WAY_BACK: f32 = 0.6;

/// The knobs; zero is untouched, one is a clear step, positive is more.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Wishes {
    pub(super) brightness: f32,
    pub(super) contrast: f32,
    pub(super) saturation: f32,
    pub(super) warmth: f32,
    pub(super) sharpness: f32,
    /// Less processing.
    pub(super) natural: f32,
    pub(super) denoise: f32,
    pub(super) mono: bool,
    pub(super) backdrop: Option<Backdrop>,
}

impl Wishes {
    /// Reads the notes, oldest first. Of the prompt only the backdrop counts: it was written by the
    /// specification for the first attempt, and its adjectives describe rather than ask.
    pub(super) fn read(prompt: &str, notes: &[String]) -> Self {
        let mut wishes = Self::default();
        let mut repeated = Vec::new();
        for line in prompt.lines() {
            match line.trim_start().strip_prefix(NOTE_HEADING) {
                Some(note) => repeated.push(note),
                None => backdrop::read(&normalised(line), false, &mut wishes.backdrop),
            }
        }
        let given: Vec<&str> = notes.iter().map(String::as_str).collect();
        for note in if given.is_empty() { repeated } else { given } {
            let mut text = normalised(note);
            backdrop::read(&text, true, &mut wishes.backdrop);
            backdrop::blank_out(&mut text);
            for clause in clauses(&text) {
                wishes.apply_clause(clause);
            }
        }
        wishes
    }

    fn apply_clause(&mut self, clause: &[char]) {
        let hits = hits(clause);
        for (index, hit) in hits.iter().enumerate() {
            let before_from = if index == 0 { 0 } else { hits[index - 1].end };
            let before = Before::read(&clause[before_from..hit.start]);
            let after_to = match hits.get(index + 1) {
                Some(next) => hit.end + Before::read(&clause[hit.end..next.start]).starts_at,
                None => clause.len(),
            };
            let after = After::read(&clause[hit.end..after_to]);
            self.apply_word(hit.word, &before, &after);
        }
    }

    fn apply_word(&mut self, word: &Word, before: &Before, after: &After) {
        let complaint = before.complaint || before.negated || after.complaint;
        let flipped = complaint && !before.lacking && !after.lacking;
        let lowered = before.lowered || after.lowered;
        let sign = match word.kind {
            Kind::Plain => direction(lowered ^ flipped),
            Kind::Always => 1.0,
            Kind::Complaint | Kind::Marked if flipped || after.became => -1.0,
            Kind::Marked if after.degree.is_some() => 1.0,
            Kind::Marked | Kind::Complaint => return,
        };
        let degree = match after.degree {
            // "再亮些" asks for more than "亮些".
            Some(degree) if before.again && degree > SMALL => MORE,
            degree => degree.or(before.degree).unwrap_or(1.0),
        };
        let step = sign * word.sign * degree;
        match word.axis {
            Axis::None => {}
            Axis::Brightness => turn(&mut self.brightness, step),
            Axis::Contrast => turn(&mut self.contrast, step),
            Axis::Saturation => turn(&mut self.saturation, step),
            Axis::Warmth => turn(&mut self.warmth, step),
            Axis::Sharpness => turn(&mut self.sharpness, step),
            Axis::Natural => turn(&mut self.natural, step),
            Axis::Denoise => turn(&mut self.denoise, step),
            Axis::Softness => {
                turn(&mut self.natural, step * 0.7);
                turn(&mut self.sharpness, -step * 0.7);
            }
            Axis::Mono => self.mono = !before.negated,
            Axis::Colour => self.mono = false,
        }
    }
}

fn direction(down: bool) -> f32 {
    if down { -1.0 } else { 1.0 }
}

fn turn(knob: &mut f32, step: f32) {
    let against = *knob * step < 0.0;
    *knob = (*knob + if against { step * WAY_BACK } else { step }).clamp(-FURTHEST, FURTHEST);
}

/// Splits where one wish ends and the next begins.
fn clauses(text: &[char]) -> Vec<&[char]> {
    const JOINTS: [&str; 6] = ["不过", "但", "然后", "同时", "而且", "并且"];
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let joint = JOINTS
            .iter()
            .find(|joint| starts_with(&text[at..], joint))
            .map_or(0, |joint| joint.chars().count());
        let length = if ",。.;!?、\n\t/|()【】:".contains(text[at]) { 1 } else { joint };
        if length > 0 {
            parts.push(&text[start..at]);
            start = at + length;
        }
        at += length.max(1);
    }
    parts.push(&text[start..]);
    parts
}

pub(super) fn starts_with(text: &[char], prefix: &str) -> bool {
    let mut chars = text.iter();
    prefix.chars().all(|wanted| chars.next() == Some(&wanted))
}

struct Hit {
    start: usize,
    end: usize,
    word: &'static Word,
}

/// Every known word; at one place the longest, so that 漂亮 is not read as 亮.
fn hits(clause: &[char]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    while at < clause.len() {
        let found = WORDS
            .iter()
            .filter(|word| starts_with(&clause[at..], word.text))
            .max_by_key(|word| word.text.chars().count());
        let length = found.map_or(1, |word| word.text.chars().count());
        if let Some(word) = found {
            hits.push(Hit { start: at, end: at + length, word });
        }
        at += length;
    }
    hits
}

/// The unbroken run of marks directly before a word: 不要太, 再, 提高.
#[derive(Default)]
struct Before {
    starts_at: usize,
    complaint: bool,
    negated: bool,
    lacking: bool,
    lowered: bool,
    again: bool,
    degree: Option<f32>,
}

impl Before {
    fn read(text: &[char]) -> Self {
        let mut read = Self { starts_at: text.len(), ..Self::default() };
        while let Some((length, mark)) = mark_before(&text[..read.starts_at]) {
            read.starts_at -= length;
            match mark {
                Mark::Complaint => read.complaint = true,
                Mark::MildComplaint => {
                    read.complaint = true;
                    read.degree = read.degree.or(Some(SMALL));
                }
                Mark::Negation => read.negated = true,
                Mark::Lacking => read.lacking = true,
                Mark::Lower => read.lowered = true,
                Mark::Degree(degree) => read.degree = read.degree.or(Some(degree)),
                Mark::Again => read.again = true,
                Mark::Filler => {}
            }
        }
        read
    }
}

/// What follows a word: 一点, 太高, 不够.
struct After {
    complaint: bool,
    lacking: bool,
    lowered: bool,
    /// As in 黄了.
    became: bool,
    degree: Option<f32>,
}

impl After {
    fn read(text: &[char]) -> Self {
        let text: String = text.iter().take(12).collect();
        let place = |signs: &[&str]| signs.iter().filter_map(|sign| text.find(sign)).min();
        let degree_at = place(&["点", "些", "bit", "little"]).unwrap_or(usize::MAX);
        // "亮一点就好,不用太多": what comes after the degree qualifies the degree.
        let early = |signs: &[&str]| place(signs).is_some_and(|at| at < degree_at);
        let degree = if place(&["点", "bit", "little"]).is_some() {
            Some(SMALL)
        } else if place(&["很多", "得多", "a lot", "much"]).is_some() {
            Some(MORE)
        } else {
            place(&["些"]).map(|_| 0.9)
        };
        Self {
            complaint: early(&["太", "过", "偏", "不要", "too "]),
            lacking: early(&["不够", "不足", "not enough"]),
            lowered: early(&["低", "弱", "少", "小", "降", "减"]),
            became: early(&["了", "重"]),
            degree,
        }
    }
}
