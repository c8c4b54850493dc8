//! How a binding fares: counted while it answers, without a lock.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shopkeeper_engine::{CallRecord, Fault};

/// So many faults in a row are too many.
const IN_A_ROW: u32 = 3;
/// So many within [`WINDOW`] are too many.
const RECENT: usize = 5;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// What became of a binding since it was loaded.
#[derive(Default)]
pub(crate) struct Health {
    calls: AtomicU64,
    faults: AtomicU64,
    nanoseconds: AtomicU64,
    in_a_row: AtomicU32,
    /// When the last faults were, in microseconds.
    recent: [AtomicI64; RECENT],
    next: AtomicUsize,
    tripped: AtomicBool,
}

/// Counts since the binding was loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fared {
    pub(crate) calls: u64,
    pub(crate) faults: u64,
    /// The mean.
    pub(crate) took: Duration,
}

/// Whether a fault says that the plugin is broken. One that keeps within reason but not within the shop's own bounds
/// is not.
pub(crate) fn counts(fault: &Fault) -> bool {
    !matches!(fault, Fault::OutOfBounds(_))
}

impl Health {
    /// Takes note of a call; says once when it was one fault too many.
    pub(crate) fn note(&self, call: &CallRecord, now: DateTime<Utc>) -> bool {
        self.calls.fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(call.cost.took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        match &call.fault {
            Some(fault) => {
                self.faults.fetch_add(1, Relaxed);
                counts(fault) && self.one_too_many(now) && !self.tripped.swap(true, Relaxed)
            }
            None => {
                // Read first: whoever answers well writes nothing that others wait for.
                if self.in_a_row.load(Relaxed) != 0 {
                    self.in_a_row.store(0, Relaxed);
                }
                false
            }
        }
    }

    fn one_too_many(&self, now: DateTime<Utc>) -> bool {
        let in_a_row = self.in_a_row.fetch_add(1, Relaxed) + 1;
        let place = self.next.fetch_add(1, Relaxed) % RECENT;
        // What stood in this place is the fault RECENT faults ago, the next place's is one later: the oldest kept.
        self.recent[place].store(now.timestamp_micros(), Relaxed);
        let oldest = self.recent[(place + 1) % RECENT].load(Relaxed);
        let crowded = oldest != 0 && oldest > (now - WINDOW).timestamp_micros();
        in_a_row >= IN_A_ROW || crowded
    }

    /// How many calls there were: a number that each call gets to see once.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    pub(crate) fn fared(&self) -> Fared {
        let calls = self.calls.load(Relaxed);
        let mean = self.nanoseconds.load(Relaxed).checked_div(calls).unwrap_or(0);
        Fared { calls, faults: self.faults.load(Relaxed), took: Duration::from_nanos(mean) }
    }
}

#[cfg(test)]
mod tests {
    use shopkeeper_domain::roles::Role;
    use shopkeeper_engine::Cost;

    use super::*;

    fn call(fault: Option<Fault>) -> CallRecord {
        CallRecord {
            role: Role::Pricing,
            place: 0,
            function: "price",
            digest: [0; 32],
            settings_revision: 1,
            input: String::new(),
            output: None,
            fault,
            cost: Cost::default(),
            log: Vec::new(),
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
    }

    /// At which of the seconds it is one too many; a minus stands for a good answer at that second.
    fn trips(seconds: &[i64]) -> Vec<i64> {
        let health = Health::default();
        let note = |s: &i64| health.note(&call((*s >= 0).then_some(Fault::Deadline)), at(s.abs()));
        seconds.iter().copied().filter(|s| note(s)).collect()
    }

    #[test]
    fn three_in_a_row_are_too_many_and_are_told_once() {
        assert_eq!(trips(&[1, 100, 200, 300, 400]), [200]);
        assert_eq!(trips(&[1, 2, -3, 100, 101, -102, 300]), [0i64; 0]);
    }

    #[test]
    fn five_within_a_minute_are_too_many() {
        assert_eq!(trips(&[1, -2, 3, -4, 5, -6, 7, -8, 9]), [9]);
        assert_eq!(trips(&[1, -2, 20, -21, 40, -41, 60, -61, 80, -81, 100]), [0i64; 0]);
    }

    #[test]
    fn what_the_shop_bounds_is_no_sign_of_a_broken_plugin() {
        let health = Health::default();
        let out = || call(Some(Fault::OutOfBounds("dear".into())));
        assert!((0..20).all(|s| !health.note(&out(), at(s))));
        assert_eq!(health.fared().faults, 20);
    }
}
