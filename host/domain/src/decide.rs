//! The one place where a status changes.
//!
//! [`decide`] is total and deterministic: the same case, command and context give the same decision, and
//! what must not happen is a [`Rejection`], never a panic. Each step of `DOMAIN.md`'s table is one function
//! in a submodule.

mod delivery;
mod message;
mod payment;
mod person;
mod processing;
mod timer;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AccountId, Actor, Alert, AlertKind, AttemptToken, Case, Command, EmailAddress, Event, EventBody, ImageId,
    OutboxId, Policy, Rejection, StartReason, Task, TaskId, roles::wording::Key,
};

/// Fresh ids, all derived from one UUIDv7 that the caller made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    next: u128,
}

impl Ids {
    /// Ids that count up from a fresh UUIDv7, whose random tail keeps them unique.
    pub fn from_seed(seed: Uuid) -> Self {
        Self { next: seed.as_u128() }
    }

    /// The next one.
    pub fn fresh(&mut self) -> Uuid {
        let id = Uuid::from_u128(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }
}

/// What a decision needs to know besides the case.
#[derive(Debug, Clone)]
pub struct Context {
    /// Now, UTC.
    pub now: DateTime<Utc>,
    /// Who sends the command.
    pub actor: Actor,
    /// The shop's rules.
    pub policy: Policy,
    /// Where new ids come from.
    pub ids: Ids,
}

/// Named values that can stand in a text.
pub type Slots = Vec<(String, String)>;

/// Something to be done outside, in order. Everything here goes through the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Say this to the customer, in the wording plugin's words.
    Say {
        /// About which task.
        task: Option<TaskId>,
        /// From which of the shop's accounts.
        account: Option<AccountId>,
        /// What.
        key: Key,
        /// What can stand in it.
        slots: Slots,
    },
    /// The result was shown: tell the customer so, by the shop's agent where there is one, else in the wording plugin's
    /// words.
    Ready {
        /// Of which task.
        task: TaskId,
        /// From which of the shop's accounts.
        account: Option<AccountId>,
        /// What can stand in the text.
        slots: Slots,
    },
    /// Send the customer this picture in the chat.
    Show {
        /// Of which task.
        task: TaskId,
        /// From which of the shop's accounts.
        account: Option<AccountId>,
        /// Which.
        image: ImageId,
    },
    /// Have the picture worked on.
    Process {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        token: AttemptToken,
    },
    /// Mail the results of these tasks.
    Mail {
        /// Stable over every retry.
        id: OutboxId,
        /// To.
        to: EmailAddress,
        /// Which.
        tasks: Vec<TaskId>,
        /// What can stand in the subject and the text.
        slots: Slots,
    },
    /// Keep the analysis for the shop's agent to take, once.
    Offer {
        /// Which task.
        task: TaskId,
    },
    /// Tell the operator.
    Alert(Alert),
}

/// Why nothing automatic was said or done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// A person looks after the conversation.
    Held,
    /// No task waits for the customer's word.
    NoTask,
    /// The task that the message names doesn't wait for the customer's word.
    NotWaiting,
    /// The message is not about accepting or changing the result.
    NotForWorkflow,
}

impl Silence {
    /// In a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Held => "a person looks after this conversation; nothing automatic is said",
            Self::NoTask => "no task of this customer waits for an answer",
            Self::NotWaiting => "the task does not wait for an answer in its status",
            Self::NotForWorkflow => "the message neither accepts nor changes the result",
        }
    }
}

pub use processing::attempt_under_way;

/// What follows from a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The case with the events applied.
    pub after: Case,
    /// What happened, to be appended.
    pub events: Vec<Event>,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Set where a customer's message was left to somebody else.
    pub silence: Option<Silence>,
}

