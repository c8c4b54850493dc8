//! What goes in and out of the storage, besides the domain's own types.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{
    AccountId, Case, CustomerId, CustomerKey, Event, ImageId, MessageId, OrderId, OutboxId, Platform, ShopId,
    Status, TaskId, Timer,
    roles::Role,
    rollout::{Digest, Rollout, Turned},
};
use uuid::Uuid;

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// What people call it.
    pub name: String,
    /// JSON text; what it means is the service's business.
    pub settings: String,
    /// UTC.
    pub created_at: DateTime<Utc>,
}

/// An API key; the secret itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Names it without giving it away.
    pub id: Uuid,
    /// The shop it opens; none for the installation's own.
    pub shop: Option<ShopId>,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// What it may do.
    pub scopes: Vec<String>,
    /// UTC.
    pub created_at: DateTime<Utc>,
}

/// What is known of a picture; its bytes lie in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// By content.
    pub id: ImageId,
    /// By content, such as `image/jpeg`.
    pub media_type: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Length of the file.
    pub bytes: u64,
    /// UTC.
    pub created_at: DateTime<Utc>,
}

/// What a command names, so that the loaded case holds it.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// These tasks, whatever their status.
    pub tasks: Vec<TaskId>,
    /// This order.
    pub order: Option<OrderId>,
    /// The first answer to this message.
    pub message: Option<MessageId>,
}

/// A case, and what was answered before.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Whoever the customer is; version 0 where they were never heard of.
    pub case: Case,
    /// The first answer to the named message (JSON), where it came before.
    pub message_answer: Option<String>,
}

/// A case found through one of its tasks.
#[derive(Debug, Clone)]
pub struct OwnedCase {
    /// Whose.
    pub key: CustomerKey,
    /// The case.
    pub case: Case,
}

/// A customer's message as it came, and what was answered.
#[derive(Debug, Clone)]
pub struct InboundMessage {
    /// Its natural key, within the conversation.
    pub id: MessageId,
    /// As typed.
    pub text: String,
    /// Pictures sent with it.
    pub images: Vec<ImageId>,
    /// JSON text.
    pub answer: String,
}

/// In which capacity a plugin was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMode {
    /// As the one that answers.
    Live,
    /// As the one that answers this customer, on trial.
    Canary,
    /// As the built-in one, for another that had no answer.
    BuiltIn,
    /// Beside the one that answers; its answer was not used.
    Shadow,
}

impl CallMode {
    const ALL: [Self; 4] = [Self::Live, Self::Canary, Self::BuiltIn, Self::Shadow];

    /// `live`, `canary`, `built-in`, `shadow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Canary => "canary",
            Self::BuiltIn => "built-in",
            Self::Shadow => "shadow",
        }
    }
}

impl std::str::FromStr for CallMode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|m| m.name() == name)
            .ok_or_else(|| format!("{name:?} is no mode of a call"))
    }
}

/// A call of a plugin, kept for replay. Holds no names, addresses or ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// In which role.
    pub role: Role,
    /// Such as `read-intent`.
    pub function: Cow<'static, str>,
    /// In which capacity.
    pub mode: CallMode,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Which of the shop's bindings it was.
    pub settings_revision: u32,
    /// JSON text.
    pub input: String,
    /// JSON text; none at fault.
    pub output: Option<String>,
    /// What went wrong.
    pub fault: Option<String>,
    /// Nanoseconds.
    pub took_ns: u64,
    /// What its memories and tables held together.
    pub memory_bytes: u64,
    /// JSON text; none where nothing was logged.
    pub log: Option<String>,
    /// Of a shadow: whether it answered what was used.
    pub agrees: Option<bool>,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// Which calls are wanted.
#[derive(Debug, Clone, Copy)]
pub struct CallFilter {
    /// In this role.
    pub role: Role,
    /// In this capacity; in any where there is none.
    pub mode: Option<CallMode>,
    /// Only those that logged something.
    pub logged: bool,
    /// Older than this position.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// How a plugin on trial in the shadow has fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShadowCounts {
    /// Calls.
    pub calls: u64,
    /// … answered as the live one did.
    pub same: u64,
    /// … answered otherwise.
    pub different: u64,
    /// … that failed.
    pub faults: u64,
}

/// A plugin's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// In which role.
    pub role: Role,
    /// Such as `read-intent`.
    pub function: String,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Which of the shop's bindings it was.
    pub settings_revision: u32,
    /// What went wrong.
    pub fault: String,
    /// The guest's own.
    pub backtrace: Option<String>,
    /// JSON text, without names, addresses or ids.
    pub input: String,
}

/// A component that a shop uploaded; its bytes lie in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPlugin {
    /// By content.
    pub digest: Digest,
    /// JSON text: what was found when it was examined.
    pub report: String,
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// A change of what answers in a role.
#[derive(Debug, Clone)]
pub struct Turning {
    /// Whose shop.
    pub shop: ShopId,
    /// In which role.
    pub role: Role,
    /// The state afterwards: stored only if the version before it is the one that is stored.
    pub after: Rollout,
    /// For the history.
    pub turn: Turn,
    /// To be told to the operator.
    pub alert: Option<NewEntry>,
}

/// A line of a role's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// Why, where the host did it.
    pub reason: Option<String>,
    /// What.
    pub turned: Turned,
}

