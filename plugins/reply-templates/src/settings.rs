//! What a shop can set, read without copying a string.

use plugin_kit::Text;
use serde::Deserialize;

/// The settings a shop starts with: the seed's texts.
pub const DEFAULTS: &str = include_str!("defaults.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// Where no template of the customer's locale fits.
pub(crate) const LOCALE: &str = "zh-CN";

/// Every situation, and the slots that can stand in its texts.
pub const KEYS: [(&str, &[&str]); 12] = [
    ("image-ready", &["operations"]),
    ("image-ready-agent-hint", &["operations"]),
    ("processing-delayed", &[]),
    ("ask-revision-detail", &[]),
    ("revision-accepted", &["count"]),
    ("ask-address", &[]),
    ("confirm-address", &["address"]),
    ("work-mailed", &["address"]),
    ("mail-failed", &["address"]),
    ("handed-off", &[]),
    ("mail-subject", &["name", "count", "operations"]),
    ("mail-body", &["name", "count", "operations"]),
];

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's templates.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings<'a> {
    /// In any order.
    #[serde(borrow)]
    pub templates: Vec<Template<'a>>,
}

/// What is said in one situation, in one locale.
#[derive(Debug, Clone, Deserialize)]
pub struct Template<'a> {
    /// The situation.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// BCP 47; `zh-CN` where it is left out.
    #[serde(borrow, default)]
    pub locale: Option<Text<'a>>,
    /// At least one.
    #[serde(borrow)]
    pub texts: Vec<Text<'a>>,
}

impl Template<'_> {
    pub(crate) fn locale(&self) -> &str {
        self.locale.as_deref().unwrap_or(LOCALE)
    }
}
