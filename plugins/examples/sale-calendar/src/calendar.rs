//! The shop's wall clock, to the minute.
//!
//! A sale begins and ends by the clock on the shop's wall, so its times have no time zone, and the moment of a call is
//! turned into what that clock shows before it is compared.

use serde::Deserialize;

const MINUTES_A_DAY: i64 = 24 * 60;

/// A local date and time in whole minutes, counted from 1970-01-01T00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Local(i64);

impl Local {
    /// What the shop's clock shows at this moment.
    #[must_use]
    pub fn at(unix_milliseconds: i64, utc_offset_minutes: i16) -> Self {
        Self(unix_milliseconds.div_euclid(60_000) + i64::from(utc_offset_minutes))
    }

    /// Reads `2026-11-11T20:00`; none where there is no such day or time.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2] = text.as_bytes()
        else {
            return None;
        };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |number: i64, digit| {
                digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
            })
        };
        let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        let (hour, minute) = (number(&[h1, h2])?, number(&[n1, n2])?);
        let exists = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60;
        exists.then(|| Self(days(year, month, day) * MINUTES_A_DAY + hour * 60 + minute))
    }
}

impl TryFrom<String> for Local {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("a time is written 2026-11-11T20:00")
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this day.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Leap years up to and including year `y`.
    let leaps = |y: i64| y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    years + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_on_the_calendar() {
        assert_eq!(Local::read("1970-01-02T00:01"), Some(Local(MINUTES_A_DAY + 1)));
        assert_eq!(Local::read("2026-11-11T02:00"), Some(Local::at(1_794_362_400_000, 0)));
        assert!(Local::read("2028-02-29T23:59").is_some() && Local::read("2000-02-29T00:00").is_some());
        for bad in ["2026-02-29T00:00", "2026-11-31T00:00", "2026-13-01T00:00", "2026-11-11T24:00"] {
            assert_eq!(Local::read(bad), None, "{bad}");
        }
        for bad in ["2026-11-11", "2026-11-11 20:00", "2026-11-11T20:00:00", "2026-11-1１T2:00", ""] {
            assert_eq!(Local::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_offset_moves_the_clock() {
        let (utc, china) = (Local::at(1_794_362_400_000, 0), Local::at(1_794_362_400_000, 480));
        assert_eq!(Some(china), Local::read("2026-11-11T10:00"));
        assert!(utc < china);
        // The last second before midnight is still the day before.
        assert_eq!(Local::at(-1, 0), Local(-1));
    }
}
