//! Working a bill out: rows first, percentages on their sum, the minimum, and rounding last.

use crate::clock::Local;
use crate::settings::{Mode, Rounding, Settings};
use crate::wording;

/// More rows for pictures and operations than this become one: the host takes 64 rows at most, and up to 24 follow for
/// discounts, time windows (20), the minimum and rounding.
const MOST_ROWS: usize = 40;

/// One picture.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// As the analysis named it.
    pub complexity: &'a str,
    /// What is done to it.
    pub operations: &'a [String],
}

/// What is to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Together, in one bill.
    pub pictures: &'a [Picture<'a>],
    /// Of the customer.
    pub completed_orders: u32,
    /// Of the customer.
    pub tags: &'a [String],
    /// Now.
    pub unix_milliseconds: i64,
    /// The shop's.
    pub utc_offset_minutes: i16,
}

/// From an amount to an amount, in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
}

impl Range {
    /// The same done to both ends; nothing where either overflows.
    fn map(self, change: impl Fn(i64) -> Option<i64>) -> Option<Self> {
        Some(Self { low: change(self.low)?, high: change(self.high)? })
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.checked_add(other.low)?, high: self.high.checked_add(other.high)? })
    }

    fn minus(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.checked_sub(other.low)?, high: self.high.checked_sub(other.high)? })
    }
}

/// One row of the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub label: String,
    /// Negative for a discount, so that the rows add up.
    pub range: Range,
}

/// The bill: its rows add up to the total exactly, at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// What is to pay.
    pub total: Range,
    /// How the shop says it.
    pub hint: String,
    /// Row by row.
    pub lines: Vec<Line>,
}

/// Why there is no bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The request's field that makes no sense.
    InvalidInput(&'static str),
    /// A person must name the price.
    NeedsPerson(String),
}

/// Works the bill out.
///
/// # Errors
/// No picture; a complexity without a price; amounts beyond all reckoning.
pub fn price(settings: &Settings<'_>, asked: &Asked<'_>) -> Result<Bill, Refused> {
    if asked.pictures.is_empty() {
        return Err(Refused::InvalidInput("pictures"));
    }
    let mut tally = Tally { total: Range::default(), lines: Vec::with_capacity(asked.pictures.len() + 2) };
    let hint = pictures(settings, asked.pictures, &mut tally)?;
    adjust(settings, asked, &mut tally).ok_or_else(too_much)?;
    let hint = wording::hint(hint, tally.total.low, tally.total.high);
    Ok(Bill { total: tally.total, hint, lines: tally.lines })
}

struct Tally {
    total: Range,
    lines: Vec<Line>,
}

impl Tally {
    fn add(&mut self, label: impl FnOnce() -> String, range: Range) -> Option<()> {
        self.total = self.total.plus(range)?;
        self.lines.push(Line { label: label(), range });
        Some(())
    }

    /// A row for whatever leads from the total so far to this one; none where nothing changes.
    fn reach(&mut self, label: &str, total: Range) -> Option<()> {
        let step = total.minus(self.total)?;
        if step == Range::default() {
            return Some(());
        }
        self.add(|| label.to_owned(), step)
    }
}

fn too_much() -> Refused {
    Refused::NeedsPerson("金额超出可计算的范围,需要人工报价".into())
}

