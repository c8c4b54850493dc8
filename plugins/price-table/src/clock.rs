//! The shop's local time, worked out of the moment that the host gives.

use serde::de::{Deserialize, Deserializer, Error};

const MINUTES_A_DAY: i64 = 24 * 60;

/// A time of day in whole minutes, written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// Reads `HH:MM`, from 00:00 to 23:59.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
        let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
        (hours < 24 && minutes < 60).then_some(Self(hours * 60 + minutes))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = plugin_kit::Text::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("a time is written HH:MM"))
    }
}

/// A day of the week and a minute of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local {
    /// 1 is Monday, 7 is Sunday.
    weekday: u8,
    time: TimeOfDay,
}

impl Local {
    /// The moment as the shop's wall clock shows it.
    pub(crate) fn at(unix_milliseconds: i64, utc_offset_minutes: i16) -> Self {
        let minutes = unix_milliseconds.div_euclid(60_000) + i64::from(utc_offset_minutes);
        // Day 0 was a Thursday. A remainder of 7 fits any integer type.
        let weekday = (minutes.div_euclid(MINUTES_A_DAY) + 3).rem_euclid(7) as u8 + 1;
        Self { weekday, time: TimeOfDay(minutes.rem_euclid(MINUTES_A_DAY)) }
    }

    /// Whether this lies in the window; one that passes midnight belongs to the day on which it starts.
    pub(crate) fn within(self, days: &[u8], from: TimeOfDay, to: TimeOfDay) -> bool {
        let on = |weekday| days.is_empty() || days.contains(&weekday);
        if from < to {
            return on(self.weekday) && from <= self.time && self.time < to;
        }
        let yesterday = if self.weekday == 1 { 7 } else { self.weekday - 1 };
        (from <= self.time && on(self.weekday)) || (self.time < to && on(yesterday))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        TimeOfDay::read(text).expect("a time")
    }

    /// Friday 2026-01-02 03:04 in UTC.
    const FRIDAY: i64 = 1_767_323_040_000;

    #[test]
    fn reads_times() {
        assert_eq!(time("23:59"), TimeOfDay(23 * 60 + 59));
        for bad in ["24:00", "9:00", "09:60", "09-00", "０9:0", "", "+1:00"] {
            assert_eq!(TimeOfDay::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_offset_moves_the_day() {
        assert_eq!(Local::at(FRIDAY, 0), Local { weekday: 5, time: time("03:04") });
        assert_eq!(Local::at(FRIDAY, 480), Local { weekday: 5, time: time("11:04") });
        assert_eq!(Local::at(FRIDAY, -300), Local { weekday: 4, time: time("22:04") });
        assert_eq!(Local::at(-60_000, 0), Local { weekday: 3, time: time("23:59") });
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        for moment in [i64::MIN, i64::MAX] {
            for offset in [i16::MIN, i16::MAX] {
                assert!((1..=7).contains(&Local::at(moment, offset).weekday));
            }
        }
    }

    #[test]
    fn a_window_past_midnight_belongs_to_the_day_it_starts() {
        let (from, to) = (time("22:00"), time("06:00"));
        let now = Local::at(FRIDAY, 0);
        assert!(now.within(&[], from, to));
        assert!(now.within(&[4], from, to));
        assert!(!now.within(&[5], from, to));
        assert!(Local::at(FRIDAY, -300).within(&[4], from, to));
        assert!(!Local::at(FRIDAY, 480).within(&[], from, to));
        assert!(!now.within(&[], time("03:05"), time("04:00")));
        assert!(now.within(&[5], time("03:04"), time("03:05")));
    }
}
