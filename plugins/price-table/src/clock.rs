//! The shop's local time, worked out of the moment that the host gives.

use serde::de::{Deserialize, Deserializer, Error};

const MINUTES_A_DAY: i64 = 24 * 60;

/// A time of day in whole minutes, written `HH:MM`; the end of the day is a time too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// 00:00, at which a day begins.
    pub const BEGIN: Self = Self(0);
    /// 24:00, at which it ends: the first minute that is no longer of the day.
    pub const END: Self = Self(MINUTES_A_DAY);

    /// Reads `HH:MM`, from 00:00 to 24:00.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
        let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
        let time = Self(hours * 60 + minutes);
        (minutes < 60 && time <= Self::END).then_some(time)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = plugin_kit::Text::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("a time is written HH:MM"))
    }
}

/// A date, as the number of days since 1970-01-01; written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// Reads a date that there is.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        // Years are counted from March, so that the leap day is the last of a year, and in eras of 400 years, after
        // which the calendar repeats: 146,097 days.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * month + 2) / 5 + day - 1;
        let of_era = year * 365 + year / 4 - year / 100 + of_year;
        (1..=longest).contains(&day).then_some(Self(era * 146_097 + of_era - 719_468))
    }

    /// 1 is Monday, 7 is Sunday.
    fn weekday(self) -> u8 {
        // Day 0 was a Thursday. A remainder of 7 fits any integer type.
        (self.0 + 3).rem_euclid(7) as u8 + 1
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = plugin_kit::Text::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("a date is written YYYY-MM-DD"))
    }
}

/// A number of ASCII digits only.
fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |so_far, byte| byte.is_ascii_digit().then(|| so_far * 10 + i64::from(byte - b'0')))
}

/// A day and a minute of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local {
    day: Day,
    time: TimeOfDay,
}

impl Local {
    /// The moment as the shop's wall clock shows it.
    pub(crate) fn at(unix_milliseconds: i64, utc_offset_minutes: i16) -> Self {
        let minutes = unix_milliseconds.div_euclid(60_000) + i64::from(utc_offset_minutes);
        Self {
            day: Day(minutes.div_euclid(MINUTES_A_DAY)),
            time: TimeOfDay(minutes.rem_euclid(MINUTES_A_DAY)),
        }
    }

    /// Whether this lies in the span of a day on which it is held; a span that passes midnight belongs to the day on
    /// which it starts.
    pub(crate) fn within(self, span: Span<'_>) -> bool {
        if span.from < span.to {
            return span.held_on(self.day) && span.from <= self.time && self.time < span.to;
        }
        (span.from <= self.time && span.held_on(self.day))
            || (self.time < span.to && span.held_on(Day(self.day.0 - 1)))
    }
}

/// A time of some days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a> {
    /// Days of the week, 1 is Monday; empty means every day.
    pub(crate) days: &'a [u8],
    /// Not before this day.
    pub(crate) first_day: Option<Day>,
    /// Not after this day.
    pub(crate) last_day: Option<Day>,
    /// The first minute.
    pub(crate) from: TimeOfDay,
    /// The first minute after it.
    pub(crate) to: TimeOfDay,
}

impl Span<'_> {
    fn held_on(&self, day: Day) -> bool {
        self.first_day.is_none_or(|first| first <= day)
            && self.last_day.is_none_or(|last| day <= last)
            && (self.days.is_empty() || self.days.contains(&day.weekday()))
    }
}

#[cfg(test)]
mod tests;
