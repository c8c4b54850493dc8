//! One shop and everybody around it, and the way of a command through the house.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use shopkeeper_domain::{
    Actor, Case, Command, Context, Decision, Effect, Ids, MessageId, OutboxId, Patience, Policy, TaskId,
    Timer, decide, timers,
};

use crate::{
    ledger::Ledger,
    outside::Inbound,
    store::{Commit, Payload, Queue, Store, Time},
    workers::Hand,
};

/// How often a decision is made anew because somebody else was faster.
const TRIES: usize = 32;

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

/// How a request ended for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// With this answer.
    Answered(String),
    /// The rules say no.
    Rejected,
    /// Nobody knows: the answer never came.
    Lost,
}

/// By which a request that comes again is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Natural {
    None,
    Request(u32),
    Message(MessageId),
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
    nested: bool,
    /// How often what came about.
    pub(crate) seen: BTreeMap<&'static str, u64>,
    /// For what must not be the same twice.
    pub(crate) counter: u32,
}

impl World {
    pub(crate) fn new(seed: u64, told: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let patience = Patience {
            reminder_minutes: rng.bool().then_some(60),
            parked_days: rng.bool().then_some(1),
            ..Patience::default()
        };
        let setup = Setup { agent: rng.bool(), pushed: rng.bool(), outside: rng.bool() };
        Self {
            seed,
            step: 0,
            rng,
            clock: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
            policy: Policy { patience, ..Policy::default() },
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
        }
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

    /// Takes a command through the house: load, decide, commit, and again where somebody else was faster.
    pub(crate) fn send(
        &mut self,
        who: usize,
        actor: Actor,
        command: &Command,
        natural: &Natural,
        settle: Option<OutboxId>,
    ) -> Sent {
        for _ in 0..TRIES {
            let now = self.now();
            let (tasks, order) = named(command);
            let first = match natural {
                Natural::Request(key) => self.store.answers.get(key),
                Natural::Message(id) => self.store.records[who].messages.get(id),
                Natural::None => None,
            };
            if let Some(first) = first {
                let first = first.clone();
                self.note("a repeat");
                return Sent::Answered(first);
            }
            if order.is_some_and(|o| self.store.orders.get(o).is_some_and(|owner| *owner != who)) {
                return Sent::Rejected;
            }
            let before = self.store.load(who, &tasks, order);
            let ids = Ids::from_seed(self.store.fresh());
            let context = Context { now, actor: actor.clone(), policy: self.policy.clone(), ids };
            let decision = match decide(&before, command.clone(), &context) {
                Ok(decision) => decision,
                Err(why) => {
                    self.tell(|| format!("customer {who}: {command:?}: no, {why}"));
                    return Sent::Rejected;
                }
            };
            if !self.nested && self.fault(15) {
                self.nested = true;
                self.act();
                self.nested = false;
            }
            if self.fault(2) {
                self.note("lost before the commit");
                self.tell(|| format!("customer {who}: {command:?}: lost before the commit"));
                return Sent::Lost;
            }
            let answer = answer(command, &decision);
            let version = self.store.records[who].customer.version;
            let commit = self.draft(who, before.clone(), &decision, now, settle, natural, &answer, command);
            if self.store.commit(commit).is_err() {
                self.note("decided again");
                continue;
            }
            self.tell(|| format!("customer {who}: {command:?}: {answer} {:?}", decision.effects));
            self.demand(version == before.customer.version, || {
                "a decision on what is no longer so was stored".to_owned()
            });
            self.look_at_commit(who, command, &before, &decision);
            if self.fault(3) {
                self.note("lost after the commit");
                self.tell(|| "lost after the commit".to_owned());
                return Sent::Lost;
            }
            return Sent::Answered(answer);
        }
        self.demand(false, || format!("{command:?} does not get through"));
        Sent::Lost
    }

    #[expect(clippy::too_many_arguments, reason = "one caller, which has them all in hand")]
    fn draft(
        &self,
        who: usize,
        before: Case,
        decision: &Decision,
        now: Time,
        settle: Option<OutboxId>,
        natural: &Natural,
        answer: &str,
        command: &Command,
    ) -> Commit {
        let due = timers(&decision.after, &self.policy);
        let rang = matches!(command, Command::Ring(_));
        let due = (rang || due != timers(&before, &self.policy)).then_some(due);
        Commit {
            who,
            before,
            after: decision.after.clone(),
            now,
            events: decision.events.clone(),
            entries: decision.effects.iter().filter_map(|e| self.entry(e)).collect(),
            settle,
            timers: due,
            message: match natural {
                Natural::Message(id) => Some((id.clone(), answer.to_owned())),
                _ => None,
            },
            answer: match natural {
                Natural::Request(key) => Some((*key, answer.to_owned())),
                _ => None,
            },
        }
    }

    fn entry(&self, effect: &Effect) -> Option<(Option<OutboxId>, Queue, Option<TaskId>, Payload)> {
        let jobs = if self.setup.outside { Queue::Outside } else { Queue::Local };
        Some(match effect {
            Effect::Say { task, key, .. } => (None, Queue::Text, *task, Payload::Say(*key)),
            Effect::Ready { task, .. } => {
                let queue = if self.setup.agent { Queue::Agent } else { Queue::Text };
                (None, queue, Some(*task), Payload::Notice)
            }
            Effect::Show { task, image, .. } => {
                (None, Queue::Image, Some(*task), Payload::Picture(image.clone()))
            }
            Effect::Process { task, token } => (None, jobs, Some(*task), Payload::Job(*token)),
            Effect::Mail { id, to, tasks, .. } => {
                (Some(*id), Queue::Mail, tasks.last().copied(), Payload::Mail { to: to.clone() })
            }
            Effect::Alert(alert) => (None, Queue::Alert, alert.task, Payload::Alert(alert.clone())),
            Effect::Offer { .. } => return None,
        })
    }

    /// The shop's settings are changed: what it waits for is looked at again.
    pub(crate) fn set(&mut self, policy: Policy) {
        self.tell(|| format!("{policy:?}"));
        self.policy = policy;
        let now = self.clock;
        for record in &mut self.store.records {
            record.timers.retain(|(timer, _)| *timer != Timer::Review);
            record.timers.push((Timer::Review, now));
        }
    }
}

/// The tasks and the order that a command is about.
fn named(command: &Command) -> (Vec<TaskId>, Option<&shopkeeper_domain::OrderId>) {
    match command {
        Command::Pay { order, tasks, .. } => (tasks.clone().unwrap_or_default(), Some(order)),
        Command::Say(message) => (message.about.into_iter().collect(), None),
        Command::Claim { task, .. }
        | Command::Finish { task, .. }
        | Command::Retry { task, .. }
        | Command::Cancel { task, .. }
        | Command::Approve { task, .. } => (vec![*task], None),
        _ => (Vec::new(), None),
    }
}

/// What whoever sent it is told. A payment's answer is what became of it when it came first.
fn answer(command: &Command, decision: &Decision) -> String {
    match command {
        Command::Pay { order, .. } => {
            let payment = decision.after.payment(order).expect("what was taken is kept");
            format!("{:?}: {}", payment.outcome, payment.reason)
        }
        _ => format!("{} events, {:?}", decision.events.len(), decision.silence),
    }
}
