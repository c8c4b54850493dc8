//! What a shop can set, read without copying a string.

use plugin_kit::{List, Table, Text};
use serde::Deserialize;

use crate::shipped::SHIPPED;

/// The settings a shop starts with, so that every text can be changed where it stands.
pub const DEFAULTS: &str = include_str!("defaults.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// What can stand in a text, in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// What was done, in the customer's language.
    Operations,
    /// A whole number.
    Count,
    /// An e-mail address.
    Address,
    /// The customer's name, or a polite word where there is none.
    Name,
}

impl Slot {
    const ALL: [Self; 4] = [Self::Operations, Self::Count, Self::Address, Self::Name];

    /// As it is written in a text and given by the host.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Count => "count",
            Self::Address => "address",
            Self::Name => "name",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }
}

/// Every situation, and the slots that can stand in its texts.
pub const KEYS: [(&str, &[Slot]); 12] = [
    ("image-ready", &[Slot::Operations]),
    ("image-ready-agent-hint", &[Slot::Operations]),
    ("processing-delayed", &[]),
    ("ask-revision-detail", &[]),
    ("revision-accepted", &[Slot::Count]),
    ("ask-address", &[]),
    ("confirm-address", &[Slot::Address]),
    ("work-mailed", &[Slot::Address]),
    ("mail-failed", &[Slot::Address]),
    ("handed-off", &[]),
    ("mail-subject", &[Slot::Name, Slot::Count, Slot::Operations]),
    ("mail-body", &[Slot::Name, Slot::Count, Slot::Operations]),
];

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    // Reading takes longer than all the rest of a call: a shop that changed nothing is spared it.
    if plugin_kit::same(text, DEFAULTS) {
        return Ok(SHIPPED);
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's words. What it does not say itself is said in the words it started with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Settings<'a> {
    /// Whether the emoji in the texts are sent.
    #[serde(default)]
    pub emoji: bool,
    /// By locale.
    #[serde(borrow, default)]
    pub templates: Table<'a, Texts<'a>>,
}

/// The wordings of every situation, in one locale.
pub(crate) type Texts<'a> = Table<'a, List<'a, Wording<'a>>>;

/// One way of saying something.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Wording<'a> {
    /// With slots in braces.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// How often it is chosen, compared with the others; never where it is 0.
    #[serde(default = "once")]
    pub weight: u32,
    /// What it is called where wordings are compared; its number where it is left out.
    #[serde(borrow, default)]
    pub label: Option<Text<'a>>,
}

fn once() -> u32 {
    1
}