/// Something to send.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Stable over every retry.
    pub id: OutboxId,
    /// Which queue: `text`, `image`, `process`, `mail`, `alert`.
    pub kind: &'static str,
    /// About which task.
    pub task: Option<TaskId>,
    /// From which of the shop's accounts.
    pub account: Option<AccountId>,
    /// JSON text; what it means is the workers' business.
    pub payload: String,
}

/// Something to send, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Stable over every retry.
    pub id: OutboxId,
    /// Whose shop.
    pub shop: ShopId,
    /// To which customer; none where it is about the shop.
    pub customer: Option<CustomerKey>,
    /// Which queue.
    pub kind: String,
    /// About which task.
    pub task: Option<TaskId>,
    /// From which of the shop's accounts.
    pub account: Option<AccountId>,
    /// JSON text.
    pub payload: String,
    /// How often it was claimed.
    pub attempts: u32,
    /// Calls of a service that costs money, over all its claims.
    pub calls: u32,
    /// UTC.
    pub created_at: DateTime<Utc>,
}

/// Whose entries a worker takes.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of every shop.
    Everybodys,
    /// Of this shop.
    Of(&'a ShopId),
    /// Of every shop but these, which have as much under way as they may.
    AllBut(&'a [ShopId]),
}

/// The end of an entry: sent, or no longer wanted.
#[derive(Debug, Clone, Copy)]
pub struct Settle {
    /// Which entry.
    pub id: OutboxId,
    /// UTC.
    pub now: DateTime<Utc>,
}

/// An entry that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// As it would be sent.
    pub entry: OutboxEntry,
    /// Why it was given up.
    pub problem: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// How a queue of the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Such as `mail`.
    pub kind: String,
    /// How many entries wait.
    pub waiting: u64,
    /// Since when the oldest of them waits, UTC.
    pub oldest: Option<DateTime<Utc>>,
    /// How many were given up and not sent again.
    pub dead: u64,
}

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    /// Whose shop.
    pub shop: ShopId,
    /// Whose case.
    pub customer: CustomerKey,
    /// What is to be looked at.
    pub timer: Timer,
}

/// Names a request that may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswerKey(
    /// SHA-256 over who asks and the key they gave.
    pub [u8; 32],
);

/// The first answer to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedAnswer {
    /// Which request.
    pub key: AnswerKey,
    /// SHA-256 of method, path and body: another request under the same key is a mistake.
    pub request: [u8; 32],
    /// HTTP status.
    pub status: u16,
    /// JSON text; empty where there was no body.
    pub body: String,
    /// UTC.
    pub at: DateTime<Utc>,
}

/// Everything that follows from one decision.
#[derive(Debug)]
pub struct Commit {
    /// Whose shop.
    pub shop: ShopId,
    /// The case as it was loaded: nothing is stored if the stored one is no longer at these versions.
    pub before: Case,
    /// The case as it is to be.
    pub after: Case,
    /// When, UTC.
    pub now: DateTime<Utc>,
    /// To be appended.
    pub events: Vec<Event>,
    /// To be sent, in order.
    pub outbox: Vec<NewEntry>,
    /// Tasks whose analysis the agent may take.
    pub offers: Vec<TaskId>,
    /// The entry whose work this was.
    pub settle: Option<Settle>,
    /// The timers of the case from now on; none where they are what they were.
    pub timers: Option<Vec<(Timer, DateTime<Utc>)>>,
    /// Plugin calls.
    pub calls: Vec<Call>,
    /// Plugin faults.
    pub incidents: Vec<Incident>,
    /// The message that this answers.
    pub message: Option<InboundMessage>,
    /// The answer to remember under the caller's idempotency key.
    pub answer: Option<RememberedAnswer>,
}

/// What went when a customer was erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Tasks, with everything written in them.
    pub tasks: usize,
    /// Messages with their answers.
    pub messages: usize,
    /// Lines of the audit log.
    pub events: usize,
    /// Entries of the outbox, sent and unsent.
    pub entries: usize,
    /// Calls of plugins and their faults.
    pub calls: usize,
    /// Pictures that no other customer of the shop uses.
    pub pictures: usize,
    /// Mails.
    pub mails: usize,
    /// Payments that stay in the accounts, without the customer.
    pub payments: usize,
}

/// A file that has no row any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoomedFile {
    /// A picture.
    Picture {
        /// By content.
        id: ImageId,
        /// As its row said.
        media_type: String,
    },
    /// A mail that was written into a file.
    Mail(OutboxId),
    /// What deleted rows leave in the database's own files.
    Traces,
}

/// A file that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// Whose shop's.
    pub shop: ShopId,
    /// Which.
    pub file: DoomedFile,
    /// Until when somebody may still be writing it.
    pub until: DateTime<Utc>,
}

/// An analysis for the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The task as it stands.
    pub task: shopkeeper_domain::Task,
}

/// Which tasks are wanted.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// In this status.
    pub status: Option<Status>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// On this platform.
    pub platform: Option<Platform>,
    /// Older than this one.
    pub before: Option<TaskId>,
    /// At most so many.
    pub limit: u32,
}

/// Some rows, and where the next ones begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Each with its position.
    pub rows: Vec<(i64, T)>,
    /// Whether there are more.
    pub more: bool,
}

/// How many there are of each.
pub type Counts<K> = Vec<(K, u64)>;

/// What is stored of a message besides its answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct MessageDocument {
    pub(crate) text: String,
    pub(crate) images: Vec<ImageId>,
}
