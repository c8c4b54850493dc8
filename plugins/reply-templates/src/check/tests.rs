//! Each problem is found, at its place.

use serde_json::{Value, json};

use super::*;
use crate::settings::DEFAULTS;

fn pointers(settings: &str) -> Vec<String> {
    check(settings).err().unwrap_or_default().into_iter().map(|problem| problem.pointer).collect()
}

/// The pointers below one situation's wordings.
fn of(key: &str, wordings: Value) -> Vec<String> {
    let settings = json!({ "emoji": true, "templates": { "zh-CN": { key: wordings } } });
    let place = format!("/templates/zh-CN/{key}");
    let found = pointers(&settings.to_string());
    found.into_iter().map(|p| p.strip_prefix(&place).expect("at its place").to_owned()).collect()
}

/// What is wrong with one text.
fn text_of(key: &str, text: &str) -> bool {
    let found = of(key, json!([{ "text": text }]));
    assert!(found.iter().all(|pointer| pointer == "/0/text"), "{text}: {found:?}");
    !found.is_empty()
}

#[test]
fn the_defaults_pass_with_emoji_and_without() {
    assert_eq!(check(DEFAULTS), Ok(()));
    assert_eq!(check(&DEFAULTS.replace("\"emoji\": false", "\"emoji\": true")), Ok(()));
    assert!(DEFAULTS.contains("\"emoji\": false"));
    assert_eq!(check("{}"), Ok(()));
}

#[test]
fn each_problem_has_its_pointer() {
    for (settings, expected) in [
        ("[]", vec![""]),
        ("{", vec![""]),
        (r#"{"tone":1,"emoji":"yes","templates":[]}"#, vec!["/tone", "/emoji", "/templates"]),
        (
            r#"{"templates":{"中文":{},"EN":{},"en-":{},"zh-TW":{"a/b":[]}}}"#,
            vec!["/templates/EN", "/templates/en-", "/templates/zh-TW/a~1b", "/templates/中文"],
        ),
        (r#"{"templates":{"zh-cn":{},"zh-CN":{}}}"#, vec!["/templates/zh-cn"]),
        (r#"{"templates":{"en":[]}}"#, vec!["/templates/en"]),
        // A key written twice: the walk sees the last only, the reader at run time would refuse it.
        (r#"{"templates":{"en":{},"en":{}}}"#, vec![""]),
    ] {
        assert_eq!(pointers(settings), expected, "{settings}");
    }
}

#[test]
fn wordings_are_weighed_and_told_apart() {
    let row = |weight: i64| json!({ "text": "好", "weight": weight });
    assert_eq!(of("handed-off", json!([row(0), row(100), { "text": "好的", "label": "B" }])), [""; 0]);
    assert_eq!(of("handed-off", json!([])), [""], "none");
    assert_eq!(of("handed-off", json!("好")), [""]);
    assert_eq!(of("handed-off", json!(["好"])), ["/0"]);
    assert_eq!(of("handed-off", json!([row(0), row(0)])), [""], "none is ever chosen");
    assert_eq!(of("handed-off", json!([row(-1), row(101)])), ["/0/weight", "/1/weight"]);
    assert_eq!(of("handed-off", json!([{ "weight": 1 }, "好", { "text": 1 }])), ["/0", "/1", "/2/text"]);
    assert_eq!(of("handed-off", json!([{ "text": "好", "wieght": 1 }])), ["/0/wieght"]);
    let label = |label: &str| json!({ "text": "好", "label": label });
    assert_eq!(
        of("handed-off", json!([label("A"), label("A"), label("2"), label(" ")])),
        ["/1/label", "/2/label", "/3/label"]
    );
    let many = vec![row(1); 21];
    assert_eq!(of("handed-off", json!(many)), [""]);
}

#[test]
fn a_slot_is_one_of_the_situations_own_in_a_pair_of_braces() {
    for (key, text) in [
        ("confirm-address", "是发到 {address} 吗?"),
        ("mail-body", "{name},{count}张({operations})"),
        ("revision-accepted", "好的,第{count}次"),
        ("handed-off", "好"),
    ] {
        assert!(!text_of(key, text), "{text}");
    }
    for (key, text) in [
        ("confirm-address", "是发到 {adress} 吗?"),
        ("handed-off", "{name},请稍等"),
        ("mail-body", "{ name },您好"),
        ("mail-body", "{},您好"),
        ("mail-body", "{name,您好"),
        ("mail-body", "name},您好"),
        ("mail-body", "{{name}},您好"),
        ("mail-body", "{name {count}},您好"),
    ] {
        assert!(text_of(key, text), "{text}");
    }
    assert_eq!(of("handed-off", json!([{ "text": "{a}{b}好" }])).len(), 2, "each is named");
}

#[test]
fn what_the_host_would_not_send_is_refused() {
    for text in [
        "看 https://x.cn",
        "example.com",
        "好.ok",
        "发到 a@b",
        "a\u{202e}b",
        "a\u{7}b",
        "",
        " \n",
        &"好".repeat(501),
    ] {
        assert!(text_of("handed-off", text), "{text}");
    }
    for text in ["等1.5小时...好吗。\n谢谢", &"好".repeat(500)] {
        assert!(!text_of("handed-off", text), "{text}");
    }
    for text in [
        "{address}",
        "{address}?",
        "x{address} 好",
        "发到 {address}.cn",
        "a.{address} 好",
        "{address}{address}好",
    ] {
        assert!(text_of("confirm-address", text), "{text}");
    }
    for text in ["Is it {address}. Thanks", "发到{address}吗", "{address},对吗"] {
        assert!(!text_of("confirm-address", text), "{text}");
    }
    assert!(text_of("mail-subject", "照片\n好了") && !text_of("mail-body", "照片\n好了"));
}

#[test]
fn emoji_alone_are_nothing_where_they_are_not_sent() {
    let said = |emoji: bool| {
        let settings =
            json!({ "emoji": emoji, "templates": { "en": { "work-mailed": [{ "text": "📬 🎉" }] } } });
        pointers(&settings.to_string())
    };
    assert_eq!((said(true), said(false)), (vec![], vec!["/templates/en/work-mailed/0/text".to_owned()]));
    for joined in ["{address}😊a", "a.😊com"] {
        let off = json!({ "templates": { "en": { "work-mailed": [{ "text": joined }] } } });
        assert_eq!(pointers(&off.to_string()), ["/templates/en/work-mailed/0/text"], "{joined}");
    }
}
