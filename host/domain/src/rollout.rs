//! Which plugin answers in one role of one shop: what is live, what is on trial, what was before. Pure, like all rules:
//! each change makes a new state and one line of history.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many earlier bindings are kept for a roll-back.
const EARLIER: usize = 50;
/// How many quarantined bindings are remembered.
const QUARANTINED: usize = 50;

/// A component by its content: SHA-256, as 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// Why a text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hex digits, as the upload answered it")]
pub struct InvalidDigest;

impl Digest {
    /// Of these 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        text.parse()
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The one that comes with the host, whichever that is after the next upgrade.
    BuiltIn,
    /// One that was uploaded.
    Uploaded(Digest),
}

/// A plugin with a shop's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Which.
    pub source: Source,
    /// JSON text; the plugin's own defaults where there is none.
    pub settings: Option<String>,
    /// Counts the bindings of this shop and role; 0 is the built-in plugin as it comes.
    pub revision: u32,
    /// When it was bound.
    pub since: Option<DateTime<Utc>>,
}

impl Bound {
    /// The built-in plugin as it comes.
    pub fn built_in() -> Self {
        Self { source: Source::BuiltIn, settings: None, revision: 0, since: None }
    }

    fn same(&self, other: &Self) -> bool {
        self.source == other.source && self.settings == other.settings
    }
}

/// How a plugin on trial is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trial {
    /// It is asked too; its answers are compared and never used.
    Shadow,
    /// It answers this percentage of the customers, always the same ones.
    Canary(u8),
}

/// A plugin on trial beside the live one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// How it is used.
    pub trial: Trial,
    /// What.
    pub bound: Bound,
}

/// What answers in a role of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Counts the changes: for compare-and-set.
    pub version: u64,
    /// What answers.
    pub live: Bound,
    /// What is on trial.
    pub candidate: Option<Candidate>,
    /// What was live before, the latest last.
    pub earlier: Vec<Bound>,
    /// Bindings that failed too often: they don't come back.
    pub quarantined: Vec<Bound>,
    /// The revision of the newest binding.
    pub newest: u32,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            version: 0,
            live: Bound::built_in(),
            candidate: None,
            earlier: Vec::new(),
            quarantined: Vec::new(),
            newest: 0,
        }
    }
}

/// What is to be done about a role's plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Let it answer from now on.
    Live(Source, Option<String>),
    /// Try it out beside the live one.
    Try(Trial, Source, Option<String>),
    /// End the trial.
    EndTrial,
    /// Back to what was before.
    RollBack,
    /// This binding failed too often.
    Quarantine(u32),
    /// The canary of this revision failed.
    StopCanary(u32),
}

/// A line of a role's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    /// Such as `live`, `shadow`, `canary`, `settings`, `rollback`, `quarantine`.
    pub action: String,
    /// What answers afterwards, or is on trial.
    pub now: Bound,
    /// What did before.
    pub before: Bound,
    /// Of a canary, its percentage.
    pub percent: Option<u8>,
}

/// Why a change is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// Nothing is before it.
    #[error("there is nothing to roll back to: the built-in plugin answers with its own settings")]
    NothingBefore,
    /// There is no trial.
    #[error("no plugin is on trial in this role")]
    NoTrial,
    /// This plugin failed too often with these settings.
    #[error("this plugin is in quarantine with these settings: change them, or upload a mended version")]
    Quarantined,
    /// A trial would compare it with itself.
    #[error("this plugin answers already, with these settings")]
    AlreadyLive,
    /// The binding is not in use any more.
    #[error("this binding is not in use any more")]
    Gone,
}

impl Rollout {
    /// The state after a change, and what to write into the history.
    pub fn turn(&self, change: Change, now: DateTime<Utc>) -> Result<(Self, Turned), NoTurn> {
        let mut next = Self { version: self.version + 1, ..self.clone() };
        let turned = next.make(change, now)?;
        Ok((next, turned))
    }

