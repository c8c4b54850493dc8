//! A second opinion: how likely each intent is by what a message's characters, pairs of those that stand near each other,
//! and what the rules found in it, meant in labelled messages.
//!
//! No list of words is ever complete, and this is for what stands in none: 牛掰 praises though no table has it. It is a
//! multinomial logistic regression; `examples/learn.rs` fits it and writes `weights.tsv`, which says of each feature what it
//! adds to each intent.

use crate::key::key;
use crate::read::{Evidence, Intent, Reading, by_rules, unknown};
use crate::scene::{Scene, addresses};
use crate::settings::{Settings, is_shipped};
use crate::text::is_break;

/// The intents in the order of the weights.
pub const INTENTS: [Intent; 6] = [
    Intent::Confirm,
    Intent::HandOff,
    Intent::None,
    Intent::Question,
    Intent::Revise,
    Intent::WithdrawAddress,
];

/// An acceptance that the rules found is as likely as this at least.
const AGREED: f32 = 0.8;
/// An acceptance that they did not find is as likely as this at least.
const CERTAIN: f32 = 0.93;
/// What else does more than ask is as likely as this at least, if the rules did not find it: likelier than not.
const LIKELY: f32 = 0.5;
/// What the rules found is as likely as this at least.
const FOUND: f32 = 0.05;
/// What is no order, though the rules found one, is as likely as this at least.
const INSTEAD: f32 = 0.8;

/// So many characters are shown of what told most.
const SHOWN: usize = 20;

/// What a weight of one is written as.
pub const UNIT: f32 = 16.0;

/// What counts for every message.
const ALWAYS: &str = "always";
/// How much what the rules found counts; all characters and pairs of neighbours count as one together.
const FINDINGS: f32 = 0.3;
/// So many characters that no table knows are as good as more.
const MUCH: usize = 9;
/// A character goes in pairs with so many that follow it.
const REACH: usize = 3;
/// How much a pair counts that has others between its two, and what is written between them.
const DISTANT: f32 = 0.5;
const APART: char = '…';

include!(concat!(env!("OUT_DIR"), "/weights.rs"));

/// What a message about shown work wants, given what the rules found. They have the last word where a person is asked for,
/// where an address is not to be used, and where a word is the shop's own. Elsewhere it is the likeliest, but what is not
/// likely enough to be done for it is asked about instead, and nothing is mailed that is not all but certainly accepted.
pub(crate) fn weigh(
    settings: &Settings<'_>,
    scene: &Scene<'_>,
    unknown: &[bool],
    found: Reading,
    addressed: bool,
) -> Reading {
    let silent = scene.copy.chars.iter().all(|c| is_break(*c));
    if silent || matches!(found.intent, Intent::HandOff | Intent::WithdrawAddress) {
        return found;
    }
    let opinion = Opinion::new(scene, unknown, &found);
    let chance = |at: usize| opinion.chances[at];
    let needed = |intent: Intent| match intent {
        Intent::Question => 0.0,
        // A shop that wrote down itself what is for a person gets no more of it.
        Intent::HandOff if !settings.hand_off.is_shipped() => f32::INFINITY,
        // Beside an address the workflow would take it for an acceptance.
        Intent::None if addressed => f32::INFINITY,
        Intent::Confirm if found.intent == Intent::Confirm => AGREED,
        Intent::Confirm => CERTAIN,
        other if other == found.intent => FOUND,
        _ => LIKELY,
    };
    let possible = (0..6).filter(|at| chance(*at) >= needed(INTENTS[*at]));
    // A question always is.
    let Some(at) = possible.max_by(|a, b| chance(*a).total_cmp(&chance(*b))) else { return found };
    let (intent, confidence) = (INTENTS[at], (chance(at) * 100.0) as u8);
    if intent == found.intent {
        return Reading { confidence, ..found };
    }
    // What is in no table, such as 好不好, is as sure as what the shop put in.
    let own = || rule(&found).rsplit_once(':').is_some_and(|(_, word)| !is_shipped(word));
    let ordered = found.intent == Intent::None && !found.evidence.is_empty();
    if ordered && chance(at) < INSTEAD || own() {
        return found;
    }
    let evidence = opinion.telling[at].1.map(|(start, end)| {
        let (first, last) = scene.copy.span(start, end);
        // A place may take in breaks, such as the end of a line, and long numbers.
        let word: String =
            scene.copy.chars[start..end].iter().filter(|c| !is_break(**c)).take(SHOWN).collect();
        Evidence { rule: format!("learned:{word}"), start: first, end: last }
    });
    Reading { intent, confidence, evidence: evidence.into_iter().collect() }
}

/// The rule that decided, with its word if it has one: `confirm:满意`; empty if none did.
fn rule(found: &Reading) -> &str {
    found.evidence.first().map_or("", |evidence| &evidence.rule)
}

/// How likely each intent is, in the order of the weights.
struct Opinion {
    /// 0 to 1.
    chances: [f32; 6],
    /// What said most for it, and its place in the copy if it has one.
    telling: [(f32, Option<(usize, usize)>); 6],
}

impl Opinion {
    fn new(scene: &Scene<'_>, unknown: &[bool], found: &Reading) -> Self {
        let (mut sums, mut telling) = ([0.0; 6], [(0.0, None); 6]);
        features(scene, unknown, found, &mut |name, value, place| {
            let Ok(row) = KEYS.binary_search(&key(name)) else { return };
            for (intent, weight) in WEIGHTS[row].iter().enumerate() {
                let said = f32::from(*weight) / UNIT * value;
                sums[intent] += said;
                if place.is_some() && said > telling[intent].0 {
                    telling[intent] = (said, place);
                }
            }
        });
        Self { chances: chances(sums), telling }
    }
}

