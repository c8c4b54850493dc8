//! What is said to whom.

use super::*;
use crate::settings::{DEFAULTS, parse};

fn said_with(
    settings: &str,
    key: &str,
    slots: &[(&str, &str)],
    bucket: u32,
    locale: &str,
) -> Result<Phrase, Refused> {
    assert_eq!(crate::check(settings), Ok(()));
    let slots: Vec<_> = slots.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    word(&parse(settings).expect("valid"), &Situation { key, slots: &slots, bucket, locale })
}

fn said(settings: &str, key: &str, locale: &str) -> String {
    let slots =
        [("address", "abc@qq.com"), ("count", "2"), ("name", "王女士"), ("operations", "变清晰、抠图、调色")];
    said_with(settings, key, &slots, 7, locale).expect("words").text
}

#[test]
fn the_words_are_those_of_the_design_in_three_languages() {
    for (key, simplified, traditional, english) in [
        (
            "image-ready",
            "好了,你看一下效果,没问题把邮箱发我",
            "修好囉,您看一下效果,沒問題的話把信箱傳給我",
            "It's ready! Have a look, and if you're happy with it, send me your email address",
        ),
        ("revision-accepted", "好的,重新给你做", "好的,馬上幫您重做", "Got it, I'll redo it for you"),
        (
            "confirm-address",
            "是发到 abc@qq.com 吗?",
            "是寄到 abc@qq.com 嗎?",
            "Is abc@qq.com the right address?",
        ),
        (
            "mail-failed",
            "邮件发送失败了,您再发一次邮箱试试",
            "郵件沒有寄成功,麻煩您再傳一次信箱",
            "The email didn't go through. Could you send me your address again?",
        ),
        ("mail-subject", "您的照片处理好了(2张)", "您的照片處理好了(2張)", "Your photos are ready (2)"),
    ] {
        let said = |locale| said(DEFAULTS, key, locale);
        assert_eq!(
            (said("zh-CN"), said("zh-TW"), said("en")),
            (simplified.into(), traditional.into(), english.into())
        );
    }
    for (key, _) in KEYS {
        for locale in ["zh-CN", "zh-TW", "en"] {
            let phrase = said(DEFAULTS, key, locale);
            assert!(!phrase.contains(['{', '}']) && emoji::without(&phrase) == phrase, "{phrase}");
        }
    }
    assert_eq!(said_with(DEFAULTS, "no-such-key", &[], 0, "zh-CN"), Err(Refused::UnknownKey));
}

#[test]
fn a_locale_finds_its_nearest_relative() {
    let heard = |locale| said(DEFAULTS, "image-ready", locale);
    for (locale, like) in [
        ("zh", "zh-CN"),
        ("zh-SG", "zh-CN"),
        ("zh-Hans-HK", "zh-CN"),
        ("zh-cn", "zh-CN"),
        ("zh-HK", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("ZH-hant-tw", "zh-TW"),
        ("en-GB", "en"),
        ("ja", "en"),
        ("", "en"),
    ] {
        assert_eq!(heard(locale), heard(like), "{locale}");
    }
    let own = r#"{"templates":{"zh-HK":{"handed-off":[{"text":"等阵"}]},"en":{"handed-off":[{"text":"One moment"}]}}}"#;
    assert_eq!(said(own, "handed-off", "zh-HK"), "等阵");
    assert_eq!(said(own, "handed-off", "zh-TW"), said(DEFAULTS, "handed-off", "zh-TW"));
    assert_eq!(said(own, "handed-off", "en-US"), "One moment");
    assert_eq!(
        said(own, "work-mailed", "zh-HK"),
        said(DEFAULTS, "work-mailed", "zh-TW"),
        "the rest is as shipped"
    );
}

#[test]
fn emoji_are_sent_where_the_shop_wants_them() {
    let on = DEFAULTS.replace("\"emoji\": false", "\"emoji\": true");
    assert_eq!(said(&on, "image-ready", "zh-CN"), "好了,你看一下效果,没问题把邮箱发我😊");
    assert_eq!(said(r#"{"emoji":true}"#, "work-mailed", "en"), "It's on its way to your inbox 📬");
    let own = |emoji| {
        let own = format!(
            r#"{{"emoji":{emoji},"templates":{{"zh-CN":{{"mail-subject":[{{"text":"🎁 {{name}}的照片"}}]}}}}}}"#
        );
        said_with(&own, "mail-subject", &[("name", "小🌸")], 0, "zh-CN").expect("words").text
    };
    assert_eq!(
        (own(true), own(false)),
        ("🎁 小🌸的照片".into(), "小🌸的照片".into()),
        "a name stays as it is"
    );
}

#[test]
fn wordings_are_chosen_as_often_as_their_weights_say() {
    let own = r#"{"templates":{"zh-CN":{"handed-off":[
        {"text":"一","weight":3},{"text":"二","weight":0},{"text":"三","label":"亲切"},{"text":"四","weight":2}]}}}"#;
    let said = |bucket| said_with(own, "handed-off", &[], bucket, "zh-CN").expect("words");
    let heard: Vec<_> = (0..6).map(|bucket| (said(bucket).text, said(bucket).label)).collect();
    let of = |text: &str, label: &str| (text.to_owned(), label.to_owned());
    assert_eq!(
        heard,
        [of("一", "1"), of("一", "1"), of("一", "1"), of("三", "亲切"), of("四", "4"), of("四", "4")]
    );
    assert_eq!(said(u32::MAX), said(u32::MAX % 6));
    let one = r#"{"templates":{"zh-CN":{"handed-off":[{"text":"一"}]}}}"#;
    assert_eq!(said_with(one, "handed-off", &[], 9, "zh-CN").expect("words").label, "");
}

#[test]
fn slots_are_what_their_type_says() {
    let own = r#"{"templates":{"zh-TW":{"mail-body":[{"text":"{name}:{count}張,{operations}"}]},
        "en":{"mail-body":[{"text":"{name}: {count}, {operations}"}]}}}"#;
    assert_eq!(said(own, "mail-body", "zh-TW"), "王女士:2張,變清晰、去背、调色");
    assert_eq!(said(own, "mail-body", "en"), "王女士: 2, sharpening, background removal, 调色");
    let odd = [("name", " "), ("count", "{name}2"), ("operations", "{count}")];
    assert_eq!(said_with(own, "mail-body", &odd, 0, "en").expect("words").text, "dear customer: 2, {count}");
    assert_eq!(said_with(own, "mail-body", &[], 0, "en").expect("words").text, ": , ");
    let nameless =
        said_with(DEFAULTS, "mail-body", &[("name", ""), ("count", "1")], 0, "zh-CN").expect("words");
    assert!(nameless.text.starts_with("亲爱的顾客,您好!"), "{}", nameless.text);
}

#[test]
fn what_would_be_too_long_to_send_is_not_said() {
    let slots = |length| [("address", "a".repeat(length))];
    let said = |length| {
        let [(name, value)] = slots(length);
        said_with(DEFAULTS, "confirm-address", &[(name, &value)], 0, "zh-CN")
            .map(|phrase| phrase.text.chars().count())
    };
    assert_eq!((said(493), said(494)), (Ok(500), Err(Refused::Unsayable)));
}
