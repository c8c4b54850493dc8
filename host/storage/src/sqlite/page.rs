//! What the shop's web page asks: sessions, what happens, what was said.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use shopkeeper_domain::{CustomerKey, Hold, ImageId, ShopId, TaskId, rollout::Digest};
use uuid::Uuid;

use super::{
    Sqlite, case,
    code::{micros, parse, time},
    figures, lookup, people,
};
use crate::{
    Erased, Figures, Happened, Incident, Known, Page, PageStorage, Raised, Said, Session, StorageError,
    Utterance, records::MessageDocument,
};

#[async_trait]
impl PageStorage for Sqlite {
    async fn add_session(
        &self,
        digest: [u8; 32],
        key: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError> {
        let write = move |c: &Connection| {
            let added = c
                .prepare_cached(
                    "INSERT INTO sessions (digest, key, created_at, used_at)
                     SELECT ?1, id, ?3, ?3 FROM keys WHERE id = ?2",
                )?
                .execute(params![digest, key, micros(now)])?;
            Ok(added == 1)
        };
        self.writer.run(write).await
    }

    async fn session(&self, digest: [u8; 32]) -> Result<Option<Session>, StorageError> {
        self.readers.run(move |c| session(c, digest)).await
    }

    async fn use_session(&self, digest: [u8; 32], now: DateTime<Utc>) -> Result<(), StorageError> {
        let write = move |c: &Connection| {
            c.prepare_cached("UPDATE sessions SET used_at = ?2 WHERE digest = ?1")?
                .execute(params![digest, micros(now)])?;
            Ok(())
        };
        self.writer.run(write).await
    }

    async fn end_session(&self, digest: [u8; 32]) -> Result<(), StorageError> {
        let write = move |c: &Connection| {
            c.prepare_cached("DELETE FROM sessions WHERE digest = ?1")?.execute([digest])?;
            Ok(())
        };
        self.writer.run(write).await
    }

    async fn end_sessions(&self, key: Uuid) -> Result<(), StorageError> {
        let write = move |c: &Connection| {
            c.prepare_cached("DELETE FROM sessions WHERE key = ?1")?.execute([key])?;
            Ok(())
        };
        self.writer.run(write).await
    }

    async fn forget_sessions(
        &self,
        created_before: DateTime<Utc>,
        used_before: DateTime<Utc>,
    ) -> Result<usize, StorageError> {
        let write = move |c: &Connection| {
            Ok(c.prepare_cached("DELETE FROM sessions WHERE created_at < ?1 OR used_at < ?2")?
                .execute([micros(created_before), micros(used_before)])?)
        };
        self.writer.run(write).await
    }

    async fn latest_event(&self, shop: &ShopId) -> Result<i64, StorageError> {
        let shop = shop.clone();
        let read = move |c: &Connection| {
            Ok(c.prepare_cached("SELECT coalesce(max(seq), 0) FROM events WHERE shop = ?1")?
                .query_row([shop.as_str()], |row| row.get(0))?)
        };
        self.readers.run(read).await
    }

    async fn happened(&self, shop: &ShopId, after: i64, limit: u32) -> Result<Page<Happened>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| happened(c, &shop, after, limit)).await
    }

    async fn conversation(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<Utterance>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| conversation(c, &shop, &key, limit)).await
    }

    async fn holds(
        &self,
        shop: &ShopId,
        keys: Vec<CustomerKey>,
    ) -> Result<HashMap<CustomerKey, Hold>, StorageError> {
        let shop = shop.clone();
        let read = move |c: &Connection| {
            let mut held = HashMap::new();
            for key in keys {
                if let Some(hold) = case::customer(c, &shop, &key)?.and_then(|c| c.hold) {
                    held.insert(key, hold);
                }
            }
            Ok(held)
        };
        self.readers.run(read).await
    }

    async fn priced_by(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        at: DateTime<Utc>,
    ) -> Result<Option<(Digest, u32)>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        let read = move |c: &Connection| {
            // One consultation has one time, a moment after the decision it was made for began; the last of its calls that
            // had an answer is the one whose answer was taken.
            Ok(c.prepare_cached(
                "SELECT digest, settings_revision FROM calls WHERE shop = ?1 AND platform = ?2 AND customer = ?3
                 AND role = 'pricing' AND mode <> 'shadow' AND fault IS NULL AND at = (
                     SELECT min(at) FROM calls WHERE shop = ?1 AND platform = ?2 AND customer = ?3
                     AND role = 'pricing' AND mode <> 'shadow' AND at BETWEEN ?4 AND ?5)
                 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row(
                params![
                    shop.as_str(),
                    key.platform.as_str(),
                    key.id.as_str(),
                    micros(at),
                    micros(at + TimeDelta::minutes(1))
                ],
                |row| Ok((Digest::new(row.get(0)?), row.get(1)?)),
            )
            .optional()?)
        };
        self.readers.run(read).await
    }

    async fn latest_customers(
        &self,
        shop: &ShopId,
        before: Option<TaskId>,
        limit: u32,
    ) -> Result<(Vec<Known>, Option<TaskId>), StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| people::latest(c, &shop, before, limit)).await
    }

    async fn customers_named(
        &self,
        shop: &ShopId,
        beginning: String,
        limit: u32,
    ) -> Result<Vec<Known>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| people::named(c, &shop, &beginning, limit)).await
    }

    async fn known(&self, shop: &ShopId, key: &CustomerKey) -> Result<Option<Known>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| people::one(c, &shop, key)).await
    }

    async fn pictures_of(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
        limit: u32,
    ) -> Result<Vec<ImageId>, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| people::pictures(c, &shop, &key, limit)).await
    }

    async fn would_erase(&self, shop: &ShopId, key: &CustomerKey) -> Result<Erased, StorageError> {
        let (shop, key) = (shop.clone(), key.clone());
        self.readers.run(move |c| people::would_erase(c, &shop, &key)).await
    }

    async fn alerts(
        &self,
        shop: &ShopId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Raised>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| people::alerts(c, &shop, before, limit)).await
    }

    async fn count_dead(&self, shop: &ShopId) -> Result<u64, StorageError> {
        let shop = shop.clone();
        let read = move |c: &Connection| {
            // By itself SQLite goes through an index that holds all of the shop's entries.
            let sql = "SELECT count(*) FROM outbox INDEXED BY outbox_dead WHERE shop = ?1 AND state = 'dead'";
            Ok(c.prepare_cached(sql)?.query_row([shop.as_str()], |row| row.get(0))?)
        };
        self.readers.run(read).await
    }

    async fn latest_incidents(&self, shop: &ShopId, limit: u32) -> Result<Vec<Incident>, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| people::incidents(c, &shop, limit)).await
    }

    async fn figures(&self, shop: &ShopId, days: Vec<DateTime<Utc>>) -> Result<Figures, StorageError> {
        let shop = shop.clone();
        self.readers.run(move |c| figures::figures(c, &shop, &days)).await
    }
}

