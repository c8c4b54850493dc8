//! What is to be looked at again, and when.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use shopkeeper_domain::{CustomerKey, ShopId, Timer};

use super::{
    case,
    code::{json, micros, name, parse},
};
use crate::{DueTimer, StorageError};

/// Replaces the timers of a case by what followed `now`. A review that was set since then stays: it is for settings that
/// were not known yet.
pub(super) fn put(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    timers: &[(Timer, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let (platform, customer) = case::columns(Some(key));
    c.prepare_cached(
        "DELETE FROM timers WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND NOT (timer = ?4 AND due > ?5)",
    )?
    .execute(params![shop.as_str(), platform, customer, json(&Timer::Review)?, micros(now)])?;
    for (timer, due) in timers {
        c.prepare_cached(
            "INSERT INTO timers (shop, platform, customer, timer, due) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![shop.as_str(), platform, customer, json(timer)?, micros(*due)])?;
    }
    Ok(())
}

/// A timer of each case with an open task or a parked payment, which has the others set anew.
pub(super) fn review(c: &Connection, shop: &ShopId, now: DateTime<Utc>) -> Result<(), StorageError> {
    c.prepare_cached(
        "INSERT OR REPLACE INTO timers (shop, platform, customer, timer, due)
         SELECT shop, platform, customer, ?2, ?3 FROM tasks INDEXED BY tasks_open
         WHERE shop = ?1 AND status NOT IN ('completed', 'cancelled')
         UNION SELECT shop, platform, customer, ?2, ?3 FROM payments INDEXED BY payments_parked WHERE shop = ?1 AND outcome = 'parked'",
    )?
    .execute(params![shop.as_str(), json(&Timer::Review)?, micros(now)])?;
    Ok(())
}

pub(super) fn due(c: &Connection, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueTimer>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT shop, platform, customer, timer FROM timers WHERE due <= ?1 ORDER BY due LIMIT ?2",
        )?
        .query_map(params![micros(now), limit], |row| {
            Ok(DueTimer {
                shop: name(row.get_ref(0)?.as_str()?)?,
                customer: case::key(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?,
                // One that can't be read has its case looked at, which replaces it.
                timer: parse(row.get_ref(3)?.as_str()?).unwrap_or(Timer::Review),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Has the due timers of a case ring later.
pub(super) fn put_off(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StorageError> {
    let (platform, customer) = case::columns(Some(key));
    c.prepare_cached(
        "UPDATE timers SET due = ?5 WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND due <= ?4",
    )?
    .execute(params![shop.as_str(), platform, customer, micros(now), micros(until)])?;
    Ok(())
}