/// Calls `each` with every feature of a message: its name, its value, and where it stands in the copy.
fn features(
    scene: &Scene<'_>,
    unknown: &[bool],
    found: &Reading,
    each: &mut impl FnMut(&str, f32, Option<(usize, usize)>),
) {
    each(ALWAYS, 1.0, None);
    let tokens = tokens(scene);
    // Of two ends and what is between them, so many single ones and pairs.
    let grams = (tokens.len() - 2) + (tokens.len() - 1);
    let value = (grams as f32).sqrt().recip();
    let mut name = String::with_capacity(16);
    let mut gram = |first: &Token, last: Option<&Token>, apart: bool| {
        name.clear();
        first.write(&scene.copy.chars, &mut name);
        if apart {
            name.push(APART);
        }
        if let Some(last) = last {
            last.write(&scene.copy.chars, &mut name);
        }
        let last = last.unwrap_or(first);
        let words = [first, last].iter().all(|token| !matches!(token.sign, Some(',' | '?' | '@')));
        let place = Some((first.start, last.end)).filter(|(start, end)| words && !apart && start < end);
        each(&name, if apart { value * DISTANT } else { value }, place);
    };
    for (at, first) in tokens.iter().enumerate() {
        if (1..tokens.len() - 1).contains(&at) {
            gram(first, None, false);
        }
        for (between, last) in tokens[at + 1..].iter().take(REACH).enumerate() {
            gram(first, Some(last), between > 0);
        }
    }

    let kind = rule(found).split(':').next().unwrap_or_default();
    let finding = format!("rule:{:?} {kind} {}", found.intent, found.confidence);
    each(&finding, FINDINGS, None);
    // 好的 is all that is said, or there is more that no table knows.
    let unknowns = unknown.iter().filter(|unknown| **unknown).count();
    each(&format!("{finding} {}", unknowns.min(MUCH)), FINDINGS, None);
    let mut seen: Vec<(&str, bool)> = Vec::with_capacity(16);
    for hit in &scene.hits {
        let one = (hit.kind.name(), scene.negation(hit).is_some());
        if !seen.contains(&one) {
            seen.push(one);
            each(&format!("{}{}", if one.1 { "not:" } else { "word:" }, one.0), FINDINGS, None);
        }
    }
}

/// A character, a Latin word, or what is as good as any other of its sort.
struct Token {
    start: usize,
    end: usize,
    /// What it is called where it is not what it says: an end, an address, a number, a break.
    sign: Option<char>,
}

impl Token {
    fn write(&self, chars: &[char], name: &mut String) {
        match self.sign {
            Some(sign) => name.push(sign),
            None => {
                let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase());
                if latin(name.chars().last()) && latin(chars.get(self.start).copied()) {
                    name.push(' ');
                }
                name.extend(&chars[self.start..self.end]);
            }
        }
    }
}

/// The copy in tokens, between two that mark its ends.
fn tokens(scene: &Scene<'_>) -> Vec<Token> {
    let chars = &scene.copy.chars;
    let mut tokens = Vec::with_capacity(chars.len() + 2);
    tokens.push(Token { start: 0, end: 0, sign: Some('^') });
    let mut addresses = addresses(chars).into_iter().peekable();
    let mut at = 0;
    while at < chars.len() {
        let run = |of: fn(char) -> bool| at + chars[at..].iter().take_while(|c| of(**c)).count();
        let (end, sign) = match (addresses.next_if(|address| address.start <= at), chars[at]) {
            (Some(address), _) => (address.end.max(at + 1), Some('@')),
            (None, '0'..='9') => (run(|c| c.is_ascii_digit()), Some('0')),
            (None, 'a'..='z') => (run(|c| c.is_ascii_lowercase()), None),
            (None, c) if is_break(c) => {
                let end = run(is_break);
                let asks = chars[at..end].iter().any(|c| matches!(c, '?' | '？'));
                // An end of the text breaks as well; between two Latin words a space does not.
                let word =
                    |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_lowercase);
                if !asks
                    && (at == 0
                        || end == chars.len()
                        || end == at + 1 && word(at.checked_sub(1)) && word(Some(end)))
                {
                    at = end;
                    continue;
                }
                (end, Some(if asks { '?' } else { ',' }))
            }
            _ => (at + 1, None),
        };
        tokens.push(Token { start: at, end, sign });
        at = end;
    }
    tokens.push(Token { start: chars.len(), end: chars.len(), sign: Some('$') });
    tokens
}

/// How likely each intent is, 0 to 1, by the sum of what all features add to it: the softmax.
#[must_use]
pub fn chances(sums: [f32; 6]) -> [f32; 6] {
    let most = sums.iter().copied().fold(f32::MIN, f32::max);
    let odds = sums.map(|sum| (sum - most).exp());
    let all: f32 = odds.iter().sum();
    odds.map(|odds| odds / all)
}

/// The features of a message about shown work, for `examples/learn.rs`: names and values.
#[must_use]
pub fn describe(settings: &Settings<'_>, text: &str, addresses: u32) -> Vec<(String, f32)> {
    let scene = Scene::new(settings, text);
    let addressed = addresses > 0;
    let unknown = unknown(&scene, addressed);
    let found = by_rules(&scene, &unknown, addressed, true);
    let mut described = Vec::new();
    features(&scene, &unknown, &found, &mut |name, value, _| described.push((name.to_owned(), value)));
    described
}
