//! One shop and everybody around it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use shopkeeper_domain::{Patience, Policy, Timer};

use crate::{
    ledger::Ledger,
    outside::Inbound,
    store::{Store, Time},
    workers::Hand,
};

/// Two customers: enough for one to get in the other's way.
pub(crate) const CUSTOMERS: usize = 2;

/// How this history's shop is set up.
pub(crate) struct Setup {
    /// Its agent says that a picture is ready.
    pub(crate) agent: bool,
    /// Messages are pushed to a webhook; else a connector asks for them.
    pub(crate) pushed: bool,
    /// Pictures are worked on by an outside image AI.
    pub(crate) outside: bool,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) step: u32,
    pub(crate) rng: Rng,
    pub(crate) clock: Time,
    pub(crate) policy: Policy,
    pub(crate) setup: Setup,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    /// What others have sent and will send again until they are answered.
    pub(crate) inbox: Vec<Inbound>,
    /// What workers have in hand.
    pub(crate) hands: Vec<Hand>,
    /// Whether anything may go wrong.
    pub(crate) faults: bool,
    /// Whether each step is written down.
    pub(crate) told: bool,
    /// Whether this happens while something else is decided.
    pub(crate) nested: bool,
    /// How often what came about.
    pub(crate) seen: BTreeMap<&'static str, u64>,
    /// For what must not be the same twice.
    pub(crate) counter: u32,
}

impl World {
    pub(crate) fn new(seed: u64, told: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let setup = Setup { agent: rng.bool(), pushed: rng.bool(), outside: rng.bool() };
        let mut world = Self {
            seed,
            step: 0,
            rng,
            clock: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
            policy: Policy::default(),
            setup,
            store: Store::new(CUSTOMERS),
            ledger: Ledger::new(CUSTOMERS),
            inbox: Vec::new(),
            hands: Vec::new(),
            faults: true,
            told,
            nested: false,
            seen: BTreeMap::new(),
            counter: 0,
        };
        world.policy.patience = world.patience();
        world
    }

    /// Whether something that goes wrong so often goes wrong now.
    pub(crate) fn fault(&mut self, percent: u32) -> bool {
        self.faults && self.rng.u32(..100) < percent
    }

    pub(crate) fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// What must hold; says where it does not.
    #[track_caller]
    pub(crate) fn demand(&self, holds: bool, broken: impl FnOnce() -> String) {
        assert!(holds, "seed {}, step {}: {}", self.seed, self.step, broken());
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.told {
            println!(
                "{:>4} {} {}{}",
                self.step,
                self.clock,
                if self.nested { "  meanwhile " } else { "" },
                what()
            );
        }
    }

    pub(crate) fn number(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        self.clock += TimeDelta::milliseconds(1);
        self.clock
    }

    /// How long the shop waits for what.
    pub(crate) fn patience(&mut self) -> Patience {
        Patience {
            reminder_minutes: self.rng.bool().then_some(60),
            parked_days: self.rng.bool().then_some(1),
            ..Patience::default()
        }
    }

    /// The shop's settings are changed: what it waits for is looked at again.
    pub(crate) fn set(&mut self, policy: Policy) {
        self.tell(|| format!("{policy:?}"));
        self.policy = policy;
        let now = self.now();
        for record in &mut self.store.records {
            record.timers.retain(|(timer, _)| *timer != Timer::Review);
            record.timers.push((Timer::Review, now));
        }
    }
}
