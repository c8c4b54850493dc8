//! The shop's storage, in memory: the same commit rules and the same order of the outbox as the real one.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use shopkeeper_domain::{
    Alert, AttemptToken, Case, Customer, CustomerKey, EmailAddress, Event, ImageId, MessageId, OrderId,
    OutboxId, Payment, PaymentOutcome, Platform, Task, TaskId, Timer, roles::wording::Key,
};
use uuid::Uuid;

pub(crate) type Time = DateTime<Utc>;

/// How long a worker has an entry to itself.
const LEASE: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    Text,
    Image,
    Agent,
    Local,
    Outside,
    Mail,
    Alert,
}

impl Queue {
    pub(crate) fn is_chat(self) -> bool {
        matches!(self, Self::Text | Self::Image)
    }

    /// Whether it keeps its place in the conversation.
    pub(crate) fn is_talk(self) -> bool {
        self.is_chat() || self == Self::Agent
    }
}

#[derive(Debug, Clone)]
#[expect(dead_code, reason = "what is said is read by whoever looks into a failure")]
pub(crate) enum Payload {
    Say(Key),
    Picture(ImageId),
    Job(AttemptToken),
    Mail { to: EmailAddress },
    Notice,
    Alert(Alert),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Waiting,
    Claimed,
    Done,
    Dead,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: OutboxId,
    pub(crate) who: usize,
    pub(crate) queue: Queue,
    pub(crate) task: Option<TaskId>,
    pub(crate) payload: Payload,
    pub(crate) standing: Standing,
    pub(crate) due: Time,
    pub(crate) attempts: u32,
    pub(crate) created_at: Time,
    /// The commit that queued it.
    pub(crate) commit: u64,
    /// Whether it ever reached the other side.
    pub(crate) arrived: bool,
}

impl Entry {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Waiting | Standing::Claimed)
    }
}

/// A customer's rows.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) customer: Customer,
    /// How many entries the outbox had when the hold began.
    held_after: Option<usize>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) timers: Vec<(Timer, Time)>,
    pub(crate) events: Vec<Event>,
    pub(crate) messages: HashMap<MessageId, String>,
}

/// What is stored together or not at all.
pub(crate) struct Commit {
    pub(crate) who: usize,
    pub(crate) before: Case,
    pub(crate) after: Case,
    pub(crate) now: Time,
    pub(crate) events: Vec<Event>,
    pub(crate) entries: Vec<(Option<OutboxId>, Queue, Option<TaskId>, Payload)>,
    pub(crate) settle: Option<OutboxId>,
    pub(crate) timers: Option<Vec<(Timer, Time)>>,
    pub(crate) message: Option<(MessageId, String)>,
    pub(crate) answer: Option<(u32, String)>,
}

/// Why a commit did not stand.
#[derive(Debug)]
pub(crate) enum Refused {
    Stale,
    Exists,
}

pub(crate) struct Store {
    pub(crate) records: Vec<Record>,
    pub(crate) outbox: Vec<Entry>,
    pub(crate) answers: HashMap<u32, String>,
    pub(crate) orders: HashMap<OrderId, usize>,
    pub(crate) commits: u64,
    ids: u128,
}

impl Store {
    pub(crate) fn new(customers: usize) -> Self {
        let key = |n: usize| CustomerKey {
            platform: Platform::default(),
            id: format!("tb_{n}").parse().expect("an id"),
        };
        let record = |n| Record {
            customer: Customer::new(key(n)),
            held_after: None,
            tasks: Vec::new(),
            payments: Vec::new(),
            timers: Vec::new(),
            events: Vec::new(),
            messages: HashMap::new(),
        };
        Self {
            records: (0..customers).map(record).collect(),
            outbox: Vec::new(),
            answers: HashMap::new(),
            orders: HashMap::new(),
            commits: 0,
            ids: 0,
        }
    }

