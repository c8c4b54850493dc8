//! Plugins: what was uploaded, what answers, and what they did.

use rusqlite::{Connection, OptionalExtension, Row, params};
use shopkeeper_domain::{
    CustomerKey, ShopId,
    roles::Role,
    rollout::{Digest, Rollout},
};

use super::code::{damaged, json, micros, name, parse, time};
use super::{case, entries, lookup};
use crate::{
    Call, CallFilter, CallMode, Incident, Page, ShadowCounts, StorageError, Turn, Turning, UploadedPlugin,
};

fn role(text: &str) -> rusqlite::Result<Role> {
    Role::ALL.into_iter().find(|r| r.name() == text).ok_or_else(|| damaged("no role"))
}

pub(super) fn add(c: &Connection, shop: &ShopId, plugin: &UploadedPlugin) -> Result<(), StorageError> {
    c.prepare_cached(
        "INSERT INTO plugins (shop, digest, report, uploaded_by, uploaded_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        shop.as_str(),
        plugin.digest.bytes(),
        plugin.report,
        plugin.by,
        micros(plugin.at)
    ])?;
    Ok(())
}

fn uploaded(row: &Row<'_>) -> rusqlite::Result<UploadedPlugin> {
    Ok(UploadedPlugin {
        digest: Digest::new(row.get(0)?),
        report: row.get(1)?,
        by: row.get(2)?,
        at: time(row.get(3)?),
    })
}

pub(super) fn all(c: &Connection, shop: &ShopId) -> Result<Vec<UploadedPlugin>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT digest, report, uploaded_by, uploaded_at FROM plugins WHERE shop = ?1
             ORDER BY uploaded_at DESC, digest",
        )?
        .query_map([shop.as_str()], uploaded)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn one(
    c: &Connection,
    shop: &ShopId,
    digest: Digest,
) -> Result<Option<UploadedPlugin>, StorageError> {
    Ok(c.prepare_cached(
        "SELECT digest, report, uploaded_by, uploaded_at FROM plugins WHERE shop = ?1 AND digest = ?2",
    )?
    .query_row(params![shop.as_str(), digest.bytes()], uploaded)
    .optional()?)
}

