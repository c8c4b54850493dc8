//! One picture's way through the shop. The state carries its own data, so that what can't be isn't.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AttemptToken, CustomerKey, EmailAddress, ImageId, Operation, OrderId, OutboxId, TaskId,
    roles::pricing::Quote,
};

/// Where a task stands, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Created, waiting for payment.
    Pending,
    /// The image AI is at work.
    Processing,
    /// The result is on its way to, or with, the customer.
    AwaitingConfirm,
    /// The customer wants it changed and is asked for detail.
    Revision,
    /// The e-mail is in the outbox.
    Delivering,
    /// Confirmed and mailed. Final.
    Completed,
    /// Processing gave up; a person can retry.
    Failed,
    /// A person ended it. Final.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a task's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Processing,
        Self::AwaitingConfirm,
        Self::Revision,
        Self::Delivering,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As on the wire: `awaiting-confirm`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::AwaitingConfirm => "awaiting-confirm",
            Self::Revision => "revision",
            Self::Delivering => "delivering",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// As the shop owner reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "待处理",
            Self::Processing => "处理中",
            Self::AwaitingConfirm => "等待客户确认",
            Self::Revision => "修改中",
            Self::Delivering => "正在发送",
            Self::Completed => "已完成",
            Self::Failed => "失败",
            Self::Cancelled => "已取消",
        }
    }

    /// Whether nothing can change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a result has not gone to the customer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withheld {
    /// It failed its quality check and the shop wants to look first.
    Quality,
    /// A person has taken the conversation over.
    Conversation,
}

/// A task's status with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum State {
    /// See [`Status::Pending`].
    Pending {
        /// A result from before, where an unpaid picture is to be done again.
        previous: Option<ImageId>,
    },
    /// See [`Status::Processing`].
    Processing {
        /// Whoever answers must show it.
        token: AttemptToken,
        /// Whether the token has left the house: an outside image AI claimed the job.
        handed_out: bool,
        /// The result of the attempt before.
        previous: Option<ImageId>,
    },
    /// See [`Status::AwaitingConfirm`].
    AwaitingConfirm {
        /// The picture.
        result: ImageId,
        /// Set where the customer has not been sent it.
        withheld: Option<Withheld>,
    },
    /// See [`Status::Revision`].
    Revision {
        /// The picture that is to be changed.
        result: ImageId,
    },
    /// See [`Status::Delivering`].
    Delivering {
        /// The picture.
        result: ImageId,
        /// Where it goes.
        address: EmailAddress,
        /// The mail that carries it.
        mail: OutboxId,
    },
    /// See [`Status::Completed`].
    Completed {
        /// The picture.
        result: ImageId,
        /// Where it went.
        address: EmailAddress,
    },
    /// See [`Status::Failed`].
    Failed {
        /// In the processor's words.
        reason: String,
        /// The result of an earlier attempt.
        previous: Option<ImageId>,
    },
    /// See [`Status::Cancelled`].
    Cancelled {
        /// The last result there was.
        previous: Option<ImageId>,
    },
}

impl State {
    /// The status alone.
    pub fn status(&self) -> Status {
        match self {
            Self::Pending { .. } => Status::Pending,
            Self::Processing { .. } => Status::Processing,
            Self::AwaitingConfirm { .. } => Status::AwaitingConfirm,
            Self::Revision { .. } => Status::Revision,
            Self::Delivering { .. } => Status::Delivering,
            Self::Completed { .. } => Status::Completed,
            Self::Failed { .. } => Status::Failed,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// The latest result there is.
    pub fn result(&self) -> Option<&ImageId> {
        match self {
            Self::AwaitingConfirm { result, .. }
            | Self::Revision { result }
            | Self::Delivering { result, .. }
            | Self::Completed { result, .. } => Some(result),
            Self::Pending { previous }
            | Self::Processing { previous, .. }
            | Self::Failed { previous, .. }
            | Self::Cancelled { previous } => previous.as_ref(),
        }
    }

    /// Where the picture goes or went.
    pub fn address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Delivering { address, .. } | Self::Completed { address, .. } => Some(address),
            _ => None,
        }
    }
}

/// What the analysis says the picture needs. Typed, so that nothing a customer types can set a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specification {
    /// `simple`, `normal`, `complex`, `hard`, or the shop's own; none where nobody analysed the picture.
    pub complexity: Option<String>,
    /// For the image AI.
    pub prompt: String,
    /// Such as `1:1`.
    pub aspect_ratio: String,
    /// `no`, or how the perspective is to be mended.
    pub perspective: String,
    /// The analysis's word for the kind of work.
    pub process: String,
    /// What the picture shows.
    pub subject: String,
    /// The quality asked for.
    pub quality: String,
}

/// What the customer wants changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// In the customer's words; empty where they sent pictures only.
    pub text: String,
    /// Pictures sent with it.
    pub images: Vec<ImageId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// One picture to be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// Whose.
    pub customer: CustomerKey,
    /// What to call them; their id where no name is known.
    pub customer_name: String,
    /// The shop's account that answers.
    pub account: Option<AccountId>,
    /// The picture as the customer sent it.
    pub image: ImageId,
    /// What is to be done, in order; never empty.
    pub operations: Vec<Operation>,
    /// In what way.
    pub specification: Specification,
    /// Every note on what to change, oldest first.
    pub notes: Vec<Note>,
    /// How often a revision was asked for.
    pub revision_count: u32,
    /// The price; none where a person must say it.
    pub quote: Option<Quote>,
    /// The order that paid for it.
    pub paid_by: Option<OrderId>,
    /// How many times processing was started.
    pub attempt: u32,
    /// Where it stands.
    pub state: State,
    /// Whether somebody was told that it has stood so for long.
    #[serde(default)]
    pub rang: bool,
    /// UTC.
    pub created_at: DateTime<Utc>,
    /// UTC.
    pub updated_at: DateTime<Utc>,
    /// Counts the events of this task.
    pub version: u64,
}

impl Task {
    /// Where it stands, without the data.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// Whether the customer has the result before them.
    pub fn is_shown(&self) -> bool {
        matches!(self.state, State::AwaitingConfirm { withheld: None, .. })
    }
}
