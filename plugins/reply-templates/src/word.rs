//! Choosing a wording and filling it.

use crate::emoji;
use crate::settings::{KEYS, Settings, Slot, Wording};
use crate::shipped::SHIPPED;

/// The longest text that a customer is sent, in characters.
pub(crate) const LONGEST: usize = 500;

/// For what a shop does not say itself.
static REST: Settings<'static> = SHIPPED;

/// What there is to say.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// One of [`KEYS`].
    pub key: &'a str,
    /// What can stand in it.
    pub slots: &'a [(String, String)],
    /// Stays the same for one customer.
    pub bucket: u32,
    /// BCP 47.
    pub locale: &'a str,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// Which of several wordings this is: its own label, or its number, counted from 1. Empty where there is one only
    /// and it has no label.
    pub label: String,
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No such situation.
    UnknownKey,
    /// What the slots hold makes it longer than what may be sent, or leaves nothing.
    Unsayable,
}

/// Words a situation.
///
/// # Errors
/// An unknown situation; a text that can't be sent.
pub fn word(settings: &Settings<'_>, situation: &Situation<'_>) -> Result<Phrase, Refused> {
    if KEYS.iter().all(|(key, _)| *key != situation.key) {
        return Err(Refused::UnknownKey);
    }
    let language = Language::of(situation.locale);
    let (wording, label) = [situation.locale, language.locale()]
        .into_iter()
        .find_map(|locale| choose(settings, locale, situation).or_else(|| choose(&REST, locale, situation)))
        .ok_or(Refused::UnknownKey)?;
    let plain;
    let template = if settings.emoji {
        &*wording.text
    } else {
        plain = emoji::without(&wording.text);
        &plain
    };
    let text = fill(template, situation.slots, language);
    // There are no more characters than bytes: most texts need not be counted.
    if text.trim().is_empty() || (text.len() > LONGEST && text.chars().count() > LONGEST) {
        return Err(Refused::Unsayable);
    }
    Ok(Phrase { text, label })
}

/// One of the locale's wordings, by the customer's bucket, so that each is chosen as often as its weight says and the
/// same customer always hears the same.
fn choose<'s>(
    settings: &'s Settings<'_>,
    locale: &str,
    situation: &Situation<'_>,
) -> Option<(&'s Wording<'s>, String)> {
    let wordings = settings.templates.find(locale)?.find(situation.key)?;
    let total = wordings.iter().fold(0, |sum: u32, wording| sum.saturating_add(wording.weight));
    let mut left = situation.bucket.checked_rem(total)?;
    for (index, wording) in wordings.iter().enumerate() {
        if left < wording.weight {
            let label = match &wording.label {
                Some(label) => label.as_str().into(),
                None if wordings.len() > 1 => (index + 1).to_string(),
                None => String::new(),
            };
            return Some((wording, label));
        }
        left -= wording.weight;
    }
    None
}

/// Replaces each `{slot}`; what is none of the situation's becomes nothing. What a slot holds is never read as a
/// template again.
fn fill(template: &str, slots: &[(String, String)], language: Language) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        if let Some(slot) = Slot::named(name)
            && let Some((_, value)) = slots.iter().find(|(given, _)| given == name)
        {
            language.put(&mut text, slot, value);
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// The languages that texts are shipped in; in any other, slots are filled as in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Simplified,
    Traditional,
    English,
}

impl Language {
    fn of(locale: &str) -> Self {
        let mut parts = locale.split('-');
        if !parts.next().is_some_and(|language| language.eq_ignore_ascii_case("zh")) {
            return Self::English;
        }
        let script = |part: &str, of: &[&str]| of.iter().any(|name| part.eq_ignore_ascii_case(name));
        // The first part that decides: zh-Hans-HK is written in simplified characters.
        let traditional = parts.find_map(|part| match part {
            part if script(part, &["Hant", "TW", "HK", "MO"]) => Some(true),
            part if script(part, &["Hans", "CN", "SG"]) => Some(false),
            _ => None,
        });
        if traditional == Some(true) { Self::Traditional } else { Self::Simplified }
    }

    /// Where the texts for it are.
    fn locale(self) -> &'static str {
        match self {
            Self::Simplified => "zh-CN",
            Self::Traditional => "zh-TW",
            Self::English => "en",
        }
    }

    /// Writes what a slot holds.
    fn put(self, text: &mut String, slot: Slot, value: &str) {
        match slot {
            Slot::Address => text.push_str(value),
            // A number, whatever is given for one.
            Slot::Count => text.extend(value.chars().filter(char::is_ascii_digit)),
            Slot::Name if value.trim().is_empty() => text.push_str(match self {
                Self::Simplified => "亲爱的顾客",
                Self::Traditional => "親愛的顧客",
                Self::English => "dear customer",
            }),
            Slot::Name => text.push_str(value),
            Slot::Operations => {
                for (index, operation) in value.split('、').enumerate() {
                    if index > 0 {
                        text.push_str(if self == Self::English { ", " } else { "、" });
                    }
                    text.push_str(self.operation(operation));
                }
            }
        }
    }

    /// The host names the operations it knows in simplified Chinese.
    fn operation(self, name: &str) -> &str {
        let (traditional, english) = match name {
            "变清晰" => ("變清晰", "sharpening"),
            "抠图" => ("去背", "background removal"),
            "改尺寸" => ("改尺寸", "resizing"),
            "老照片修复" => ("老照片修復", "photo restoration"),
            "分层" => ("分層", "layered file"),
            other => (other, other),
        };
        match self {
            Self::Simplified => name,
            Self::Traditional => traditional,
            Self::English => english,
        }
    }
}

#[cfg(test)]
mod tests;
