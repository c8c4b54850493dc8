//! The outbox, and the analyses that wait for the agent.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use shopkeeper_domain::{CustomerKey, OutboxId, ShopId, TaskId};
use uuid::Uuid;

use super::case;
use super::code::{json, micros, name, time};
use crate::{AnswerOf, NewEntry, Offer, OutboxEntry, Settle, StorageError, Whose};

pub(super) const COLUMNS: &str =
    "id, shop, platform, customer, kind, task, account, payload, attempts, calls, created_at";
/// Whether an entry `o` was not queued before a person took its conversation over.
const NOT_HELD: &str = "o.seq > coalesce((SELECT c.held_after FROM customers c WHERE c.shop = o.shop
           AND c.platform = o.platform AND c.customer = o.customer), 0)";
/// Whether no notice to the agent that is still open stands before an entry `o`. What a person keeps back stands in
/// nobody's way.
const NO_NOTICE: &str = "NOT EXISTS (SELECT 1 FROM outbox e WHERE e.shop = o.shop AND e.platform = o.platform
           AND e.customer = o.customer AND e.seq < o.seq AND e.state IN ('waiting', 'claimed')
           AND e.kind IN ('text', 'image', 'agent') AND e.kind = 'agent'
           AND e.seq > coalesce((SELECT c.held_after FROM customers c WHERE c.shop = o.shop
               AND c.platform = o.platform AND c.customer = o.customer), 0))";
/// Whether nothing of the conversation stands before an entry `o`.
const FIRST: &str = "NOT EXISTS (SELECT 1 FROM outbox e WHERE e.shop = o.shop AND e.platform = o.platform
           AND e.customer = o.customer AND e.seq < o.seq AND e.state IN ('waiting', 'claimed')
           AND e.kind IN ('text', 'image', 'agent')
           AND e.seq > coalesce((SELECT c.held_after FROM customers c WHERE c.shop = o.shop
               AND c.platform = o.platform AND c.customer = o.customer), 0))";

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let account = row.get_ref(6)?.as_str_or_null()?.map(name).transpose()?;
    Ok(OutboxEntry {
        id: OutboxId(row.get(0)?),
        shop: name(row.get_ref(1)?.as_str()?)?,
        customer: match row.get_ref(3)?.as_str()? {
            "" => None,
            id => Some(case::key(row.get_ref(2)?.as_str()?, id)?),
        },
        kind: row.get(4)?,
        task: row.get::<_, Option<Uuid>>(5)?.map(TaskId),
        account,
        payload: row.get(7)?,
        attempts: row.get(8)?,
        calls: row.get(9)?,
        created_at: time(row.get(10)?),
    })
}

pub(super) fn add(
    c: &Connection,
    shop: &ShopId,
    key: Option<&CustomerKey>,
    entry: &NewEntry,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let (platform, customer) = case::columns(key);
    c.prepare_cached(
        "INSERT INTO outbox (id, shop, platform, customer, kind, task, account, payload, due, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
    )?
    .execute(params![
        entry.id.0,
        shop.as_str(),
        platform,
        customer,
        entry.kind,
        entry.task.map(|t| t.0),
        entry.account.as_ref().map(|a| a.as_str()),
        entry.payload,
        micros(now)
    ])?;
    Ok(())
}