fn session(c: &Connection, digest: [u8; 32]) -> Result<Option<Session>, StorageError> {
    Ok(c.prepare_cached(
        "SELECT k.id, k.shop, k.digest, k.scopes, k.created_at, s.created_at, s.used_at
         FROM sessions s JOIN keys k ON k.id = s.key WHERE s.digest = ?1",
    )?
    .query_row([digest], |row| {
        Ok(Session { key: lookup::read_key(row)?, created_at: time(row.get(5)?), used_at: time(row.get(6)?) })
    })
    .optional()?)
}

fn happened(c: &Connection, shop: &ShopId, after: i64, limit: u32) -> Result<Page<Happened>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT seq, platform, customer, document FROM events WHERE shop = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )?
        .query_map(params![shop.as_str(), after, i64::from(limit) + 1], |row| {
            let customer = case::key(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?;
            Ok((row.get(0)?, Happened { customer, event: parse(row.get_ref(3)?.as_str()?)? }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(lookup::page(rows, limit))
}

fn conversation(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    limit: u32,
) -> Result<Vec<Utterance>, StorageError> {
    let whose = params![shop.as_str(), key.platform.as_str(), key.id.as_str(), limit];
    let mut said: Vec<Utterance> = c
        .prepare_cached(
            "SELECT at, document FROM messages WHERE shop = ?1 AND platform = ?2 AND customer = ?3
             ORDER BY at DESC, rowid DESC LIMIT ?4",
        )?
        .query_map(whose, |row| {
            let MessageDocument { text, images } = parse(row.get_ref(1)?.as_str()?)?;
            Ok(Utterance { at: time(row.get(0)?), said: Said::ByCustomer { text, images } })
        })?
        .collect::<Result<_, _>>()?;
    let answers: Vec<Utterance> = c
        .prepare_cached(
            "SELECT created_at, payload, state FROM outbox WHERE shop = ?1 AND platform = ?2 AND customer = ?3
             AND kind IN ('text', 'image') ORDER BY seq DESC LIMIT ?4",
        )?
        .query_map(whose, |row| {
            let sent = row.get_ref(2)?.as_str()? == "done";
            Ok(Utterance { at: time(row.get(0)?), said: Said::ByShop { payload: row.get(1)?, sent } })
        })?
        .collect::<Result<_, _>>()?;
    said.reverse();
    said.extend(answers.into_iter().rev());
    // A message and its answers have one time: the sort keeps the message first.
    said.sort_by_key(|u| u.at);
    let surplus = said.len().saturating_sub(limit as usize);
    said.drain(..surplus);
    Ok(said)
}
