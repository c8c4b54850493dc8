//! What is to be looked at again, and when. Timers follow from the state alone, so that none is lost or left over.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{Case, OrderId, PaymentOutcome, Policy, Status, TaskId};

/// Something to look at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timer", content = "of", rename_all = "kebab-case")]
pub enum Timer {
    /// The customer has not said whether they like the result: they are reminded, once.
    Unconfirmed(TaskId),
    /// An attempt or a mail does not come to its end: the operator is told, once.
    Stuck(TaskId),
    /// A parked payment has still started nothing: the operator is told, once.
    NotStarted(OrderId),
    /// A parked payment has waited too long: it is no longer taken for the next picture.
    Expired(OrderId),
    /// The shop's patience may have changed: the timers of the case are set anew. Never follows from a case.
    Review,
}

/// How long is waited for what. None: for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patience {
    /// Minutes until a customer who has a result before them is reminded; in opening hours only.
    pub reminder_minutes: Option<u32>,
    /// Minutes until processing or mailing that does not end is an alarm.
    pub stuck_minutes: Option<u32>,
    /// Minutes until a payment that has started nothing is an alarm.
    pub not_started_minutes: Option<u32>,
    /// Days until a parked payment is no longer taken for the next picture.
    pub parked_days: Option<u32>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            reminder_minutes: None,
            stuck_minutes: Some(30),
            not_started_minutes: Some(30),
            parked_days: None,
        }
    }
}

/// Every timer of a case, in the order of its tasks and payments.
pub fn timers(case: &Case, policy: &Policy) -> Vec<(Timer, DateTime<Utc>)> {
    let patience = &policy.patience;
    let minutes = |from: DateTime<Utc>, wait: Option<u32>| {
        wait.and_then(|m| from.checked_add_signed(TimeDelta::minutes(i64::from(m))))
    };
    let mut found = Vec::new();
    for task in &case.tasks {
        let (timer, due) = match task.status() {
            Status::AwaitingConfirm if task.is_shown() && case.customer.hold.is_none() => {
                let due = minutes(task.updated_at, patience.reminder_minutes);
                let open = |due| policy.hours.open_from(due, policy.utc_offset_minutes);
                (Timer::Unconfirmed(task.id), due.map(open))
            }
            Status::Processing | Status::Delivering => {
                (Timer::Stuck(task.id), minutes(task.updated_at, patience.stuck_minutes))
            }
            _ => continue,
        };
        found.extend(due.filter(|_| !task.rang).map(|due| (timer, due)));
    }
    for payment in case.payments.iter().filter(|p| *p.stands() == PaymentOutcome::Parked) {
        let told = minutes(payment.at, patience.not_started_minutes).filter(|_| !payment.rang);
        found.extend(told.map(|due| (Timer::NotStarted(payment.order.clone()), due)));
        let days = patience.parked_days.map(|d| d.saturating_mul(24 * 60));
        found.extend(minutes(payment.at, days).map(|due| (Timer::Expired(payment.order.clone()), due)));
    }
    found
}