/// Decides what follows from a command. Nothing else changes a status.
pub fn decide(case: &Case, command: Command, context: &Context) -> Result<Decision, Rejection> {
    let mut draft = Draft {
        case: case.clone(),
        events: Vec::new(),
        effects: Vec::new(),
        silence: None,
        context,
        ids: context.ids,
        was_held: case.customer.hold.is_some(),
    };
    if let Command::Create(_) | Command::Pay { .. } | Command::Say(_) | Command::Resume = command {
        payment::take_up_parked(&mut draft);
    }
    match command {
        Command::Create(new) => payment::create(&mut draft, *new),
        Command::Pay { order, amount, tasks } => payment::pay(&mut draft, order, amount, tasks)?,
        Command::Claim { task, token } => processing::claim(&mut draft, task, token)?,
        Command::Finish { task, token, outcome } => processing::finish(&mut draft, task, token, outcome)?,
        Command::Say(message) => message::say(&mut draft, *message)?,
        Command::MailSent { mail } => delivery::sent(&mut draft, mail)?,
        Command::MailFailed { mail, reason } => delivery::failed(&mut draft, mail, &reason)?,
        Command::Retry { task, version } => person::retry(&mut draft, task, version)?,
        Command::Cancel { task, version } => person::cancel(&mut draft, task, version)?,
        Command::Approve { task, version } => person::approve(&mut draft, task, version)?,
        Command::Hold => person::hold(&mut draft),
        Command::Resume => person::resume(&mut draft),
        Command::Ring(timer) => timer::ring(&mut draft, timer),
    }
    Ok(Decision { after: draft.case, events: draft.events, effects: draft.effects, silence: draft.silence })
}

/// A decision being made: recording an event changes the case at once, so that later steps see it.
struct Draft<'a> {
    case: Case,
    events: Vec<Event>,
    effects: Vec<Effect>,
    silence: Option<Silence>,
    context: &'a Context,
    ids: Ids,
    /// Whether a person had the conversation before this command.
    was_held: bool,
}

impl Draft<'_> {
    fn task(&self, id: TaskId) -> Result<&Task, Rejection> {
        self.case.task(id).ok_or(Rejection::UnknownTask(id))
    }

    /// The task, if it is at the version the caller saw.
    fn task_at(&self, id: TaskId, version: Option<u64>) -> Result<&Task, Rejection> {
        let task = self.task(id)?;
        match version {
            Some(given) if given != task.version => {
                Err(Rejection::StaleVersion { given, current: task.version })
            }
            _ => Ok(task),
        }
    }

    fn record(&mut self, task: Option<TaskId>, body: EventBody) {
        let status = |case: &Case| task.and_then(|id| case.task(id)).map(Task::status);
        let mut event = Event {
            at: self.context.now,
            actor: self.context.actor.clone(),
            task,
            from: None,
            to: None,
            body,
        };
        let from = status(&self.case);
        self.case.apply(&event);
        let to = status(&self.case);
        if from != to {
            (event.from, event.to) = (from, to);
        }
        self.events.push(event);
    }

    /// Starts the next attempt of a task that is paid, or is being paid by this.
    fn start(&mut self, id: TaskId, why: StartReason) {
        let Some(task) = self.case.task(id) else { return };
        let attempt = task.attempt.saturating_add(1);
        let token = AttemptToken(self.ids.fresh());
        self.record(Some(id), EventBody::ProcessingStarted { attempt, token, why });
        self.effects.push(Effect::Process { task: id, token });
    }

    /// Says something, unless a person has the conversation.
    fn say(&mut self, task: Option<TaskId>, account: Option<AccountId>, key: Key, slots: Slots) {
        if !self.was_held {
            self.effects.push(Effect::Say { task, account, key, slots });
        }
    }

    fn say_about(&mut self, id: TaskId, key: Key, slots: Slots) {
        let account = self.case.task(id).and_then(|t| t.account.clone());
        self.say(Some(id), account, key, slots);
    }

    fn alert(&mut self, kind: AlertKind, task: Option<TaskId>, reason: impl Into<String>) {
        let account = task.and_then(|id| self.case.task(id)).and_then(|t| t.account.clone());
        self.effects.push(Effect::Alert(Alert {
            kind,
            customer: Some(self.case.customer.key.clone()),
            account: account.or_else(|| self.case.customer.account.clone()),
            task,
            order: None,
            reason: reason.into(),
        }));
    }

    fn alert_order(&mut self, kind: AlertKind, order: &crate::OrderId, reason: impl Into<String>) {
        self.alert(kind, None, reason);
        if let Some(Effect::Alert(alert)) = self.effects.last_mut() {
            alert.order = Some(order.clone());
        }
    }
}

/// What a customer calls the work: 「变清晰、抠图」.
fn operations_slot(task: &Task) -> (String, String) {
    let labels: Vec<&str> = task.operations.iter().map(crate::Operation::label).collect();
    ("operations".to_owned(), labels.join("、"))
}
