//! What the shop's web page asks of the storage, beyond what the API asks.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use shopkeeper_domain::{
    Customer, CustomerKey, Event, Hold, ImageId, ShopId, Task, TaskId, roles::Role, rollout::Digest,
};
use uuid::Uuid;

use crate::{Erased, Incident, Key, Page, StorageError};

/// Somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The key they signed in with.
    pub key: Key,
    /// When they did, UTC.
    pub created_at: DateTime<Utc>,
    /// When they were last seen, UTC; a few minutes late.
    pub used_at: DateTime<Utc>,
}

/// An event, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// With whom.
    pub customer: CustomerKey,
    /// What.
    pub event: Event,
}

/// Something said between a customer and the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// When it was written, UTC.
    pub at: DateTime<Utc>,
    /// What.
    pub said: Said,
}

/// By whom, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The customer wrote.
    ByCustomer {
        /// As typed.
        text: String,
        /// Pictures sent with it.
        images: Vec<ImageId>,
    },
    /// The shop answers.
    ByShop {
        /// JSON text: an entry's payload.
        payload: String,
        /// Whether it went out.
        sent: bool,
    },
}

/// Somebody the shop knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub key: CustomerKey,
    /// Their profile; none where they only ever wrote.
    pub customer: Option<Customer>,
    /// Their latest task.
    pub last: Option<Task>,
}

/// How an entry of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is still to be sent.
    Waiting,
    /// It was sent, or nobody wanted it.
    Done,
    /// It was given up.
    Dead,
}

/// Something the operator was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// When it came up, UTC.
    pub at: DateTime<Utc>,
    /// JSON text: an entry's payload.
    pub payload: String,
    /// How the telling stands.
    pub standing: Standing,
}

/// A shop in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// How many tasks came, day by day.
    pub orders: Vec<u64>,
    /// The middle of each of the latest quotes, in minor units.
    pub quotes: Vec<i64>,
    /// How long each of the latest tasks took until it was delivered.
    pub deliveries: Vec<TimeDelta>,
    /// How long the latest calls of each role took, in nanoseconds.
    pub latencies: Vec<(Role, Vec<u64>)>,
}

/// What the page asks.
#[async_trait]
pub trait PageStorage: Send + Sync {
    /// Somebody signed in with this key; `false` where there is no such key any more.
    async fn add_session(
        &self,
        digest: [u8; 32],
        key: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError>;
    /// The session with this digest, and the key it hangs on.
    async fn session(&self, digest: [u8; 32]) -> Result<Option<Session>, StorageError>;
    /// Somebody was seen.
    async fn use_session(&self, digest: [u8; 32], now: DateTime<Utc>) -> Result<(), StorageError>;
    /// Somebody signed out.
    async fn end_session(&self, digest: [u8; 32]) -> Result<(), StorageError>;
    /// Everybody who signed in with this key is signed out.
    async fn end_sessions(&self, key: Uuid) -> Result<(), StorageError>;
    /// Forgets sessions that began or were last used before these times; returns how many.
    async fn forget_sessions(
        &self,
        created_before: DateTime<Utc>,
        used_before: DateTime<Utc>,
    ) -> Result<usize, StorageError>;

    /// The position of the last event of a shop; 0 where there is none.
    async fn latest_event(&self, shop: &ShopId) -> Result<i64, StorageError>;
    /// What happened in a shop after a position, oldest first.
    async fn happened(&self, shop: &ShopId, after: i64, limit: u32) -> Result<Page<Happened>, StorageError>;
    /// The last so many things said between a customer and the shop, oldest first.
    async fn conversation(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<Utterance>, StorageError>;
    /// Whose conversations among these a person looks after.
    async fn holds(
        &self,
        shop: &ShopId,
        keys: Vec<CustomerKey>,
    ) -> Result<HashMap<CustomerKey, Hold>, StorageError>;
    /// The component, and which of the shop's bindings it was, whose answer priced this customer's picture at this time.
    async fn priced_by(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        at: DateTime<Utc>,
    ) -> Result<Option<(Digest, u32)>, StorageError>;

    /// Customers by their latest task, newest first, before a task; and where the next ones begin. So many tasks are looked
    /// through that a page may be a short one.
    async fn latest_customers(
        &self,
        shop: &ShopId,
        before: Option<TaskId>,
        limit: u32,
    ) -> Result<(Vec<Known>, Option<TaskId>), StorageError>;
    /// Customers whose id begins so, by platform and id.
    async fn customers_named(
        &self,
        shop: &ShopId,
        beginning: String,
        limit: u32,
    ) -> Result<Vec<Known>, StorageError>;
    /// A customer; none where nothing is known of them.
    async fn known(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Known>, StorageError>;
    /// The pictures of a customer, newest first.
    async fn pictures_of(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<ImageId>, StorageError>;
    /// What would go if a customer was erased now.
    async fn would_erase(&self, shop: &ShopId, key: &CustomerKey) -> Result<Erased, StorageError>;
    /// What the operator was told, newest first, before a position.
    async fn alerts(
        &self,
        shop: &ShopId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Raised>, StorageError>;
    /// How many entries were given up.
    async fn count_dead(&self, shop: &ShopId) -> Result<u64, StorageError>;
    /// The latest incidents of all roles, newest first.
    async fn latest_incidents(&self, shop: &ShopId, limit: u32) -> Result<Vec<Incident>, StorageError>;
    /// Figures of a shop; `days`: where each day begins, and where the last one ends.
    async fn figures(&self, shop: &ShopId, days: Vec<DateTime<Utc>>) -> Result<Figures, StorageError>;
}
