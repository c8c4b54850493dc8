//! Everything a decision about one customer depends on, and how events change it.

use crate::{
    Candidate, Customer, CustomerKey, EmailStatus, Event, EventBody, Hold, LastPicture, OrderId, Payment,
    ProfileEmail, StartReason, State, Status, Task, TaskId, Timer, Withheld, customer::remember,
};

/// A customer with their tasks and payments.
///
/// A case may be loaded in part: it must hold every task that is not final, every payment that is parked,
/// the task of the customer's last picture, and whatever the command names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Who.
    pub customer: Customer,
    /// Oldest first.
    pub tasks: Vec<Task>,
    /// Oldest first.
    pub payments: Vec<Payment>,
}

impl Case {
    /// Someone never heard of.
    pub fn new(key: CustomerKey) -> Self {
        Self { customer: Customer::new(key), tasks: Vec::new(), payments: Vec::new() }
    }

    /// The case that these events make. The inverse of recording them.
    pub fn replay<'a>(key: CustomerKey, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut case = Self::new(key);
        for event in events {
            case.apply(event);
        }
        case
    }

    /// The task, if it is this customer's.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|t| t.id == id)
    }

    /// What became of an order.
    pub fn payment(&self, order: &OrderId) -> Option<&Payment> {
        self.payments.iter().find(|p| p.order == *order)
    }

    /// The task that a message is about: the named one, else the latest that waits for the customer's word.
    pub fn subject(&self, about: Option<TaskId>) -> Option<&Task> {
        let waits = |t: &&Task| t.is_shown() || t.status() == Status::Revision;
        match about {
            Some(id) => self.task(id),
            None => self.tasks.iter().filter(waits).max_by_key(|t| (t.created_at, t.id)),
        }
    }

    /// Where the customer's work stands, for the detection plugin: the subject's status, else the latest task's.
    pub fn phase(&self, about: Option<TaskId>) -> &'static str {
        let latest = || self.tasks.iter().max_by_key(|t| (t.created_at, t.id));
        self.subject(about).or_else(latest).map_or("none", |t| t.status().name())
    }

    /// Takes up one event. Total: an event about a task that isn't here changes only the customer.
    pub fn apply(&mut self, event: &Event) {
        self.customer.version += 1;
        self.apply_to_customer(event);
        if let EventBody::TaskCreated { .. } = event.body {
            self.create_task(event);
            return;
        }
        let Some(task) = event.task.and_then(|id| self.tasks.iter_mut().find(|t| t.id == id)) else { return };
        task.version += 1;
        task.updated_at = event.at;
        let before = task.status();
        apply_to_task(task, event);
        if task.status() != before {
            task.rang = false;
        }
    }

    fn create_task(&mut self, event: &Event) {
        let EventBody::TaskCreated {
            customer_name, account, image, operations, specification, quote, ..
        } = &event.body
        else {
            return;
        };
        let Some(id) = event.task else { return };
        let customer = &self.customer;
        self.tasks.push(Task {
            id,
            customer: customer.key.clone(),
            customer_name: customer_name
                .clone()
                .or_else(|| customer.name.clone())
                .unwrap_or_else(|| customer.key.id.to_string()),
            account: account.clone().or_else(|| customer.account.clone()),
            image: image.clone(),
            operations: operations.clone(),
            specification: specification.clone(),
            notes: Vec::new(),
            revision_count: 0,
            quote: quote.clone(),
            paid_by: None,
            attempt: 0,
            state: State::Pending { previous: None },
            rang: false,
            created_at: event.at,
            updated_at: event.at,
            version: 1,
        });
    }

    fn apply_to_customer(&mut self, event: &Event) {
        let customer = &mut self.customer;
        match &event.body {
            EventBody::TaskCreated {
                customer_name,
                account,
                image,
                operations,
                specification,
                request,
                quote,
            } => {
                if let Some(name) = customer_name {
                    customer.name = Some(name.clone());
                }
                if let Some(account) = account {
                    customer.account = Some(account.clone());
                }
                if !request.is_empty() {
                    remember(&mut customer.requirements, request.clone());
                }
                if let Some(complexity) = &specification.complexity {
                    remember(&mut customer.complexities, complexity.clone());
                }
                customer.last = event.task.map(|task| LastPicture {
                    task,
                    image: image.clone(),
                    operations: operations.clone(),
                    specification: specification.clone(),
                    quote: quote.clone(),
                });
            }
            EventBody::PaymentReceived { payment } | EventBody::PaymentSettled { payment } => {
                match self.payments.iter_mut().find(|p| p.order == payment.order) {
                    Some(known) => *known = payment.clone(),
                    None => self.payments.push(payment.clone()),
                }
            }
            EventBody::RevisionAsked { .. } => {
                customer.revisions += 1;
                customer.forget_asking();
            }
            EventBody::ResultReceived { .. }
            | EventBody::ResultReleased
            | EventBody::ProcessingFailed { .. }
            | EventBody::NoteKept { .. }
            | EventBody::RevisionDropped
            | EventBody::TimerRang { timer: Timer::Unconfirmed(_) } => customer.forget_asking(),
            EventBody::TimerRang { timer: Timer::NotStarted(order) } => {
                if let Some(payment) = self.payments.iter_mut().find(|p| p.order == *order) {
                    payment.rang = true;
                }
            }
            EventBody::AddressRemembered { candidate } => customer.candidate = Some(candidate.clone()),
            EventBody::AddressesDropped => {
                customer.candidate = None;
                customer.email = None;
            }
            EventBody::DeliveryStarted { address, .. } => {
                customer.candidate = None;
                customer.email =
                    Some(ProfileEmail { address: address.clone(), status: EmailStatus::Pending });
            }
            EventBody::Delivered => {
                if let Some(task) = event.task.and_then(|id| self.tasks.iter().find(|t| t.id == id)) {
                    customer.count_delivered(task);
                }
                if let Some(email) = &mut customer.email {
                    email.status = EmailStatus::Sent;
                }
                customer.forget_asking();
            }
            EventBody::DeliveryFailed { .. } => {
                if let Some(email) = &mut customer.email {
                    email.status = EmailStatus::Failed;
                }
                customer.forget_asking();
            }
            EventBody::ConversationHeld { reason } => {
                customer.hold = Some(Hold { reason: *reason, since: event.at });
                customer.forget_asking();
            }
            EventBody::ConversationResumed => customer.hold = None,
            EventBody::TagsChanged { tags } => customer.tags = tags.clone(),
            EventBody::TaskPaid { .. }
            | EventBody::ProcessingStarted { .. }
            | EventBody::JobClaimed
            | EventBody::PaymentAwaited
            | EventBody::TimerRang { .. }
            | EventBody::TaskCancelled => {}
        }
    }
}

