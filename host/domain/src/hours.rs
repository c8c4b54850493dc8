//! When a shop is open: nobody is reminded at night.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// How far ahead an opening is looked for, in days: over any holiday.
const AHEAD: u64 = 60;

/// A time of day on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Such as `["Mon", "Tue"]`; every day where it is left out.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// From, in the shop's own time: `"09:00"`.
    pub from: NaiveTime,
    /// Until, not after: `"12:30"`. `"00:00"` is the end of the day.
    pub to: NaiveTime,
}

impl Window {
    /// Whether it has a length: one over midnight is written as two.
    pub fn is_sound(&self) -> bool {
        self.to == NaiveTime::MIN || self.from < self.to
    }

    fn is_on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }
}

/// A shop's opening hours; always open where no window is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpeningHours {
    /// Several a day are fine.
    pub windows: Vec<Window>,
    /// Closed all day, in the shop's own time: `"2027-02-06"`.
    pub holidays: Vec<NaiveDate>,
}

impl OpeningHours {
    /// The first moment from `at` on at which the shop is open; `at` itself where it isn't within two months.
    pub fn open_from(&self, at: DateTime<Utc>, utc_offset_minutes: i16) -> DateTime<Utc> {
        let Some(zone) = FixedOffset::east_opt(i32::from(utc_offset_minutes) * 60) else { return at };
        let local = at.with_timezone(&zone).naive_local();
        let opening =
            (0..AHEAD).find_map(|days| self.open_on(local.date().checked_add_days(Days::new(days))?, local));
        let utc =
            |local: NaiveDateTime| local.and_local_timezone(zone).single().map(|t| t.with_timezone(&Utc));
        opening.filter(|open| *open > local).and_then(utc).unwrap_or(at)
    }

    /// The first moment of this day, and not before `from`, at which the shop is open.
    fn open_on(&self, day: NaiveDate, from: NaiveDateTime) -> Option<NaiveDateTime> {
        if self.holidays.contains(&day) {
            return None;
        }
        let start = day.and_time(NaiveTime::MIN).max(from);
        if self.windows.is_empty() {
            return Some(start);
        }
        let end = |w: &Window| match w.to {
            NaiveTime::MIN => day.checked_add_days(Days::new(1)).map(|next| next.and_time(NaiveTime::MIN)),
            to => Some(day.and_time(to)),
        };
        self.windows
            .iter()
            .filter(|w| w.is_sound() && w.is_on(day.weekday()) && end(w).is_some_and(|end| start < end))
            .map(|w| start.max(day.and_time(w.from)))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(windows: &[(&[Weekday], &str, &str)], holidays: &[&str]) -> OpeningHours {
        let time = |t: &str| t.parse().expect("a time");
        let window = |(days, from, to): &(&[Weekday], &str, &str)| Window {
            days: days.to_vec(),
            from: time(from),
            to: time(to),
        };
        OpeningHours {
            windows: windows.iter().map(window).collect(),
            holidays: holidays.iter().map(|d| d.parse().expect("a date")).collect(),
        }
    }

    /// In the shop's own time, eight hours ahead of UTC.
    fn opens(hours: &OpeningHours, at: &str) -> String {
        let at: DateTime<FixedOffset> = format!("{at}+08:00").parse().expect("a time");
        let open = hours.open_from(at.with_timezone(&Utc), 480);
        open.with_timezone(at.offset()).format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    #[test]
    fn the_next_window_of_the_day_or_of_the_next_open_day() {
        // 2026-11-27 is a Friday.
        let weekdays = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
        let shop = hours(&[(&weekdays, "13:30", "18:00"), (&weekdays, "09:00", "12:00")], &["2026-11-30"]);
        for (at, open) in [
            ("2026-11-27T03:00:00", "2026-11-27T09:00:00"),
            ("2026-11-27T10:15:00", "2026-11-27T10:15:00"),
            ("2026-11-27T12:00:00", "2026-11-27T13:30:00"),
            ("2026-11-27T18:00:00", "2026-12-01T09:00:00"),
        ] {
            assert_eq!(opens(&shop, at), open, "{at}");
        }
    }

    #[test]
    fn without_windows_only_holidays_are_closed() {
        let shop = hours(&[], &["2026-11-27", "2026-11-28"]);
        assert_eq!(opens(&shop, "2026-11-27T10:00:00"), "2026-11-29T00:00:00");
        assert_eq!(opens(&shop, "2026-11-29T10:00:00"), "2026-11-29T10:00:00");
    }

    #[test]
    fn a_window_to_midnight_lasts_the_day_out_and_a_shop_that_never_opens_delays_nothing() {
        let late = hours(&[(&[], "22:00", "00:00")], &[]);
        assert_eq!(opens(&late, "2026-11-27T23:59:59"), "2026-11-27T23:59:59");
        let closed = hours(&[(&[], "10:00", "10:00")], &[]);
        assert!(!closed.windows[0].is_sound());
        assert_eq!(opens(&closed, "2026-11-27T09:00:00"), "2026-11-27T09:00:00");
    }
}
