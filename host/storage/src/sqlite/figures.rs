//! Figures of a shop, each out of a bounded number of rows that an index leads to.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};
use shopkeeper_domain::{ShopId, Status, roles::Role};
use uuid::Uuid;

use super::code::damaged;
use crate::{Figures, StorageError};

/// How many of the latest quotes and deliveries are looked at.
const LATEST: u32 = 1000;
/// How many of the latest calls of each role are looked at.
const CALLS: u32 = 500;

/// `days`: where each day begins, and where the last one ends.
pub(super) fn figures(
    c: &Connection,
    shop: &ShopId,
    days: &[DateTime<Utc>],
) -> Result<Figures, StorageError> {
    let mut orders = Vec::new();
    for day in days.windows(2) {
        let count = c
            .prepare_cached("SELECT count(*) FROM tasks WHERE shop = ?1 AND id >= ?2 AND id < ?3")?
            .query_row(params![shop.as_str(), first_id(day[0]), first_id(day[1])], |row| row.get(0))?;
        orders.push(count);
    }
    let quotes = c
        .prepare_cached(
            "SELECT (low + high) / 2 FROM (
                 SELECT document ->> '$.quote.low.minor' AS low, document ->> '$.quote.high.minor' AS high
                 FROM tasks WHERE shop = ?1 ORDER BY id DESC LIMIT ?2)
             WHERE low IS NOT NULL AND high IS NOT NULL",
        )?
        .query_map(params![shop.as_str(), LATEST], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let deliveries = c
        .prepare_cached(
            "SELECT document ->> '$.created_at', document ->> '$.updated_at' FROM tasks
             WHERE shop = ?1 AND status = ?2 ORDER BY id DESC LIMIT ?3",
        )?
        .query_map(params![shop.as_str(), Status::Completed.name(), LATEST], |row| {
            Ok(moment(row.get_ref(1)?.as_str()?)? - moment(row.get_ref(0)?.as_str()?)?)
        })?
        .collect::<rusqlite::Result<Vec<TimeDelta>>>()?;
    let mut latencies = Vec::new();
    for role in Role::ALL {
        let took = c
            .prepare_cached(
                "SELECT took_ns FROM calls WHERE shop = ?1 AND role = ?2 ORDER BY seq DESC LIMIT ?3",
            )?
            .query_map(params![shop.as_str(), role.name(), CALLS], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        latencies.push((role, took));
    }
    Ok(Figures { orders, quotes, deliveries, latencies })
}

fn moment(text: &str) -> rusqlite::Result<DateTime<Utc>> {
    text.parse().map_err(|e: chrono::ParseError| damaged(&e.to_string()))
}

/// The smallest id that a task can have that came at this time: ids begin with their milliseconds.
fn first_id(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80)
}
