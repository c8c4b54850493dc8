//! Erasing a customer: every row that is theirs, and the list of files that go with them.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use shopkeeper_domain::{CustomerKey, Event, EventBody, ImageId, OutboxId, Payment, PaymentOutcome, ShopId};
use uuid::Uuid;

use super::code::{damaged, json, micros, name, parse, time};
use super::{case, pool::connect};
use crate::{Doomed, DoomedFile, Erased, StorageError};

/// Remembers who uses the pictures that came up in a commit. A picture that was erased meanwhile can't be used: the
/// commit fails, and whoever asked finds it gone when they ask again.
pub(super) fn note_uses(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    events: &[Event],
    message: &[ImageId],
) -> Result<(), StorageError> {
    let of_event = |event: &'_ Event| -> Vec<ImageId> {
        match &event.body {
            EventBody::TaskCreated { image, .. } | EventBody::ResultReceived { image, .. } => {
                vec![image.clone()]
            }
            EventBody::RevisionAsked { note } | EventBody::NoteKept { note } => note.images.clone(),
            _ => Vec::new(),
        }
    };
    for image in events.iter().flat_map(of_event).chain(message.iter().cloned()) {
        c.prepare_cached(
            "INSERT INTO picture_uses (shop, image, platform, customer) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![shop.as_str(), image.as_str(), key.platform.as_str(), key.id.as_str()])?;
    }
    Ok(())
}

pub(super) fn erase(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    now: DateTime<Utc>,
) -> Result<Option<Erased>, StorageError> {
    let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str()];
    let delete = |table: &str| -> Result<usize, StorageError> {
        let sql = format!("DELETE FROM {table} WHERE shop = ?1 AND platform = ?2 AND customer = ?3");
        Ok(c.prepare_cached(&sql)?.execute(who)?)
    };
    let payments = blank_payments(c, shop, key)?;
    let mails = doom_mails(c, shop, key, now)?;
    let pictures = doom_pictures(c, shop, key, now)?;
    let erased = Erased {
        tasks: delete("tasks")?,
        messages: delete("messages")?,
        events: delete("events")?,
        entries: delete("outbox")?,
        calls: delete("calls")? + delete("incidents")?,
        pictures,
        mails,
        payments,
    };
    let profile = delete("customers")? + delete("offers")? + delete("timers")? + delete("answers")?;
    if profile == 0 && erased == Erased::default() {
        return Ok(None);
    }
    doom(c, shop, &DoomedFile::Traces, now)?;
    Ok(Some(erased))
}

/// What the accounts need stays: order, amount and day. Whose it was and what it was for goes.
fn blank_payments(c: &Connection, shop: &ShopId, key: &CustomerKey) -> Result<usize, StorageError> {
    let payments: Vec<Payment> = c
        .prepare_cached("SELECT document FROM payments WHERE shop = ?1 AND platform = ?2 AND customer = ?3")?
        .query_map(params![shop.as_str(), key.platform.as_str(), key.id.as_str()], |row| {
            parse(row.get_ref(0)?.as_str()?)
        })?
        .collect::<Result<_, _>>()?;
    for payment in &payments {
        let blank = Payment {
            names: None,
            outcome: PaymentOutcome::Skipped,
            reason: String::new(),
            later: None,
            ..payment.clone()
        };
        c.prepare_cached(
            "UPDATE payments SET customer = '', outcome = ?4, document = ?5
             WHERE shop = ?1 AND platform = ?2 AND order_id = ?3",
        )?
        .execute(params![
            shop.as_str(),
            key.platform.as_str(),
            payment.order.as_str(),
            blank.outcome.name(),
            json(&blank)?
        ])?;
    }
    Ok(payments.len())
}

