//! The outbox, in memory: what waits, in the order and by the rules of the real one.

use chrono::TimeDelta;
use shopkeeper_domain::{Alert, AttemptToken, EmailAddress, ImageId, OutboxId, TaskId, roles::wording::Key};

use crate::store::{Store, Time};

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

impl Store {
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
