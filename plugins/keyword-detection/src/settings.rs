//! What a shop can set, read without copying a string.

use plugin_kit::Text;
use serde::Deserialize;

/// The settings a shop starts with: the seed's tables, and the words that keep it from guessing wrong.
pub const DEFAULTS: &str = include_str!("defaults.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's keyword tables. A table that is left out is empty.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings<'a> {
    /// What each operation is called by customers.
    #[serde(borrow, default)]
    pub operations: Vec<Operation<'a>>,
    /// A person must take over.
    #[serde(borrow, default)]
    pub hand_off: Vec<Text<'a>>,
    /// The address is not to be used.
    #[serde(borrow, default)]
    pub withdraw_address: Vec<Text<'a>>,
    /// The work is not right yet.
    #[serde(borrow, default)]
    pub revise: Vec<Text<'a>>,
    /// Something is asked, so nothing is confirmed.
    #[serde(borrow, default)]
    pub question: Vec<Text<'a>>,
    /// The work is accepted.
    #[serde(borrow, default)]
    pub confirm: Vec<Text<'a>>,
    /// Masked before anything is matched.
    #[serde(borrow, default)]
    pub traps: Vec<Text<'a>>,
    /// Right before a word of `revise` they turn it round.
    #[serde(borrow, default)]
    pub negators: Vec<Text<'a>>,
}

/// An operation and its keywords.
#[derive(Debug, Clone, Deserialize)]
pub struct Operation<'a> {
    /// Such as `enhance`.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Any of them asks for it.
    #[serde(borrow)]
    pub keywords: Vec<Text<'a>>,
}
