//! Each problem is found, at its place.

use super::*;
use crate::settings::DEFAULTS;

fn pointers(settings: &str) -> Vec<String> {
    check(settings).err().unwrap_or_default().into_iter().map(|problem| problem.pointer).collect()
}

/// The default table with something more.
fn with(more: &str) -> String {
    format!(r#"{{"table":[{{"complexity":"simple","low":1000,"high":1500}}],{more}}}"#)
}

#[test]
fn the_defaults_pass() {
    assert_eq!(check(DEFAULTS), Ok(()));
}

#[test]
fn everything_at_once_passes() {
    let all = with(
        r#""otherwise":{"low":0,"high":1},"operations":[{"operation":"remove_bg","label":"抠图","low":500,"high":500}],
        "several":[{"from":3,"percent":10}],"returning":{"orders":2,"percent":5},"tags":[{"tag":"大客户","percent":15}],
        "times":[{"label":"夜间","days":[6,7],"from":"22:00","to":"06:00","percent":50},
        {"label":"双十一","first_day":"2026-11-10","last_day":"2026-11-11","percent":-20}],
        "minimum":800,"rounding":{"to":100,"mode":"up"}"#,
    );
    assert_eq!(check(&all), Ok(()));
}

#[test]
fn each_problem_has_its_pointer() {
    for (settings, expected) in [
        (String::from("{}"), vec![""]),
        ("[]".into(), vec![""]),
        ("{".into(), vec![""]),
        (r#"{"table":[]}"#.into(), vec!["/table"]),
        (with(r#""tabel":1"#), vec!["/tabel"]),
        (with(r#""a/b~":1"#), vec!["/a~1b~0"]),
        (with(r#""otherwise":{"low":5,"high":1}"#), vec!["/otherwise/high"]),
        (with(r#""otherwise":{"low":-1}"#), vec!["/otherwise/low", "/otherwise"]),
        (with(r#""otherwise":{"low":1.5,"high":"2"}"#), vec!["/otherwise/low", "/otherwise/high"]),
        (with(r#""otherwise":null"#), vec!["/otherwise"]),
        (with(r#""minimum":100000001"#), vec!["/minimum"]),
        (with(r#""minimum":9223372036854775808"#), vec!["/minimum"]),
        (with(r#""several":[{"from":1,"percent":91}]"#), vec!["/several/0/from", "/several/0/percent"]),
        (with(r#""tags":[{"tag":"a","percent":1},{"tag":"a","percent":2}]"#), vec!["/tags/1/tag"]),
        (with(r#""rounding":{"to":0,"mode":"half"}"#), vec!["/rounding/to", "/rounding/mode"]),
        (
            with(r#""times":[{"label":" ","from":"24:00","to":"24:01","percent":301,"days":[0,1,1]}]"#),
            vec![
                "/times/0/label",
                "/times/0/days/0",
                "/times/0/days/2",
                "/times/0/from",
                "/times/0/to",
                "/times/0/percent",
            ],
        ),
        (with(r#""times":[{"label":"x","from":"08:00","to":"08:00","percent":1}]"#), vec!["/times/0/to"]),
        (with(r#""times":[{"label":"x","to":"00:00","percent":1}]"#), vec!["/times/0/to"]),
        (
            with(r#""times":[{"label":"x","first_day":"2026-02-29","last_day":"11-11","percent":1}]"#),
            vec!["/times/0/first_day", "/times/0/last_day"],
        ),
        (
            with(r#""times":[{"label":"x","first_day":"2026-11-12","last_day":"2026-11-11","percent":1}]"#),
            vec!["/times/0/last_day"],
        ),
        (with(r#""operations":[{"operation":"抠图","low":1,"high":1}]"#), vec!["/operations/0/operation"]),
        (
            with(r#""several":[{"from":5,"percent":10},{"from":3,"percent":10},{"from":2,"percent":51}]"#),
            vec!["/several/2/percent", "/several/1/percent", "/several/0/percent"],
        ),
        // A key written twice: the walk sees the last only, the reader at run time would refuse it.
        (with(r#""minimum":1,"minimum":2"#), vec![""]),
    ] {
        assert_eq!(pointers(&settings), expected, "{settings}");
    }
}

#[test]
fn messages_are_for_the_shop_owner() {
    let problems = check(&with(r#""tabel":1"#)).expect_err("unknown");
    assert!(problems[0].message.contains("不认识的设置项"), "{:?}", problems[0]);
}

#[test]
fn a_hint_says_the_price_and_no_other() {
    let said = |hint: &str| {
        let hint = serde_json::json!(hint);
        check(&format!(r#"{{"table":[{{"complexity":"x","low":1,"high":2,"hint":{hint}}}]}}"#))
    };
    for good in ["{price}", "{price},这张比较简单", "24小时内出图,{price}", "{price},可以和别的图一块发"]
    {
        assert_eq!(said(good), Ok(()), "{good}");
    }
    for bad in [
        "15-20元",
        "这张比较简单",
        "{price},原价30元",
        "{price},平时三十元",
        "{price}(¥30)",
        "{price},30 块",
        "{price},{low}起",
        "{price}}",
        "",
    ] {
        let problems = said(bad).expect_err(bad);
        assert_eq!(problems[0].pointer, "/table/0/hint", "{bad}");
    }
}

#[test]
fn a_larger_discount_may_make_the_next_picture_free_but_no_more() {
    for (steps, good) in [
        (r#"[{"from":2,"percent":50}]"#, true),
        (r#"[{"from":2,"percent":51}]"#, false),
        (r#"[{"from":10,"percent":19},{"from":3,"percent":10}]"#, true),
        (r#"[{"from":10,"percent":20},{"from":3,"percent":10}]"#, false),
    ] {
        assert_eq!(check(&with(&format!(r#""several":{steps}"#))).is_ok(), good, "{steps}");
    }
}
