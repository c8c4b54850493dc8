//! What things cost.

use proptest::prelude::*;

use super::*;
use crate::settings::{DEFAULTS, parse};

/// Friday 2026-01-02 11:04 in Beijing.
const NOW: i64 = 1_767_323_040_000;

#[derive(Debug)]
struct Shop(String);

impl Shop {
    fn default() -> Self {
        Self(DEFAULTS.into())
    }

    /// The default table with something more.
    fn with(more: &str) -> Self {
        let Some(open) = DEFAULTS.strip_suffix('}') else { panic!("an object") };
        let settings = format!("{open},{more}}}");
        assert_eq!(crate::check(&settings), Ok(()));
        Self(settings)
    }

    fn bill(&self, pictures: &[(&str, &[&str])], orders: u32, tags: &[&str]) -> Result<Bill, Refused> {
        let settings = parse(&self.0).expect("valid");
        let operations: Vec<Vec<String>> =
            pictures.iter().map(|(_, names)| names.iter().map(|&name| name.into()).collect()).collect();
        let pictures: Vec<_> = pictures
            .iter()
            .zip(&operations)
            .map(|(&(complexity, _), operations)| Picture { complexity, operations })
            .collect();
        let tags: Vec<String> = tags.iter().map(|&tag| tag.into()).collect();
        let asked = Asked {
            pictures: &pictures,
            completed_orders: orders,
            tags: &tags,
            unix_milliseconds: NOW,
            utc_offset_minutes: 480,
        };
        price(&settings, &asked)
    }

    fn one(&self, complexity: &str) -> Bill {
        self.bill(&[(complexity, &["enhance"])], 0, &[]).expect("a bill")
    }
}

fn sum(bill: &Bill) -> Range {
    bill.lines.iter().fold(Range::default(), |sum, line| sum.plus(line.range).expect("small"))
}

fn labels(bill: &Bill) -> Vec<&str> {
    bill.lines.iter().map(|line| &*line.label).collect()
}

#[test]
fn default_prices_and_hints() {
    for (complexity, low, high, hint) in [
        ("simple", 1000, 1500, "10-15元,这张比较简单"),
        ("normal", 1500, 2000, "15-20元"),
        ("complex", 2000, 2500, "20-25元"),
        ("hard", 2500, 3000, "25-30元"),
        ("什么都行", 2000, 2000, "20元"),
        ("", 2000, 2000, "20元"),
    ] {
        let bill = Shop::default().one(complexity);
        assert_eq!((bill.total, &*bill.hint), (Range { low, high }, hint), "{complexity}");
        assert_eq!(bill.lines.len(), 1);
        assert_eq!(sum(&bill), bill.total);
    }
}

#[test]
fn several_pictures_get_a_computed_hint() {
    let bill = Shop::default().bill(&[("simple", &[]), ("normal", &[])], 0, &[]).expect("a bill");
    assert_eq!((bill.total, &*bill.hint), (Range { low: 2500, high: 3500 }, "25-35元"));
    assert_eq!(labels(&bill), ["第1张(简单)", "第2张(普通)"]);
}

