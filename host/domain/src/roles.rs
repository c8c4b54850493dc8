//! What the host asks of a plugin and what it takes for an answer, role by role, in the domain's own types.
//!
//! These mirror `wit/`, but a value here has been checked: the engine turns a plugin's answer into one of
//! these or reports a fault.

pub mod detection;
pub mod pricing;
pub mod wording;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The three jobs a plugin can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What a piece of work costs.
    Pricing,
    /// What a customer's message asks for.
    Detection,
    /// How the shop says it.
    Wording,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Pricing, Self::Detection, Self::Wording];

    /// As in paths and WIT packages: `pricing`, `detection`, `wording`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pricing => "pricing",
            Self::Detection => "detection",
            Self::Wording => "wording",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Named strings, documented per interface in `wit/README.md`.
pub type Attributes = Vec<(String, String)>;

/// The moment of the call, which is all the clock a plugin has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Since 1970-01-01T00:00:00Z.
    pub unix_milliseconds: i64,
    /// The shop's offset from UTC, such as 480 for Beijing.
    pub utc_offset_minutes: i16,
}

/// The customer in numbers: no name, no address, no identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNumbers {
    /// Orders delivered.
    pub completed_orders: u32,
    /// Revisions asked for, over all orders.
    pub revisions: u32,
    /// Such as 新客, 回头客.
    pub tags: Vec<String>,
    /// Empty for now.
    pub attributes: Attributes,
}

/// Why a plugin gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "kebab-case")]
pub enum Refusal {
    /// The request itself makes no sense; names the field.
    InvalidInput(String),
    /// Well formed, but not something this plugin deals with.
    Unsupported(String),
    /// A person at the shop must decide.
    NeedsPerson(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput(why) => write!(f, "invalid input: {why}"),
            Self::Unsupported(what) => write!(f, "unsupported: {what}"),
            Self::NeedsPerson(why) => write!(f, "needs a person: {why}"),
            Self::Other(why) => f.write_str(why),
        }
    }
}
