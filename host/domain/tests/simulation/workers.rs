//! The workers: image processor, mailer, connector or webhook, agent, robot and clock.

use chrono::TimeDelta;
use shopkeeper_domain::{Actor, Alert, AlertKind, AttemptToken, Command, OutboxId, Outcome, State, TaskId};

use crate::{
    entries::{Payload, Queue, Standing},
    house::{Natural, Sent, Turn},
    outside::Inbound,
    store::Record,
    world::World,
};

/// How often something is tried before it is given up.
const TRIES: u32 = 3;

/// An entry that a worker claimed.
pub(crate) struct Hand {
    pub(crate) id: OutboxId,
    pub(crate) attempts: u32,
    /// What became of it, where nobody knows that yet.
    done: Option<Done>,
}

/// What became of an entry's work.
enum Done {
    Then(Command),
    Nothing,
    Later,
}

impl World {
    /// A worker takes an entry; it may be slow about it.
    pub(crate) fn claim(&mut self) -> bool {
        let now = self.now();
        let queues = [Queue::Local, Queue::Outside, Queue::Mail, Queue::Alert];
        let first = self.rng.usize(..queues.len());
        let claimed =
            (0..queues.len()).find_map(|n| self.store.claim(queues[(first + n) % queues.len()], now));
        let Some(at) = claimed else { return false };
        let entry = &self.store.outbox[at];
        let hand = Hand { id: entry.id, attempts: entry.attempts, done: None };
        self.tell(|| format!("claimed {:?} {}", self.store.outbox[at].queue, hand.id));
        match self.store.outbox[at].queue {
            Queue::Outside => self.hand_out(at),
            _ => self.hands.push(hand),
        }
        true
    }

    /// An outside image AI is given a job, and answers when it likes.
    fn hand_out(&mut self, at: usize) {
        let entry = self.store.outbox[at].clone();
        let (Some(task), Payload::Job(token)) = (entry.task, entry.payload) else { return };
        let command = Command::Claim { task, token };
        match self.send(&Turn::of(entry.who, Actor::Key("image-ai".to_owned()), &command)) {
            Sent::Answered(_) => {
                self.look_at_job(entry.who, task, token);
                if self.fault(15) {
                    return;
                }
                let outcome = self.outcome();
                let command = Command::Finish { task, token: Some(token), outcome };
                let (who, natural) = (entry.who, Natural::None);
                self.inbox.push(Inbound { who, actor: Actor::Processor, command, natural, answered: None });
            }
            Sent::Rejected => self.settle(entry.id),
            Sent::Lost => {}
        }
    }

    fn settle(&mut self, id: OutboxId) {
        self.store.settle(id);
        self.look_at_work();
    }

    /// A worker does what it has in hand.
    pub(crate) fn work(&mut self) -> bool {
        if self.hands.is_empty() {
            return false;
        }
        let mut hand = self.hands.swap_remove(self.rng.usize(..self.hands.len()));
        let at = self.store.outbox.iter().position(|e| e.id == hand.id).expect("entries are kept");
        let done = match hand.done.take() {
            Some(done) => done,
            None => self.outcome_of(at, hand.attempts),
        };
        if self.fault(30) {
            self.hands.push(Hand { done: Some(done), ..hand });
            return true;
        }
        // Died after the work and before anybody knew of it.
        if self.fault(5) {
            return true;
        }
        match done {
            Done::Then(command) => {
                let (who, mail) = (self.store.outbox[at].who, self.store.outbox[at].queue == Queue::Mail);
                let actor = if mail { Actor::Mailer } else { Actor::Processor };
                let turn = Turn { settle: Some(hand.id), ..Turn::of(who, actor, &command) };
                if self.send(&turn) == Sent::Rejected {
                    self.note("an outcome comes too late");
                    self.settle(hand.id);
                }
            }
            Done::Nothing => self.settle(hand.id),
            Done::Later => self.later(at, hand.attempts),
        }
        true
    }

    fn outcome_of(&mut self, at: usize, attempts: u32) -> Done {
        let queue = self.store.outbox[at].queue;
        match queue {
            Queue::Mail => self.mail(at, attempts),
            Queue::Alert if self.fault(30) => Done::Later,
            Queue::Alert => Done::Nothing,
            _ => self.process(at, attempts),
        }
    }

    /// Something is wrong that may pass: it is tried again, and given up in the end.
    fn later(&mut self, at: usize, attempts: u32) {
        let now = self.now();
        if attempts < TRIES {
            return self.store.postpone(at, now + TimeDelta::minutes(i64::from(attempts)));
        }
        let entry = &mut self.store.outbox[at];
        if !entry.is_open() {
            return;
        }
        entry.standing = Standing::Dead;
        let (who, task, queue) = (entry.who, entry.task, entry.queue);
        self.note("given up");
        self.tell(|| format!("entry {} is given up", self.store.outbox[at].id));
        if queue != Queue::Alert {
            let kind = AlertKind::DeadLetter { queue: format!("{queue:?}") };
            let key = Some(self.store.records[who].customer.key.clone());
            let reason = String::new();
            let alert = Alert { kind, customer: key, account: None, task, order: None, reason };
            self.store.add(who, None, Queue::Alert, task, Payload::Alert(alert), now);
        }
    }

