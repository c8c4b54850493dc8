//! How money and times are shown.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use shopkeeper_domain::{Currency, Money, roles::pricing::Quote};

use super::words::Lang;

/// For a visitor of a shop.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) lang: Lang,
    /// The shop's, from UTC, in minutes.
    pub(super) offset: i16,
}

/// A time: for machines, and in the shop's zone.
pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) text: String,
}

/// An amount: `¥15.00`.
pub(super) fn money(money: Money) -> String {
    let (sign, minor) = (if money.minor < 0 { "-" } else { "" }, money.minor.unsigned_abs());
    let amount = format!("{}.{:02}", minor / 100, minor % 100);
    match money.currency {
        Currency::CNY => format!("{sign}¥{amount}"),
        other => format!("{sign}{other} {amount}"),
    }
}

/// A range of prices, or the one price.
pub(super) fn price(quote: &Quote) -> String {
    range(quote.low, quote.high)
}

/// A range of amounts, or the one amount.
pub(super) fn range(low: Money, high: Money) -> String {
    if low == high { money(low) } else { format!("{}–{}", money(low), money(high)) }
}

impl Shown {
    /// The shop's own.
    pub(super) fn zone(self) -> FixedOffset {
        FixedOffset::east_opt(i32::from(self.offset) * 60).unwrap_or(FixedOffset::east_opt(0).expect("UTC"))
    }

    /// A time in the shop's zone; without the year where it is this one.
    pub(super) fn at(self, at: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        let zone = self.zone();
        let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
        let format = match local.date_naive() {
            day if day == today.date_naive() => "%H:%M",
            day if day.format("%Y").to_string() == today.format("%Y").to_string() => "%m-%d %H:%M",
            _ => "%Y-%m-%d %H:%M",
        };
        Moment { iso: local.to_rfc3339(), text: local.format(format).to_string() }
    }

    /// How long something took or waits.
    pub(super) fn span(self, span: TimeDelta) -> String {
        let (id, n) = match span.num_minutes() {
            ..1 => ("span-moment", 0),
            n @ 1..60 => ("span-minutes", n),
            n @ 60..2880 => ("span-hours", n / 60),
            n => ("span-days", n / 1440),
        };
        self.lang.with(id, &[("n", n.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_and_times_are_the_shops() {
        assert_eq!(money(Money::fen(1500)), "¥15.00");
        assert_eq!(money(Money::fen(-5)), "-¥0.05");
        assert_eq!(range(Money::fen(1500), Money::fen(2050)), "¥15.00–¥20.50");
        let shown = Shown { lang: Lang::En, offset: 480 };
        let at: DateTime<Utc> = "2026-11-24T17:30:00Z".parse().expect("a time");
        let text = |now: &str| shown.at(at, now.parse().expect("a time")).text;
        assert_eq!(text("2026-11-25T01:00:00Z"), "01:30");
        assert_eq!(text("2026-11-26T01:00:00Z"), "11-25 01:30");
        assert_eq!(text("2027-01-26T01:00:00Z"), "2026-11-25 01:30");
        assert_eq!(shown.span(TimeDelta::minutes(59)), "59 min");
        assert_eq!(shown.span(TimeDelta::hours(47)), "47 h");
        assert_eq!(shown.span(TimeDelta::days(3)), "3 days");
    }
}
