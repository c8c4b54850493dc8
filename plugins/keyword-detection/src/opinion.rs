//! A second opinion: how likely each intent is by what a message's characters and pairs of characters, and what the rules
//! found in it, meant in messages that people labelled.
//!
//! No list of words is ever complete, and this is for what stands in none: 牛掰 praises though no table has it. It is a
//! multinomial logistic regression; `examples/learn.rs` fits it and writes `weights.tsv`, which says of each feature what it
//! adds to each intent.

use crate::key::key;
use crate::read::{Evidence, Intent, Reading};
use crate::scene::{Scene, addresses};
use crate::settings::{Kind, Settings, is_shipped};
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

/// Rules of no more confidence than this say that they do not know.
const UNSURE: u8 = 45;
/// What drops an address, calls a person or is no order as the rules say is as likely as this at least.
const PROBABLE: f32 = 0.6;
/// An acceptance that the rules found is as likely as this at least.
const AGREED: f32 = 0.8;
/// An acceptance that the rules are not sure of is as likely as this at least.
const LIKELY: f32 = 0.85;
/// An acceptance that the rules speak against is as likely as this at least.
const CERTAIN: f32 = 0.9;

/// What a weight of one is written as.
pub const UNIT: f32 = 16.0;

/// What counts for every message.
const ALWAYS: &str = "always";
/// How much what the rules found counts beside all characters, which count as one together.
const FINDINGS: f32 = 0.3;

include!(concat!(env!("OUT_DIR"), "/weights.rs"));

/// What a message about shown work wants, given what the rules found. They have the last word where a person is asked for,
/// where an address is not to be used, and where a word is the shop's own; an order and what speaks against an acceptance
/// yield to hardly anything.
pub(crate) fn weigh(settings: &Settings<'_>, scene: &Scene<'_>, found: Reading, addressed: bool) -> Reading {
    let silent = scene.copy.chars.iter().all(|c| is_break(*c));
    if silent || matches!(found.intent, Intent::HandOff | Intent::WithdrawAddress) {
        return found;
    }
    let Likely { intent, chance, place } = Opinion::new(scene, &found).likeliest(addressed);
    // What is in no table, such as 好不好, is as sure as what the shop put in.
    let word = found.evidence.first().and_then(|evidence| evidence.rule.rsplit_once(':'));
    let own = word.is_some_and(|(_, word)| !is_shipped(word));
    let confidence = (chance * 100.0) as u8;
    if intent == found.intent {
        return match intent {
            Intent::Confirm if chance < AGREED && !addressed && !own => doubted(found),
            _ => Reading { confidence, ..found },
        };
    }
    let unsure = found.evidence.is_empty() || found.confidence <= UNSURE;
    let needed = match (intent, found.intent) {
        // A shop that wrote down itself what is for a person gets no more of it.
        (Intent::HandOff, _) if !settings.hand_off.is_shipped() => return found,
        // It would be mailed at once, so both say it: the rules are not sure, and this is.
        (Intent::Confirm, _) if addressed && !(unsure && accepts(&found)) => return found,
        (Intent::Confirm, _) if addressed => CERTAIN,
        // 挺好的，就是衣服皱: what comes after a but counts, and so does what is denied.
        (Intent::Confirm, Intent::Revise) if scene.of(Kind::Break).next().is_some() || denies(&found) => {
            return found;
        }
        (Intent::Confirm, _) if unsure => LIKELY,
        (Intent::Confirm, _) => CERTAIN,
        (Intent::HandOff | Intent::WithdrawAddress, _) => PROBABLE,
        (_, Intent::None) if !unsure => PROBABLE,
        _ => 0.0,
    };
    if own || chance < needed {
        return found;
    }
    let evidence = place.map(|(start, end)| {
        let (first, last) = scene.copy.span(start, end);
        let word: String = scene.copy.chars[start..end].iter().collect();
        Evidence { rule: format!("learned:{word}"), start: first, end: last }
    });
    Reading { intent, confidence, evidence: evidence.into_iter().collect() }
}

