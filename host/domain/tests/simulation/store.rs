//! The shop's storage, in memory: the same commit rules as the real one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    Case, Customer, CustomerKey, Event, MessageId, OrderId, OutboxId, Payment, PaymentOutcome, Platform,
    Task, TaskId, Timer,
};
use uuid::Uuid;

use crate::entries::{Entry, Payload, Queue};

pub(crate) type Time = DateTime<Utc>;

/// A customer's rows.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) customer: Customer,
    /// How many entries the outbox had when the hold began.
    pub(crate) held_after: Option<usize>,
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
            record.timers.retain(|(timer, due)| *timer == Timer::Review && *due > commit.now);
            record.timers.extend(timers);
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
}
