//! What things cost.

use proptest::prelude::*;

use super::*;
use crate::settings::{DEFAULTS, parse};

/// Friday 2026-01-02 11:04 in Beijing.
const NOW: i64 = 1_767_323_040_000;

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
    assert_eq!((bill.total, &*bill.hint), (Range { low: 1300, high: 1500 }, "13-15元"));
    assert_eq!(labels(&bill), ["图片(简单)", "补足最低收费", "取整"]);
}

#[test]
fn rounding_modes() {
    for (mode, amounts) in [
        (Mode::Nearest, [(149, 100), (150, 200), (200, 200)]),
        (Mode::Up, [(101, 200), (200, 200), (0, 0)]),
        (Mode::Down, [(199, 100), (200, 200), (99, 0)]),
    ] {
        for (amount, rounded) in amounts {
            assert_eq!(round(amount, Rounding { to: 100, mode }), Some(rounded), "{mode:?} {amount}");
        }
    }
    assert_eq!(round(i64::MAX, Rounding { to: 1000, mode: Mode::Up }), None);
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

proptest! {
    #[test]
    fn rows_add_up_and_low_stays_below_high(
        (low, more) in (0..5_000i64, 0..5_000i64),
        surcharge in 0..2_000i64,
        discounts in (1..=90i64, 1..=90i64),
        window in -90..=300i64,
        minimum in 0..3_000i64,
        (to, mode) in (1..500i64, prop::sample::select(vec!["nearest", "up", "down"])),
        count in 1..6usize,
    ) {
        let high = low + more;
        let shop = Shop(format!(
            r#"{{"table":[{{"complexity":"x","low":{low},"high":{high}}}],
            "operations":[{{"operation":"o","low":{surcharge},"high":{surcharge}}}],
            "several":[{{"from":2,"percent":{}}}],"returning":{{"orders":1,"percent":{}}},
            "times":[{{"label":"t","from":"00:00","to":"23:59","percent":{window}}}],
            "minimum":{minimum},"rounding":{{"to":{to},"mode":"{mode}"}}}}"#,
            discounts.0, discounts.1
        ));
        prop_assert_eq!(crate::check(&shop.0), Ok(()));
        let pictures: Vec<(&str, &[&str])> = vec![("x", &["o"]); count];
        let bill = shop.bill(&pictures, 1, &[]).expect("a bill");
        prop_assert_eq!(sum(&bill), bill.total);
        prop_assert!(0 <= bill.total.low && bill.total.low <= bill.total.high);
    }
}
