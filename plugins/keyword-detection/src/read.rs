//! What a message wants: hand-off before withdrawal before revision before question before confirmation.

use plugin_kit::Text;

use crate::settings::Settings;
use crate::text::{Hit, Matchable};

/// What the message wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Nothing for the workflow.
    None,
    /// Something is asked.
    Question,
    /// The work is not right yet.
    Revise,
    /// The work is accepted.
    Confirm,
    /// A person must take over.
    HandOff,
    /// The address is not to be used.
    WithdrawAddress,
}

/// The rule that matched, and where: a half-open range of Unicode scalar values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Such as `revise:不满意`.
    pub rule: String,
    /// The first.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the message wants.
    pub intent: Intent,
    /// 0 to 100.
    pub confidence: u8,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// An operation the text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Such as `enhance`.
    pub name: String,
    /// Why.
    pub evidence: Evidence,
}

/// Reads the intent; `addresses` is how many e-mail addresses the host saw.
#[must_use]
pub fn read_intent(settings: &Settings<'_>, text: &str, addresses: u32) -> Reading {
    let mut copy = Matchable::new(text);
    // Before the traps are masked: 行不行 is no complaint, but it is a question.
    let question = first(&copy, "question", &settings.question);
    settings.traps.iter().for_each(|trap| copy.mask(trap));
    let reading = |intent, confidence, evidence| Reading { intent, confidence, evidence };
    for (intent, name, words, confidence) in [
        (Intent::HandOff, "hand-off", &settings.hand_off, 90),
        (Intent::WithdrawAddress, "withdraw-address", &settings.withdraw_address, 85),
    ] {
        if let Some(evidence) = first(&copy, name, words) {
            return reading(intent, confidence, vec![evidence]);
        }
    }
    let (revise, turned) = complaints(&copy, settings);
    if let Some(evidence) = revise {
        return reading(Intent::Revise, 80, vec![evidence]);
    }
    let (accepted, denied) = acceptance(&copy, settings);
    if let Some(evidence) = question {
        return reading(Intent::Question, 75, vec![evidence]);
    }
    // What is denied outweighs what is accepted beside it: asking once more costs less than mailing work that the
    // customer does not want.
    if let Some(evidence) = denied {
        return reading(Intent::Revise, 65, vec![evidence]);
    }
    if let Some(evidence) = accepted.or(turned) {
        return reading(Intent::Confirm, 80, vec![evidence]);
    }
    let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if addresses > 0 {
        // Somebody who answers with an address takes the work.
        let whole = Evidence { rule: "address".into(), start: 0, end: length };
        return reading(Intent::Confirm, 70, vec![whole]);
    }
    reading(Intent::None, if text.trim().is_empty() { 100 } else { 60 }, Vec::new())
}

/// The operations a text asks for, in the order it names them.
#[must_use]
pub fn find_operations(settings: &Settings<'_>, text: &str) -> Vec<Found> {
    let copy = Matchable::new(text);
    let mut found: Vec<Found> = settings
        .operations
        .iter()
        .filter_map(|operation| {
            let (hit, word) = first_hit(&copy, &operation.keywords)?;
            let (start, end) = copy.span(hit);
            let rule = format!("operation:{}:{word}", operation.name);
            Some(Found { name: operation.name.as_str().to_owned(), evidence: Evidence { rule, start, end } })
        })
        .collect();
    found.sort_by_key(|found| found.evidence.start);
    found
}

fn evidence(copy: &Matchable, name: &str, word: &str, hit: Hit) -> Evidence {
    let (start, end) = copy.span(hit);
    Evidence { rule: format!("{name}:{word}"), start, end }
}

/// The keyword that stands first, the longest of several in one place.
fn first_hit<'w>(copy: &Matchable, words: &'w [Text<'_>]) -> Option<(Hit, &'w str)> {
    let hits = words.iter().filter_map(|word| Some((copy.find(word, 0)?, word.as_str())));
    hits.min_by_key(|(hit, _)| (hit.at, usize::MAX - hit.len))
}

fn first(copy: &Matchable, name: &str, words: &[Text<'_>]) -> Option<Evidence> {
    first_hit(copy, words).map(|(hit, word)| evidence(copy, name, word, hit))
}

/// The first complaint that is meant, and the first that is turned round: 不用重做了 accepts.
fn complaints(copy: &Matchable, settings: &Settings<'_>) -> (Option<Evidence>, Option<Evidence>) {
    let mut turned = None;
    for word in &*settings.revise {
        let mut from = 0;
        while let Some(hit) = copy.find(word, from) {
            match copy.preceded_by(hit, settings.negators.iter().map(Text::as_str)) {
                // 没有重做 is a complaint all the same; 没有不满意 is none.
                Some(negator) if negator.starts_with('没') && !word.contains('不') => {
                    return (Some(evidence(copy, "revise", word, hit)), turned);
                }
                // 不是不好 is neither: what follows says what is the matter.
                Some("不是") => {}
                Some(_) => {
                    turned.get_or_insert_with(|| evidence(copy, "confirm:negated", word, hit));
                }
                None => return (Some(evidence(copy, "revise", word, hit)), turned),
            }
            from = hit.at + hit.len;
        }
    }
    (None, turned)
}

/// The first word of acceptance that is meant, and the first that is denied: 不太满意 is a complaint.
fn acceptance(copy: &Matchable, settings: &Settings<'_>) -> (Option<Evidence>, Option<Evidence>) {
    let (mut accepted, mut denied): (Option<(usize, Evidence)>, Option<Evidence>) = (None, None);
    for word in &*settings.confirm {
        let mut from = 0;
        while let Some(hit) = copy.find(word, from) {
            let negators = settings.negators.iter().map(Text::as_str);
            match copy.negation(hit) {
                // 没有不满意 is no denial, nor is it acceptance in so many words.
                Some(negation) if copy.preceded_by(negation, negators).is_some() => {}
                Some(_) => {
                    denied.get_or_insert_with(|| evidence(copy, "revise:negated", word, hit));
                }
                None if accepted.as_ref().is_none_or(|(at, _)| hit.at < *at) => {
                    accepted = Some((hit.at, evidence(copy, "confirm", word, hit)));
                }
                None => {}
            }
            from = hit.at + hit.len;
        }
    }
    (accepted.map(|(_, evidence)| evidence), denied)
}

#[cfg(test)]
mod tests;