fn doom_mails(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    now: DateTime<Utc>,
) -> Result<usize, StorageError> {
    // One that a worker holds may be written until its lease is over.
    let mails: Vec<(Uuid, DateTime<Utc>)> = c
        .prepare_cached(
            "SELECT id, CASE state WHEN 'claimed' THEN max(due, ?4) ELSE ?4 END FROM outbox
             WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND kind = 'mail'",
        )?
        .query_map(params![shop.as_str(), key.platform.as_str(), key.id.as_str(), micros(now)], |row| {
            Ok((row.get(0)?, time(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    for (id, until) in &mails {
        doom(c, shop, &DoomedFile::Mail(OutboxId(*id)), *until)?;
    }
    Ok(mails.len())
}

fn doom_pictures(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    now: DateTime<Utc>,
) -> Result<usize, StorageError> {
    let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str()];
    let used: Vec<ImageId> = c
        .prepare_cached("SELECT image FROM picture_uses WHERE shop = ?1 AND platform = ?2 AND customer = ?3")?
        .query_map(who, |row| name(row.get_ref(0)?.as_str()?))?
        .collect::<Result<_, _>>()?;
    c.prepare_cached("DELETE FROM picture_uses WHERE shop = ?1 AND platform = ?2 AND customer = ?3")?
        .execute(who)?;
    let mut gone = 0;
    for image in used {
        gone += usize::from(drop_unused(c, shop, &image, now)?);
    }
    Ok(gone)
}

pub(super) fn idle_customers(
    c: &Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<(ShopId, CustomerKey)>, StorageError> {
    // Some only ever wrote: they have messages and no profile.
    let rows = c
        .prepare_cached(
            "SELECT shop, platform, customer FROM
                 (SELECT shop, platform, customer FROM customers
                  UNION SELECT shop, platform, customer FROM messages) w
             WHERE coalesce((SELECT at FROM events e
                     WHERE e.shop = w.shop AND e.platform = w.platform AND e.customer = w.customer
                     ORDER BY seq DESC LIMIT 1), 0) < ?1
               AND NOT EXISTS (SELECT 1 FROM messages m
                     WHERE m.shop = w.shop AND m.platform = w.platform AND m.customer = w.customer AND m.at >= ?1)
             LIMIT ?2",
        )?
        .query_map(params![micros(before), limit], |row| {
            let whose = case::key(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?;
            Ok((name(row.get_ref(0)?.as_str()?)?, whose))
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn unused_pictures(
    c: &Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<(ShopId, ImageId)>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT shop, id FROM images i WHERE created_at < ?1
               AND NOT EXISTS (SELECT 1 FROM picture_uses u WHERE u.shop = i.shop AND u.image = i.id)
             LIMIT ?2",
        )?
        .query_map(params![micros(before), limit], |row| {
            Ok((name(row.get_ref(0)?.as_str()?)?, name(row.get_ref(1)?.as_str()?)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A picture that nobody uses goes; whether it did.
pub(super) fn drop_unused(
    c: &Connection,
    shop: &ShopId,
    image: &ImageId,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let media_type: Option<String> = c
        .prepare_cached(
            "DELETE FROM images WHERE shop = ?1 AND id = ?2
               AND NOT EXISTS (SELECT 1 FROM picture_uses u WHERE u.shop = ?1 AND u.image = ?2)
             RETURNING media_type",
        )?
        .query_row(params![shop.as_str(), image.as_str()], |row| row.get(0))
        .optional()?;
    let Some(media_type) = media_type else { return Ok(false) };
    doom(c, shop, &DoomedFile::Picture { id: image.clone(), media_type }, now)?;
    Ok(true)
}

fn columns(file: &DoomedFile) -> (&'static str, String, &str) {
    match file {
        DoomedFile::Picture { id, media_type } => ("picture", id.to_string(), media_type),
        DoomedFile::Mail(id) => ("mail", id.to_string(), ""),
        DoomedFile::Traces => ("traces", String::new(), ""),
    }
}

fn doom(c: &Connection, shop: &ShopId, file: &DoomedFile, until: DateTime<Utc>) -> Result<(), StorageError> {
    let (kind, name, media_type) = columns(file);
    c.prepare_cached(
        "INSERT OR REPLACE INTO doomed_files (shop, kind, name, media_type, until) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![shop.as_str(), kind, name, media_type, micros(until)])?;
    Ok(())
}

pub(super) fn doomed(c: &Connection) -> Result<Vec<Doomed>, StorageError> {
    let rows = c
        .prepare_cached("SELECT shop, kind, name, media_type, until FROM doomed_files LIMIT 10000")?
        .query_map([], |row| {
            let named = row.get_ref(2)?.as_str()?;
            let file = match row.get_ref(1)?.as_str()? {
                "picture" => DoomedFile::Picture { id: name(named)?, media_type: row.get(3)? },
                "mail" => DoomedFile::Mail(name(named)?),
                "traces" => DoomedFile::Traces,
                other => return Err(damaged(&format!("{other:?} is no kind of file"))),
            };
            Ok(Doomed { shop: name(row.get_ref(0)?.as_str()?)?, file, until: time(row.get(4)?) })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn forget(c: &Connection, doomed: &[Doomed]) -> Result<(), StorageError> {
    for Doomed { shop, file, until } in doomed {
        let (kind, name, _) = columns(file);
        // Not where it was doomed anew meanwhile.
        c.prepare_cached(
            "DELETE FROM doomed_files WHERE shop = ?1 AND kind = ?2 AND name = ?3 AND until = ?4",
        )?
        .execute(params![shop.as_str(), kind, name, micros(*until)])?;
    }
    Ok(())
}

/// Deleted rows are overwritten in the database (`secure_delete`), but the log still has them until it is written anew.
/// Blocks; `false` where somebody was reading all the while.
pub(super) fn scrub(path: &Path) -> Result<bool, StorageError> {
    let connection = connect(path)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
