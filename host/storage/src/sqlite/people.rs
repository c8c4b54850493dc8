//! What the page asks about customers, and what the shop was alerted about.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use shopkeeper_domain::{CustomerKey, ImageId, ShopId, Task, TaskId, rollout::Digest};
use uuid::Uuid;

use super::{
    case,
    code::{damaged, name, parse, time},
    lookup,
};
use crate::{Erased, Incident, Known, Page, Raised, Standing, StorageError};

/// How many tasks are looked through for one page of customers.
const LOOKED_THROUGH: u32 = 2000;

/// By their latest task. Only that of each counts, so that a customer stands on one page.
pub(super) fn latest(
    c: &Connection,
    shop: &ShopId,
    before: Option<TaskId>,
    limit: u32,
) -> Result<(Vec<Known>, Option<TaskId>), StorageError> {
    let mut tasks = c.prepare_cached(
        "SELECT id, platform, customer FROM tasks WHERE shop = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let mut newer = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM tasks WHERE shop = ?1 AND customer = ?3 AND platform = ?2 AND id > ?4)",
    )?;
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let (mut looked, mut last) = (0, None);
    let before = before.map_or(Uuid::max(), |t| t.0);
    let mut rows = tasks.query(params![shop.as_str(), before, LOOKED_THROUGH])?;
    while let Some(row) = rows.next()? {
        let id: Uuid = row.get(0)?;
        let key = whose(row)?;
        if !seen.contains(&key) {
            if found.len() == limit as usize {
                return Ok((found, last));
            }
            let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str(), id];
            if !newer.query_row(who, |row| row.get::<_, bool>(0))? {
                found.extend(one(c, shop, key.clone())?);
            }
            seen.insert(key);
        }
        looked += 1;
        last = Some(TaskId(id));
    }
    Ok((found, last.filter(|_| looked == LOOKED_THROUGH)))
}

fn whose(row: &Row<'_>) -> rusqlite::Result<CustomerKey> {
    case::key(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)
}

/// By the beginning of their id. Some only ever wrote: they have messages and no profile.
pub(super) fn named(
    c: &Connection,
    shop: &ShopId,
    beginning: &str,
    limit: u32,
) -> Result<Vec<Known>, StorageError> {
    let mut found = Vec::new();
    let mut platform = String::new();
    // Platform by platform, since the ids of one lie beside each other.
    let next = "SELECT min(platform) FROM (
        SELECT min(platform) AS platform FROM customers WHERE shop = ?1 AND platform > ?2
        UNION ALL SELECT min(platform) FROM messages WHERE shop = ?1 AND platform > ?2)";
    while found.len() < limit as usize {
        let following: Option<String> =
            c.prepare_cached(next)?.query_row(params![shop.as_str(), platform], |row| row.get(0))?;
        let Some(following) = following else { break };
        platform = following;
        let keys: Vec<CustomerKey> = c
            .prepare_cached(
                "SELECT customer FROM (SELECT customer FROM customers
                     WHERE shop = ?1 AND platform = ?2 AND customer >= ?3 AND customer < ?3 || char(1114111)
                     ORDER BY customer LIMIT ?4)
                 UNION SELECT customer FROM (SELECT DISTINCT customer FROM messages
                     WHERE shop = ?1 AND platform = ?2 AND customer >= ?3 AND customer < ?3 || char(1114111)
                     ORDER BY customer LIMIT ?4)
                 ORDER BY customer LIMIT ?4",
            )?
            .query_map(params![shop.as_str(), platform, beginning, limit], |row| {
                case::key(&platform, row.get_ref(0)?.as_str()?)
            })?
            .collect::<Result<_, _>>()?;
        for key in keys.into_iter().take(limit as usize - found.len()) {
            found.extend(one(c, shop, key)?);
        }
    }
    Ok(found)
}