pub(super) fn waiting_chat(
    c: &Connection,
    shop: &ShopId,
    after: Option<OutboxId>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StorageError> {
    let position = match after {
        Some(id) => c
            .prepare_cached("SELECT seq FROM outbox WHERE id = ?1 AND shop = ?2")?
            .query_row(params![id.0, shop.as_str()], |row| row.get(0))
            .optional()?
            .unwrap_or(0),
        None => 0i64,
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox o
         WHERE shop = ?1 AND state IN ('waiting', 'claimed') AND kind IN ('text', 'image') AND seq > ?2
             AND state = 'waiting' AND {NOT_HELD} AND {NO_NOTICE}
         ORDER BY seq LIMIT ?3"
    );
    let rows = c
        .prepare_cached(&sql)?
        .query_map(params![shop.as_str(), position, limit], entry)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn acknowledge(
    c: &Connection,
    shop: &ShopId,
    id: OutboxId,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let known = c
        .prepare_cached(
            "UPDATE outbox SET state = 'done', settled_at = coalesce(settled_at, ?3)
             WHERE id = ?1 AND shop = ?2 AND kind IN ('text', 'image')",
        )?
        .execute(params![id.0, shop.as_str(), micros(now)])?;
    Ok(known == 1)
}

/// Whose entries are taken, as SQL has it.
pub(super) struct Shops {
    only: Option<ShopId>,
    /// A JSON list.
    but: String,
}

impl Shops {
    pub(super) fn of(whose: Whose<'_>) -> Self {
        let (only, but) = match whose {
            Whose::Everybodys => (None, &[][..]),
            Whose::Of(shop) => (Some(shop.clone()), &[][..]),
            Whose::AllBut(shops) => (None, shops),
        };
        let names: Vec<&str> = but.iter().map(ShopId::as_str).collect();
        Self { only, but: serde_json::json!(names).to_string() }
    }
}

/// The text of the condition is that of the index `outbox_work`: without it every claim goes through the whole outbox.
const CLAIM: &str = "SELECT seq FROM outbox
     WHERE kind = ?1 AND state IN ('waiting', 'claimed') AND kind NOT IN ('text', 'image')
       AND due <= ?2 AND (?3 IS NULL OR shop = ?3) AND shop NOT IN (SELECT value FROM json_each(?4))
     ORDER BY due, seq LIMIT ?5";

pub(super) fn claim(
    c: &Connection,
    kind: &str,
    shops: &Shops,
    owner: &str,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StorageError> {
    // What was claimed and never settled is due again when its lease is over.
    let due: Vec<i64> = c
        .prepare_cached(CLAIM)?
        .query_map(
            params![kind, micros(now), shops.only.as_ref().map(ShopId::as_str), shops.but, limit],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    take(c, &due, owner, lease)
}

const NOTICES: &str = "kind = 'agent' AND shop NOT IN (SELECT value FROM json_each(?2))";
const PUSHED: &str = "kind IN ('text', 'image') AND shop = ?2";

fn talk(which: &str) -> String {
    format!(
        "SELECT seq FROM outbox o
         WHERE state IN ('waiting', 'claimed') AND due <= ?1 AND {which} AND {NOT_HELD} AND {FIRST}
         ORDER BY seq LIMIT ?3"
    )
}

/// The first of each conversation: what follows waits until it is done.
pub(super) fn claim_talk(
    c: &Connection,
    pushed: &[ShopId],
    busy: &[ShopId],
    owner: &str,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StorageError> {
    let mut due: Vec<i64> = Vec::new();
    let look = |due: &mut Vec<i64>, which: &str, of: &str| -> Result<(), StorageError> {
        let room = limit.saturating_sub(due.len() as u32);
        if room == 0 {
            return Ok(());
        }
        let mut found = c.prepare_cached(&talk(which))?;
        for seq in found.query_map(params![micros(now), of, room], |row| row.get(0))? {
            due.push(seq?);
        }
        Ok(())
    };
    // Each look goes by an index of its own, and ends when there is enough: what connectors pull is not gone through, and
    // of several shops' entries none need be put in order.
    let busy: Vec<&str> = busy.iter().map(ShopId::as_str).collect();
    look(&mut due, NOTICES, &json(&busy)?)?;
    for shop in pushed {
        look(&mut due, PUSHED, shop.as_str())?;
    }
    take(c, &due, owner, lease)
}

fn take(
    c: &Connection,
    due: &[i64],
    owner: &str,
    lease: DateTime<Utc>,
) -> Result<Vec<OutboxEntry>, StorageError> {
    let take = format!(
        "UPDATE outbox SET state = 'claimed', owner = ?2, due = ?3, attempts = attempts + 1
         WHERE seq = ?1 RETURNING {COLUMNS}"
    );
    let mut take = c.prepare_cached(&take)?;
    let mut taken = Vec::with_capacity(due.len());
    for seq in due {
        taken.push(take.query_row(params![seq, owner, micros(lease)], entry)?);
    }
    Ok(taken)
}

pub(super) fn count_call(
    c: &Connection,
    id: OutboxId,
    owner: &str,
    lease: DateTime<Utc>,
) -> Result<Option<u32>, StorageError> {
    Ok(c.prepare_cached(
        "UPDATE outbox SET calls = calls + 1, due = ?3
         WHERE id = ?1 AND state = 'claimed' AND owner = ?2 RETURNING calls",
    )?
    .query_row(params![id.0, owner, micros(lease)], |row| row.get(0))
    .optional()?)
}

pub(super) fn settle(c: &Connection, settle: &Settle) -> Result<(), StorageError> {
    c.prepare_cached("UPDATE outbox SET state = 'done', owner = NULL, settled_at = ?2 WHERE id = ?1")?
        .execute(params![settle.id.0, micros(settle.now)])?;
    Ok(())
}

pub(super) fn postpone(
    c: &Connection,
    id: OutboxId,
    until: DateTime<Utc>,
    problem: Option<&str>,
) -> Result<(), StorageError> {
    c.prepare_cached(
        "UPDATE outbox SET state = 'waiting', owner = NULL, due = ?2, problem = coalesce(?3, problem),
             attempts = attempts - (?3 IS NULL)
         WHERE id = ?1 AND state = 'claimed'",
    )?
    .execute(params![id.0, micros(until), problem])?;
    Ok(())
}

pub(super) fn reword(
    c: &Connection,
    id: OutboxId,
    payload: &str,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    c.prepare_cached(
        "UPDATE outbox SET kind = 'text', payload = ?2, state = 'waiting', owner = NULL, due = ?3, attempts = 0
         WHERE id = ?1 AND kind = 'agent' AND state = 'claimed'",
    )?
    .execute(params![id.0, payload, micros(now)])?;
    Ok(())
}

pub(super) fn release(c: &Connection, owner: &str) -> Result<usize, StorageError> {
    Ok(c.prepare_cached(
        "UPDATE outbox SET state = 'waiting', owner = NULL, due = created_at
         WHERE state = 'claimed' AND owner = ?1",
    )?
    .execute([owner])?)
}

pub(super) fn take_offer(
    c: &Connection,
    shop: &ShopId,
    key: &CustomerKey,
    answer: &AnswerOf,
) -> Result<Option<Offer>, StorageError> {
    let mut take = c.prepare_cached(
        "DELETE FROM offers WHERE seq =
             (SELECT min(seq) FROM offers WHERE shop = ?1 AND platform = ?2 AND customer = ?3)
         RETURNING task",
    )?;
    let task = loop {
        let first: Option<Uuid> = take
            .query_row(params![shop.as_str(), key.platform.as_str(), key.id.as_str()], |row| row.get(0))
            .optional()?;
        let Some(id) = first else { return Ok(None) };
        // What was cancelled meanwhile needs no price any more.
        if let Some(task) = case::task(c, shop, TaskId(id))?.filter(|t| !t.status().is_final()) {
            break task;
        }
    };
    if let Some(answer) = answer(&task) {
        case::remember(c, Some((shop, key)), &answer)?;
    }
    Ok(Some(Offer { task }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: a condition that was worded otherwise than the index made every claim go through the whole outbox.
    #[test]
    fn a_claim_goes_by_an_index() {
        let mut c = Connection::open_in_memory().expect("a database");
        crate::sqlite::schema::bring_up(&mut c, std::path::Path::new("")).expect("the schema");
        for (sql, index) in [
            (CLAIM.to_owned(), "outbox_work"),
            (talk(NOTICES), "outbox_notices"),
            (talk(PUSHED), "outbox_pushed"),
        ] {
            let mut explain = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a plan");
            let wanted = explain.parameter_count();
            let nothing = vec![rusqlite::types::Null; wanted];
            let plan: Vec<String> = explain
                .query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))
                .expect("a plan")
                .collect::<Result<_, _>>()
                .expect("its steps");
            assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
            assert!(!plan.iter().any(|step| step == "SCAN outbox" || step == "SCAN o"), "{plan:?}");
            // One that first puts all that waits in order takes the longer the more waits.
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
