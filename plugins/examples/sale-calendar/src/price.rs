//! Working a bill out: rows, then the tier, then the sale.
//!
//! Money is whole fen throughout. A discount is taken of what is left before it, and what is left after it is rounded
//! down to whole fen, in the customer's favour; the bill's row of the discount is the difference. So the rows add up to
//! the total exactly, and `low` never passes `high`.

use crate::calendar::Local;
use crate::settings::{Row, Settings};

/// One million yuan, in fen. A bill beyond it is more likely a mistake than an order.
pub(crate) const MOST: i64 = 100_000_000;

/// From an amount to an amount, in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
}

impl Range {
    fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    fn minus(self, other: Self) -> Self {
        Self { low: self.low - other.low, high: self.high - other.high }
    }

    fn discounted(self, percent_off: i64) -> Self {
        let left = |fen: i64| fen * (100 - percent_off) / 100;
        Self { low: left(self.low), high: left(self.high) }
    }
}

/// One row of the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub label: String,
    /// Negative for a discount.
    pub range: Range,
}

/// What is to pay, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// The sum of the rows.
    pub total: Range,
    /// Such as `双十一 8 折,24-32元`.
    pub hint: String,
    /// A row a complexity, then one a discount.
    pub lines: Vec<Line>,
}

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is nothing to price.
    NoPictures,
    /// A person must name the price.
    NeedsPerson(String),
}

/// Works the bill out for pictures of these complexities.
///
/// # Errors
/// No picture; a complexity without a price; a bill beyond all reckoning.
pub fn price(settings: &Settings, complexities: &[&str], now: Local) -> Result<Bill, Refused> {
    if complexities.is_empty() {
        return Err(Refused::NoPictures);
    }
    let mut lines = rows(settings, complexities)?;
    let mut total = lines.iter().fold(Range::default(), |sum, line| sum.plus(line.range));
    if total.high > MOST {
        return Err(Refused::NeedsPerson("金额太大,需要人工报价".into()));
    }
    let mut said = Vec::new();
    for (label, percent_off) in discounts(settings, complexities.len(), now) {
        let left = total.discounted(percent_off);
        let label = format!("{label} {}", fold(percent_off));
        lines.push(Line { label: label.clone(), range: left.minus(total) });
        said.push(label);
        total = left;
    }
    let hint = match said.as_slice() {
        [] => amounts(total),
        said => format!("{},{}", said.join("、"), amounts(total)),
    };
    Ok(Bill { total, hint, lines })
}

/// One row a complexity, in the order of the price list: the host takes 64 rows, and a customer may send more pictures.
fn rows(settings: &Settings, complexities: &[&str]) -> Result<Vec<Line>, Refused> {
    let has_price = |complexity: &str| settings.prices.iter().any(|row| row.complexity == complexity);
    if let Some(unknown) = complexities.iter().find(|complexity| !has_price(complexity)) {
        return Err(Refused::NeedsPerson(format!("价目里没有这种复杂度({unknown}),需要人工报价")));
    }
    let counted = settings.prices.iter().map(|row| {
        let pictures = complexities.iter().filter(|complexity| **complexity == row.complexity);
        (row, pictures.map(|_| 1).sum::<i64>())
    });
    let line = |(row, count): (&Row, i64)| Line {
        label: if count == 1 { row.label.clone() } else { format!("{} ×{count}", row.label) },
        // A price is at most 10⁸ fen, and a call's memory holds far fewer than 10⁸ pictures: it fits.
        range: Range { low: row.low * count, high: row.high * count },
    };
    Ok(counted.filter(|(_, count)| *count > 0).map(line).collect())
}

/// The tier reached and the sale that is on, in the order in which they are taken off.
fn discounts(settings: &Settings, count: usize, now: Local) -> impl Iterator<Item = (String, i64)> {
    let tier = settings.tiers.iter().rfind(|tier| tier.from <= count);
    let sale = settings.sales.iter().find(|sale| sale.from <= now && now < sale.to);
    let tier = tier.map(|tier| (format!("满{}张", tier.from), tier.percent_off));
    tier.into_iter().chain(sale.map(|sale| (sale.label.clone(), sale.percent_off)))
}

/// As a Chinese shop says a discount, by what is left of ten: 20 percent off is `8 折`, 15 percent off `8.5 折`.
fn fold(percent_off: i64) -> String {
    let left = 100 - percent_off;
    if left % 10 == 0 { format!("{} 折", left / 10) } else { format!("{}.{} 折", left / 10, left % 10) }
}

/// Such as `15-20元`, or `12.5元` for a fixed price.
fn amounts(range: Range) -> String {
    let yuan = |fen: i64| {
        let exact = format!("{}.{:02}", fen / 100, fen % 100);
        exact.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (yuan(range.low), yuan(range.high)) {
        (low, high) if low == high => format!("{low}元"),
        (low, high) => format!("{low}-{high}元"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DEFAULTS, parse};

    fn bill(complexities: &[&str], now: &str) -> Result<Bill, Refused> {
        let settings = parse(DEFAULTS).expect("they parse");
        price(&settings, complexities, Local::read(now).expect("a time"))
    }

    #[test]
    fn a_sale_ends_on_the_minute() {
        let hint = |now| bill(&["normal"], now).expect("a bill").hint;
        assert_eq!(hint("2026-11-10T19:59"), "15-20元");
        assert_eq!(hint("2026-11-10T20:00"), "双十一 8 折,12-16元");
        assert_eq!(hint("2026-11-11T23:59"), "双十一 8 折,12-16元");
        assert_eq!(hint("2026-11-12T00:00"), "15-20元");
    }

    #[test]
    fn rows_add_up_whatever_is_rounded() {
        let mut settings = parse(DEFAULTS).expect("they parse");
        for (low, high) in [(0, 0), (1, 1), (3, 7), (999, 1001), (1234, 4321), (MOST / 12, MOST / 12)] {
            (settings.prices[0].low, settings.prices[0].high) = (low, high);
            for count in [1, 3, 4, 7, 12] {
                let now = Local::read("2026-11-11T00:00").expect("a time");
                let bill = price(&settings, &vec!["simple"; count], now).expect("a bill");
                let sum = bill.lines.iter().fold(Range::default(), |sum, line| sum.plus(line.range));
                assert_eq!(sum, bill.total, "{low}-{high} ×{count}");
                assert!(0 <= bill.total.low && bill.total.low <= bill.total.high);
            }
        }
    }

    #[test]
    fn discounts_are_said_by_what_is_left_of_ten() {
        assert_eq!(
            [fold(20), fold(5), fold(12), fold(90), fold(99)],
            ["8 折", "9.5 折", "8.8 折", "1 折", "0.1 折"]
        );
    }

    #[test]
    fn what_has_no_price_needs_a_person() {
        assert_eq!(bill(&[], "2026-06-01T00:00"), Err(Refused::NoPictures));
        assert!(matches!(bill(&["normal", "重绘"], "2026-06-01T00:00"), Err(Refused::NeedsPerson(_))));
    }
}
