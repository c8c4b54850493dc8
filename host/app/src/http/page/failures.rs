//! Failed sign-ins: whoever fails again and again waits longer and longer. Nobody waits for another's failures.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;

/// How many failures are free of a wait.
const FREE: u32 = 5;
/// How many failures of everybody together, in [`MINUTE`], leave each address only one.
const MANY: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// When an address's failures are forgotten.
const FORGET: Duration = Duration::from_secs(15 * 60);
/// How many addresses are remembered; beyond them, those that failed longest ago are forgotten.
const ADDRESSES: usize = 10_000;

/// The failures of late.
#[derive(Default)]
pub(in crate::http) struct Failures(Mutex<Record>);

#[derive(Default)]
struct Record {
    of: HashMap<IpAddr, (u32, Instant)>,
    /// Of everybody, in the minute that began then.
    all: (u32, Option<Instant>),
}

impl Failures {
    /// How long this address must wait before it may try again; none where it may now.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (failures, last) = record.of.get(&address).filter(|(_, last)| now - *last < FORGET)?;
        let busy = record.all.0 >= MANY && record.all.1.is_some_and(|began| now - began < MINUTE);
        let beyond = failures.checked_sub(if busy { 1 } else { FREE })?;
        let wait = Duration::from_secs(1 << beyond.min(6)).min(LONGEST);
        wait.checked_sub(now - *last).filter(|left| !left.is_zero())
    }

    pub(super) fn failed(&self, address: IpAddr, now: Instant) {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if record.of.len() >= ADDRESSES && !record.of.contains_key(&address) {
            record.of.retain(|_, (_, last)| now - *last < FORGET);
            let oldest = record.of.iter().min_by_key(|(_, (_, last))| *last).map(|(a, _)| *a);
            if let Some(oldest) = oldest.filter(|_| record.of.len() >= ADDRESSES) {
                record.of.remove(&oldest);
            }
        }
        let (failures, last) = record.of.entry(address).or_insert((0, now));
        *failures = if now - *last < FORGET { failures.saturating_add(1) } else { 1 };
        *last = now;
        record.all = match record.all {
            (all, Some(began)) if now - began < MINUTE => (all.saturating_add(1), Some(began)),
            _ => (1, Some(now)),
        };
    }

    pub(super) fn succeeded(&self, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).of.remove(&address);
    }
}

/// Where a request comes from: the peer, or, where that is a proxy on this machine, whom it names. A network of IPv6 is one
/// address, since one household has as many as it likes.
pub(super) fn origin(peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let named = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    let address = peer.ip().to_canonical();
    let address = if address.is_loopback() { named().unwrap_or(address) } else { address };
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, n])
    }

    #[test]
    fn waits_grow_for_the_one_who_fails_and_for_nobody_else() {
        let (failures, start) = (Failures::default(), Instant::now());
        for n in 0..FREE {
            assert_eq!(failures.wait(address(1), start), None, "{n} failures");
            failures.failed(address(1), start);
        }
        assert_eq!(failures.wait(address(1), start), Some(Duration::from_secs(1)));
        assert_eq!(failures.wait(address(1), start + Duration::from_secs(1)), None);
        for _ in 0..40 {
            failures.failed(address(1), start);
        }
        assert_eq!(failures.wait(address(1), start), Some(LONGEST));
        assert_eq!(failures.wait(address(2), start), None);
        assert_eq!(failures.wait(address(1), start + FORGET), None);
        failures.succeeded(address(1));
        assert_eq!(failures.wait(address(1), start), None);
    }

    #[test]
    fn where_everybody_fails_each_gets_one_failure_and_whoever_never_failed_gets_in() {
        let (failures, start) = (Failures::default(), Instant::now());
        for n in 0..60 {
            failures.failed(address(n), start);
        }
        assert!(failures.wait(address(3), start).is_some());
        assert_eq!(failures.wait(address(200), start), None);
        assert_eq!(failures.wait(address(3), start + MINUTE), None);
    }

    #[test]
    fn only_a_proxy_on_this_machine_says_where_a_request_comes_from() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.2.3.4, 2001:db8::7".parse().expect("a header"));
        let from = |peer: &str| origin(peer.parse().expect("an address"), &headers).to_string();
        assert_eq!(from("127.0.0.1:9"), "2001:db8::");
        assert_eq!(from("203.0.113.5:9"), "203.0.113.5");
    }
}
