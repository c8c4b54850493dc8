//! The built-in plugins answer what the design says.

use shopkeeper_domain::{
    Money, Operation,
    roles::{
        Refusal, Role,
        detection::Intent,
        wording::{Key, Situation},
    },
};
use shopkeeper_engine::{Binding, PriceBounds};

use crate::forge::{bounds, engine, message, request, situation};

#[tokio::test]
async fn prices_are_the_tables() {
    let engine = engine();
    let pricing = engine.builtin(Role::Pricing);
    for (complexity, low, high, hint) in [
        ("simple", 1000, 1500, "10-15元,这张比较简单"),
        ("normal", 1500, 2000, "15-20元"),
        ("complex", 2000, 2500, "20-25元"),
        ("hard", 2500, 3000, "25-30元"),
        ("anything else", 2000, 2000, "20元"),
    ] {
        let quoted = engine.price(&[pricing], &request(complexity), &bounds()).await;
        let quote = quoted.answer.expect("a price");
        assert_eq!((quote.low, quote.high, quote.hint.as_str()), (Money::fen(low), Money::fen(high), hint));
        assert_eq!(&*quoted.by.name, "price-table");
        assert!(quoted.incidents.is_empty());
    }
}

#[tokio::test]
async fn a_price_outside_the_shops_bounds_goes_to_a_person() {
    let engine = engine();
    let pricing = engine.builtin(Role::Pricing);
    let floor = PriceBounds { floor: Some(Money::fen(9900)), ..bounds() };
    let ceiling = PriceBounds { ceiling: Some(Money::fen(100)), ..bounds() };
    for bounds in [floor, ceiling] {
        let quoted = engine.price(&[pricing], &request("simple"), &bounds).await;
        assert!(matches!(quoted.answer, Err(Refusal::NeedsPerson(_))), "{:?}", quoted.answer);
    }
}

#[tokio::test]
async fn messages_are_read_and_worded() {
    let engine = engine();
    let detection = engine.builtin(Role::Detection);
    for (text, intent) in [
        ("颜色不对，脸太黄了", Intent::Revise),
        ("好的，没问题", Intent::Confirm),
        ("我要投诉你们", Intent::HandOff),
        ("这样好不好看？", Intent::Question),
    ] {
        let read = engine.read_intent(&[detection], &message(text)).await;
        let reading = read.answer.expect("a reading");
        assert_eq!(reading.intent, intent, "{text}");
        assert!(!reading.evidence.is_empty(), "{text}: says why");
    }
    let found =
        engine.find_operations(&[detection], "帮我抠图，要透明底png").await.answer.expect("operations");
    assert_eq!(found[0].name.as_str(), "remove_bg");
    let wording = engine.builtin(Role::Wording);
    for key in Key::ALL {
        let slots = [("address", "abc@qq.com"), ("operations", "变清晰"), ("count", "1"), ("name", "王女士")];
        let worded = engine.word(&[wording], &situation(key, &slots)).await;
        assert!(worded.answer.is_ok(), "{}: {:?}", key.name(), worded.answer);
    }
    let asked = engine.word(&[wording], &situation(Key::ConfirmAddress, &[("address", "abc@qq.com")])).await;
    assert_eq!(asked.answer.expect("words").text, "是发到 abc@qq.com 吗?");
}

/// The plugin knows the operations by what the host calls them.
#[tokio::test]
async fn every_operation_has_a_name_in_every_language() {
    let engine = engine();
    let wording = engine.builtin(Role::Wording);
    let settings = r#"{"templates":{"en":{"image-ready":[{"text":"Done: {operations}"}]},
        "zh-TW":{"image-ready":[{"text":"{operations}好囉"}]}}}"#;
    let own = Binding { plugin: wording.plugin.clone(), settings: settings.into(), revision: 1 };
    for name in ["enhance", "remove_bg", "resize", "fix_old_photo", "layered"] {
        let operation: Operation = name.parse().expect("a name");
        let said = async |locale: &str| {
            let asked = Situation {
                locale: locale.into(),
                ..situation(Key::ImageReady, &[("operations", operation.label())])
            };
            engine.word(&[&own], &asked).await.answer.expect("words").text
        };
        let english = said("en").await;
        assert!(english.is_ascii(), "{name}: {english}");
        let traditional = said("zh-TW").await;
        assert!(!traditional.contains(['变', '图', '复', '层', '张']), "{name}: {traditional}");
    }
}

#[tokio::test]
async fn the_journal_holds_no_address_and_no_name() {
    let engine = engine();
    let detection = engine.builtin(Role::Detection);
    let wording = engine.builtin(Role::Wording);
    let read = engine.read_intent(&[detection], &message("发到zhang@qq.com谢谢")).await;
    let asked =
        engine.word(&[wording], &situation(Key::ConfirmAddress, &[("address", "zhang@qq.com")])).await;
    let mailed =
        engine.word(&[wording], &situation(Key::MailBody, &[("name", "王小明"), ("count", "1")])).await;
    for call in read.calls.iter().chain(&asked.calls).chain(&mailed.calls) {
        let kept = format!("{} {}", call.input, call.output.as_deref().unwrap_or(""));
        assert!(!kept.contains("zhang") && !kept.contains("王小明"), "{kept}");
    }
}

#[tokio::test]
async fn settings_are_checked_by_the_plugin() {
    let engine = engine();
    for role in Role::ALL {
        let binding = engine.builtin(role);
        let good = engine.check_settings(&binding.plugin, &binding.settings).await.expect("it answers");
        assert_eq!(good, [], "{role}: its own defaults suit it");
        let bad = engine.check_settings(&binding.plugin, "{\"no_such_key\": 1}").await.expect("it answers");
        assert!(bad.iter().any(|p| p.pointer == "/no_such_key"), "{role}: {bad:?}");
    }
}
