//! A payment, by the marketplace's order number.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Money, OrderId, TaskId};

/// What became of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum PaymentOutcome {
    /// It started these tasks.
    Started {
        /// In the order they were created.
        tasks: Vec<TaskId>,
    },
    /// Nothing to start yet, or the image module is off: kept for the next picture.
    Parked,
    /// It does not cover the price: a person must look.
    Held,
    /// There is nothing left to start.
    Skipped,
    /// Parked for too long: a person must look.
    Expired,
}

impl PaymentOutcome {
    /// `started`, `parked`, `held`, `skipped` or, later, `expired`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Parked => "parked",
            Self::Held => "held",
            Self::Skipped => "skipped",
            Self::Expired => "expired",
        }
    }

    /// The tasks it started.
    pub fn started(&self) -> &[TaskId] {
        match self {
            Self::Started { tasks } => tasks,
            _ => &[],
        }
    }
}

/// A payment that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its natural key.
    pub order: OrderId,
    /// How much, where the notice said so.
    pub amount: Option<Money>,
    /// The tasks that it is for: those it names, or those that were open when it had to be parked; none where it is
    /// for whatever is pending.
    pub names: Option<Vec<TaskId>>,
    /// What became of it when it came: whoever sends it again gets this answer again.
    pub outcome: PaymentOutcome,
    /// Why, in a sentence.
    pub reason: String,
    /// When it came in.
    pub at: DateTime<Utc>,
    /// What became of it after it was parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<PaymentOutcome>,
    /// Whether the operator was told that it has started nothing.
    #[serde(default)]
    pub rang: bool,
}

impl Payment {
    /// How it stands now.
    pub fn stands(&self) -> &PaymentOutcome {
        self.later.as_ref().unwrap_or(&self.outcome)
    }
}
