//! The way of a command through the house.

use shopkeeper_domain::{
    Actor, Case, Command, Context, Decision, Effect, Ids, MessageId, OrderId, OutboxId, TaskId, decide,
    timers,
};

use crate::{
    entries::{Payload, Queue},
    store::Commit,
    world::World,
};

/// How often a decision is made anew because somebody else was faster.
const TRIES: usize = 32;

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

/// One command on its way through.
pub(crate) struct Turn<'a> {
    pub(crate) who: usize,
    pub(crate) actor: Actor,
    pub(crate) command: &'a Command,
    pub(crate) natural: &'a Natural,
    /// The outbox entry whose work this is.
    pub(crate) settle: Option<OutboxId>,
}

impl<'a> Turn<'a> {
    /// A command that is known by nothing and settles nothing.
    pub(crate) fn of(who: usize, actor: Actor, command: &'a Command) -> Self {
        Self { who, actor, command, natural: &Natural::None, settle: None }
    }
}

/// By which a request that comes again is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Natural {
    None,
    Request(u32),
    Message(MessageId),
}

impl World {
    /// Takes a command through the house: load, decide, commit, and again where somebody else was faster.
    pub(crate) fn send(&mut self, turn: &Turn<'_>) -> Sent {
        let Turn { who, command, natural, .. } = *turn;
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
            let context = Context { now, actor: turn.actor.clone(), policy: self.policy.clone(), ids };
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
            let commit = self.draft(turn, before.clone(), &decision, &context, &answer);
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

    fn draft(
        &self,
        turn: &Turn<'_>,
        before: Case,
        decision: &Decision,
        context: &Context,
        answer: &str,
    ) -> Commit {
        let due = timers(&decision.after, &context.policy);
        let rang = matches!(turn.command, Command::Ring(_));
        let due = (rang || due != timers(&before, &context.policy)).then_some(due);
        Commit {
            who: turn.who,
            before,
            after: decision.after.clone(),
            now: context.now,
            events: decision.events.clone(),
            entries: decision.effects.iter().filter_map(|e| self.entry(e)).collect(),
            settle: turn.settle,
            timers: due,
            message: match turn.natural {
                Natural::Message(id) => Some((id.clone(), answer.to_owned())),
                _ => None,
            },
            answer: match turn.natural {
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
}

/// The tasks and the order that a command is about.
fn named(command: &Command) -> (Vec<TaskId>, Option<&OrderId>) {
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
