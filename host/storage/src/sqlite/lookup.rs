//! Shops, keys, pictures, lists, and what is kept for looking things up later.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use shopkeeper_domain::{CustomerKey, Event, ImageId, OrderId, ShopId, Status, Task, TaskId};
use uuid::Uuid;

use super::code::{json, micros, name, parse, time};
use crate::{AnswerKey, Counts, Image, Key, Page, RememberedAnswer, Shop, StorageError, TaskFilter};

/// How many incidents are kept, of all shops together.
const INCIDENTS: i64 = 100_000;

fn read_shop(row: &Row<'_>) -> rusqlite::Result<Shop> {
    Ok(Shop {
        id: name(row.get_ref(0)?.as_str()?)?,
        name: row.get(1)?,
        settings: row.get(2)?,
        created_at: time(row.get(3)?),
    })
}

pub(super) fn add_shop(c: &Connection, shop: &Shop) -> Result<(), StorageError> {
    let added = c
        .prepare_cached("INSERT INTO shops (id, name, settings, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
        .execute(params![shop.id.as_str(), shop.name, shop.settings, micros(shop.created_at)])?;
    if added == 1 { Ok(()) } else { Err(StorageError::Exists) }
}

pub(super) fn shops(c: &Connection) -> Result<Vec<Shop>, StorageError> {
    let mut statement = c.prepare_cached("SELECT id, name, settings, created_at FROM shops ORDER BY id")?;
    let rows = statement.query_map([], read_shop)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn shop(c: &Connection, id: &ShopId) -> Result<Option<Shop>, StorageError> {
    Ok(c.prepare_cached("SELECT id, name, settings, created_at FROM shops WHERE id = ?1")?
        .query_row([id.as_str()], read_shop)
        .optional()?)
}

pub(super) fn put_settings(c: &Connection, id: &ShopId, settings: &str) -> Result<bool, StorageError> {
    Ok(c.prepare_cached("UPDATE shops SET settings = ?2 WHERE id = ?1")?
        .execute(params![id.as_str(), settings])?
        == 1)
}

pub(super) fn read_key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get(0)?,
        shop: row.get_ref(1)?.as_str_or_null()?.map(name).transpose()?,
        digest: row.get(2)?,
        scopes: parse(row.get_ref(3)?.as_str()?)?,
        created_at: time(row.get(4)?),
    })
}

pub(super) fn add_key(c: &Connection, key: &Key) -> Result<(), StorageError> {
    let added = c
        .prepare_cached("INSERT INTO keys (id, shop, digest, scopes, created_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?
        .execute(params![
            key.id,
            key.shop.as_ref().map(ShopId::as_str),
            key.digest,
            json(&key.scopes)?,
            micros(key.created_at)
        ])?;
    if added == 1 { Ok(()) } else { Err(StorageError::Exists) }
}

pub(super) fn keys(c: &Connection, shop: Option<&ShopId>) -> Result<Vec<Key>, StorageError> {
    let mut statement = c.prepare_cached(
        "SELECT id, shop, digest, scopes, created_at FROM keys WHERE shop IS ?1 ORDER BY created_at, id",
    )?;
    let rows = statement.query_map([shop.map(ShopId::as_str)], read_key)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn key(c: &Connection, digest: [u8; 32]) -> Result<Option<Key>, StorageError> {
    Ok(c.prepare_cached("SELECT id, shop, digest, scopes, created_at FROM keys WHERE digest = ?1")?
        .query_row([digest], read_key)
        .optional()?)
}

pub(super) fn delete_key(c: &Connection, shop: &ShopId, id: Uuid) -> Result<bool, StorageError> {
    Ok(c.prepare_cached("DELETE FROM keys WHERE id = ?1 AND shop = ?2")?
        .execute(params![id, shop.as_str()])?
        == 1)
}

pub(super) fn add_image(c: &Connection, shop: &ShopId, image: &Image) -> Result<(), StorageError> {
    c.prepare_cached(
        "INSERT INTO images (shop, id, media_type, width, height, bytes, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        shop.as_str(),
        image.id.as_str(),
        image.media_type,
        image.width,
        image.height,
        image.bytes,
        micros(image.created_at)
    ])?;
    Ok(())
}

pub(super) fn image(c: &Connection, shop: &ShopId, id: &ImageId) -> Result<Option<Image>, StorageError> {
    Ok(c.prepare_cached(
        "SELECT media_type, width, height, bytes, created_at FROM images WHERE shop = ?1 AND id = ?2",
    )?
    .query_row(params![shop.as_str(), id.as_str()], |row| {
        Ok(Image {
            id: id.clone(),
            media_type: row.get(0)?,
            width: row.get(1)?,
            height: row.get(2)?,
            bytes: row.get(3)?,
            created_at: time(row.get(4)?),
        })
    })
    .optional()?)
}

/// The rows up to the limit, and whether there was one more.
pub(super) fn page<T>(mut rows: Vec<(i64, T)>, limit: u32) -> Page<T> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Page { rows, more }
}

