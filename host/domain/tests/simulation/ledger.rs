//! What was seen from outside, kept apart from the code under test, and what must hold after every step.

use std::collections::{BTreeSet, HashMap, HashSet};

use shopkeeper_domain::{
    AttemptToken, Case, Command, Decision, Effect, EventBody, OrderId, OutboxId, StartReason, State, Status,
    TaskId, Timer, Withheld,
    roles::{detection::Intent, wording::Key},
};

use crate::{
    entries::{Entry, Payload, Standing},
    outside::typed,
    world::World,
};

/// What is known of one customer.
#[derive(Default)]
pub(crate) struct Known {
    /// Addresses as typed and not taken back; whether exactly.
    typed: HashMap<String, bool>,
    /// The last thing the customer was told, and about which address.
    told: Option<(Key, String)>,
    /// The commit that a hold began with, while it lasts.
    held: Option<u64>,
}

pub(crate) struct Ledger {
    pub(crate) customers: Vec<Known>,
    /// The attempt that is under way.
    current: HashMap<TaskId, AttemptToken>,
    finished: HashSet<AttemptToken>,
    /// Tokens that an image processor was given.
    pub(crate) processed: HashMap<TaskId, BTreeSet<AttemptToken>>,
    /// The commit in which an order started something.
    started: HashMap<OrderId, u64>,
    starts: HashSet<(OrderId, TaskId)>,
    /// What rang, and for a task: since its status changed.
    rang: Vec<Timer>,
    pub(crate) answers: HashMap<OrderId, String>,
}

impl Ledger {
    pub(crate) fn new(customers: usize) -> Self {
        Self {
            customers: (0..customers).map(|_| Known::default()).collect(),
            current: HashMap::new(),
            finished: HashSet::new(),
            processed: HashMap::new(),
            started: HashMap::new(),
            starts: HashSet::new(),
            rang: Vec::new(),
            answers: HashMap::new(),
        }
    }

    /// Whether an entry was queued before the hold that lasts.
    pub(crate) fn is_kept_back(&self, entry: &Entry) -> bool {
        self.customers[entry.who].held.is_some_and(|begun| entry.commit < begun)
    }
}

impl World {
    /// What must hold of a decision that was stored.
    pub(crate) fn look_at_commit(
        &mut self,
        who: usize,
        command: &Command,
        before: &Case,
        decision: &Decision,
    ) {
        if let Command::Finish { task, token: Some(token), .. } = command {
            let current = self.ledger.current.get(task) == Some(token);
            self.demand(current, || format!("task {task}: a result of an attempt that is over was taken"));
            let first = self.ledger.finished.insert(*token);
            self.demand(first, || format!("task {task}: an attempt ended twice"));
        }
        if let Command::Say(message) = command
            && before.customer.hold.is_none()
        {
            let known = &mut self.ledger.customers[who].typed;
            if message.intent == Intent::WithdrawAddress && decision.silence.is_none() {
                known.clear();
            } else {
                for (address, exact) in typed(&message.text) {
                    *known.entry(address).or_default() |= exact;
                }
            }
        }
        for event in &decision.events {
            if let Some(status) = event.to {
                self.note(status.name());
            }
            self.look_at_event(who, event.task, event.from != event.to, &event.body);
        }
        for effect in &decision.effects {
            self.look_at_effect(who, command, before, effect);
        }
        self.look_at_work();
    }

    fn look_at_event(&mut self, who: usize, task: Option<TaskId>, changed: bool, body: &EventBody) {
        let commit = self.store.commits;
        if changed && let Some(id) = task {
            self.ledger.rang.retain(|t| !matches!(t, Timer::Unconfirmed(t) | Timer::Stuck(t) if *t == id));
        }
        match body {
            EventBody::ProcessingStarted { token, why, .. } => {
                let id = task.expect("an attempt is a task's");
                self.ledger.current.insert(id, *token);
                let StartReason::Payment(order) = why else { return };
                let fresh = self.ledger.starts.insert((order.clone(), id));
                self.demand(fresh, || format!("order {order} started task {id} twice"));
                let began = *self.ledger.started.entry(order.clone()).or_insert(commit);
                self.demand(began == commit, || format!("order {order} started something twice"));
            }
            EventBody::PaymentReceived { payment } | EventBody::PaymentSettled { payment } => {
                self.note(payment.stands().name());
            }
            EventBody::TimerRang { timer } => {
                self.note(match timer {
                    Timer::Unconfirmed(_) => "a customer is reminded",
                    Timer::Stuck(_) => "something is stuck",
                    _ => "a payment has started nothing",
                });
                let again = self.ledger.rang.contains(timer);
                self.demand(!again, || format!("{timer:?} rang twice"));
                self.ledger.rang.push(timer.clone());
            }
            EventBody::ConversationHeld { .. } => self.ledger.customers[who].held = Some(commit),
            EventBody::ConversationResumed => self.ledger.customers[who].held = None,
            _ => {}
        }
    }

