//! A plugin's answer is parsed, not trusted: what can't be said to a customer is a fault.

use linkify::LinkFinder;
use shopkeeper_domain::{
    Currency, Money, Operation,
    roles::{
        Attributes,
        detection::{Evidence, FoundOperation, Intent, Reading, Span},
        pricing::{Line, Quote},
        wording::{Phrase, Situation},
    },
};

use crate::{
    Fault,
    bindings::{
        common::types, detection::exports::shopkeeper::detection::detection as wit_detection,
        pricing::exports::shopkeeper::pricing::pricing as wit_pricing,
        wording::exports::shopkeeper::wording::wording as wit_wording,
    },
    plugin::Description,
};

/// The longest phrase, in characters.
const PHRASE: usize = 500;
/// The longest hint, label, rule or attribute, in characters.
const SHORT: usize = 200;
/// The most rows, rules, operations or attributes.
const MANY: usize = 64;
/// The most that anything can cost, in minor units: far above any shop, far below an overflow.
const ABSURD: i64 = 10_000_000_000;

/// What a shop lets a price be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceBounds {
    /// Every amount is in it.
    pub currency: Currency,
    /// No quote's low end is below it.
    pub floor: Option<Money>,
    /// No quote's high end is above it.
    pub ceiling: Option<Money>,
}

/// What is wrong with an answer.
pub(crate) enum Bad {
    /// It makes no sense.
    Nonsense(String),
    /// It makes sense, but the shop has set other bounds.
    OutOfBounds(String),
}

impl From<Bad> for Fault {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Nonsense(why) => Self::BadAnswer(why),
            Bad::OutOfBounds(why) => Self::OutOfBounds(why),
        }
    }
}

type Checked<T> = Result<T, Bad>;

fn nonsense<T>(why: impl Into<String>) -> Checked<T> {
    Err(Bad::Nonsense(why.into()))
}

/// Characters that end a line, hide text or turn its direction.
pub fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn short(what: &str, text: String) -> Checked<String> {
    if text.chars().count() > SHORT {
        return nonsense(format!("{what} is longer than {SHORT} characters"));
    }
    if text.chars().any(|c| is_hidden(c) || c == '\n') {
        return nonsense(format!("{what} holds a control or bidi character"));
    }
    Ok(text)
}

fn few<T>(what: &str, list: Vec<T>) -> Checked<Vec<T>> {
    if list.len() > MANY { nonsense(format!("more than {MANY} {what}")) } else { Ok(list) }
}

fn attributes(list: types::Attributes) -> Checked<Attributes> {
    few("attributes", list)?
        .into_iter()
        .map(|(name, value)| Ok((short("an attribute's name", name)?, short("an attribute", value)?)))
        .collect()
}

fn money(what: &str, money: &types::Money, bounds: &PriceBounds) -> Checked<Money> {
    if money.currency != bounds.currency.as_str() {
        let given = short("a currency", money.currency.clone())?;
        return nonsense(format!("{what} is in {given:?}, the shop's currency is {}", bounds.currency));
    }
    if !(-ABSURD..=ABSURD).contains(&money.minor) {
        return nonsense(format!("{what} is {}, which is absurd", money.minor));
    }
    Ok(Money { minor: money.minor, currency: bounds.currency })
}

pub(crate) fn quote(answer: wit_pricing::Quote, bounds: &PriceBounds) -> Checked<Quote> {
    let (low, high) = (money("low", &answer.low, bounds)?, money("high", &answer.high, bounds)?);
    if low.minor < 0 {
        return nonsense(format!("low is {}: a price can't be negative", low.minor));
    }
    if low.minor > high.minor {
        return nonsense(format!("low is {} and high is {}", low.minor, high.minor));
    }
    let line = |l: wit_pricing::Line| {
        let (low, high) = (money("a line's low", &l.low, bounds)?, money("a line's high", &l.high, bounds)?);
        Ok(Line { label: short("a line's label", l.label)?, low, high })
    };
    let quote = Quote {
        low,
        high,
        hint: short("the hint", answer.hint)?,
        lines: few("lines", answer.lines)?.into_iter().map(line).collect::<Checked<_>>()?,
        attributes: attributes(answer.attributes)?,
    };
    match (bounds.floor, bounds.ceiling) {
        (Some(floor), _) if low.minor < floor.minor => {
            Err(Bad::OutOfBounds(format!("报价 {} 低于店铺最低价 {}(单位:分)", low.minor, floor.minor)))
        }
        (_, Some(ceiling)) if high.minor > ceiling.minor => {
            Err(Bad::OutOfBounds(format!("报价 {} 高于店铺最高价 {}(单位:分)", high.minor, ceiling.minor)))
        }
        _ => Ok(quote),
    }
}

fn evidence(answer: wit_detection::Evidence, length: usize) -> Checked<Evidence> {
    let span = Span { start: answer.span.start, end: answer.span.end };
    if span.start > span.end || span.end as usize > length {
        return nonsense(format!(
            "a span from {} to {} in a text of {length} characters",
            span.start, span.end
        ));
    }
    Ok(Evidence { rule: short("a rule's name", answer.rule)?, span })
}