/// The rows of the pictures and their operations; answers the picture's own hint where there is one picture.
fn pictures<'s>(
    settings: &'s Settings<'_>,
    pictures: &[Picture<'_>],
    tally: &mut Tally,
) -> Result<Option<&'s str>, Refused> {
    let mut hint = None;
    for (index, picture) in pictures.iter().enumerate() {
        let position = (pictures.len() > 1).then_some(index);
        let row = settings.table.iter().find(|row| *row.complexity == *picture.complexity);
        let (range, own) = match (row, &settings.otherwise) {
            (Some(row), _) => (Range { low: row.low, high: row.high }, &row.hint),
            (None, Some(other)) => (Range { low: other.low, high: other.high }, &other.hint),
            (None, None) => {
                return Err(Refused::NeedsPerson(format!(
                    "价目表里没有这种复杂度({}),需要人工报价",
                    wording::named(picture.complexity)
                )));
            }
        };
        // The table's own words are about one picture.
        hint = own.as_deref().filter(|_| position.is_none());
        tally.add(|| wording::picture(position, picture.complexity), range).ok_or_else(too_much)?;
        for extra in &settings.operations {
            if picture.operations.iter().any(|operation| **operation == *extra.operation) {
                let label = || wording::surcharge(position, extra.label.as_deref(), &extra.operation);
                tally.add(label, Range { low: extra.low, high: extra.high }).ok_or_else(too_much)?;
            }
        }
    }
    if tally.lines.len() > MOST_ROWS {
        tally.lines = vec![Line { label: wording::together(pictures.len()), range: tally.total }];
    }
    Ok(hint)
}

/// Discounts, time windows, minimum and rounding; nothing where an amount overflows.
///
/// Each percentage is taken of what the one before left: so all of them together never give the work away, and a step
/// for several pictures that the check lets pass stays one that makes no picture more cheaper than one fewer. A row is
/// the difference of two running totals, so the rows add up exactly; each step goes one way at both ends, so `low` never
/// passes `high`.
fn adjust(settings: &Settings<'_>, asked: &Asked<'_>, tally: &mut Tally) -> Option<()> {
    let percent = |tally: &mut Tally, label: &str, change: i64| {
        let factor = change.checked_add(100)?.max(0);
        let reached = tally.total.map(|amount| Some(amount.checked_mul(factor)?.div_euclid(100)))?;
        tally.reach(label, reached)
    };

    let count = asked.pictures.len();
    let several =
        settings.several.iter().filter(|step| step.from as usize <= count).max_by_key(|step| step.from);
    if let Some(step) = several {
        percent(tally, "多张优惠", step.percent.checked_neg()?)?;
    }
    let returning = settings
        .returning
        .iter()
        .filter(|returning| asked.completed_orders >= returning.orders)
        .map(|returning| ("老客优惠", returning.percent));
    let tags = settings
        .tags
        .iter()
        .filter(|discount| asked.tags.iter().any(|tag| **tag == *discount.tag))
        .map(|discount| (discount.tag.as_str(), discount.percent));
    if let Some((label, off)) = returning.chain(tags).max_by_key(|(_, off)| *off) {
        percent(tally, label, off.checked_neg()?)?;
    }
    if !settings.times.is_empty() {
        let now = Local::at(asked.unix_milliseconds, asked.utc_offset_minutes);
        for window in settings.times.iter().filter(|window| now.within(window.span())) {
            percent(tally, &window.label, window.percent)?;
        }
    }

    let floor = tally.total.map(|amount| Some(amount.max(settings.minimum)))?;
    tally.reach("补足最低收费", floor)?;
    if let Some(rounding) = settings.rounding {
        let rounded = tally.total.map(|amount| round(amount, rounding, settings.minimum))?;
        tally.reach("取整", rounded)?;
    }
    Some(())
}

/// A multiple of `rounding.to`; the amount itself where that makes no sense. Rounding neither goes below the minimum
/// nor makes work free that is not: there it goes up.
fn round(amount: i64, rounding: Rounding, minimum: i64) -> Option<i64> {
    let over = match rounding.to {
        ..=1 => 0,
        to => amount.rem_euclid(to),
    };
    if over == 0 {
        return Some(amount);
    }
    let down = amount.checked_sub(over)?;
    let up = match rounding.mode {
        Mode::Nearest => over >= rounding.to - over,
        Mode::Up => true,
        Mode::Down => false,
    };
    if up || down < minimum.max(1) { down.checked_add(rounding.to) } else { Some(down) }
}

#[cfg(test)]
mod tests;