#[test]
fn a_bill_never_has_more_rows_than_the_host_takes() {
    let windows: Vec<_> = (1..=20)
        .map(|percent| format!(r#"{{"label":"t{percent}","from":"00:00","to":"23:59","percent":{percent}}}"#))
        .collect();
    let shop = Shop::with(&format!(
        r#""several":[{{"from":2,"percent":1}}],"returning":{{"orders":1,"percent":1}},"times":[{}],
        "minimum":100000000,"rounding":{{"to":99999}}"#,
        windows.join(",")
    ));
    for (count, first) in [(40, "第1张(普通)"), (41, "共41张"), (1000, "共1000张")] {
        let bill = shop.bill(&vec![("normal", &[] as &[&str]); count], 1, &[]).expect("a bill");
        assert_eq!((labels(&bill)[0], sum(&bill)), (first, bill.total));
        assert!(bill.lines.len() <= 64, "{}", bill.lines.len());
    }
}

#[test]
fn without_otherwise_a_person_is_needed() {
    let shop = Shop(r#"{"table":[{"complexity":"simple","low":1000,"high":1500}]}"#.into());
    assert!(
        matches!(shop.bill(&[("odd", &[])], 0, &[]), Err(Refused::NeedsPerson(why)) if why.contains("odd"))
    );
    assert_eq!(shop.one("simple").hint, "10-15元");
}

#[test]
fn nothing_to_price_is_an_invalid_input() {
    assert_eq!(Shop::default().bill(&[], 0, &[]), Err(Refused::InvalidInput("pictures")));
}

#[test]
fn an_operation_adds_to_each_picture_it_is_done_to() {
    let shop = Shop::with(r#""operations":[{"operation":"remove_bg","low":500,"high":800}]"#);
    assert_eq!(shop.one("simple").hint, "10-15元,这张比较简单");
    let one = shop.bill(&[("simple", &["remove_bg"])], 0, &[]).expect("a bill");
    assert_eq!(one.hint, "15-23元,这张比较简单", "the hint says what is quoted");
    let bill =
        shop.bill(&[("simple", &["remove_bg", "remove_bg"]), ("simple", &[])], 0, &[]).expect("a bill");
    assert_eq!((bill.total, &*bill.hint), (Range { low: 2500, high: 3800 }, "25-38元"));
    assert_eq!(labels(&bill), ["第1张(简单)", "第1张 抠图换底", "第2张(简单)"]);
}

#[test]
fn the_highest_step_for_several_pictures_counts() {
    let shop = Shop::with(r#""several":[{"from":2,"percent":10},{"from":4,"percent":20}]"#);
    let pictures: [(&str, &[&str]); 5] = [("normal", &[]); 5];
    let total = |count| shop.bill(&pictures[..count], 0, &[]).expect("a bill").total;
    assert_eq!(total(1), Range { low: 1500, high: 2000 });
    assert_eq!(total(3), Range { low: 4050, high: 5400 });
    assert_eq!(total(5), Range { low: 6000, high: 8000 });
}

#[test]
fn of_a_customers_discounts_the_largest_counts() {
    let shop = Shop::with(
        r#""returning":{"orders":2,"percent":5},"tags":[{"tag":"大客户","percent":20},{"tag":"新客","percent":1}]"#,
    );
    let bill = |orders, tags: &[&str]| shop.bill(&[("normal", &[])], orders, tags).expect("a bill");
    assert_eq!(bill(1, &[]).hint, "15-20元");
    assert_eq!(bill(2, &["新客"]).total, Range { low: 1425, high: 1900 });
    assert_eq!(bill(9, &["大客户"]).total, Range { low: 1200, high: 1600 });
    assert_eq!(labels(&bill(9, &["大客户"])), ["图片(普通)", "大客户"]);
}

#[test]
fn a_time_window_counts_in_local_time() {
    let night = |from, to| {
        let window = format!(r#""times":[{{"label":"加急","from":"{from}","to":"{to}","percent":50}}]"#);
        Shop::with(&window).one("normal").total
    };
    assert_eq!(night("11:00", "12:00"), Range { low: 2250, high: 3000 });
    assert_eq!(night("03:00", "04:00"), Range { low: 1500, high: 2000 });
}

#[test]
fn minimum_and_rounding_come_last() {
    let shop = Shop::with(r#""minimum":1234,"rounding":{"to":100,"mode":"up"}"#);
    let bill = shop.one("simple");
    assert_eq!((bill.total, &*bill.hint), (Range { low: 1300, high: 1500 }, "13-15元,这张比较简单"));
    assert_eq!(labels(&bill), ["图片(简单)", "补足最低收费", "取整"]);
}

#[test]
fn rounding_modes() {
    for (mode, amounts) in [
        (Mode::Nearest, [(149, 100), (150, 200), (200, 200), (49, 100)]),
        (Mode::Up, [(101, 200), (200, 200), (0, 0), (1, 100)]),
        (Mode::Down, [(199, 100), (200, 200), (0, 0), (99, 100)]),
    ] {
        for (amount, rounded) in amounts {
            assert_eq!(round(amount, Rounding { to: 100, mode }, 0), Some(rounded), "{mode:?} {amount}");
        }
        assert_eq!(
            round(920, Rounding { to: 100, mode }, 920),
            Some(1000),
            "{mode:?}: not below the minimum"
        );
    }
    assert_eq!(round(i64::MAX, Rounding { to: 1000, mode: Mode::Up }, 0), None);
}

#[test]
fn discounts_are_taken_of_what_is_left() {
    let shop = Shop::with(
        r#""several":[{"from":2,"percent":10}],"tags":[{"tag":"大客户","percent":20}],
        "times":[{"label":"午间","from":"11:00","to":"12:00","percent":50},{"label":"周五","days":[5],"percent":-90}]"#,
    );
    let bill = shop.bill(&[("normal", &[]), ("normal", &[])], 0, &["大客户"]).expect("a bill");
    let lows: Vec<_> = bill.lines.iter().map(|line| (&*line.label, line.range.low)).collect();
    let rows = [("第1张(普通)", 1500), ("第2张(普通)", 1500), ("多张优惠", -300), ("大客户", -540)];
    assert_eq!(lows, [&rows[..], &[("午间", 1080), ("周五", -2916)]].concat());
    assert_eq!(bill.total.low, 324);
}

#[test]
fn a_sale_day_begins_and_ends_by_the_shops_clock() {
    let sale = |first, last| {
        let window = format!(
            r#""times":[{{"label":"开年","first_day":"{first}","last_day":"{last}","percent":-20}}]"#
        );
        Shop::with(&window).one("normal").hint
    };
    assert_eq!(sale("2026-01-02", "2026-01-02"), "12-16元");
    assert_eq!(sale("2026-01-03", "2026-01-03"), "15-20元");
}

#[test]
fn absurd_amounts_need_a_person_and_never_overflow() {
    let shop = Shop(format!(
        r#"{{"table":[{{"complexity":"x","low":{0},"high":{0}}}],"several":[{{"from":1,"percent":-1}}]}}"#,
        i64::MAX
    ));
    for pictures in [&[("x", &[] as &[&str])][..], &[("x", &[]), ("x", &[])]] {
        assert!(matches!(shop.bill(pictures, 0, &[]), Err(Refused::NeedsPerson(_))));
    }
}

/// What a shop may set, most of it at random; always checked.
fn shops() -> impl Strategy<Value = Shop> {
    let range = (0..5_000i64, 0..5_000i64).prop_map(|(low, more)| (low, low + more));
    let steps = prop::option::of((2..6u32, 1..=90i64));
    let discounts = prop::option::of((1..4u32, 1..=90i64));
    let hours = prop::sample::select(vec!["00:00", "08:30", "11:05", "22:00"]);
    let windows = prop::collection::vec((hours, prop::bool::ANY, -90..=300i64), 0..4);
    let rounding = prop::option::of((1..2_000i64, prop::sample::select(vec!["nearest", "up", "down"])));
    let all = (range, 0..2_000i64, steps, discounts, windows, 0..6_000i64, rounding);
    all.prop_map(|((low, high), extra, several, discount, windows, minimum, rounding)| {
        let mut settings = serde_json::json!({
            "table": [
                { "complexity": "x", "low": low, "high": high, "hint": "{price},亲" },
                { "complexity": "dearer", "low": low + extra, "high": high + extra },
            ],
            "operations": [{ "operation": "o", "low": extra, "high": extra }],
            "minimum": minimum,
        });
        if let Some((from, percent)) = several {
            settings["several"] = serde_json::json!([{ "from": from, "percent": percent }]);
        }
        if let Some((orders, percent)) = discount {
            settings["returning"] = serde_json::json!({ "orders": orders, "percent": percent });
            settings["tags"] = serde_json::json!([{ "tag": "t", "percent": percent / 2 + 1 }]);
        }
        let window = |(from, fridays, percent): (&str, bool, i64)| {
            serde_json::json!({ "label": "w", "from": from, "to": "12:00", "percent": percent,
                "days": if fridays { vec![5] } else { vec![4, 5, 6] } })
        };
        settings["times"] = windows.into_iter().map(window).collect();
        if let Some((to, mode)) = rounding {
            settings["rounding"] = serde_json::json!({ "to": to, "mode": mode });
        }
        settings
    })
    .prop_filter_map("a step that makes one picture more cheaper", |settings| {
        let settings = settings.to_string();
        crate::check(&settings).is_ok().then_some(Shop(settings))
    })
}

/// Both ends are no less.
fn no_less(left: Range, right: Range) -> bool {
    left.low >= right.low && left.high >= right.high
}

proptest! {
    #[test]
    fn rows_add_up_and_the_total_keeps_to_minimum_and_rounding(
        shop in shops(),
        pictures in prop::collection::vec(prop::sample::select(vec![("x", &[] as &[&str]), ("x", &["o"]), ("dearer", &[])]), 1..60),
        orders in 0..5u32,
    ) {
        let bill = shop.bill(&pictures, orders, &["t"]).expect("a bill");
        prop_assert_eq!(sum(&bill), bill.total);
        prop_assert!(bill.lines.len() <= 64);
        prop_assert!(0 <= bill.total.low && bill.total.low <= bill.total.high);
        let settings = parse(&shop.0).expect("valid");
        prop_assert!(bill.total.low >= settings.minimum);
        if let Some(Rounding { to, .. }) = settings.rounding {
            prop_assert_eq!((bill.total.low % to, bill.total.high % to), (0, 0));
        }
        let said = wording::hint(None, bill.total.low, bill.total.high);
        let own = pictures.len() == 1 && pictures[0].0 == "x";
        prop_assert_eq!(bill.hint, if own { format!("{said},亲") } else { said });
    }

    #[test]
    fn more_never_costs_less(shop in shops(), count in 1..20usize, orders in 0..4u32) {
        let total = |pictures: &[(&str, &[&str])], orders| shop.bill(pictures, orders, &[]).expect("a bill").total;
        let plain: Vec<(&str, &[&str])> = vec![("x", &[]); count + 1];
        let fewer = total(&plain[..count], orders);
        prop_assert!(no_less(total(&plain, orders), fewer), "another picture like the others");
        let mut other = plain[..count].to_vec();
        other[0].1 = &["o"];
        prop_assert!(no_less(total(&other, orders), fewer), "an operation");
        other[0] = ("dearer", &[]);
        prop_assert!(no_less(total(&other, orders), fewer), "a harder picture");
        prop_assert!(no_less(fewer, total(&plain[..count], orders + 1)), "one order fewer");
    }

    #[test]
    fn any_picture_more_costs_no_less_while_no_step_for_several_is_reached(
        shop in shops(),
        pictures in prop::collection::vec(prop::sample::select(vec![("x", &[] as &[&str]), ("x", &["o"]), ("dearer", &[])]), 2..20),
    ) {
        let settings = parse(&shop.0).expect("valid");
        prop_assume!(settings.several.iter().all(|step| step.from as usize != pictures.len()));
        let total = |pictures| shop.bill(pictures, 0, &[]).expect("a bill").total;
        prop_assert!(no_less(total(&pictures), total(&pictures[1..])));
    }

    /// What was never checked: whatever the numbers, there is an answer.
    #[test]
    fn hostile_numbers_do_no_harm(numbers in prop::collection::vec(prop::num::i64::ANY, 12), count in 1..50usize) {
        let [low, high, extra, more, off, back, tag, change, other, minimum, to, moment] = numbers[..] else {
            return Err(TestCaseError::fail("twelve numbers"));
        };
        let text = format!(
            r#"{{"table":[{{"complexity":"x","low":{low},"high":{high}}}],
            "operations":[{{"operation":"o","low":{extra},"high":{more}}}],
            "several":[{{"from":2,"percent":{off}}}],"returning":{{"orders":0,"percent":{back}}},
            "tags":[{{"tag":"t","percent":{tag}}}],
            "times":[{{"label":"a","percent":{change}}},{{"label":"b","percent":{other}}}],
            "minimum":{minimum},"rounding":{{"to":{to}}}}}"#
        );
        let settings = parse(&text).expect("readable");
        let operations = ["o".to_owned()];
        let pictures = vec![Picture { complexity: "x", operations: &operations }; count];
        let asked = Asked {
            pictures: &pictures,
            completed_orders: u32::MAX,
            tags: &["t".to_owned()],
            unix_milliseconds: moment,
            utc_offset_minutes: i16::MIN,
        };
        if let Ok(bill) = price(&settings, &asked) {
            prop_assert_eq!(sum(&bill), bill.total);
        }
    }
}
