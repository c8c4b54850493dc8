//! What is read out of what customers write.

use super::*;
use crate::find_operations;
use crate::{DEFAULTS, parse};

fn intent(text: &str) -> Intent {
    read_intent(&parse(DEFAULTS).expect("they parse"), text, u32::from(text.contains('@')), true).intent
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
fn what_is_denied_is_never_accepted() {
    for text in [
        "不太满意",
        "不是很满意 abc@qq.com",
        "不可以",
        "特别不满意",
        "没有重做啊",
        "不够满意,颜色挺好",
        "没有特别满意",
    ] {
        assert_eq!(intent(text), Intent::Revise, "{text}");
    }
    for text in ["特别满意", "非常满意", "不错", "没问题,特别好的"] {
        assert_eq!(intent(text), Intent::Confirm, "{text}");
    }
    assert_eq!(intent("不是不好,就是再亮一点"), Intent::Revise);
    assert!(matches!(intent("不是不好"), Intent::None | Intent::Question));
}

#[test]
fn a_question_with_a_trap_in_it_is_a_question() {
    for text in ["这样行不行啊", "是不是可以", "可不可以"] {
        assert_eq!(intent(text), Intent::Question, "{text}");
    }
}

#[test]
fn a_long_message_takes_linear_time() {
    let settings = parse(DEFAULTS).expect("they parse");
    let one_clause = |start: &str, word: &str, end: &str| format!("{start}{}{end}", word.repeat(2000));
    for text in [
        "不".repeat(5000),
        "不是很".repeat(1700),
        "没有不满".repeat(1250),
        "行".repeat(5000),
        one_clause("要是", "太白", ""),
        one_clause("刚才", "难看", "，可以"),
        one_clause("", "不好看吗", ""),
    ] {
        let started = std::time::Instant::now();
        let _ = (read_intent(&settings, &text, 0, true), find_operations(&settings, &text));
        // Generous, for an unoptimised build on a busy machine.
        assert!(started.elapsed().as_secs() < 2, "{}", &text[..12]);
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
    for text in [
        "可以",
        "好的，没问题",
        "ok",
        "ＯＫ！",
        "行",
        "嗯嗯就这样发我吧",
        "abc@qq.com",
        "好",
        "是的",
        "对，没错",
    ] {
        assert_eq!(intent(text), Intent::Confirm, "{text}");
    }
    for text in ["正在进行中", "book", "", "   ", "照片是去年拍的", "对了，还有一张"] {
        assert_eq!(intent(text), Intent::None, "{text}");
    }
}

#[test]
fn operations_come_in_the_order_of_the_text_with_their_places() {
    let settings = parse(DEFAULTS).expect("they parse");
    let found = find_operations(&settings, "把背景换成白色，尺寸改成一寸，ＰＳＤ也要");
    let names: Vec<&str> = found.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["remove_bg", "resize", "layered"]);
    assert_eq!((found[0].evidence.start, found[0].evidence.end), (1, 4));
    assert_eq!(found[2].evidence.rule, "operation:layered:psd");
    assert!(find_operations(&settings, "在吗").is_empty());
}

/// The seed's tables, and nothing of what was added to them.
fn seeds_tables() -> String {
    let mut tables: serde_json::Map<String, serde_json::Value> =
        crate::settings::TABLES.iter().map(|name| ((*name).to_owned(), serde_json::json!([]))).collect();
    let negative = ["不好", "不对", "不满意", "重做", "改一下", "差太多", "不行", "效果不好", "颜色不对"];
    tables.insert("revise".into(), serde_json::json!(negative));
    let operations = serde_json::json!([
        { "name": "enhance", "keywords": ["模糊", "清晰", "高清", "变清"] },
        { "name": "remove_bg", "keywords": ["背景", "去背", "抠图", "透明"] },
        { "name": "resize", "keywords": ["尺寸", "大小", "缩放", "分辨率"] },
        { "name": "fix_old_photo", "keywords": ["老照片", "修复", "发黄", "破损"] },
        { "name": "layered", "keywords": ["分层", "psd"] },
    ]);
    tables.insert("operations".into(), operations);
    tables.insert("second_opinion".into(), serde_json::json!(false));
    serde_json::Value::Object(tables).to_string()
}

#[test]
fn with_the_seeds_tables_it_answers_as_the_seed() {
    let text = seeds_tables();
    assert_eq!(crate::check(&text), Ok(()));
    let settings = parse(&text).expect("they parse");
    for (text, intent) in [
        ("颜色不对，脸太黄了", Intent::Revise),
        ("不满意，重做", Intent::Revise),
        ("效果不好", Intent::Revise),
        ("差太多", Intent::Revise),
        ("abc@qq.com", Intent::Confirm),
        ("好的", Intent::None),
        ("退款，不要了", Intent::None),
    ] {
        assert_eq!(
            read_intent(&settings, text, u32::from(text.contains('@')), true).intent,
            intent,
            "{text}"
        );
    }
    for (text, operation) in [
        ("这张照片太模糊了，帮我变清晰一点", "enhance"),
        ("帮我抠图，要透明底png", "remove_bg"),
        ("尺寸改成295*413", "resize"),
        ("爷爷的老照片发黄了，能修复吗", "fix_old_photo"),
        ("要分层的PSD文件", "layered"),
    ] {
        assert_eq!(find_operations(&settings, text)[0].name, operation, "{text}");
    }
}

#[test]
fn a_table_of_the_shop_stands_for_the_shipped_one_and_is_folded() {
    let settings = parse(r#"{"hand_off":["轉老闆","ＶＩＰ"]}"#).expect("they parse");
    assert_eq!(read_intent(&settings, "转老板", 0, true).intent, Intent::HandOff);
    assert_eq!(read_intent(&settings, "vip", 0, true).intent, Intent::HandOff);
    assert_ne!(read_intent(&settings, "退款", 0, true).intent, Intent::HandOff);
    assert_eq!(read_intent(&settings, "不满意", 0, true).intent, Intent::Revise);
}

proptest::proptest! {
    #[test]
    fn spans_lie_in_the_text(text in "[不好对满意可以ok吗?？ \u{200b}，Ａ-ｚ@背景没了太一点再改去水印摳圖0-9:/邮箱\n\t]{0,60}", tail in "[1 \n]{0,300}") {
        let text = text + &tail;
        let settings = parse(DEFAULTS).expect("they parse");
        let length = u32::try_from(text.chars().count()).expect("short");
        let reading = read_intent(&settings, &text, 0, true);
        let places = reading.evidence.into_iter().chain(find_operations(&settings, &text).into_iter().map(|f| f.evidence));
        for place in places {
            proptest::prop_assert!(place.start < place.end && place.end <= length);
            proptest::prop_assert!(!place.rule.chars().any(char::is_control) && place.rule.chars().count() <= 200);
        }
    }
}

#[test]
fn a_second_opinion_reads_what_no_table_has_and_leaves_the_shops_own_words_alone() {
    let alone = r#"{"second_opinion":false}"#;
    let read = |settings: &str, text: &str| {
        let settings = parse(settings).expect("they parse");
        let read = read_intent(&settings, text, u32::from(text.contains('@')), true);
        (read.intent, read.evidence.first().map(|evidence| evidence.rule.clone()).unwrap_or_default())
    };
    for (text, intent) in [("好看得冒泡", Intent::Confirm), ("丑得没边", Intent::Revise)] {
        assert_ne!(read(alone, text).0, intent, "{text}");
        let (read, rule) = read(DEFAULTS, text);
        assert_eq!(read, intent, "{text}");
        assert!(rule.starts_with("learned:"), "{text}: {rule}");
    }
    // Beside an address, too; and what is good about something else is not mailed.
    assert_eq!(read(alone, "美得冒泡 abc@qq.com").0, Intent::Question);
    assert_eq!(read(DEFAULTS, "美得冒泡 abc@qq.com").0, Intent::Confirm);
    assert_eq!(read(alone, "论文终于交了，活过来了").0, Intent::Confirm);
    assert_eq!(read(DEFAULTS, "论文终于交了，活过来了").0, Intent::None);
    // The workflow would mail for no intent at all beside an address, so that is asked about.
    assert_eq!(read(DEFAULTS, "我儿子今天考上研了 abc@qq.com").0, Intent::Question);
    // It never says the opposite of the shop.
    let own = r#"{"question":["冒泡"]}"#;
    assert_eq!(read(own, "好看得冒泡，太满意了"), (Intent::Question, "question:冒泡".to_owned()));
    assert_ne!(read(r#"{"hand_off":["找老板"]}"#, "退钱退钱退钱").0, Intent::HandOff);
    // What it doubts is not mailed: the shop asks, and does no work again. Its own words it does not doubt.
    assert_eq!(read(alone, "嗯嗯").0, Intent::Confirm);
    assert_eq!(read(DEFAULTS, "嗯嗯").0, Intent::Question);
    assert_eq!(read(alone, "还以为会很假").0, Intent::None);
    assert_eq!(read(DEFAULTS, "还以为会很假").0, Intent::Question);
    // What the rules found stands where it is not quite unlikely: a picture may come with this, of which nothing is known here.
    assert_eq!(read(DEFAULTS, "照这张的颜色").0, Intent::Revise);
    assert_eq!(read(r#"{"confirm":["啊对"]}"#, "啊对"), (Intent::Confirm, "confirm:啊对".to_owned()));
}

#[test]
fn a_fault_of_before_is_none_once_the_work_is_accepted() {
    let read = |text: &str| {
        let settings = parse(r#"{"second_opinion":false}"#).expect("they parse");
        read_intent(&settings, text, 0, true).intent
    };
    for text in ["原来太暗，现在很好看", "之前脸歪，这次很满意"] {
        assert_ne!(read(text), Intent::Revise, "{text}");
    }
    for text in ["原来不歪，现在太暗", "比原来歪了，别的很好看", "之前那版好看，脸歪了", "之前就歪了"]
    {
        assert_eq!(read(text), Intent::Revise, "{text}");
    }
}
