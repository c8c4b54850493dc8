//! Dates, times, and when a span is on.

use super::*;

fn time(text: &str) -> TimeOfDay {
    TimeOfDay::read(text).expect("a time")
}

fn day(text: &str) -> Day {
    Day::read(text).expect("a date")
}

/// Every day from one time to another.
fn span<'a>(from: &str, to: &str) -> Span<'a> {
    Span { days: &[], first_day: None, last_day: None, from: time(from), to: time(to) }
}

/// Friday 2026-01-02 03:04 in UTC.
const FRIDAY: i64 = 1_767_323_040_000;

#[test]
fn reads_times() {
    assert_eq!(time("23:59"), TimeOfDay(23 * 60 + 59));
    assert_eq!((time("00:00"), time("24:00")), (TimeOfDay::BEGIN, TimeOfDay::END));
    for bad in ["24:01", "25:00", "9:00", "09:60", "09-00", "０9:0", "", "+1:00"] {
        assert_eq!(TimeOfDay::read(bad), None, "{bad}");
    }
}

#[test]
fn reads_dates() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-03-01", 11_017),
        ("2026-01-02", FRIDAY / 86_400_000),
        ("0000-03-01", -719_468),
        ("9999-12-31", 2_932_896),
    ] {
        assert_eq!(day(text), Day(days), "{text}");
    }
    assert_eq!(day("2024-03-01").0 - day("2024-02-28").0, 2);
    assert_eq!(day("2023-03-01").0 - day("2023-02-28").0, 1);
    for bad in
        ["2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-01", ""]
    {
        assert_eq!(Day::read(bad), None, "{bad}");
    }
}

#[test]
fn days_follow_each_other_through_four_hundred_years() {
    let mut next = day("1999-01-01");
    for year in 1999..2400 {
        for month in 1..=12 {
            for date in 1..=31 {
                if let Some(day) = Day::read(&format!("{year}-{month:02}-{date:02}")) {
                    assert_eq!(day, next, "{year}-{month}-{date}");
                    next = Day(next.0 + 1);
                }
            }
        }
    }
}

#[test]
fn the_offset_moves_the_day() {
    let local = |moment, offset| {
        let Local { day, time } = Local::at(moment, offset);
        (day.weekday(), time)
    };
    assert_eq!(local(FRIDAY, 0), (5, time("03:04")));
    assert_eq!(local(FRIDAY, 480), (5, time("11:04")));
    assert_eq!(local(FRIDAY, -300), (4, time("22:04")));
    assert_eq!(local(-60_000, 0), (3, time("23:59")));
}

#[test]
fn the_ends_of_time_do_no_harm() {
    let always = Span { first_day: Some(day("0000-01-01")), ..span("22:00", "06:00") };
    for moment in [i64::MIN, i64::MAX] {
        for offset in [i16::MIN, i16::MAX] {
            let now = Local::at(moment, offset);
            assert!((1..=7).contains(&now.day.weekday()));
            now.within(always);
        }
    }
}

#[test]
fn a_window_past_midnight_belongs_to_the_day_it_starts() {
    let night = span("22:00", "06:00");
    let now = Local::at(FRIDAY, 0);
    assert!(now.within(night));
    assert!(now.within(Span { days: &[4], ..night }));
    assert!(!now.within(Span { days: &[5], ..night }));
    assert!(Local::at(FRIDAY, -300).within(Span { days: &[4], ..night }));
    assert!(!Local::at(FRIDAY, 480).within(night));
    assert!(!now.within(span("03:05", "04:00")));
    assert!(now.within(Span { days: &[5], ..span("03:04", "03:05") }));
}

#[test]
fn a_sale_is_on_from_its_first_day_to_its_last() {
    let sale = |first: Option<&str>, last: Option<&str>| Span {
        first_day: first.map(day),
        last_day: last.map(day),
        ..span("00:00", "24:00")
    };
    let now = Local::at(FRIDAY, 0);
    assert!(now.within(sale(Some("2026-01-02"), Some("2026-01-02"))));
    assert!(now.within(sale(Some("2026-01-01"), None)) && now.within(sale(None, Some("2026-01-03"))));
    assert!(!now.within(sale(Some("2026-01-03"), None)) && !now.within(sale(None, Some("2026-01-01"))));
    // From eight in the evening of the first of January to midnight and on into the second.
    let eve = Span { to: time("12:00"), from: time("20:00"), ..sale(Some("2026-01-01"), Some("2026-01-01")) };
    assert!(now.within(eve) && !Local::at(FRIDAY, 24 * 60).within(eve));
}
