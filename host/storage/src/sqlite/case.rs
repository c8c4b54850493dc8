//! Loading a case, and the one commit that stores what follows from a decision.

use rusqlite::{Connection, OptionalExtension, named_params, params};
use shopkeeper_domain::{Case, Customer, CustomerKey, MessageId, Payment, ShopId, Task, TaskId};

use super::code::{json, micros, name, parse};
use super::{entries, erase, plugins, timers};
use crate::{
    Commit, InboundMessage, Loaded, Named, OwnedCase, RememberedAnswer, StorageError,
    records::MessageDocument,
};

pub(super) fn load(
    c: &Connection,
    shop: &ShopId,
    key: CustomerKey,
    named: &Named,
) -> Result<Loaded, StorageError> {
    let message_answer = match &named.message {
        Some(id) => message_answer(c, shop, &key, id)?,
        None => None,
    };
    let case = load_case(c, shop, key, named)?;
    Ok(Loaded { case, message_answer })
}

pub(super) fn load_by_task(
    c: &Connection,
    shop: &ShopId,
    id: TaskId,
) -> Result<Option<OwnedCase>, StorageError> {
    let Some(task) = task(c, shop, id)? else { return Ok(None) };
    let named = Named { tasks: vec![id], ..Named::default() };
    let case = load_case(c, shop, task.customer.clone(), &named)?;
    Ok(Some(OwnedCase { key: task.customer, case }))
}

fn load_case(c: &Connection, shop: &ShopId, key: CustomerKey, named: &Named) -> Result<Case, StorageError> {
    let Some(customer) = customer(c, shop, &key)? else { return Ok(Case::new(key)) };
    let who = params![shop.as_str(), key.platform.as_str(), key.id.as_str()];
    let mut tasks: Vec<Task> = c
        .prepare_cached(
            "SELECT document FROM tasks WHERE shop = ?1 AND platform = ?2 AND customer = ?3
             AND status NOT IN ('completed', 'cancelled')",
        )?
        .query_map(who, |row| parse(row.get_ref(0)?.as_str()?))?
        .collect::<Result<_, _>>()?;
    let last = customer.last.as_ref().map(|l| l.task);
    for id in named.tasks.iter().copied().chain(last) {
        if tasks.iter().all(|t| t.id != id)
            && let Some(task) = task(c, shop, id)?.filter(|t| t.customer == key)
        {
            tasks.push(task);
        }
    }
    tasks.sort_by_key(|t| (t.created_at, t.id));
    let mut payments: Vec<Payment> = c
        .prepare_cached(
            "SELECT document FROM payments WHERE shop = ?1 AND platform = ?2 AND customer = ?3
             AND outcome = 'parked' ORDER BY at",
        )?
        .query_map(who, |row| parse(row.get_ref(0)?.as_str()?))?
        .collect::<Result<_, _>>()?;
    if let Some(order) = &named.order
        && payments.iter().all(|p| p.order != *order)
    {
        let known = c
            .prepare_cached("SELECT document FROM payments WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND order_id = ?4")?
            .query_row(params![shop.as_str(), key.platform.as_str(), key.id.as_str(), order.as_str()], |row| {
                parse(row.get_ref(0)?.as_str()?)
            })
            .optional()?;
        payments.extend(known);
    }
    Ok(Case { customer, tasks, payments })
}

pub(super) fn customer(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
) -> Result<Option<Customer>, StorageError> {
    Ok(c.prepare_cached(
        "SELECT document FROM customers WHERE shop = ?1 AND platform = ?2 AND customer = ?3",
    )?
    .query_row(params![shop.as_str(), key.platform.as_str(), key.id.as_str()], |row| {
        parse(row.get_ref(0)?.as_str()?)
    })
    .optional()?)
}