    fn make(&mut self, change: Change, now: DateTime<Utc>) -> Result<Turned, NoTurn> {
        let before = self.live.clone();
        let turned = |action: &str, now: &Bound, before: Bound, percent| Turned {
            action: action.to_owned(),
            now: now.clone(),
            before,
            percent,
        };
        match change {
            Change::Live(source, settings) => {
                let action = if source == before.source { "settings" } else { "live" };
                let bound = self.bind(source, settings, now)?;
                if !bound.same(&before) {
                    self.remember(before.clone());
                }
                self.answer(bound);
                Ok(turned(action, &self.live, before, None))
            }
            Change::Try(trial, source, settings) => {
                let bound = self.bind(source, settings, now)?;
                if bound.same(&before) {
                    return Err(NoTurn::AlreadyLive);
                }
                let (action, percent) = match trial {
                    Trial::Shadow => ("shadow", None),
                    Trial::Canary(percent) => ("canary", Some(percent.min(100))),
                };
                let trial = percent.map_or(trial, Trial::Canary);
                let line = turned(action, &bound, before, percent);
                self.candidate = Some(Candidate { trial, bound });
                Ok(line)
            }
            Change::EndTrial => {
                let ended = self.candidate.take().ok_or(NoTurn::NoTrial)?;
                Ok(turned("end-trial", &self.live, ended.bound, None))
            }
            Change::RollBack => {
                // A canary is the latest thing that customers got to see.
                if let Some(Candidate { trial: Trial::Canary(1..), bound }) = &self.candidate {
                    let ended = bound.clone();
                    self.candidate = None;
                    return Ok(turned("rollback", &self.live, ended, None));
                }
                let earlier = self.before_live().ok_or(NoTurn::NothingBefore)?;
                self.answer(earlier);
                Ok(turned("rollback", &self.live, before, None))
            }
            Change::Quarantine(revision) => {
                // The built-in plugin as it comes has nobody to answer for it.
                if revision == 0 {
                    return Err(NoTurn::Gone);
                }
                if let Some(ended) = self.candidate.take_if(|c| c.bound.revision == revision) {
                    self.lock_away(ended.bound.clone());
                    return Ok(turned("quarantine", &self.live, ended.bound, None));
                }
                if before.revision != revision {
                    return Err(NoTurn::Gone);
                }
                self.lock_away(before.clone());
                let earlier = self.before_live().unwrap_or_else(Bound::built_in);
                self.answer(earlier);
                Ok(turned("quarantine", &self.live, before, None))
            }
            Change::StopCanary(revision) => match &mut self.candidate {
                Some(Candidate { trial: trial @ Trial::Canary(1..), bound })
                    if bound.revision == revision =>
                {
                    *trial = Trial::Canary(0);
                    let bound = bound.clone();
                    Ok(turned("canary-stopped", &self.live, bound, Some(0)))
                }
                _ => Err(NoTurn::Gone),
            },
        }
    }