    fn look_at_effect(&mut self, who: usize, command: &Command, before: &Case, effect: &Effect) {
        let held = before.customer.hold.is_some() && *command != Command::Resume;
        match effect {
            Effect::Say { key, slots, .. } => {
                self.demand(!held, || format!("{key:?} was said into a held conversation"));
                let address = slots.iter().find(|(n, _)| n == "address").map_or("", |(_, v)| v);
                self.ledger.customers[who].told = Some((*key, address.to_owned()));
            }
            Effect::Ready { .. } => {
                self.demand(!held, || "a picture was announced in a held conversation".to_owned());
                self.ledger.customers[who].told = Some((Key::ImageReady, String::new()));
            }
            Effect::Show { .. } => {
                let approved = matches!(command, Command::Approve { .. });
                self.demand(!held || approved, || "a picture was shown in a held conversation".to_owned());
            }
            Effect::Mail { to, .. } => {
                let known = &self.ledger.customers[who];
                let exact = known.typed.get(to.as_str()).copied();
                self.demand(exact.is_some(), || {
                    format!("mail goes to {to}, which was not typed, or taken back")
                });
                let confirms = matches!(command, Command::Say(m) if m.intent == Intent::Confirm);
                let asked =
                    known.told.as_ref().is_some_and(|(k, a)| *k == Key::ConfirmAddress && a == to.as_str());
                let agreed = exact == Some(true) || confirms && asked;
                self.demand(agreed, || format!("mail goes to {to}, which was never confirmed"));
            }
            Effect::Process { .. } | Effect::Offer { .. } | Effect::Alert(_) => {}
        }
    }

    /// What must hold at every moment: work that is waited for is somewhere, and paid for.
    pub(crate) fn look_at_work(&self) {
        let there = |wanted: &dyn Fn(OutboxId, &Payload) -> bool| {
            // What was given up can be sent again by a person, who was told.
            self.store.outbox.iter().any(|e| e.standing != Standing::Done && wanted(e.id, &e.payload))
        };
        for record in &self.store.records {
            for task in &record.tasks {
                let id = task.id;
                match &task.state {
                    State::Processing { token, .. } => {
                        let job = there(&|_, p| matches!(p, Payload::Job(t) if t == token));
                        self.demand(job, || format!("task {id} is processing, and nobody has its job"));
                        self.demand(task.paid_by.is_some(), || format!("task {id} is processed unpaid"));
                    }
                    State::Delivering { mail, .. } => {
                        let mailed = there(&|id, _| id == *mail);
                        self.demand(mailed, || format!("task {id} is delivering, and its mail is nowhere"));
                    }
                    State::AwaitingConfirm { withheld: Some(Withheld::Conversation), .. } => {
                        let held = record.customer.hold.is_some();
                        self.demand(held, || {
                            format!("task {id} waits for the end of a hold that there is not")
                        });
                    }
                    _ => {}
                }
                let unpaid = task.status() != Status::Pending || task.paid_by.is_none();
                self.demand(unpaid, || format!("task {id} is paid and still waits for a payment"));
            }
        }
    }

    /// An image processor is given a job.
    pub(crate) fn look_at_job(&mut self, who: usize, id: TaskId, token: AttemptToken) {
        let tokens = self.ledger.processed.entry(id).or_default();
        let again = !tokens.insert(token);
        let (given, task) = (tokens.len(), self.store.records[who].tasks.iter().find(|t| t.id == id));
        let attempts = task.map_or(0, |t| t.attempt);
        self.demand(given <= attempts as usize, || {
            format!("task {id} was processed {given} times in {attempts} attempts")
        });
        let paid = task.is_some_and(|t| t.paid_by.is_some());
        self.demand(paid, || format!("task {id} is processed unpaid"));
        self.note(if again { "worked on again" } else { "worked on" });
    }

    /// Something reaches the customer.
    pub(crate) fn look_at_arrival(&mut self, at: usize) {
        let entry = &self.store.outbox[at];
        let (who, id) = (entry.who, entry.id);
        self.tell(|| format!("customer {who}: entry {id} arrives: {:?}", entry.payload));
        self.demand(!self.ledger.is_kept_back(entry), || {
            format!("entry {id} of before the hold arrives during it")
        });
        let again = entry.arrived;
        if !again {
            let mut earlier = self.store.outbox[..at].iter().filter(|e| e.who == who && e.queue.is_talk());
            let overtaken = earlier.find(|e| e.is_open() && !e.arrived && !self.ledger.is_kept_back(e));
            self.demand(overtaken.is_none(), || {
                format!(
                    "entry {id} arrives before {}",
                    overtaken.map_or_else(String::new, |e| e.id.to_string())
                )
            });
        }
        self.store.outbox[at].arrived = true;
        self.note(if again { "arrived again" } else { "arrived" });
    }
}
