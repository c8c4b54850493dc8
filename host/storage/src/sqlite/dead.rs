//! What was given up, what waits, and how to send it again.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use shopkeeper_domain::{OutboxId, ShopId};

use super::code::{micros, name, time};
use super::{
    case,
    entries::{self, COLUMNS},
};
use crate::{DeadLetter, NewEntry, Page, Queue, StorageError};

pub(super) fn bury(
    c: &Connection,
    id: OutboxId,
    problem: &str,
    now: DateTime<Utc>,
    alert: Option<&NewEntry>,
) -> Result<(), StorageError> {
    let whose: Option<(String, String, String)> = c
        .prepare_cached(
            "UPDATE outbox SET state = 'dead', owner = NULL, problem = ?2, settled_at = ?3
             WHERE id = ?1 AND state IN ('waiting', 'claimed') RETURNING shop, platform, customer",
        )?
        .query_row(params![id.0, problem, micros(now)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (Some((shop, platform, customer)), Some(alert)) = (whose, alert) else { return Ok(()) };
    // It names the customer, so that it goes when they are erased.
    let key = (!customer.is_empty()).then(|| case::key(&platform, &customer)).transpose()?;
    entries::add(c, &name(&shop)?, key.as_ref(), alert, now)
}

pub(super) fn letters(
    c: &Connection,
    shop: &ShopId,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<DeadLetter>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS}, coalesce(problem, ''), coalesce(settled_at, due), seq FROM outbox
         WHERE shop = ?1 AND state = 'dead' AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
    );
    let mut rows: Vec<(i64, DeadLetter)> = c
        .prepare_cached(&sql)?
        .query_map(params![shop.as_str(), before.unwrap_or(i64::MAX), limit + 1], |row| {
            let letter =
                DeadLetter { entry: entries::entry(row)?, problem: row.get(11)?, at: time(row.get(12)?) };
            Ok((row.get(13)?, letter))
        })?
        .collect::<Result<_, _>>()?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok(Page { rows, more })
}

pub(super) fn resend(
    c: &Connection,
    shop: &ShopId,
    id: OutboxId,
    now: DateTime<Utc>,
) -> Result<Option<String>, StorageError> {
    Ok(c.prepare_cached(
        "UPDATE outbox SET state = 'waiting', attempts = 0, due = ?3, settled_at = NULL
         WHERE shop = ?1 AND id = ?2 AND state = 'dead' RETURNING kind",
    )?
    .query_row(params![shop.as_str(), id.0, micros(now)], |row| row.get(0))
    .optional()?)
}

pub(super) fn queues(c: &Connection, shop: Option<&ShopId>) -> Result<Vec<Queue>, StorageError> {
    // Each half by an index of its own: what was sent long ago is not looked at.
    let rows = c
        .prepare_cached(
            "SELECT kind, sum(waiting), min(oldest), sum(dead) FROM (
                 SELECT kind, count(*) AS waiting, min(created_at) AS oldest, 0 AS dead FROM outbox
                 WHERE state IN ('waiting', 'claimed') AND kind NOT IN ('text', 'image') AND (?1 IS NULL OR shop = ?1)
                 GROUP BY kind
                 UNION ALL
                 SELECT kind, count(*), min(created_at), 0 FROM outbox
                 WHERE state IN ('waiting', 'claimed') AND kind IN ('text', 'image') AND (?1 IS NULL OR shop = ?1)
                 GROUP BY kind
                 UNION ALL
                 SELECT kind, 0, NULL, count(*) FROM outbox
                 WHERE state = 'dead' AND (?1 IS NULL OR shop = ?1) GROUP BY kind
             ) GROUP BY kind",
        )?
        .query_map([shop.map(ShopId::as_str)], |row| {
            let oldest: Option<i64> = row.get(2)?;
            Ok(Queue { kind: row.get(0)?, waiting: row.get(1)?, oldest: oldest.map(time), dead: row.get(3)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