pub(super) fn rollouts(c: &Connection, shop: &ShopId) -> Result<Vec<(Role, Rollout)>, StorageError> {
    let rows = c
        .prepare_cached("SELECT role, document FROM rollouts WHERE shop = ?1")?
        .query_map([shop.as_str()], |row| {
            Ok((role(row.get_ref(0)?.as_str()?)?, parse(row.get_ref(1)?.as_str()?)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Compare-and-set on the rollout's version, with its line of history and its alert.
pub(super) fn turn(c: &Connection, turning: &Turning) -> Result<(), StorageError> {
    let Turning { shop, role, after, turn, alert } = turning;
    let document = json(after)?;
    let written = if after.version <= 1 {
        c.prepare_cached(
            "INSERT INTO rollouts (shop, role, version, document) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![shop.as_str(), role.name(), after.version, document])?
    } else {
        c.prepare_cached(
            "UPDATE rollouts SET version = ?3, document = ?4 WHERE shop = ?1 AND role = ?2 AND version = ?3 - 1",
        )?
        .execute(params![shop.as_str(), role.name(), after.version, document])?
    };
    if written != 1 {
        return Err(StorageError::Stale);
    }
    c.prepare_cached(
        "INSERT INTO turns (shop, role, at, actor, reason, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        shop.as_str(),
        role.name(),
        micros(turn.at),
        turn.actor,
        turn.reason,
        json(&turn.turned)?
    ])?;
    match alert {
        Some(alert) => entries::add(c, shop, None, alert, turn.at),
        None => Ok(()),
    }
}

pub(super) fn turns(
    c: &Connection,
    shop: &ShopId,
    role: Role,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<Turn>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT seq, at, actor, reason, document FROM turns WHERE shop = ?1 AND role = ?2 AND seq < ?3
             ORDER BY seq DESC LIMIT ?4",
        )?
        .query_map(
            params![shop.as_str(), role.name(), before.unwrap_or(i64::MAX), i64::from(limit) + 1],
            |row| {
                let turn = Turn {
                    at: time(row.get(1)?),
                    actor: row.get(2)?,
                    reason: row.get(3)?,
                    turned: parse(row.get_ref(4)?.as_str()?)?,
                };
                Ok((row.get(0)?, turn))
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok(lookup::page(rows, limit))
}

pub(super) fn add_calls(
    c: &Connection,
    shop: &ShopId,
    key: Option<&CustomerKey>,
    calls: &[Call],
) -> Result<(), StorageError> {
    let (platform, customer) = case::columns(key);
    for call in calls {
        c.prepare_cached(
            "INSERT INTO calls (shop, platform, customer, at, role, function, mode, digest, settings_revision, input,
                 output, fault, took_ns, memory_bytes, log, agrees)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            shop.as_str(),
            platform,
            customer,
            micros(call.at),
            call.role.name(),
            call.function,
            call.mode.name(),
            call.digest.bytes(),
            call.settings_revision,
            call.input,
            call.output,
            call.fault,
            call.took_ns,
            call.memory_bytes,
            call.log,
            call.agrees
        ])?;
    }
    Ok(())
}

pub(super) fn calls(c: &Connection, shop: &ShopId, filter: CallFilter) -> Result<Page<Call>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT seq, function, mode, digest, settings_revision, input, output, fault, took_ns, memory_bytes, log,
                 agrees, at
             FROM calls
             WHERE shop = ?1 AND role = ?2 AND seq < ?3 AND (?4 IS NULL OR mode = ?4) AND (NOT ?5 OR log IS NOT NULL)
             ORDER BY seq DESC LIMIT ?6",
        )?
        .query_map(
            params![
                shop.as_str(),
                filter.role.name(),
                filter.before.unwrap_or(i64::MAX),
                filter.mode.map(CallMode::name),
                filter.logged,
                i64::from(filter.limit) + 1
            ],
            |row| {
                let call = Call {
                    role: filter.role,
                    function: row.get::<_, String>(1)?.into(),
                    mode: name(row.get_ref(2)?.as_str()?)?,
                    digest: Digest::new(row.get(3)?),
                    settings_revision: row.get(4)?,
                    input: row.get(5)?,
                    output: row.get(6)?,
                    fault: row.get(7)?,
                    took_ns: row.get(8)?,
                    memory_bytes: row.get(9)?,
                    log: row.get(10)?,
                    agrees: row.get(11)?,
                    at: time(row.get(12)?),
                };
                Ok((row.get(0)?, call))
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok(lookup::page(rows, filter.limit))
}

pub(super) fn shadow_counts(
    c: &Connection,
    shop: &ShopId,
    role: Role,
    revision: u32,
) -> Result<ShadowCounts, StorageError> {
    Ok(c.prepare_cached(
        "SELECT count(*), coalesce(sum(agrees), 0), coalesce(sum(NOT agrees), 0), coalesce(sum(fault IS NOT NULL), 0)
         FROM calls WHERE shop = ?1 AND role = ?2 AND settings_revision = ?3 AND mode = 'shadow'",
    )?
    .query_row(params![shop.as_str(), role.name(), revision], |row| {
        Ok(ShadowCounts {
            calls: row.get(0)?,
            same: row.get(1)?,
            different: row.get(2)?,
            faults: row.get(3)?,
        })
    })?)
}

pub(super) fn add_incidents(
    c: &Connection,
    shop: &ShopId,
    key: Option<&CustomerKey>,
    incidents: &[Incident],
) -> Result<(), StorageError> {
    let (platform, customer) = case::columns(key);
    for incident in incidents {
        c.prepare_cached(
            "INSERT INTO incidents (shop, platform, customer, at, role, function, digest, settings_revision, fault,
                 backtrace, input)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            shop.as_str(),
            platform,
            customer,
            micros(incident.at),
            incident.role.name(),
            incident.function,
            incident.digest.bytes(),
            incident.settings_revision,
            incident.fault,
            incident.backtrace,
            incident.input
        ])?;
    }
    Ok(())
}

pub(super) fn incidents(
    c: &Connection,
    shop: &ShopId,
    role: Role,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<Incident>, StorageError> {
    let rows = c
        .prepare_cached(
            "SELECT seq, at, function, digest, settings_revision, fault, backtrace, input FROM incidents
             WHERE shop = ?1 AND role = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4",
        )?
        .query_map(
            params![shop.as_str(), role.name(), before.unwrap_or(i64::MAX), i64::from(limit) + 1],
            |row| {
                let incident = Incident {
                    at: time(row.get(1)?),
                    role,
                    function: row.get(2)?,
                    digest: Digest::new(row.get(3)?),
                    settings_revision: row.get(4)?,
                    fault: row.get(5)?,
                    backtrace: row.get(6)?,
                    input: row.get(7)?,
                };
                Ok((row.get(0)?, incident))
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok(lookup::page(rows, limit))
}
