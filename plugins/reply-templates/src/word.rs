//! Choosing a template and filling it.

use crate::settings::{LOCALE, Settings, Template};

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// Which of several wordings this is, counted from 1; empty where there is one only.
    pub label: String,
}

/// Words a situation; none where there is no template for it in any locale.
#[must_use]
pub fn word(
    settings: &Settings<'_>,
    key: &str,
    slots: &[(String, String)],
    bucket: u32,
    locale: &str,
) -> Option<Phrase> {
    let of = |locale: &str| settings.templates.iter().find(|t| &*t.key == key && t.locale() == locale);
    let template: &Template<'_> =
        of(locale).or_else(|| of(LOCALE)).or_else(|| settings.templates.iter().find(|t| &*t.key == key))?;
    let count = u32::try_from(template.texts.len()).ok().filter(|n| *n > 0)?;
    let chosen = bucket % count;
    let label = if count > 1 { (chosen + 1).to_string() } else { String::new() };
    Some(Phrase { text: fill(&template.texts[chosen as usize], slots), label })
}

/// Replaces each `{slot}`; one the situation does not carry becomes nothing. What a slot holds is never read as a
/// template again.
fn fill(template: &str, slots: &[(String, String)]) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = slots.iter().find(|(slot, _)| slot == name) {
            text.push_str(value);
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DEFAULTS, KEYS, parse};

    fn slots(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_situation_has_its_words() {
        let settings = parse(DEFAULTS).expect("they parse");
        for (key, _) in KEYS {
            assert!(word(&settings, key, &[], 0, "zh-CN").is_some_and(|p| !p.text.is_empty()), "{key}");
        }
        assert_eq!(word(&settings, "no-such-key", &[], 0, "zh-CN"), None);
        let asked =
            word(&settings, "confirm-address", &slots(&[("address", "abc@qq.com")]), 9, "en").expect("words");
        assert_eq!((asked.text.as_str(), asked.label.as_str()), ("是发到 abc@qq.com 吗?", ""));
    }

    #[test]
    fn a_customer_always_hears_the_same_of_several_wordings() {
        let own = r#"{"templates":[{"key":"handed-off","texts":["一","二","三"]},{"key":"handed-off","locale":"en","texts":["one"]}]}"#;
        let settings = parse(own).expect("they parse");
        let said = |bucket, locale| word(&settings, "handed-off", &[], bucket, locale).expect("words");
        assert_eq!((said(4, "zh-CN").text.as_str(), said(4, "zh-CN").label.as_str()), ("二", "2"));
        assert_eq!(said(4, "zh-CN"), said(4, "zh-TW"), "an unknown locale falls back");
        assert_eq!(said(4, "en").text, "one");
    }

    #[test]
    fn what_a_slot_holds_is_not_a_template() {
        let own = r#"{"templates":[{"key":"mail-body","texts":["{name}:{count}{ {missing}"]}]}"#;
        let settings = parse(own).expect("they parse");
        let said = word(&settings, "mail-body", &slots(&[("name", "{count}"), ("count", "2")]), 0, "zh-CN")
            .expect("words");
        assert_eq!(said.text, "{count}:2");
    }
}
