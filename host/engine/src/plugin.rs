//! A loaded plugin, and a plugin bound to a shop with its settings.

use std::sync::Arc;

use shopkeeper_domain::roles::Role;

use crate::{
    Fault,
    bindings::{detection::DetectionPluginPre, pricing::PricingPluginPre, wording::WordingPluginPre},
    host::Call,
};

/// Who a plugin says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Such as `price-table`.
    pub name: Arc<str>,
    /// The plugin's own version.
    pub version: Arc<str>,
    /// What it does, in a sentence or two.
    pub summary: String,
    /// JSON Schema (2020-12) of its settings.
    pub settings_schema: String,
    /// JSON text, valid under the schema.
    pub default_settings: Arc<str>,
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) into the settings.
    pub pointer: String,
    /// In a sentence.
    pub message: String,
}

/// Why a component is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no plugin of this role for this host; every reason, in plain words.
    #[error("the component {}", .0.join("; "))]
    Refused(Vec<String>),
    /// It is one, but it fails when asked who it is.
    #[error("the component fails when asked to describe itself: {0}")]
    Describe(Fault),
}

/// The component, type-checked against its world and linked: what a fresh instance is made from.
pub(crate) enum World {
    Pricing(PricingPluginPre<Call>),
    Detection(DetectionPluginPre<Call>),
    Wording(WordingPluginPre<Call>),
}

/// A plugin, ready to be called.
pub struct Plugin {
    /// Its role.
    pub role: Role,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Who it says it is.
    pub description: Description,
    pub(crate) world: World,
}

impl Plugin {
    /// The digest in hex.
    pub fn digest_hex(&self) -> String {
        crate::journal::hex(&self.digest)
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("role", &self.role)
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}

/// A plugin with the settings it answers by.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// JSON text, checked by the plugin before it was bound.
    pub settings: Arc<str>,
    /// Counts the settings of this shop and role.
    pub revision: u32,
}
