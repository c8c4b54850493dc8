//! The end of a history: nothing goes wrong any more, the work is done to its end, and all is counted up.

use shopkeeper_domain::{
    Actor, Case, Command, Event, Payment, PaymentOutcome, State, Task, Withheld, timers,
};

use crate::{
    entries::{Entry, Payload, Standing},
    house::Turn,
    store::Record,
    world::{CUSTOMERS, World},
};

/// More than this is for ever.
const ROUNDS: u32 = 5000;

impl World {
    /// The whole of a history.
    pub(crate) fn live(&mut self) {
        for _ in 0..self.rng.u32(40..240) {
            self.step += 1;
            self.act();
        }
        self.faults = false;
        self.tell(|| "from here on nothing goes wrong".to_owned());
        self.come_to_rest();
        self.look_at_orders();
        self.look_at_talk();
        // What persons have to do is done, too: then everything that was ever said has arrived.
        while self.store.outbox.iter().any(|e| e.standing == Standing::Dead) {
            self.resend();
        }
        for who in 0..CUSTOMERS {
            self.send(&Turn::of(who, Actor::Key("operator".to_owned()), &Command::Resume));
        }
        self.come_to_rest();
        self.look_at_orders();
        self.look_at_history();
        self.look_at_talk();
        self.look_at_outbox();
    }

    /// Works until nothing is due, and never will be.
    fn come_to_rest(&mut self) {
        for _ in 0..ROUNDS {
            self.step += 1;
            let looked = self.clock;
            if !self.inbox.is_empty() {
                self.deliver();
                continue;
            }
            if self.work() || self.talk() || self.claim() || self.ring() {
                continue;
            }
            let timers = self.store.records.iter().flat_map(|r| r.timers.iter().map(|(_, due)| *due));
            let pushed = self.setup.pushed;
            let waits = |e: &&Entry| e.is_open() && (pushed || !e.queue.is_chat());
            let entries = self.store.outbox.iter().filter(waits).map(|e| e.due);
            let next = timers.chain(entries).filter(|due| *due > looked).min();
            let Some(next) = next else { return };
            self.clock = self.clock.max(next);
        }
        self.demand(false, || "the shop does not come to rest".to_owned());
    }

    fn look_at_orders(&self) {
        for (who, record) in self.store.records.iter().enumerate() {
            let owed = timers(&self.store.load(who, &[], None), &self.policy);
            self.demand(owed.is_empty(), || format!("{owed:?} never rang"));
            for payment in &record.payments {
                let order = &payment.order;
                let told = || {
                    let about =
                        |p: &Payload| matches!(p, Payload::Alert(a) if a.order.as_ref() == Some(order));
                    self.store.outbox.iter().any(|e| about(&e.payload))
                };
                match payment.stands() {
                    PaymentOutcome::Started { tasks } => {
                        for id in tasks {
                            let task = record.tasks.iter().find(|t| t.id == *id);
                            let waits = task.and_then(|t| self.waits_for(record, t));
                            self.demand(waits.is_some(), || {
                                format!(
                                    "order {order}: task {id} waits for nobody: {:?}",
                                    task.map(|t| &t.state)
                                )
                            });
                        }
                    }
                    // A person was told; the customer's next picture or word, or switching processing on, starts it.
                    PaymentOutcome::Parked | PaymentOutcome::Held | PaymentOutcome::Expired => {
                        self.demand(told(), || format!("order {order} started nothing and nobody was told"));
                    }
                    // Its sender was told that there was nothing to start.
                    PaymentOutcome::Skipped => {}
                }
            }
        }
    }

    /// For whom a paid task waits at rest; none where it should not be so.
    fn waits_for(&self, record: &Record, task: &Task) -> Option<&'static str> {
        let dead = |wanted: &dyn Fn(&Payload) -> bool| {
            self.store.outbox.iter().any(|e| e.standing == Standing::Dead && wanted(&e.payload))
        };
        match &task.state {
            State::Completed { .. } | State::Cancelled { .. } => Some("nobody"),
            State::AwaitingConfirm { withheld: None, .. } | State::Revision { .. } => Some("the customer"),
            State::AwaitingConfirm { withheld: Some(Withheld::Quality), .. } => Some("a person's approval"),
            State::AwaitingConfirm { withheld: Some(Withheld::Conversation), .. } => {
                record.customer.hold.as_ref().map(|_| "a person who has the conversation")
            }
            State::Failed { .. } => Some("a person, who was told"),
            State::Processing { token, .. } => dead(&|p| matches!(p, Payload::Job(t) if t == token))
                .then_some("a person, who was told of the dead letter"),
            // The mailer never gives up without saying so.
            State::Delivering { .. } | State::Pending { .. } => None,
        }
    }

    fn look_at_history(&self) {
        for record in &self.store.records {
            let written = serde_json::to_string(&record.events).expect("events are written");
            let read: Vec<Event> = serde_json::from_str(&written).expect("and read again");
            self.demand(read == record.events, || "events change when they are stored".to_owned());
            let mut case = Case::replay(record.customer.key.clone(), &read);
            let sorted = |payments: &[Payment]| {
                let mut payments = payments.to_vec();
                payments.sort_by(|a, b| a.order.cmp(&b.order));
                payments
            };
            let mut tasks = record.tasks.clone();
            tasks.sort_by_key(|t| t.id);
            case.tasks.sort_by_key(|t| t.id);
            self.demand(case.customer == record.customer, || {
                format!("the events don't give the customer: {:?}, {:?}", case.customer, record.customer)
            });
            self.demand(case.tasks == tasks, || {
                format!("the events don't give the tasks: {:?}, {tasks:?}", case.tasks)
            });
            self.demand(sorted(&case.payments) == sorted(&record.payments), || {
                "the events don't give the payments".to_owned()
            });
        }
    }

    /// At rest all that was said has arrived, but for what was given up or waits for the end of a hold.
    fn look_at_talk(&self) {
        for entry in self.store.outbox.iter().filter(|e| e.queue.is_talk() && e.standing != Standing::Dead) {
            let waits = self.ledger.is_kept_back(entry);
            self.demand(entry.arrived || waits, || {
                format!("entry {} never arrived: {:?}", entry.id, entry.payload)
            });
        }
    }

    fn look_at_outbox(&self) {
        for entry in &self.store.outbox {
            self.demand(entry.standing == Standing::Done, || {
                format!("entry {} is still {:?}: {:?}", entry.id, entry.standing, entry.payload)
            });
        }
    }
}