    /// A new binding, or the one there is already under the same revision: a candidate that goes live stays itself.
    fn bind(
        &mut self,
        source: Source,
        settings: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Bound, NoTurn> {
        let mut bound = Bound { source, settings, revision: 0, since: Some(now) };
        if self.quarantined.iter().any(|q| q.same(&bound)) {
            return Err(NoTurn::Quarantined);
        }
        if bound.same(&Bound::built_in()) {
            return Ok(Bound { since: Some(now), ..Bound::built_in() });
        }
        let known = self.candidate.iter().map(|c| &c.bound).chain([&self.live]).find(|b| b.same(&bound));
        bound.revision = known.map_or(self.newest + 1, |b| b.revision);
        self.newest = self.newest.max(bound.revision);
        Ok(bound)
    }

    /// Lets a binding answer. A trial of the same ends with that, one of something else goes on: what is on trial is never
    /// what answers, or a quarantine of the one would leave the other.
    fn answer(&mut self, bound: Bound) {
        self.candidate.take_if(|c| c.bound.same(&bound));
        self.live = bound;
    }

    fn remember(&mut self, bound: Bound) {
        self.earlier.push(bound);
        if self.earlier.len() > EARLIER {
            self.earlier.remove(0);
        }
    }

    fn lock_away(&mut self, bound: Bound) {
        self.quarantined.push(bound);
        if self.quarantined.len() > QUARANTINED {
            self.quarantined.remove(0);
        }
    }

    /// The latest earlier binding that is not in quarantine; at last the built-in one.
    fn before_live(&mut self) -> Option<Bound> {
        while let Some(bound) = self.earlier.pop() {
            if !self.quarantined.iter().any(|q| q.same(&bound)) && !bound.same(&self.live) {
                return Some(bound);
            }
        }
        Some(Bound::built_in()).filter(|b| !b.same(&self.live))
    }

    /// Whether this customer is one of the canary's; `bucket` stays the same for one customer.
    pub fn in_canary(percent: u8, bucket: u32) -> bool {
        bucket % 100 < u32::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
    }

    fn plugin(n: u8) -> Source {
        Source::Uploaded(Digest::new([n; 32]))
    }

    fn after(rollout: &Rollout, change: Change) -> Rollout {
        rollout.turn(change, now()).expect("taken").0
    }

    fn live(rollout: &Rollout, n: u8) -> Rollout {
        after(rollout, Change::Live(plugin(n), None))
    }

    #[test]
    fn rolling_back_goes_one_binding_at_a_time_to_the_built_in_at_last() {
        let start = Rollout::default();
        assert_eq!(start.turn(Change::RollBack, now()), Err(NoTurn::NothingBefore));
        let second = live(&live(&start, 1), 2);
        let dearer = after(&second, Change::Live(plugin(2), Some("{}".into())));
        let mut back = dearer;
        for expected in [plugin(2), plugin(1), Source::BuiltIn] {
            back = after(&back, Change::RollBack);
            assert_eq!((back.live.source, &back.live.settings), (expected, &None));
        }
        assert!(back.turn(Change::RollBack, now()).is_err());
    }

    #[test]
    fn a_quarantined_binding_is_left_and_does_not_come_back() {
        let two = live(&live(&Rollout::default(), 1), 2);
        let one = after(&two, Change::Quarantine(two.live.revision));
        assert_eq!(one.live.source, plugin(1));
        assert_eq!(one.turn(Change::Live(plugin(2), None), now()), Err(NoTurn::Quarantined));
        let mended = after(&one, Change::Live(plugin(2), Some("{}".into())));
        assert_eq!(mended.live.source, plugin(2), "with other settings it may try again");
        let again = one.turn(Change::Quarantine(two.live.revision), now());
        assert_eq!(again, Err(NoTurn::Gone), "a late report changes nothing");
        assert_eq!(Rollout::default().turn(Change::Quarantine(0), now()), Err(NoTurn::Gone));
    }

    #[test]
    fn a_canary_that_fails_stays_at_nothing_and_a_roll_back_ends_one_that_runs() {
        let one = live(&Rollout::default(), 1);
        let canary = after(&one, Change::Try(Trial::Canary(20), plugin(2), None));
        let revision = canary.candidate.as_ref().expect("a canary").bound.revision;
        let stopped = after(&canary, Change::StopCanary(revision));
        assert_eq!(stopped.candidate.expect("still there").trial, Trial::Canary(0));
        let back = after(&canary, Change::RollBack);
        assert_eq!((back.live.source, back.candidate), (plugin(1), None));
        let promoted = after(&canary, Change::Live(plugin(2), None));
        assert_eq!((promoted.live.revision, promoted.candidate), (revision, None));
    }

    #[test]
    fn a_roll_back_to_what_is_on_trial_ends_the_trial() {
        let two = live(&live(&Rollout::default(), 1), 2);
        let shadow = after(&two, Change::Try(Trial::Shadow, plugin(1), None));
        let tried = shadow.candidate.as_ref().expect("a trial").bound.revision;
        let back = after(&shadow, Change::RollBack);
        assert_eq!((back.live.source, &back.candidate), (plugin(1), &None));
        assert_eq!(back.turn(Change::Quarantine(tried), now()), Err(NoTurn::Gone));
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::new([0xa5; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "a5", &digest.to_string().to_uppercase(), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Digest>(), Err(InvalidDigest), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_happens_a_healthy_binding_answers(steps in proptest::collection::vec((0u8..7, 0u8..4, 0u32..9), 0..60)) {
            let mut rollout = Rollout::default();
            for (what, n, revision) in steps {
                let settings = (n % 2 == 1).then(|| "{}".to_owned());
                let change = match what {
                    0 => Change::Live(plugin(n / 2), settings),
                    1 => Change::Live(Source::BuiltIn, settings),
                    2 => Change::Try(Trial::Shadow, plugin(n / 2), settings),
                    3 => Change::Try(Trial::Canary(n * 40), plugin(n / 2), settings),
                    4 => Change::RollBack,
                    5 => Change::Quarantine(revision),
                    _ => Change::StopCanary(revision),
                };
                let before = rollout.clone();
                match rollout.turn(change, now()) {
                    Ok((next, _)) => {
                        assert_eq!(next.version, before.version + 1);
                        assert!(!next.quarantined.iter().any(|q| q.same(&next.live)), "{next:?}");
                        assert!(next.newest >= next.live.revision);
                        assert!(!next.candidate.iter().any(|c| c.bound.same(&next.live)), "{next:?}");
                        rollout = next;
                    }
                    Err(_) => assert_eq!(rollout, before),
                }
            }
        }

        #[test]
        fn a_customer_of_a_smaller_canary_is_one_of_a_larger_one(bucket: u32, small in 0u8..=100, more in 0u8..=100) {
            if Rollout::in_canary(small, bucket) && more >= small {
                assert!(Rollout::in_canary(more, bucket));
            }
            assert!(!Rollout::in_canary(0, bucket) && Rollout::in_canary(100, bucket));
        }
    }
}
