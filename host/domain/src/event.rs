//! What happened. Events are appended and never changed: they are the audit log, and folding them gives the state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AttemptToken, Candidate, EmailAddress, HoldReason, ImageId, Note, Operation, OrderId,
    OutboxId, Payment, Specification, Status, Tag, TaskId, Timer, Withheld, roles::pricing::Quote,
};

/// Who made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Actor {
    /// The customer, by a message.
    Customer,
    /// A caller of the API, by the name of its key.
    Key(String),
    /// The image processor.
    Processor,
    /// The mailer.
    Mailer,
    /// The clock.
    Clock,
}

/// Why processing was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", content = "order", rename_all = "kebab-case")]
pub enum StartReason {
    /// This order paid for it.
    Payment(OrderId),
    /// The customer said what to change.
    Revision,
    /// A person wanted it tried again.
    Retry,
}

/// What happened, exactly enough to build the state again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "events live in short vectors, for the length of one command")]
pub enum EventBody {
    /// A task began.
    TaskCreated {
        /// What to call the customer, where known.
        customer_name: Option<String>,
        /// The shop's account that answers.
        account: Option<AccountId>,
        /// The picture.
        image: ImageId,
        /// What is to be done.
        operations: Vec<Operation>,
        /// In what way.
        specification: Specification,
        /// The customer's own words.
        request: String,
        /// The price.
        quote: Option<Quote>,
    },
    /// A payment came in for the first time.
    PaymentReceived {
        /// With its outcome.
        payment: Payment,
    },
    /// A payment kept from earlier was used, or found too small.
    PaymentSettled {
        /// As it stands now.
        payment: Payment,
    },
    /// A task whose result came before its payment is paid now.
    TaskPaid {
        /// By this order.
        order: OrderId,
    },
    /// An attempt began.
    ProcessingStarted {
        /// Counted from 1.
        attempt: u32,
        /// Its token.
        token: AttemptToken,
        /// Why.
        #[serde(flatten)]
        why: StartReason,
    },
    /// An outside image AI took the job.
    JobClaimed,
    /// An attempt gave a picture.
    ResultReceived {
        /// The picture.
        image: ImageId,
        /// Whether it waits for a person.
        withheld: Option<Withheld>,
        /// What a quality check gave, 0 to 100.
        score: Option<u8>,
    },
    /// An attempt gave none.
    ProcessingFailed {
        /// In the processor's words.
        reason: String,
    },
    /// A withheld result went out after all.
    ResultReleased,
    /// The customer is not content.
    RevisionAsked {
        /// In their words.
        note: Note,
    },
    /// The customer said what to change.
    NoteKept {
        /// In their words.
        note: Note,
    },
    /// An unpaid task waits for its payment before it is done again.
    PaymentAwaited,
    /// The customer is content after all.
    RevisionDropped,
    /// An address waits for the customer's word.
    AddressRemembered {
        /// Which, and how sure.
        candidate: Candidate,
    },
    /// The customer took an address back.
    AddressesDropped,
    /// The mail is in the outbox.
    DeliveryStarted {
        /// To.
        address: EmailAddress,
        /// Which mail.
        mail: OutboxId,
    },
    /// The mail went out.
    Delivered,
    /// The mail was given up.
    DeliveryFailed {
        /// Why.
        reason: String,
    },
    /// A person ended it.
    TaskCancelled,
    /// A person looks after the conversation.
    ConversationHeld {
        /// Why.
        reason: HoldReason,
    },
    /// The conversation is automatic again.
    ConversationResumed,
    /// Something waited too long.
    TimerRang {
        /// What.
        timer: Timer,
    },
    /// The customer's tags changed.
    TagsChanged {
        /// All of them.
        tags: Vec<Tag>,
    },
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// To which task; none where it is about the customer.
    pub task: Option<TaskId>,
    /// The task's status before, where it changed.
    pub from: Option<Status>,
    /// … and after.
    pub to: Option<Status>,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}
