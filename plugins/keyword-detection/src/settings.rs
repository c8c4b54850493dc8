//! What a shop can set, read without copying a string.

use plugin_kit::{List, Text};
use serde::Deserialize;

use crate::defaults::{DEFAULTS, SHIPPED};

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    if plugin_kit::same(text, DEFAULTS) {
        return Ok(SHIPPED);
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's keyword tables. A table that is left out is empty.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Settings<'a> {
    /// What each operation is called by customers.
    #[serde(borrow, default)]
    pub operations: List<'a, Operation<'a>>,
    /// A person must take over.
    #[serde(borrow, default)]
    pub hand_off: List<'a, Text<'a>>,
    /// The address is not to be used.
    #[serde(borrow, default)]
    pub withdraw_address: List<'a, Text<'a>>,
    /// The work is not right yet.
    #[serde(borrow, default)]
    pub revise: List<'a, Text<'a>>,
    /// Something is asked, so nothing is confirmed.
    #[serde(borrow, default)]
    pub question: List<'a, Text<'a>>,
    /// The work is accepted.
    #[serde(borrow, default)]
    pub confirm: List<'a, Text<'a>>,
    /// Masked before anything is matched.
    #[serde(borrow, default)]
    pub traps: List<'a, Text<'a>>,
    /// Right before a word of `revise` they turn it round.
    #[serde(borrow, default)]
    pub negators: List<'a, Text<'a>>,
}

/// An operation and its keywords.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Operation<'a> {
    /// Such as `enhance`.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Any of them asks for it.
    #[serde(borrow)]
    pub keywords: List<'a, Text<'a>>,
}
