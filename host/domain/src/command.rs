//! What can come in.

use crate::{
    AccountId, AttemptToken, FoundAddress, ImageId, Money, Operation, OrderId, OutboxId, Specification,
    TaskId, Timer,
    roles::{detection::Intent, pricing::Quote},
};

/// A picture that is to become a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What to call the customer, where known.
    pub customer_name: Option<String>,
    /// The shop's account that answers.
    pub account: Option<AccountId>,
    /// The picture.
    pub image: ImageId,
    /// What is to be done; `enhance` where empty.
    pub operations: Vec<Operation>,
    /// In what way.
    pub specification: Specification,
    /// The customer's own words.
    pub request: String,
    /// The price; none where a person must say it.
    pub quote: Option<Quote>,
    /// Whether the shop's agent is to be offered it for quoting: so for an analysis, not for a task made by hand.
    pub offer: bool,
}

/// What a quality check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// 0 to 100.
    pub score: u8,
    /// Whether that is enough.
    pub passed: bool,
    /// What is wrong.
    pub issue: String,
    /// How many tries it took.
    pub attempts: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a picture.
    Picture {
        /// The result.
        image: ImageId,
        /// What a quality check said, where there was one.
        quality: Option<Quality>,
    },
    /// The processor said no, for this reason.
    Refused(String),
    /// The processor broke, in this way.
    Broke(String),
}

/// A customer's message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// As typed.
    pub text: String,
    /// Pictures sent with it.
    pub images: Vec<ImageId>,
    /// The account it was written to.
    pub account: Option<AccountId>,
    /// The task it names.
    pub about: Option<TaskId>,
    /// What it wants, as the detection plugin read it.
    pub intent: Intent,
    /// The addresses in it, as the host read them.
    pub addresses: Vec<FoundAddress>,
}

/// Everything that can happen to a customer's case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A picture came in.
    Create(Box<NewTask>),
    /// A payment came in.
    Pay {
        /// Its natural key.
        order: OrderId,
        /// How much, where the notice said so.
        amount: Option<Money>,
        /// For which tasks; whatever is pending where none are named.
        tasks: Option<Vec<TaskId>>,
    },
    /// An outside image AI takes the job of an attempt.
    Claim {
        /// Whose job.
        task: TaskId,
        /// Of which attempt.
        token: AttemptToken,
    },
    /// An attempt ended.
    Finish {
        /// Whose.
        task: TaskId,
        /// Of which attempt, where the job gave a token.
        token: Option<AttemptToken>,
        /// How.
        outcome: Outcome,
    },
    /// The customer wrote.
    Say(Box<Message>),
    /// A mail went out.
    MailSent {
        /// Which.
        mail: OutboxId,
    },
    /// A mail was given up.
    MailFailed {
        /// Which.
        mail: OutboxId,
        /// Why.
        reason: String,
    },
    /// A person has a failed task done again.
    Retry {
        /// Which.
        task: TaskId,
        /// The version the person saw, where they said so.
        version: Option<u64>,
    },
    /// A person ends a task.
    Cancel {
        /// Which.
        task: TaskId,
        /// The version the person saw, where they said so.
        version: Option<u64>,
    },
    /// A person lets a held result go out.
    Approve {
        /// Which.
        task: TaskId,
        /// The version the person saw, where they said so.
        version: Option<u64>,
    },
    /// A person takes the conversation over.
    Hold,
    /// A person gives the conversation back.
    Resume,
    /// Something is to be looked at again.
    Ring(Timer),
}
