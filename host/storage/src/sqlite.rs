//! SQLite behind the storage trait: one writer that groups the commits waiting at that moment, readers beside it.
//!
//! A write is durable when it is answered (`synchronous=FULL`). One file sync serves every commit that was
//! waiting, which is where the throughput comes from; each commit still stands or falls alone.

mod case;
mod code;
mod dead;
mod entries;
mod erase;
mod figures;
mod lookup;
mod page;
mod people;
mod plugins;
mod pool;
mod schema;
mod timers;

use std::{
    path::{Path, PathBuf},
    thread,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use shopkeeper_domain::{
    Customer, CustomerKey, Event, ImageId, MessageId, OrderId, OutboxId, ShopId, Status, Task, TaskId,
    roles::Role,
    rollout::{Digest, Rollout},
};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    AnswerKey, AnswerOf, Call, CallFilter, Commit, Counts, DeadLetter, Doomed, DueTimer, Erased, Image,
    Incident, Key, Loaded, Named, NewEntry, Offer, OutboxEntry, OwnedCase, Page, Queue, RememberedAnswer,
    Settle, ShadowCounts, Shop, Storage, StorageError, TaskFilter, Turn, Turning, UploadedPlugin, Whose,
};
use pool::{Readers, Writer, connect};

/// How many reads run beside each other.
const READERS: usize = 2;

/// A shop's data in one SQLite file.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
}

impl Sqlite {
    /// Opens the database, makes it where there is none, and brings its schema up to date. Blocks.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let problem = |e: &dyn std::fmt::Display| schema::problem(path, e);
        let mut writer = connect(path).map_err(|e| problem(&e))?;
        schema::bring_up(&mut writer, path)?;
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let reader = connect(path).map_err(|e| problem(&e))?;
            reader.pragma_update(None, "query_only", true).map_err(|e| problem(&e))?;
            readers.push(reader);
        }
        let start = |e: std::io::Error| problem(&e);
        Ok(Self {
            writer: Writer::start(writer).map_err(start)?,
            readers: Readers::start(readers).map_err(start)?,
            path: path.to_owned(),
        })
    }
}

#[async_trait]
impl Storage for Sqlite {
    async fn add_shop(&self, shop: Shop, answer: Option<RememberedAnswer>) -> Result<(), StorageError> {
        let write = move |c: &Connection| {
            lookup::add_shop(c, &shop)?;
            answer.as_ref().map_or(Ok(()), |answer| case::remember(c, None, answer))
        };
        self.writer.run(write).await
    }

    async fn shops(&self) -> Result<Vec<Shop>, StorageError> {
        self.readers.run(lookup::shops).await
    }

    async fn shop(&self, id: &ShopId) -> Result<Option<Shop>, StorageError> {
        let id = id.clone();
        self.readers.run(move |c| lookup::shop(c, &id)).await
    }

    async fn put_settings(
        &self,
        id: &ShopId,
        settings: String,
        review: Option<DateTime<Utc>>,
    ) -> Result<bool, StorageError> {
        let id = id.clone();
        let write = move |c: &Connection| {
            review.map_or(Ok(()), |at| timers::review(c, &id, at))?;
            lookup::put_settings(c, &id, &settings)
        };
        self.writer.run(write).await
    }

    async fn add_key(&self, key: Key) -> Result<(), StorageError> {
        self.writer.run(move |c| lookup::add_key(c, &key)).await
    }

    async fn keys(&self, shop: Option<&ShopId>) -> Result<Vec<Key>, StorageError> {
        let shop = shop.cloned();
        self.readers.run(move |c| lookup::keys(c, shop.as_ref())).await
    }

    async fn key(&self, digest: [u8; 32]) -> Result<Option<Key>, StorageError> {
        self.readers.run(move |c| lookup::key(c, digest)).await
    }

    async fn delete_key(&self, shop: &ShopId, id: Uuid) -> Result<bool, StorageError> {
        let shop = shop.clone();
        self.writer.run(move |c| lookup::delete_key(c, &shop, id)).await
    }

    async fn add_image(&self, shop: &ShopId, image: Image) -> Result<(), StorageError> {
        let shop = shop.clone();
        self.writer.run(move |c| lookup::add_image(c, &shop, &image)).await
    }

    async fn image(&self, shop: &ShopId, id: &ImageId) -> Result<Option<Image>, StorageError> {
        let (shop, id) = (shop.clone(), id.clone());
        self.readers.run(move |c| lookup::image(c, &shop, &id)).await
    }

