//! What a shop can set.

use serde::Deserialize;

use crate::calendar::Local;

/// The settings a shop starts with.
pub const DEFAULTS: &str = include_str!("../settings.default.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("../settings.schema.json");

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Amounts are in fen.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// One row a complexity.
    pub prices: Vec<Row>,
    /// From few pictures to many.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// In any order; no two at once.
    #[serde(default)]
    pub sales: Vec<Sale>,
}

/// What a picture of one complexity costs.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// As the analysis names it.
    pub complexity: String,
    /// As the bill names it.
    pub label: String,
    /// At least.
    pub low: i64,
    /// At most.
    pub high: i64,
}

/// A discount for many pictures.
#[derive(Debug, Clone, Deserialize)]
pub struct Tier {
    /// From how many pictures.
    pub from: usize,
    /// Of a hundred.
    pub percent_off: i64,
}

/// A discount for a while.
#[derive(Debug, Clone, Deserialize)]
pub struct Sale {
    /// As customers know it.
    pub label: String,
    /// The first minute.
    pub from: Local,
    /// The first minute after it.
    pub to: Local,
    /// Of a hundred.
    pub percent_off: i64,
}