pub(super) fn task(c: &Connection, shop: &ShopId, id: TaskId) -> Result<Option<Task>, StorageError> {
    Ok(c.prepare_cached("SELECT document FROM tasks WHERE id = ?1 AND shop = ?2")?
        .query_row(params![id.0, shop.as_str()], |row| parse(row.get_ref(0)?.as_str()?))
        .optional()?)
}

pub(super) fn message_answer(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    id: &MessageId,
) -> Result<Option<String>, StorageError> {
    Ok(c.prepare_cached(
        "SELECT answer FROM messages WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND id = ?4",
    )?
    .query_row(params![shop.as_str(), key.platform.as_str(), key.id.as_str(), id.as_str()], |row| row.get(0))
    .optional()?)
}

pub(super) fn commit(c: &Connection, commit: &Commit) -> Result<(), StorageError> {
    let key = &commit.after.customer.key;
    let shop = &commit.shop;
    store_customer(c, shop, &commit.before.customer, &commit.after.customer)?;
    for task in &commit.after.tasks {
        store_task(c, shop, commit.before.task(task.id).map_or(0, |t| t.version), task)?;
    }
    for payment in &commit.after.payments {
        match commit.before.payment(&payment.order) {
            Some(known) if known == payment => {}
            known => store_payment(c, shop, key, known.is_some(), payment)?,
        }
    }
    for event in &commit.events {
        c.prepare_cached("INSERT INTO events (shop, platform, customer, task, at, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                shop.as_str(),
                key.platform.as_str(),
                key.id.as_str(),
                event.task.map(|t| t.0),
                micros(event.at),
                json(event)?
            ])?;
    }
    for entry in &commit.outbox {
        entries::add(c, shop, Some(key), entry, commit.now)?;
    }
    for task in &commit.offers {
        c.prepare_cached("INSERT INTO offers (shop, platform, customer, task) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![shop.as_str(), key.platform.as_str(), key.id.as_str(), task.0])?;
    }
    if let Some(settle) = &commit.settle {
        entries::settle(c, settle)?;
    }
    if let Some(due) = &commit.timers {
        timers::put(c, shop, key, due, commit.now)?;
    }
    plugins::add_calls(c, shop, Some(key), &commit.calls)?;
    plugins::add_incidents(c, shop, Some(key), &commit.incidents)?;
    if let Some(message) = &commit.message {
        store_message(c, shop, key, message, micros(commit.now))?;
    }
    let pictures = commit.message.as_ref().map_or(&[][..], |m| &m.images);
    erase::note_uses(c, shop, key, &commit.events, pictures)?;
    match &commit.answer {
        Some(answer) => remember(c, Some((shop, key)), answer),
        None => Ok(()),
    }
}

/// The customer's version counts every event of the case, so comparing it guards the whole case.
fn store_customer(
    c: &Connection,
    shop: &ShopId,
    before: &Customer,
    after: &Customer,
) -> Result<(), StorageError> {
    let who = (shop.as_str(), after.key.platform.as_str(), after.key.id.as_str());
    let held = after.hold.is_some();
    let stands = if before.version == after.version {
        let stored: Option<u64> = c
            .prepare_cached(
                "SELECT version FROM customers WHERE shop = ?1 AND platform = ?2 AND customer = ?3",
            )?
            .query_row(who, |row| row.get(0))
            .optional()?;
        stored.unwrap_or(0) == before.version
    } else if before.version == 0 {
        c.prepare_cached(
            "INSERT INTO customers (shop, platform, customer, version, document, held_after)
             VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?6 THEN (SELECT coalesce(max(seq), 0) FROM outbox) END)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![who.0, who.1, who.2, after.version, json(after)?, held])?
            == 1
    } else {
        c.prepare_cached(
            "UPDATE customers SET version = ?4, document = ?5, held_after =
                 CASE WHEN ?7 THEN coalesce(held_after, (SELECT coalesce(max(seq), 0) FROM outbox)) END
             WHERE shop = ?1 AND platform = ?2 AND customer = ?3 AND version = ?6",
        )?
        .execute(params![who.0, who.1, who.2, after.version, json(after)?, before.version, held])?
            == 1
    };
    if stands { Ok(()) } else { Err(StorageError::Stale) }
}

