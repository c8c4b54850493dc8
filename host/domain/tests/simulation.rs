//! A whole shop in memory, with everybody around it and everything that goes wrong: random histories, each made by one
//! seed, after each of which every order is done or waits for somebody, and everything said has arrived.
//!
//! `SIMULATION_HISTORIES` says how many, `SIMULATION_SEED` where to begin; one history alone is told step by step.

#[path = "simulation/entries.rs"]
mod entries;
#[path = "simulation/house.rs"]
mod house;
#[path = "simulation/ledger.rs"]
mod ledger;
#[path = "simulation/outside.rs"]
mod outside;
#[path = "simulation/rest.rs"]
mod rest;
#[path = "simulation/store.rs"]
mod store;
#[path = "simulation/workers.rs"]
mod workers;
#[path = "simulation/world.rs"]
mod world;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use world::World;

/// How many histories are gone through where nothing else is said.
const HISTORIES: u64 = 2000;
const THREADS: usize = 2;

/// In so many histories all of this comes about, so that each demand was really put to the test.
const ENOUGH: u64 = 1000;
const COMES_ABOUT: &[&str] = &[
    "pending",
    "processing",
    "awaiting-confirm",
    "revision",
    "delivering",
    "completed",
    "failed",
    "cancelled",
    "started",
    "parked",
    "held",
    "skipped",
    "expired",
    "a customer is reminded",
    "something is stuck",
    "a payment has started nothing",
    "a repeat",
    "decided again",
    "lost before the commit",
    "lost after the commit",
    "an outcome comes too late",
    "worked on again",
    "mailed again",
    "arrived again",
    "given up",
    "sent again",
];

#[expect(clippy::disallowed_methods, reason = "how much is simulated is chosen by whoever runs it")]
fn given(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_happens_every_order_ends_well_or_waits_for_somebody() {
    let (first, histories) = (given("SIMULATION_SEED", 0), given("SIMULATION_HISTORIES", HISTORIES));
    let next = AtomicU64::new(0);
    let seen = Mutex::new(BTreeMap::<&str, u64>::new());
    let go_through = || {
        loop {
            let seed = first + next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + histories {
                return None;
            }
            let mut world = World::new(seed, histories == 1);
            if catch_unwind(AssertUnwindSafe(|| world.live())).is_err() {
                next.store(histories, Ordering::Relaxed);
                return Some(seed);
            }
            let mut seen = seen.lock().expect("nobody panics with it");
            for (what, times) in world.seen {
                *seen.entry(what).or_default() += times;
            }
        }
    };
    let failed = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(go_through)).collect();
        threads.into_iter().filter_map(|t| t.join().expect("its panics are caught")).min()
    });
    if let Some(seed) = failed {
        panic!(
            "a history goes wrong, see above. Step by step: SIMULATION_SEED={seed} SIMULATION_HISTORIES=1 \
             cargo test -p shopkeeper-domain --test simulation -- --nocapture"
        );
    }
    let seen = seen.into_inner().expect("nobody panics with it");
    println!("{histories} histories: {seen:#?}");
    if histories >= ENOUGH {
        let missing: Vec<_> = COMES_ABOUT.iter().filter(|what| !seen.contains_key(*what)).collect();
        assert!(missing.is_empty(), "{missing:?} never came about: the simulation shows nothing of it");
    }
}
