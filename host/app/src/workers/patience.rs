//! How long is waited before something is tried again.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::Outbox;

/// The longest that another side can have us wait.
const ASKED: Duration = Duration::from_secs(6 * 3600);

/// How long to wait after so many tries: twice as long each time, up to the longest, and never shorter than the other side
/// asked. Up to a quarter is left to chance, so that what failed together is not tried together.
pub(super) fn wait(config: &Outbox, tries: u32, asked: Option<Duration>) -> TimeDelta {
    let longest = Duration::from_secs(config.longest_wait_seconds);
    let doubled = 1u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
    let wait = Duration::from_millis(config.first_wait_ms.saturating_mul(doubled)).min(longest);
    let wait = wait.max(asked.unwrap_or_default().min(ASKED));
    let chance = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    TimeDelta::from_std(wait.mul_f64(1.0 + chance / 4.0)).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_up_to_the_longest_and_what_is_asked_is_honoured() {
        let config = Outbox { tries: 16, first_wait_ms: 1000, longest_wait_seconds: 600 };
        let seconds = |tries, asked: Option<u64>| {
            wait(&config, tries, asked.map(Duration::from_secs)).num_milliseconds() as f64 / 1000.0
        };
        for (tries, asked, least) in [
            (1, None, 1.0),
            (4, None, 8.0),
            (11, None, 600.0),
            (90, None, 600.0),
            (1, Some(30), 30.0),
            (1, Some(1 << 40), 21600.0),
        ] {
            let waited = seconds(tries, asked);
            assert!((least..=least * 1.25).contains(&waited), "{tries} tries: {waited} s");
        }
    }
}
