//! Every schema there was: a database of any version is brought to the latest when it is opened.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations, SchemaVersion};

use crate::StorageError;

/// Oldest first. A published one is never changed.
const SCHEMAS: &[M<'static>] = &[
    M::up(include_str!("schema_1.sql")),
    M::up(include_str!("schema_2.sql")),
    M::up(include_str!("schema_3.sql")),
    M::up(include_str!("schema_4.sql")),
    M::up(include_str!("schema_5.sql")),
    M::up(include_str!("schema_6.sql")),
    M::up(include_str!("schema_7.sql")),
];
const MIGRATIONS: Migrations<'static> = Migrations::from_slice(SCHEMAS);

/// Why a database can't be opened.
pub(super) fn problem(path: &Path, why: &dyn std::fmt::Display) -> StorageError {
    StorageError::Open { path: path.display().to_string(), problem: why.to_string() }
}

/// Brings the database at `path` to the latest schema; one of a newer version of this program is left alone.
pub(super) fn bring_up(connection: &mut Connection, path: &Path) -> Result<(), StorageError> {
    match MIGRATIONS.current_version(connection).map_err(|e| problem(path, &e))? {
        SchemaVersion::Outside(found) => Err(StorageError::Newer {
            path: path.display().to_string(),
            found: found.get(),
            known: SCHEMAS.len(),
        }),
        SchemaVersion::NoneSet | SchemaVersion::Inside(_) => {
            MIGRATIONS.to_latest(connection).map_err(|e| problem(path, &e))
        }
    }
}