pub(crate) fn reading(answer: wit_detection::Reading, text: &str) -> Checked<Reading> {
    let length = text.chars().count();
    if answer.confidence > 100 {
        return nonsense(format!("a confidence of {}", answer.confidence));
    }
    let intent = match answer.intent {
        wit_detection::Intent::None => Intent::None,
        wit_detection::Intent::Question => Intent::Question,
        wit_detection::Intent::Revise => Intent::Revise,
        wit_detection::Intent::Confirm => Intent::Confirm,
        wit_detection::Intent::HandOff => Intent::HandOff,
        wit_detection::Intent::WithdrawAddress => Intent::WithdrawAddress,
        wit_detection::Intent::Other(word) => Intent::Other(short("an intent", word)?),
    };
    Ok(Reading {
        intent,
        confidence: answer.confidence,
        evidence: few("rules", answer.evidence)?
            .into_iter()
            .map(|e| evidence(e, length))
            .collect::<Checked<_>>()?,
        attributes: attributes(answer.attributes)?,
    })
}

pub(crate) fn operations(answer: Vec<wit_detection::Operation>, text: &str) -> Checked<Vec<FoundOperation>> {
    let length = text.chars().count();
    let operation = |o: wit_detection::Operation| {
        let name = short("an operation's name", o.name)?;
        let name = Operation::try_from(name).map_err(|e| Bad::Nonsense(e.to_string()))?;
        Ok(FoundOperation { name, evidence: evidence(o.evidence, length)? })
    };
    few("operations", answer)?.into_iter().map(operation).collect()
}

pub(crate) fn phrase(answer: wit_wording::Phrase, situation: &Situation) -> Checked<Phrase> {
    let text = answer.text;
    let length = text.chars().count();
    if text.trim().is_empty() {
        return nonsense("the phrase is empty");
    }
    if length > PHRASE {
        return nonsense(format!("the phrase is {length} characters; at most {PHRASE} are taken"));
    }
    if text.chars().any(is_hidden) {
        return nonsense("the phrase holds a control or bidi character");
    }
    if has_foreign_link(&text, situation) {
        return nonsense("the phrase holds a link or an address that is in none of its slots");
    }
    Ok(Phrase { text, label: short("the label", answer.label)? })
}

/// Whether somebody who is no plugin may have this said to a customer: held to the same rules as a plugin's words.
pub fn sayable(text: &str) -> Result<(), String> {
    let situation = Situation {
        key: shopkeeper_domain::roles::wording::Key::ImageReady,
        slots: Vec::new(),
        customer: Default::default(),
        now: Default::default(),
        bucket: 0,
        locale: String::new(),
    };
    let phrase = wit_wording::Phrase { text: text.to_owned(), label: String::new() };
    match self::phrase(phrase, &situation) {
        Ok(_) => Ok(()),
        Err(Bad::Nonsense(why) | Bad::OutOfBounds(why)) => Err(why),
    }
}

/// Whether a link or address is left once those of the slots are taken out of the text.
///
/// They are taken out first because Chinese puts no spaces around them: a link finder takes the words in
/// 发到abc@qq.com吗 for a part of the address.
fn has_foreign_link(text: &str, situation: &Situation) -> bool {
    let mut finder = LinkFinder::new();
    finder.url_must_have_scheme(false);
    if finder.links(text).next().is_none() {
        return false;
    }
    let mut rest = text.to_owned();
    for (_, value) in &situation.slots {
        for link in finder.links(value) {
            rest = without(&rest, link.as_str());
        }
    }
    finder.links(&rest).next().is_some()
}

/// The text with a space for every place where `link` stands by itself: `abc@qq.com` is no part of
/// `xabc@qq.com` or `abc@qq.com.cn`.
fn without(text: &str, link: &str) -> String {
    let of_link = |c: char| c.is_ascii_alphanumeric() || "_%+-@/?&=#~".contains(c);
    let mut rest = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in text.match_indices(link) {
        let (before, after) = (&text[..at], &text[at + link.len()..]);
        // A dot ends a sentence, unless more of a name follows it.
        let goes_on = after.strip_prefix(['.', ':']).unwrap_or(after).starts_with(of_link);
        let begins_earlier = before.ends_with(|c| of_link(c) || c == '.');
        if !goes_on && !begins_earlier {
            rest.push_str(&text[copied..at]);
            rest.push(' ');
            copied = at + link.len();
        }
    }
    rest.push_str(&text[copied..]);
    rest
}

/// What is wrong with what a plugin says of itself: people read it, and settings start from it.
pub(crate) fn description_problem(said: &Description) -> Option<String> {
    let line = |what: &str, text: &str| match short(what, text.to_owned()) {
        Ok(text) if text.trim().is_empty() => Some(format!("{what} is empty")),
        Ok(_) => None,
        Err(bad) => Some(Fault::from(bad).to_string()),
    };
    let json = |what: &str, text: &str| {
        let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
        Some(format!("{what} is no JSON: {error}"))
    };
    line("its name", &said.name)
        .or_else(|| line("its version", &said.version))
        .or_else(|| {
            said.summary
                .chars()
                .any(is_hidden)
                .then(|| "its summary holds a control or bidi character".into())
        })
        .or_else(|| json("its settings schema", &said.settings_schema))
        .or_else(|| json("its default settings", &said.default_settings))
}
