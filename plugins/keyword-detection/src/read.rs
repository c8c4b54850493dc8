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
    if let Some(evidence) = first(&copy, "question", &settings.question) {
        return reading(Intent::Question, 75, vec![evidence]);
    }
    if let Some(evidence) = first(&copy, "confirm", &settings.confirm).or(turned) {
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
            let evidence = first(&copy, &format!("operation:{}", operation.name), &operation.keywords)?;
            Some(Found { name: operation.name.as_str().to_owned(), evidence })
        })
        .collect();
    found.sort_by_key(|found| found.evidence.start);
    found
}

fn evidence(copy: &Matchable, name: &str, word: &str, hit: Hit) -> Evidence {
    let (start, end) = copy.span(hit);
    Evidence { rule: format!("{name}:{word}"), start, end }
}

/// The keyword that stands first.
fn first(copy: &Matchable, name: &str, words: &[Text<'_>]) -> Option<Evidence> {
    let hits = words.iter().filter_map(|word| Some((copy.find(word, 0)?, word)));
    let (hit, word) = hits.min_by_key(|(hit, _)| (hit.at, usize::MAX - hit.len))?;
    Some(evidence(copy, name, word, hit))
}

/// The first complaint that is meant, and the first that is turned round: 不用重做了 accepts.
fn complaints(copy: &Matchable, settings: &Settings<'_>) -> (Option<Evidence>, Option<Evidence>) {
    let mut turned = None;
    for word in &settings.revise {
        let mut from = 0;
        while let Some(hit) = copy.find(word, from) {
            if !copy.preceded_by(hit, settings.negators.iter().map(Text::as_str)) {
                return (Some(evidence(copy, "revise", word, hit)), turned);
            }
            turned.get_or_insert_with(|| evidence(copy, "confirm:negated", word, hit));
            from = hit.at + hit.len;
        }
    }
    (None, turned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DEFAULTS, parse};

    fn intent(text: &str) -> Intent {
        read_intent(&parse(DEFAULTS).expect("they parse"), text, u32::from(text.contains('@'))).intent
    }

    #[test]
    fn complaints_ask_for_a_revision() {
        for text in [
            "颜色不对，脸太黄了",
            "不满意，重做",
            "效果不好|ratio:16:9|quality:4k",
            "颜色不对，改好再发到abc@qq.com",
        ] {
            assert_eq!(intent(text), Intent::Revise, "{text}");
        }
    }

    #[test]
    fn traps_and_negation_are_no_complaints() {
        for text in [
            "不好意思，刚看到，挺好的",
            "没有不满意，很好",
            "没什么不对的，可以了",
            "不用重做了，就这样吧",
            "不需要改一下了，谢谢",
        ] {
            assert_eq!(intent(text), Intent::Confirm, "{text}");
        }
    }

    #[test]
    fn what_is_asked_is_never_confirmed() {
        for text in ["这样好不好看？", "尺寸对不对？", "可以吗", "多久能好", "之前发到old@qq.com了吗？没收到"]
        {
            assert_eq!(intent(text), Intent::Question, "{text}");
        }
    }

    #[test]
    fn money_and_complaints_reach_a_person_first() {
        for text in ["退款，不要了", "我要投诉你们", "转人工", "不满意，退款吧？"] {
            assert_eq!(intent(text), Intent::HandOff, "{text}");
        }
        assert_eq!(intent("先别发，abc@qq.com这个邮箱不用了"), Intent::WithdrawAddress);
    }

    #[test]
    fn acceptance_is_read_from_words_and_from_an_address() {
        for text in ["可以", "好的，没问题", "ok", "ＯＫ！", "行", "嗯嗯就这样发我吧", "abc@qq.com", "好"]
        {
            assert_eq!(intent(text), Intent::Confirm, "{text}");
        }
        for text in ["正在进行中", "book", "", "   ", "照片是去年拍的"] {
            assert_eq!(intent(text), Intent::None, "{text}");
        }
    }

    #[test]
    fn operations_come_in_the_order_of_the_text_with_their_places() {
        let settings = parse(DEFAULTS).expect("they parse");
        let found = find_operations(&settings, "把背景换成白色，尺寸改成一寸，ＰＳＤ也要");
        let names: Vec<&str> = found.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["remove_bg", "resize", "layered"]);
        assert_eq!((found[0].evidence.start, found[0].evidence.end), (1, 3));
        assert_eq!(found[2].evidence.rule, "operation:layered:psd");
        assert!(find_operations(&settings, "在吗").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn spans_lie_in_the_text(text in "[不好对满意可以ok吗?？ \u{200b}，Ａ-ｚ@背景]{0,60}") {
            let settings = parse(DEFAULTS).expect("they parse");
            let length = u32::try_from(text.chars().count()).expect("short");
            let reading = read_intent(&settings, &text, 0);
            let places = reading.evidence.into_iter().chain(find_operations(&settings, &text).into_iter().map(|f| f.evidence));
            for place in places {
                proptest::prop_assert!(place.start < place.end && place.end <= length);
            }
        }
    }
}