fn apply_to_task(task: &mut Task, event: &Event) {
    let result = task.state.result().cloned();
    match (&event.body, result) {
        (EventBody::TaskPaid { order }, _) => task.paid_by = Some(order.clone()),
        (EventBody::ProcessingStarted { attempt, token, why }, previous) => {
            if let StartReason::Payment(order) = why {
                task.paid_by = Some(order.clone());
            }
            task.attempt = *attempt;
            task.state = State::Processing { token: *token, handed_out: false, previous };
        }
        (EventBody::JobClaimed, _) => {
            if let State::Processing { handed_out, .. } = &mut task.state {
                *handed_out = true;
            }
        }
        (EventBody::ResultReceived { image, withheld, .. }, _) => {
            task.state = State::AwaitingConfirm { result: image.clone(), withheld: *withheld };
        }
        (EventBody::ProcessingFailed { reason }, previous) => {
            task.state = State::Failed { reason: reason.clone(), previous };
        }
        (
            EventBody::ResultReleased | EventBody::RevisionDropped | EventBody::DeliveryFailed { .. },
            Some(result),
        ) => {
            task.state = State::AwaitingConfirm { result, withheld: None };
        }
        (EventBody::RevisionAsked { note }, Some(result)) => {
            task.notes.push(note.clone());
            task.revision_count += 1;
            task.state = State::Revision { result };
        }
        (EventBody::NoteKept { note }, _) => task.notes.push(note.clone()),
        (EventBody::PaymentAwaited, previous) => task.state = State::Pending { previous },
        (EventBody::DeliveryStarted { address, mail }, Some(result)) => {
            task.state = State::Delivering { result, address: address.clone(), mail: *mail };
        }
        (EventBody::Delivered, Some(result)) => {
            if let State::Delivering { address, .. } = &task.state {
                task.state = State::Completed { result, address: address.clone() };
            }
        }
        (EventBody::TimerRang { .. }, _) => task.rang = true,
        (EventBody::TaskCancelled, previous) => task.state = State::Cancelled { previous },
        _ => {}
    }
}

impl Candidate {
    /// Whether a confirmation means this address without asking again.
    pub(crate) fn is_agreed(&self) -> bool {
        self.certain || self.asked
    }
}

impl State {
    /// Whether the result waits for this reason.
    pub(crate) fn is_withheld(&self, reason: Withheld) -> bool {
        matches!(self, Self::AwaitingConfirm { withheld: Some(why), .. } if *why == reason)
    }
}