/// Compare-and-set on the task's own version.
fn store_task(c: &Connection, shop: &ShopId, before: u64, task: &Task) -> Result<(), StorageError> {
    if task.version == before {
        return Ok(());
    }
    let sql = if before == 0 {
        "INSERT INTO tasks (id, shop, platform, customer, status, version, document)
         VALUES (:id, :shop, :platform, :customer, :status, :version, :document)"
    } else {
        "UPDATE tasks SET platform = :platform, customer = :customer, status = :status, version = :version,
             document = :document
         WHERE id = :id AND shop = :shop AND version = :before"
    };
    let mut statement = c.prepare_cached(sql)?;
    let (status, document) = (task.status().name(), json(task)?);
    let (platform, customer) = (task.customer.platform.as_str(), task.customer.id.as_str());
    let written = if before == 0 {
        statement.execute(named_params! {
            ":id": task.id.0, ":shop": shop.as_str(), ":platform": platform, ":customer": customer,
            ":status": status, ":version": task.version, ":document": document,
        })?
    } else {
        statement.execute(named_params! {
            ":id": task.id.0, ":shop": shop.as_str(), ":platform": platform, ":customer": customer,
            ":status": status, ":version": task.version, ":document": document, ":before": before,
        })?
    };
    if written == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

fn store_payment(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    known: bool,
    payment: &Payment,
) -> Result<(), StorageError> {
    let sql = if known {
        "UPDATE payments SET customer = ?4, outcome = ?5, document = ?6, at = ?7
         WHERE shop = ?1 AND platform = ?2 AND order_id = ?3"
    } else {
        "INSERT INTO payments (shop, platform, order_id, customer, outcome, document, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING"
    };
    let written = c.prepare_cached(sql)?.execute(params![
        shop.as_str(),
        key.platform.as_str(),
        payment.order.as_str(),
        key.id.as_str(),
        payment.stands().name(),
        json(payment)?,
        micros(payment.at)
    ])?;
    if written == 1 { Ok(()) } else { Err(StorageError::Exists) }
}

fn store_message(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    message: &InboundMessage,
    at: i64,
) -> Result<(), StorageError> {
    let document = MessageDocument { text: message.text.clone(), images: message.images.clone() };
    let written = c
        .prepare_cached(
            "INSERT INTO messages (shop, platform, customer, id, at, document, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            shop.as_str(),
            key.platform.as_str(),
            key.id.as_str(),
            message.id.as_str(),
            at,
            json(&document)?,
            message.answer
        ])?;
    if written == 1 { Ok(()) } else { Err(StorageError::Exists) }
}

/// Keeps an answer, with whose it is.
pub(super) fn remember(
    c: &Connection,
    whose: Option<(&ShopId, &CustomerKey)>,
    answer: &RememberedAnswer,
) -> Result<(), StorageError> {
    let (platform, customer) = columns(whose.map(|(_, key)| key));
    let written = c
        .prepare_cached(
            "INSERT INTO answers (key, request, status, body, at, shop, platform, customer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            answer.key.0,
            answer.request,
            answer.status,
            answer.body,
            micros(answer.at),
            whose.map_or("", |(shop, _)| shop.as_str()),
            platform,
            customer
        ])?;
    if written == 1 { Ok(()) } else { Err(StorageError::Exists) }
}

/// The columns that name a customer; both empty where a row is about the shop.
pub(super) fn columns(key: Option<&CustomerKey>) -> (&str, &str) {
    key.map_or(("", ""), |k| (k.platform.as_str(), k.id.as_str()))
}

/// A row that names a customer by platform and id.
pub(super) fn key(platform: &str, customer: &str) -> rusqlite::Result<CustomerKey> {
    Ok(CustomerKey { platform: name(platform)?, id: name(customer)? })
}