    fn mail(&mut self, at: usize, attempts: u32) -> Done {
        let entry = &self.store.outbox[at];
        let (who, mail) = (entry.who, entry.id);
        let carried =
            |state: &State| matches!(state, State::Delivering { mail: carrier, .. } if *carrier == mail);
        if !self.store.records[who].tasks.iter().any(|t| carried(&t.state)) {
            return Done::Nothing;
        }
        let failed = |reason: &str| Done::Then(Command::MailFailed { mail, reason: reason.to_owned() });
        if self.fault(20) {
            return if attempts < TRIES { Done::Later } else { failed("451") };
        }
        if self.fault(10) {
            return failed("550");
        }
        let Payload::Mail { to } = &self.store.outbox[at].payload else { return Done::Nothing };
        let task_says = |state: &State| match state {
            State::Delivering { mail: carrier, address, .. } => *carrier != mail || address == to,
            _ => true,
        };
        let same = self.store.records[who].tasks.iter().all(|t| task_says(&t.state));
        self.demand(same, || format!("mail {mail} goes to {to}, which is not the tasks' address"));
        self.tell(|| format!("mail {mail} goes to {to}"));
        self.note(if self.store.outbox[at].arrived { "mailed again" } else { "mailed" });
        self.store.outbox[at].arrived = true;
        Done::Then(Command::MailSent { mail })
    }

    fn process(&mut self, at: usize, attempts: u32) -> Done {
        let entry = &self.store.outbox[at];
        let (Some(task), Payload::Job(token)) = (entry.task, &entry.payload) else { return Done::Nothing };
        let (who, token) = (entry.who, *token);
        let finish = |outcome| Done::Then(Command::Finish { task, token: Some(token), outcome });
        if attempts > 2 * TRIES {
            return finish(Outcome::Broke("处理多次中断".to_owned()));
        }
        if !self.is_wanted(who, task, token) {
            return Done::Nothing;
        }
        self.look_at_job(who, task, token);
        if self.fault(10) { Done::Later } else { finish(self.outcome()) }
    }

    fn is_wanted(&self, who: usize, id: TaskId, attempt: AttemptToken) -> bool {
        let task = self.store.records[who].tasks.iter().find(|t| t.id == id);
        task.is_some_and(|t| matches!(t.state, State::Processing { token, .. } if token == attempt))
    }

    /// What is for the customers goes out: pulled by a connector, or pushed.
    pub(crate) fn talk(&mut self) -> bool {
        let pushed = self.setup.pushed;
        if pushed || self.setup.agent && self.rng.bool() {
            return self.push() || !pushed && self.pull();
        }
        self.pull() || self.setup.agent && self.push()
    }

    fn pull(&mut self) -> bool {
        let given = self.store.waiting_chat(4);
        for at in &given {
            // The connector dies and asks again.
            if self.fault(5) {
                break;
            }
            self.look_at_arrival(*at);
            let times = if self.fault(25) { 0 } else { 1 + usize::from(self.fault(10)) };
            for _ in 0..times {
                self.store.settle(self.store.outbox[*at].id);
            }
        }
        !given.is_empty()
    }

    fn push(&mut self) -> bool {
        let now = self.now();
        let Some(at) = self.store.claim_talk(self.setup.pushed, now) else { return false };
        let attempts = self.store.outbox[at].attempts;
        if self.store.outbox[at].queue == Queue::Agent {
            // It says it by itself, has words, has none, or the service dies while it thinks.
            if self.rng.bool() {
                self.look_at_arrival(at);
                if !self.fault(10) {
                    self.store.settle(self.store.outbox[at].id);
                }
            } else if !self.fault(10) {
                self.store.reword(at, now);
            }
            return true;
        }
        if self.fault(30) {
            self.later(at, attempts);
            return true;
        }
        self.look_at_arrival(at);
        if !self.fault(10) {
            self.store.settle(self.store.outbox[at].id);
        }
        true
    }

    /// What is due rings.
    pub(crate) fn ring(&mut self) -> bool {
        let now = self.now();
        let due = |(who, record): (usize, &Record)| {
            record.timers.iter().find(|(_, due)| *due <= now).map(|(timer, _)| (who, timer.clone()))
        };
        let Some((who, timer)) = self.store.records.iter().enumerate().find_map(due) else { return false };
        self.send(&Turn::of(who, Actor::Clock, &Command::Ring(timer)));
        true
    }
}
