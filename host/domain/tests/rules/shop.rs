//! A case with the history that made it: what every rule is tried on.

use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    Actor, Case, Command, Context, CustomerKey, Decision, Effect, Event, Ids, ImageId, Message, Money,
    NewTask, Outcome, Patience, Platform, Policy, Rejection, Specification, State, Status, TaskId, decide,
    find_addresses,
    roles::{detection::Intent, pricing::Quote, wording::Key},
};
use uuid::Uuid;

pub(crate) struct Shop {
    pub(crate) case: Case,
    pub(crate) events: Vec<Event>,
    pub(crate) policy: Policy,
    clock: i64,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let key = CustomerKey { platform: Platform::default(), id: "tb_1".parse().expect("an id") };
        let patience = Patience { reminder_minutes: Some(60), parked_days: Some(1), ..Patience::default() };
        let policy = Policy { patience, ..Policy::default() };
        Self { case: Case::new(key), events: Vec::new(), policy, clock: 1_700_000_000 }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.clock, 0).expect("a time")
    }

    /// So many minutes pass.
    pub(crate) fn wait(&mut self, minutes: i64) {
        self.clock += minutes * 60;
    }

    /// Decides and takes up the events, as the workflow does.
    pub(crate) fn send(&mut self, command: Command) -> Result<Decision, Rejection> {
        self.clock += 1;
        let context = Context {
            now: self.now(),
            actor: Actor::Customer,
            policy: self.policy.clone(),
            ids: Ids::from_seed(Uuid::from_u128((self.clock as u128) << 64)),
        };
        let decision = decide(&self.case, command.clone(), &context)?;
        assert_eq!(decide(&self.case, command, &context).as_ref(), Ok(&decision), "decide is deterministic");
        self.case = decision.after.clone();
        self.events.extend(decision.events.iter().cloned());
        Ok(decision)
    }

    pub(crate) fn picture(&mut self, low: Option<i64>) -> TaskId {
        let decision = self.send(new_task(low)).expect("a task is always taken");
        decision.events[0].task.expect("the new task")
    }

    pub(crate) fn pay(&mut self, order: &str) -> Decision {
        self.send(Command::Pay { order: order.parse().expect("an id"), amount: None, tasks: None })
            .expect("taken")
    }

    pub(crate) fn result(&mut self, task: TaskId) -> Decision {
        self.send(Command::Finish { task, token: self.token(task), outcome: picture(1) }).expect("taken")
    }

    pub(crate) fn say(&mut self, intent: Intent, text: &str) -> Decision {
        self.send(message(intent, text)).expect("taken")
    }

    /// A picture that is paid and lies before the customer.
    pub(crate) fn shown() -> (Self, TaskId) {
        let mut shop = Self::new();
        let task = shop.picture(Some(1000));
        shop.pay("order");
        shop.result(task);
        (shop, task)
    }

    pub(crate) fn status(&self, task: TaskId) -> Status {
        self.case.task(task).expect("the task").status()
    }

    pub(crate) fn token(&self, task: TaskId) -> Option<shopkeeper_domain::AttemptToken> {
        match self.case.task(task)?.state {
            State::Processing { token, .. } => Some(token),
            _ => None,
        }
    }

    pub(crate) fn mail(&self, task: TaskId) -> Option<shopkeeper_domain::OutboxId> {
        match self.case.task(task)?.state {
            State::Delivering { mail, .. } => Some(mail),
            _ => None,
        }
    }
}

pub(crate) fn image(n: u8) -> ImageId {
    ImageId::from_sha256([n; 32])
}

pub(crate) fn picture(n: u8) -> Outcome {
    Outcome::Picture { image: image(n), quality: None }
}

pub(crate) fn new_task(low: Option<i64>) -> Command {
    let quote = |low| Quote {
        low: Money::fen(low),
        high: Money::fen(low + 500),
        hint: String::new(),
        lines: Vec::new(),
        attributes: Vec::new(),
    };
    Command::Create(Box::new(NewTask {
        customer_name: None,
        account: None,
        image: image(0),
        operations: Vec::new(),
        specification: Specification { complexity: Some("normal".to_owned()), ..Specification::default() },
        request: "变清晰".to_owned(),
        quote: low.map(quote),
        offer: true,
    }))
}

pub(crate) fn message(intent: Intent, text: &str) -> Command {
    Command::Say(Box::new(Message {
        text: text.to_owned(),
        images: Vec::new(),
        account: None,
        about: None,
        intent,
        addresses: find_addresses(text),
    }))
}

/// What is said to the customer, key by key.
pub(crate) fn said(decision: &Decision) -> Vec<Key> {
    let key = |e: &Effect| match e {
        Effect::Say { key, .. } => Some(*key),
        Effect::Ready { .. } => Some(Key::ImageReady),
        _ => None,
    };
    decision.effects.iter().filter_map(key).collect()
}

/// The titles of the alerts that are raised.
pub(crate) fn alerts(decision: &Decision) -> Vec<&'static str> {
    let title = |e: &Effect| match e {
        Effect::Alert(alert) => Some(alert.kind.title()),
        _ => None,
    };
    decision.effects.iter().filter_map(title).collect()
}