/// What becomes of an acceptance that only the rules are sure of: the shop asks.
fn doubted(found: Reading) -> Reading {
    let doubt = |evidence: Evidence| Evidence {
        rule: evidence.rule.rsplit(':').next().map_or_else(String::new, |word| format!("doubted:{word}")),
        ..evidence
    };
    let evidence = found.evidence.into_iter().map(doubt).collect();
    Reading { intent: Intent::Question, confidence: UNSURE, evidence }
}

/// Whether the rules found an acceptance, if one that they are not sure of.
fn accepts(found: &Reading) -> bool {
    found.evidence.first().is_some_and(|evidence| evidence.rule.starts_with("confirm:"))
}

/// Whether the rules found an acceptance denied: 不够满意.
fn denies(found: &Reading) -> bool {
    found.evidence.first().is_some_and(|evidence| evidence.rule.starts_with("revise:negated:"))
}

/// How likely each intent is.
struct Opinion {
    sums: [f32; 6],
    /// What said most for each: its place in the copy, if it has one.
    telling: [(f32, Option<(usize, usize)>); 6],
}

impl Opinion {
    fn new(scene: &Scene<'_>, found: &Reading) -> Self {
        let mut opinion = Self { sums: [0.0; 6], telling: [(0.0, None); 6] };
        features(scene, found, &mut |name, value, place| {
            let Ok(row) = KEYS.binary_search(&key(name)) else { return };
            for (intent, weight) in WEIGHTS[row].iter().enumerate() {
                let said = f32::from(*weight) / UNIT * value;
                opinion.sums[intent] += said;
                if place.is_some() && said > opinion.telling[intent].0 {
                    opinion.telling[intent] = (said, place);
                }
            }
        });
        opinion
    }

    /// The likeliest intent. Beside an address it is never none: the workflow would take that for an acceptance.
    fn likeliest(&self, addressed: bool) -> Likely {
        let most = self.sums.iter().copied().fold(f32::MIN, f32::max);
        let odds = self.sums.map(|sum| (sum - most).exp());
        let all: f32 = odds.iter().sum();
        let nothing = |at: &usize| addressed && INTENTS[*at] == Intent::None;
        let at = (0..6).filter(|at| !nothing(at)).max_by(|a, b| odds[*a].total_cmp(&odds[*b])).unwrap_or(0);
        Likely { intent: INTENTS[at], chance: odds[at] / all, place: self.telling[at].1 }
    }
}

/// An intent.
struct Likely {
    intent: Intent,
    /// 0 to 1.
    chance: f32,
    place: Option<(usize, usize)>,
}

/// Calls `each` with every feature of a message: its name, its value, and where it stands in the copy.
fn features(scene: &Scene<'_>, found: &Reading, each: &mut impl FnMut(&str, f32, Option<(usize, usize)>)) {
    each(ALWAYS, 1.0, None);
    let tokens = tokens(scene);
    // Of two ends and what is between them, so many single ones and pairs.
    let grams = (tokens.len() - 2) + (tokens.len() - 1);
    let value = (grams as f32).sqrt().recip();
    let mut name = String::with_capacity(16);
    let mut gram = |of: &[Token]| {
        name.clear();
        of.iter().for_each(|token| token.write(&scene.copy.chars, &mut name));
        let words = of.iter().all(|token| !matches!(token.sign, Some(',' | '?' | '@')));
        let place = Some((of[0].start, of[of.len() - 1].end)).filter(|(start, end)| words && start < end);
        each(&name, value, place);
    };
    tokens[1..tokens.len() - 1].iter().for_each(|one| gram(std::slice::from_ref(one)));
    tokens.windows(2).for_each(gram);

    let rule = found.evidence.first().map_or("", |evidence| evidence.rule.split(':').next().unwrap_or(""));
    each(&format!("rule:{:?} {rule} {}", found.intent, found.confidence), FINDINGS, None);
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

/// The features of a message about shown work, for `examples/learn.rs`: names and values.
#[must_use]
pub fn describe(settings: &Settings<'_>, text: &str, addresses: u32) -> Vec<(String, f32)> {
    let scene = Scene::new(settings, text);
    let found = crate::read::by_rules(&scene, addresses, true);
    let mut described = Vec::new();
    features(&scene, &found, &mut |name, value, _| described.push((name.to_owned(), value)));
    described
}
