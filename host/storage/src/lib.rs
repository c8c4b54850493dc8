//! Keeps the shop: the only crate that knows a database.
//!
//! [`Storage`] offers use-cases, not tables, so that a second database can be put behind the same trait.
//! One [`Commit`] holds everything that follows from one decision; it is stored whole or not at all, and
//! only if nobody changed the case since it was loaded.

mod page;
mod records;
mod sqlite;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    Customer, CustomerKey, Event, ImageId, MessageId, OrderId, OutboxId, ShopId, Status, Task, TaskId,
    roles::Role,
    rollout::{Digest, Rollout},
};
use uuid::Uuid;

pub use page::{Figures, Happened, Known, PageStorage, Raised, Said, Session, Standing, Utterance};
pub use records::{
    AnswerKey, Call, CallFilter, CallMode, Commit, Counts, DeadLetter, Doomed, DoomedFile, DueTimer, Erased,
    Image, InboundMessage, Incident, Key, Loaded, Named, NewEntry, Offer, OutboxEntry, OwnedCase, Page,
    Queue, RememberedAnswer, Settle, ShadowCounts, Shop, TaskFilter, Turn, Turning, UploadedPlugin, Whose,
};
pub use sqlite::Sqlite;

/// Why the storage did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Somebody changed the case since it was loaded: load it again and decide anew.
    #[error("the case was changed meanwhile")]
    Stale,
    /// The message, order, answer or shop is there already.
    #[error("it is there already")]
    Exists,
    /// The database was written by a newer version of this program.
    #[error(
        "{path} was written by a newer version of shopkeeper (schema {found}, this one knows {known}): run that version, or restore a backup"
    )]
    Newer {
        /// The database.
        path: String,
        /// Its schema.
        found: usize,
        /// The newest schema that this program knows.
        known: usize,
    },
    /// The database can't be opened.
    #[error("{path} can't be opened: {problem}")]
    Open {
        /// The database.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The database failed: disk full, damaged, or gone.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// Makes the answer to remember, where the caller gave an idempotency key.
pub type AnswerOf = Box<dyn Fn(&Task) -> Option<RememberedAnswer> + Send>;

/// What the service asks of its storage.
#[async_trait]
pub trait Storage: PageStorage {
    /// Adds a shop and remembers the answer; [`StorageError::Exists`] where the id is taken.
    async fn add_shop(&self, shop: Shop, answer: Option<RememberedAnswer>) -> Result<(), StorageError>;
    /// Every shop, by id.
    async fn shops(&self) -> Result<Vec<Shop>, StorageError>;
    /// One shop.
    async fn shop(&self, id: &ShopId) -> Result<Option<Shop>, StorageError>;
    /// Replaces a shop's settings; `false` where there is no such shop. Where a `review` is wanted, every case of the shop
    /// that may have timers has them looked at again from then on.
    async fn put_settings(
        &self,
        id: &ShopId,
        settings: String,
        review: Option<DateTime<Utc>>,
    ) -> Result<bool, StorageError>;

    /// Adds a key, kept by its digest.
    async fn add_key(&self, key: Key) -> Result<(), StorageError>;
    /// A shop's keys, oldest first; the installation's own where `shop` is none.
    async fn keys(&self, shop: Option<&ShopId>) -> Result<Vec<Key>, StorageError>;
    /// The key with this digest.
    async fn key(&self, digest: [u8; 32]) -> Result<Option<Key>, StorageError>;
    /// Takes a shop's key away; `false` where there is none.
    async fn delete_key(&self, shop: &ShopId, id: Uuid) -> Result<bool, StorageError>;

    /// Keeps what is known of a picture; the same picture again changes nothing.
    async fn add_image(&self, shop: &ShopId, image: Image) -> Result<(), StorageError>;
    /// What is known of a shop's picture.
    async fn image(&self, shop: &ShopId, id: &ImageId) -> Result<Option<Image>, StorageError>;

    /// The case of a customer, with whatever `named` names, and what is known of the message or order.
    async fn load(&self, shop: &ShopId, key: &CustomerKey, named: Named) -> Result<Loaded, StorageError>;
    /// The case of the customer whose task this is.
    async fn load_by_task(&self, shop: &ShopId, task: TaskId) -> Result<Option<OwnedCase>, StorageError>;
    /// Stores everything that follows from a decision, or nothing.
    async fn commit(&self, commit: Commit) -> Result<(), StorageError>;

    /// One task.
    async fn task(&self, shop: &ShopId, id: TaskId) -> Result<Option<Task>, StorageError>;
    /// Tasks, newest first.
    async fn tasks(&self, shop: &ShopId, filter: TaskFilter) -> Result<Page<Task>, StorageError>;
    /// How many tasks stand in each status.
    async fn count_tasks(&self, shop: &ShopId) -> Result<Counts<Status>, StorageError>;
    /// A task's events, oldest first, after a position.
    async fn events(
        &self,
        shop: &ShopId,
        task: TaskId,
        after: i64,
        limit: u32,
    ) -> Result<Page<Event>, StorageError>;
    /// All events of a customer and their tasks, oldest first: what replays to the case.
    async fn history(&self, shop: &ShopId, key: &CustomerKey) -> Result<Vec<Event>, StorageError>;
    /// A customer's profile.
    async fn customer(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Customer>, StorageError>;
    /// Whether somebody else paid this order: another customer, or one who was erased.
    async fn order_is_taken(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        order: &OrderId,
    ) -> Result<bool, StorageError>;
    /// The first answer to a message.
    async fn message_answer(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        id: &MessageId,
    ) -> Result<Option<String>, StorageError>;

    /// Takes the oldest analysis that waits for the agent, at most once; `answer` makes what is remembered of it.
    async fn take_offer(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        answer: AnswerOf,
    ) -> Result<Option<Offer>, StorageError>;

    /// The chat entries that may be sent now, in order, after the entry `after`: nothing that was queued before a person
    /// took the conversation over, and nothing that comes after a notice to the agent that is not answered yet.
    async fn waiting_chat(
        &self,
        shop: &ShopId,
        after: Option<OutboxId>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError>;
    /// Marks a chat entry as sent; `false` where there is no such entry in this shop.
    async fn acknowledge(
        &self,
        shop: &ShopId,
        id: OutboxId,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError>;
    /// Takes the oldest waiting entries of a kind for a worker until `lease`.
    async fn claim(
        &self,
        kind: &'static str,
        whose: Whose<'_>,
        owner: &str,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError>;
    /// Takes the first waiting entry of each conversation for a worker until `lease`: notices to the agents of all shops
    /// but the busy ones, and texts and pictures of those shops to which they are pushed. Nothing of a conversation that a
    /// person has.
    async fn claim_talk(
        &self,
        pushed: Vec<ShopId>,
        busy: Vec<ShopId>,
        owner: &str,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError>;
    /// Counts a call that costs money before it is made, and prolongs the entry's time with its worker until `lease`;
    /// returns how many there were with this one, none where this owner has not got the entry any more.
    async fn count_call(
        &self,
        id: OutboxId,
        owner: &str,
        lease: DateTime<Utc>,
    ) -> Result<Option<u32>, StorageError>;
    /// Ends an entry.
    async fn settle(&self, settle: Settle) -> Result<(), StorageError>;
    /// Has an entry tried again from this time on, because of this problem; where there is none, it was not tried and the
    /// claim does not count.
    async fn postpone(
        &self,
        id: OutboxId,
        until: DateTime<Utc>,
        problem: Option<String>,
    ) -> Result<(), StorageError>;
    /// Makes an answered notice the text that it stands for, in its place in the conversation.
    async fn reword(&self, id: OutboxId, payload: String, now: DateTime<Utc>) -> Result<(), StorageError>;
    /// Gives an entry up, and tells the operator.
    async fn bury(
        &self,
        id: OutboxId,
        problem: String,
        now: DateTime<Utc>,
        alert: Option<NewEntry>,
    ) -> Result<(), StorageError>;
    /// Entries that were given up, newest first, before a position.
    async fn dead_letters(
        &self,
        shop: &ShopId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<DeadLetter>, StorageError>;
    /// Has a dead letter sent again, as if for the first time; its kind, or none where there is no such dead letter.
    async fn resend(
        &self,
        shop: &ShopId,
        id: OutboxId,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StorageError>;
    /// Has the timers of a case that are due ring later.
    async fn put_off_timers(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<(), StorageError>;
    /// The timers that are due, oldest first. They stay until a commit replaces them.
    async fn due_timers(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueTimer>, StorageError>;
    /// Gives back everything that this owner held when it went down; returns how many entries.
    async fn release(&self, owner: &str) -> Result<usize, StorageError>;
    /// How each queue stands, of one shop or of all.
    async fn queues(&self, shop: Option<&ShopId>) -> Result<Vec<Queue>, StorageError>;

    /// Erases a customer: everything but order, amount and time of their payments. None where nothing is known of
    /// them. The files are doomed, not gone yet.
    async fn erase(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Erased>, StorageError>;
    /// Customers with whom nothing has happened since this time.
    async fn idle_customers(
        &self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(ShopId, CustomerKey)>, StorageError>;
    /// Pictures that came before this time and that nobody uses.
    async fn unused_pictures(
        &self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(ShopId, ImageId)>, StorageError>;
    /// Dooms a picture, unless somebody uses it; whether nobody did.
    async fn drop_unused_picture(
        &self,
        shop: &ShopId,
        id: &ImageId,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError>;
    /// Files that are to be removed.
    async fn doomed(&self) -> Result<Vec<Doomed>, StorageError>;
    /// Doomed files are gone for good.
    async fn forget_doomed(&self, doomed: Vec<Doomed>) -> Result<(), StorageError>;
    /// Overwrites what deleted rows left in the database's own files; `false` where it must be tried again.
    async fn scrub(&self) -> Result<bool, StorageError>;

    /// The first answer to a request with this key.
    async fn answer(&self, key: AnswerKey) -> Result<Option<RememberedAnswer>, StorageError>;
    /// Remembers an answer, unless there is one already.
    async fn remember(&self, answer: RememberedAnswer) -> Result<(), StorageError>;

    /// Keeps what is known of an uploaded component; the same again changes nothing.
    async fn add_plugin(&self, shop: &ShopId, plugin: UploadedPlugin) -> Result<(), StorageError>;
    /// A shop's uploaded components, newest first.
    async fn plugins(&self, shop: &ShopId) -> Result<Vec<UploadedPlugin>, StorageError>;
    /// One of them.
    async fn plugin(&self, shop: &ShopId, digest: Digest) -> Result<Option<UploadedPlugin>, StorageError>;
    /// What answers in a shop's roles; those that were never changed are left out.
    async fn rollouts(&self, shop: &ShopId) -> Result<Vec<(Role, Rollout)>, StorageError>;
    /// Stores a change of what answers; [`StorageError::Stale`] where somebody was faster.
    async fn turn(&self, turning: Turning) -> Result<(), StorageError>;
    /// A role's history, newest first, before a position.
    async fn turns(
        &self,
        shop: &ShopId,
        role: Role,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Turn>, StorageError>;
    /// Keeps calls that belong to no commit, of a customer where there is one.
    async fn record(
        &self,
        shop: &ShopId,
        customer: Option<CustomerKey>,
        calls: Vec<Call>,
        incidents: Vec<Incident>,
    ) -> Result<(), StorageError>;
    /// Calls, newest first.
    async fn calls(&self, shop: &ShopId, filter: CallFilter) -> Result<Page<Call>, StorageError>;
    /// How the binding of this revision has fared in the shadow.
    async fn shadow_counts(
        &self,
        shop: &ShopId,
        role: Role,
        revision: u32,
    ) -> Result<ShadowCounts, StorageError>;
    /// The incidents of a role, newest first, before a position.
    async fn incidents(
        &self,
        shop: &ShopId,
        role: Role,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Incident>, StorageError>;
    /// Forgets answers and calls older than these times, and the oldest calls beyond so many; returns how many rows
    /// went.
    async fn purge(
        &self,
        answers_before: DateTime<Utc>,
        calls_before: DateTime<Utc>,
        calls_kept: u64,
    ) -> Result<usize, StorageError>;
    /// Whether the database can be written to.
    async fn check(&self) -> Result<(), StorageError>;
}
