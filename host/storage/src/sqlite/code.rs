//! How values are written into columns and read back.

use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use serde::{Serialize, de::DeserializeOwned};

use crate::StorageError;

pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|e| StorageError::Failed(format!("a value can't be written: {e}")))
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| damaged(&e.to_string()))
}

/// A column that holds a name: an id, a platform, a status.
pub(super) fn name<T: std::str::FromStr>(text: &str) -> rusqlite::Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| damaged(&e.to_string()))
}

pub(super) fn damaged(problem: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, problem.to_owned().into())
}