pub(super) fn one(c: &Connection, shop: &ShopId, key: CustomerKey) -> Result<Option<Known>, StorageError> {
    let customer = case::customer(c, shop, &key)?;
    let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str()];
    if customer.is_none() {
        let wrote: bool = c
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM messages WHERE shop = ?1 AND platform = ?2 AND customer = ?3)",
            )?
            .query_row(who, |row| row.get(0))?;
        return Ok(wrote.then_some(Known { key, customer: None, last: None }));
    }
    let last: Option<Task> = c
        .prepare_cached(
            "SELECT document FROM tasks WHERE shop = ?1 AND customer = ?3 AND platform = ?2
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(who, |row| parse(row.get_ref(0)?.as_str()?))
        .optional()?;
    Ok(Some(Known { key, customer, last }))
}

pub(super) fn pictures(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    limit: u32,
) -> Result<Vec<ImageId>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT u.image FROM picture_uses u JOIN images i ON i.shop = u.shop AND i.id = u.image
             WHERE u.shop = ?1 AND u.platform = ?2 AND u.customer = ?3 ORDER BY i.created_at DESC LIMIT ?4",
        )?
        .query_map(params![shop.as_str(), key.platform.as_str(), key.id.as_str(), limit], |row| {
            name(row.get_ref(0)?.as_str()?)
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// As `erase::erase` counts what it deletes.
pub(super) fn would_erase(c: &Connection, shop: &ShopId, key: &CustomerKey) -> Result<Erased, StorageError> {
    let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str()];
    let count = |of: &str| -> Result<usize, StorageError> {
        let sql = format!("SELECT count(*) FROM {of} AND shop = ?1 AND platform = ?2 AND customer = ?3");
        Ok(c.prepare_cached(&sql)?.query_row(who, |row| row.get(0))?)
    };
    Ok(Erased {
        tasks: count("tasks WHERE 1")?,
        messages: count("messages WHERE 1")?,
        events: count("events WHERE 1")?,
        entries: count("outbox WHERE 1")?,
        calls: count("calls WHERE 1")? + count("incidents WHERE 1")?,
        pictures: count(
            "picture_uses u WHERE NOT EXISTS (SELECT 1 FROM picture_uses o WHERE o.shop = u.shop
             AND o.image = u.image AND (o.platform, o.customer) <> (u.platform, u.customer))",
        )?,
        mails: count("outbox WHERE kind = 'mail'")?,
        payments: count("payments WHERE 1")?,
    })
}

pub(super) fn alerts(
    c: &Connection,
    shop: &ShopId,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<Raised>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT seq, created_at, payload, state FROM outbox
             WHERE shop = ?1 AND kind = 'alert' AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        )?
        .query_map(params![shop.as_str(), before.unwrap_or(i64::MAX), i64::from(limit) + 1], |row| {
            let standing = match row.get_ref(3)?.as_str()? {
                "waiting" | "claimed" => Standing::Waiting,
                "done" => Standing::Done,
                "dead" => Standing::Dead,
                other => return Err(damaged(&format!("{other:?} is no state of an entry"))),
            };
            Ok((row.get(0)?, Raised { at: time(row.get(1)?), payload: row.get(2)?, standing }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(lookup::page(rows, limit))
}

pub(super) fn incidents(c: &Connection, shop: &ShopId, limit: u32) -> Result<Vec<Incident>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT at, role, function, digest, settings_revision, fault, backtrace, input FROM incidents
             WHERE shop = ?1 ORDER BY seq DESC LIMIT ?2",
        )?
        .query_map(params![shop.as_str(), limit], |row| {
            Ok(Incident {
                at: time(row.get(0)?),
                role: parse(&format!("{:?}", row.get_ref(1)?.as_str()?))?,
                function: row.get(2)?,
                digest: Digest::new(row.get(3)?),
                settings_revision: row.get(4)?,
                fault: row.get(5)?,
                backtrace: row.get(6)?,
                input: row.get(7)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