    async fn load(&self, shop: &ShopId, key: &CustomerKey, named: Named) -> Result<Loaded, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| case::load(c, &shop, key, &named)).await
    }

    async fn load_by_task(&self, shop: &ShopId, task: TaskId) -> Result<Option<OwnedCase>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| case::load_by_task(c, &shop, task)).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StorageError> {
        self.writer.run(move |c| case::commit(c, &commit)).await
    }

    async fn task(&self, shop: &ShopId, id: TaskId) -> Result<Option<Task>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| case::task(c, &shop, id)).await
    }

    async fn tasks(&self, shop: &ShopId, filter: TaskFilter) -> Result<Page<Task>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| lookup::tasks(c, &shop, &filter)).await
    }

    async fn count_tasks(&self, shop: &ShopId) -> Result<Counts<Status>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| lookup::count_tasks(c, &shop)).await
    }

    async fn events(
        &self,
        shop: &ShopId,
        task: TaskId,
        after: i64,
        limit: u32,
    ) -> Result<Page<Event>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| lookup::events(c, &shop, task, after, limit)).await
    }

    async fn history(&self, shop: &ShopId, key: &CustomerKey) -> Result<Vec<Event>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| lookup::history(c, &shop, &key)).await
    }

    async fn customer(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Customer>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| case::customer(c, &shop, &key)).await
    }

    async fn order_is_taken(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        order: &OrderId,
    ) -> Result<bool, StorageError> {
        let (shop, key, order) = (shop.clone(), key.clone(), order.clone());
        self.readers.run(move |c| lookup::order_is_taken(c, &shop, &key, &order)).await
    }

    async fn message_answer(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        id: &MessageId,
    ) -> Result<Option<String>, StorageError> {
        let (shop, key, id) = (shop.clone(), key.clone(), id.clone());
        self.readers.run(move |c| case::message_answer(c, &shop, &key, &id)).await
    }

    async fn take_offer(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        answer: AnswerOf,
    ) -> Result<Option<Offer>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.writer.run(move |c| entries::take_offer(c, &shop, &key, &answer)).await
    }

    async fn waiting_chat(
        &self,
        shop: &ShopId,
        after: Option<OutboxId>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| entries::waiting_chat(c, &shop, after, limit)).await
    }

    async fn acknowledge(
        &self,
        shop: &ShopId,
        id: OutboxId,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError> {
        let shop = shop.clone();
        self.writer.run(move |c| entries::acknowledge(c, &shop, id, now)).await
    }

    async fn claim(
        &self,
        kind: &'static str,
        whose: Whose<'_>,
        owner: &str,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let (shops, owner) = (entries::Shops::of(whose), owner.to_owned());
        self.writer.run(move |c| entries::claim(c, kind, &shops, &owner, now, lease, limit)).await
    }

    async fn count_call(
        &self,
        id: OutboxId,
        owner: &str,
        lease: DateTime<Utc>,
    ) -> Result<Option<u32>, StorageError> {
        let owner = owner.to_owned();
        self.writer.run(move |c| entries::count_call(c, id, &owner, lease)).await
    }

    async fn claim_talk(
        &self,
        pushed: Vec<ShopId>,
        busy: Vec<ShopId>,
        owner: &str,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, StorageError> {
        let owner = owner.to_owned();
        self.writer.run(move |c| entries::claim_talk(c, &pushed, &busy, &owner, now, lease, limit)).await
    }

    async fn postpone(
        &self,
        id: OutboxId,
        until: DateTime<Utc>,
        problem: Option<String>,
    ) -> Result<(), StorageError> {
        self.writer.run(move |c| entries::postpone(c, id, until, problem.as_deref())).await
    }

    async fn reword(&self, id: OutboxId, payload: String, now: DateTime<Utc>) -> Result<(), StorageError> {
        self.writer.run(move |c| entries::reword(c, id, &payload, now)).await
    }

    async fn bury(
        &self,
        id: OutboxId,
        problem: String,
        now: DateTime<Utc>,
        alert: Option<NewEntry>,
    ) -> Result<(), StorageError> {
        self.writer.run(move |c| dead::bury(c, id, &problem, now, alert.as_ref())).await
    }

    async fn dead_letters(
        &self,
        shop: &ShopId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<DeadLetter>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| dead::letters(c, &shop, before, limit)).await
    }

    async fn resend(
        &self,
        shop: &ShopId,
        id: OutboxId,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StorageError> {
        let shop = shop.clone();
        self.writer.run(move |c| dead::resend(c, &shop, id, now)).await
    }

    async fn put_off_timers(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.writer.run(move |c| timers::put_off(c, &shop, &key, now, until)).await
    }

    async fn due_timers(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueTimer>, StorageError> {
        self.readers.run(move |c| timers::due(c, now, limit)).await
    }

    async fn settle(&self, settle: Settle) -> Result<(), StorageError> {
        self.writer.run(move |c| entries::settle(c, &settle)).await
    }

    async fn release(&self, owner: &str) -> Result<usize, StorageError> {
        let owner = owner.to_owned();
        self.writer.run(move |c| entries::release(c, &owner)).await
    }

    async fn queues(&self, shop: Option<&ShopId>) -> Result<Vec<Queue>, StorageError> {
        let shop = shop.cloned();
        self.readers.run(move |c| dead::queues(c, shop.as_ref())).await
    }

    async fn erase(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Erased>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.writer.run(move |c| erase::erase(c, &shop, &key, now)).await
    }

    async fn idle_customers(
        &self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(ShopId, CustomerKey)>, StorageError> {
        self.readers.run(move |c| erase::idle_customers(c, before, limit)).await
    }

    async fn unused_pictures(
        &self,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(ShopId, ImageId)>, StorageError> {
        self.readers.run(move |c| erase::unused_pictures(c, before, limit)).await
    }

    async fn drop_unused_picture(
        &self,
        shop: &ShopId,
        id: &ImageId,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError> {
        let (shop, id) = (shop.clone(), id.clone());
        self.writer.run(move |c| erase::drop_unused(c, &shop, &id, now)).await
    }

    async fn doomed(&self) -> Result<Vec<Doomed>, StorageError> {
        self.readers.run(erase::doomed).await
    }

    async fn forget_doomed(&self, doomed: Vec<Doomed>) -> Result<(), StorageError> {
        self.writer.run(move |c| erase::forget(c, &doomed)).await
    }

    async fn scrub(&self) -> Result<bool, StorageError> {
        let path = self.path.clone();
        let (reply, answer) = oneshot::channel();
        // Neither the writer nor a reader can do this: both are inside transactions.
        thread::spawn(move || reply.send(erase::scrub(&path)));
        answer.await.map_err(|_| StorageError::Failed("its log was not written anew".to_owned()))?
    }

    async fn answer(&self, key: AnswerKey) -> Result<Option<RememberedAnswer>, StorageError> {
        self.readers.run(move |c| lookup::answer(c, key)).await
    }

    async fn remember(&self, answer: RememberedAnswer) -> Result<(), StorageError> {
        self.writer.run(move |c| case::remember(c, None, &answer)).await
    }

    async fn add_plugin(&self, shop: &ShopId, plugin: UploadedPlugin) -> Result<(), StorageError> {
        let shop = shop.clone();
        self.writer.run(move |c| plugins::add(c, &shop, &plugin)).await
    }

    async fn plugins(&self, shop: &ShopId) -> Result<Vec<UploadedPlugin>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::all(c, &shop)).await
    }

    async fn plugin(&self, shop: &ShopId, digest: Digest) -> Result<Option<UploadedPlugin>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::one(c, &shop, digest)).await
    }

    async fn rollouts(&self, shop: &ShopId) -> Result<Vec<(Role, Rollout)>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::rollouts(c, &shop)).await
    }

    async fn turn(&self, turning: Turning) -> Result<(), StorageError> {
        self.writer.run(move |c| plugins::turn(c, &turning)).await
    }

    async fn turns(
        &self,
        shop: &ShopId,
        role: Role,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Turn>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::turns(c, &shop, role, before, limit)).await
    }

    async fn record(
        &self,
        shop: &ShopId,
        customer: Option<CustomerKey>,
        calls: Vec<Call>,
        incidents: Vec<Incident>,
    ) -> Result<(), StorageError> {
        let shop = shop.clone();
        let write = move |c: &Connection| {
            plugins::add_calls(c, &shop, customer.as_ref(), &calls)?;
            plugins::add_incidents(c, &shop, customer.as_ref(), &incidents)
        };
        self.writer.run(write).await
    }

    async fn calls(&self, shop: &ShopId, filter: CallFilter) -> Result<Page<Call>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::calls(c, &shop, filter)).await
    }

    async fn shadow_counts(
        &self,
        shop: &ShopId,
        role: Role,
        revision: u32,
    ) -> Result<ShadowCounts, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::shadow_counts(c, &shop, role, revision)).await
    }

    async fn incidents(
        &self,
        shop: &ShopId,
        role: Role,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Incident>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| plugins::incidents(c, &shop, role, before, limit)).await
    }

    async fn purge(
        &self,
        answers_before: DateTime<Utc>,
        calls_before: DateTime<Utc>,
        calls_kept: u64,
    ) -> Result<usize, StorageError> {
        self.writer.run(move |c| lookup::purge(c, answers_before, calls_before, calls_kept)).await
    }

    async fn check(&self) -> Result<(), StorageError> {
        // Writes what is there: only a write that reaches the disk says that there is room on it.
        let write = |c: &Connection| {
            let version: u32 = c.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(c.pragma_update(None, "user_version", version)?)
        };
        self.writer.run(write).await
    }
}
