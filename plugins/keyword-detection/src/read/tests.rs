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
        "是不是不对",
        "没有特别满意",
    ] {
        assert_eq!(intent(text), Intent::Revise, "{text}");
    }
    for text in ["特别满意", "非常满意", "不错", "没问题,特别好的"] {
        assert_eq!(intent(text), Intent::Confirm, "{text}");
    }
    assert_eq!(intent("不是不好,就是再亮一点"), Intent::Revise);
    assert_eq!(intent("不是不好"), Intent::None);
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
    for text in ["不".repeat(5000), "不是很".repeat(1700), "没有不满".repeat(1250), "行".repeat(5000)]
    {
        let started = std::time::Instant::now();
        let _ = (read_intent(&settings, &text, 0, true), find_operations(&settings, &text));
        // Generous, for an unoptimised build on a busy machine: quadratic time would take minutes.
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

proptest::proptest! {
    #[test]
    fn spans_lie_in_the_text(text in "[不好对满意可以ok吗?？ \u{200b}，Ａ-ｚ@背景]{0,60}") {
        let settings = parse(DEFAULTS).expect("they parse");
        let length = u32::try_from(text.chars().count()).expect("short");
        let reading = read_intent(&settings, &text, 0, true);
        let places = reading.evidence.into_iter().chain(find_operations(&settings, &text).into_iter().map(|f| f.evidence));
        for place in places {
            proptest::prop_assert!(place.start < place.end && place.end <= length);
        }
    }
}