    pub(crate) fn fresh(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids << 64)
    }

    /// The part of a case that a decision needs: see [`Case`].
    pub(crate) fn load(&self, who: usize, tasks: &[TaskId], order: Option<&OrderId>) -> Case {
        let record = &self.records[who];
        let last = record.customer.last.as_ref().map(|l| l.task);
        let wanted = |t: &&Task| !t.status().is_final() || tasks.contains(&t.id) || last == Some(t.id);
        let mut tasks: Vec<Task> = record.tasks.iter().filter(wanted).cloned().collect();
        tasks.sort_by_key(|t| (t.created_at, t.id));
        let parked = |p: &&Payment| *p.stands() == PaymentOutcome::Parked;
        let mut payments: Vec<Payment> = record.payments.iter().filter(parked).cloned().collect();
        payments.sort_by_key(|p| p.at);
        let named = |p: &&Payment| Some(&p.order) == order && *p.stands() != PaymentOutcome::Parked;
        payments.extend(record.payments.iter().find(named).cloned());
        Case { customer: record.customer.clone(), tasks, payments }
    }

    pub(crate) fn commit(&mut self, commit: Commit) -> Result<(), Refused> {
        let record = &mut self.records[commit.who];
        if record.customer.version != commit.before.customer.version {
            return Err(Refused::Stale);
        }
        for task in &commit.after.tasks {
            let before = commit.before.task(task.id).map_or(0, |t| t.version);
            let stored = record.tasks.iter().find(|t| t.id == task.id).map_or(0, |t| t.version);
            if task.version != before && stored != before {
                return Err(Refused::Stale);
            }
        }
        let fresh = |p: &&Payment| commit.before.payment(&p.order).is_none();
        let fresh: Vec<&Payment> = commit.after.payments.iter().filter(fresh).collect();
        let known_answer = commit.answer.as_ref().is_some_and(|(key, _)| self.answers.contains_key(key));
        let known_message = commit.message.as_ref().is_some_and(|(id, _)| record.messages.contains_key(id));
        if known_answer || known_message || fresh.iter().any(|p| self.orders.contains_key(&p.order)) {
            return Err(Refused::Exists);
        }
        self.orders.extend(fresh.iter().map(|p| (p.order.clone(), commit.who)));
        let queued = self.outbox.len();
        let held = commit.after.customer.hold.is_some();
        record.held_after = held.then(|| record.held_after.unwrap_or(queued));
        record.customer = commit.after.customer;
        for task in commit.after.tasks {
            match record.tasks.iter_mut().find(|t| t.id == task.id) {
                Some(stored) => *stored = task,
                None => record.tasks.push(task),
            }
        }
        for payment in commit.after.payments {
            match record.payments.iter_mut().find(|p| p.order == payment.order) {
                Some(stored) => *stored = payment,
                None => record.payments.push(payment),
            }
        }
        record.events.extend(commit.events);
        record.messages.extend(commit.message);
        if let Some(timers) = commit.timers {
            record.timers = timers;
        }
        self.answers.extend(commit.answer);
        self.commits += 1;
        for (id, queue, task, payload) in commit.entries {
            self.add(commit.who, id, queue, task, payload, commit.now);
        }
        if let Some(id) = commit.settle {
            self.settle(id);
        }
        Ok(())
    }

    pub(crate) fn add(
        &mut self,
        who: usize,
        id: Option<OutboxId>,
        queue: Queue,
        task: Option<TaskId>,
        payload: Payload,
        now: Time,
    ) {
        let id = id.unwrap_or_else(|| OutboxId(self.fresh()));
        let (standing, commit) = (Standing::Waiting, self.commits);
        self.outbox.push(Entry {
            id,
            who,
            queue,
            task,
            payload,
            standing,
            due: now,
            attempts: 0,
            created_at: now,
            commit,
            arrived: false,
        });
    }

    /// How many entries, from the first on, a person who has the conversation keeps back.
    fn kept_back(&self, at: usize) -> usize {
        self.records[self.outbox[at].who].held_after.unwrap_or(0)
    }

    /// Whether an entry may go out as far as its conversation is concerned.
    fn may_go(&self, at: usize) -> bool {
        let kept_back = self.kept_back(at);
        let notice = |e: &Entry| e.queue == Queue::Agent && e.is_open();
        at >= kept_back && !self.before(kept_back, at).any(notice)
    }

    /// Whether nothing of its conversation stands before it.
    fn is_first(&self, at: usize) -> bool {
        !self.before(self.kept_back(at), at).any(|e| e.queue.is_talk() && e.is_open())
    }

    fn before(&self, from: usize, at: usize) -> impl Iterator<Item = &Entry> {
        let who = self.outbox[at].who;
        self.outbox[from.min(at)..at].iter().filter(move |e| e.who == who)
    }

    /// What a connector that asks is given.
    pub(crate) fn waiting_chat(&self, limit: usize) -> Vec<usize> {
        let waits = |at: &usize| {
            let entry = &self.outbox[*at];
            entry.queue.is_chat() && entry.standing == Standing::Waiting && self.may_go(*at)
        };
        (0..self.outbox.len()).filter(waits).take(limit).collect()
    }

    /// The entry of a queue that is due first.
    pub(crate) fn claim(&mut self, queue: Queue, now: Time) -> Option<usize> {
        let due = |at: &usize| {
            let entry = &self.outbox[*at];
            entry.queue == queue && entry.is_open() && entry.due <= now
        };
        let first = (0..self.outbox.len()).filter(due).min_by_key(|at| (self.outbox[*at].due, *at))?;
        Some(self.take(first, now))
    }

    /// The first entry of a conversation, of those that are pushed.
    pub(crate) fn claim_talk(&mut self, pushed: bool, now: Time) -> Option<usize> {
        let due = |at: &usize| {
            let entry = &self.outbox[*at];
            let wanted = entry.queue == Queue::Agent || pushed && entry.queue.is_chat();
            wanted && entry.is_open() && entry.due <= now && self.may_go(*at) && self.is_first(*at)
        };
        let first = (0..self.outbox.len()).find(due)?;
        Some(self.take(first, now))
    }

    fn take(&mut self, at: usize, now: Time) -> usize {
        let entry = &mut self.outbox[at];
        (entry.standing, entry.due, entry.attempts) = (Standing::Claimed, now + LEASE, entry.attempts + 1);
        at
    }

    pub(crate) fn settle(&mut self, id: OutboxId) {
        if let Some(entry) = self.outbox.iter_mut().find(|e| e.id == id) {
            entry.standing = Standing::Done;
        }
    }

    pub(crate) fn postpone(&mut self, at: usize, until: Time) {
        let entry = &mut self.outbox[at];
        if entry.standing == Standing::Claimed {
            (entry.standing, entry.due) = (Standing::Waiting, until);
        }
    }

    /// What the agent wants said, or what is said in its place.
    pub(crate) fn reword(&mut self, at: usize, now: Time) {
        let entry = &mut self.outbox[at];
        if entry.queue == Queue::Agent && entry.standing == Standing::Claimed {
            entry.queue = Queue::Text;
            (entry.standing, entry.due, entry.attempts) = (Standing::Waiting, now, 0);
        }
    }

    /// The process starts anew: what its workers had is due again. What is out of the house stays so.
    pub(crate) fn release(&mut self) {
        let held = |e: &&mut Entry| e.standing == Standing::Claimed && e.queue != Queue::Outside;
        for entry in self.outbox.iter_mut().filter(held) {
            (entry.standing, entry.due) = (Standing::Waiting, entry.created_at);
        }
    }
}