pub(super) fn tasks(c: &Connection, shop: &ShopId, filter: &TaskFilter) -> Result<Page<Task>, StorageError> {
    // One statement a combination, so that each has its own index.
    let mut sql = "SELECT document FROM tasks WHERE shop = ?1 AND id < ?5".to_owned();
    sql.push_str(if filter.status.is_some() { " AND status = ?2" } else { " AND ?2 IS NULL" });
    sql.push_str(if filter.customer.is_some() { " AND customer = ?3" } else { " AND ?3 IS NULL" });
    sql.push_str(if filter.platform.is_some() { " AND platform = ?4" } else { " AND ?4 IS NULL" });
    sql.push_str(" ORDER BY id DESC LIMIT ?6");
    let rows = c
        .prepare_cached(&sql)?
        .query_map(
            params![
                shop.as_str(),
                filter.status.map(Status::name),
                filter.customer.as_ref().map(|i| i.as_str()),
                filter.platform.as_ref().map(|p| p.as_str()),
                filter.before.map_or(Uuid::max(), |t| t.0),
                i64::from(filter.limit) + 1
            ],
            |row| Ok((0, parse(row.get_ref(0)?.as_str()?)?)),
        )?
        .collect::<Result<_, _>>()?;
    Ok(page(rows, filter.limit))
}

pub(super) fn count_tasks(c: &Connection, shop: &ShopId) -> Result<Counts<Status>, StorageError> {
    let counts: Vec<(String, u64)> = c
        .prepare_cached("SELECT status, tasks FROM task_counts WHERE shop = ?1")?
        .query_map([shop.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let of = |status: Status| counts.iter().find(|(n, _)| n == status.name()).map_or(0, |(_, n)| *n);
    Ok(Status::ALL.into_iter().map(|s| (s, of(s))).collect())
}

pub(super) fn events(
    c: &Connection,
    shop: &ShopId,
    task: TaskId,
    after: i64,
    limit: u32,
) -> Result<Page<Event>, StorageError> {
    let rows = c
        .prepare_cached("SELECT seq, document FROM events WHERE task = ?1 AND shop = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4")?
        .query_map(params![task.0, shop.as_str(), after, i64::from(limit) + 1], |row| {
            Ok((row.get(0)?, parse(row.get_ref(1)?.as_str()?)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(page(rows, limit))
}

pub(super) fn history(c: &Connection, shop: &ShopId, key: &CustomerKey) -> Result<Vec<Event>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT document FROM events WHERE shop = ?1 AND platform = ?2 AND customer = ?3 ORDER BY seq",
        )?
        .query_map(params![shop.as_str(), key.platform.as_str(), key.id.as_str()], |row| {
            parse(row.get_ref(0)?.as_str()?)
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn order_is_taken(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    order: &OrderId,
) -> Result<bool, StorageError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM payments WHERE shop = ?1 AND platform = ?2 AND order_id = ?3 AND customer <> ?4)",
    )?
    .query_row(params![shop.as_str(), key.platform.as_str(), order.as_str(), key.id.as_str()], |row| row.get(0))?)
}

pub(super) fn answer(c: &Connection, key: AnswerKey) -> Result<Option<RememberedAnswer>, StorageError> {
    Ok(c.prepare_cached("SELECT request, status, body, at FROM answers WHERE key = ?1")?
        .query_row([key.0], |row| {
            Ok(RememberedAnswer {
                key,
                request: row.get(0)?,
                status: row.get(1)?,
                body: row.get(2)?,
                at: time(row.get(3)?),
            })
        })
        .optional()?)
}

/// Forgets old rows, a bounded number at a time so that no other writer waits long.
pub(super) fn purge(
    c: &Connection,
    answers_before: DateTime<Utc>,
    calls_before: DateTime<Utc>,
    calls_kept: u64,
) -> Result<usize, StorageError> {
    let answers = c
        .prepare_cached(
            "DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE at < ?1 LIMIT 2000)",
        )?
        .execute([micros(answers_before)])?;
    // Calls are in the order of their time, so the oldest have the smallest numbers.
    let calls = c
        .prepare_cached(
            "DELETE FROM calls WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM calls ORDER BY seq LIMIT 2000)
             WHERE at < ?1 OR seq <= (SELECT max(seq) FROM calls) - ?2)",
        )?
        .execute(params![micros(calls_before), i64::try_from(calls_kept).unwrap_or(i64::MAX)])?;
    let incidents = c
        .prepare_cached(
            "DELETE FROM incidents WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM incidents ORDER BY seq LIMIT 2000)
             WHERE at < ?1 OR seq <= (SELECT max(seq) FROM incidents) - ?2)",
        )?
        .execute(params![micros(calls_before), INCIDENTS])?;
    Ok(answers + calls + incidents)
}
