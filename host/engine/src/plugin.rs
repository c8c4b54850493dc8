//! A plugin, and a plugin bound to a shop with its settings.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;
use serde::{Deserialize, Serialize};
use shopkeeper_domain::roles::Role;

use crate::{
    bindings::{detection::DetectionPluginPre, pricing::PricingPluginPre, wording::WordingPluginPre},
    examine::Finding,
    host::Call,
};

/// The longest message about settings that is kept, in characters.
const MESSAGE: usize = 300;

/// Who a plugin says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is wrong with settings, as the plugin says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) into the settings.
    pub pointer: String,
    /// In a sentence.
    pub message: String,
}

impl Problem {
    /// Without what could mislead whoever reads it.
    pub(crate) fn said(pointer: &str, message: &str) -> Self {
        let clean = |text: &str| {
            text.chars().filter(|c| !crate::answers::is_hidden(*c) && *c != '\n').take(MESSAGE).collect()
        };
        Self { pointer: clean(pointer), message: clean(message) }
    }
}

/// Why a component is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no plugin of this role for this host; every reason, in plain words.
    #[error("the component {}", sentences(.0))]
    Refused(Vec<Finding>),
    /// Its file is missing, damaged, or could not be written.
    #[error("the component's file: {0}")]
    File(#[from] std::io::Error),
    /// It took more time or memory to compile than it may.
    #[error("the component {0}")]
    TooCostly(Finding),
    /// The program that compiles could not be run: something is wrong with this installation, not with the component.
    #[error("the compiler could not be run: {0}")]
    Compiler(String),
}

fn sentences(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The component, type-checked against its world and linked: what a fresh instance is made from.
pub(crate) enum World {
    Pricing(PricingPluginPre<Call>),
    Detection(DetectionPluginPre<Call>),
    Wording(WordingPluginPre<Call>),
}

/// A plugin's code for one way of running it: in memory while it is used, and only then.
#[derive(Default)]
pub(crate) struct Code {
    pub(crate) world: ArcSwapOption<World>,
    /// When it was last asked for, on the engine's clock.
    pub(crate) used: AtomicU64,
    /// Held while it is being loaded, so that it is loaded once.
    pub(crate) loading: tokio::sync::Mutex<()>,
    /// Can't be loaded again: never unloaded.
    pub(crate) pinned: bool,
}

impl Code {
    pub(crate) fn pinned(world: World) -> Self {
        Self { world: ArcSwapOption::from_pointee(world), pinned: true, ..Self::default() }
    }

    /// Lets go of the code if it was not asked for since; calls under way keep theirs.
    pub(crate) fn unload(&self, since: u64) -> bool {
        !self.pinned && self.used.load(Ordering::Relaxed) < since && self.world.swap(None).is_some()
    }
}

/// A plugin: who it is. Its code is loaded when it is called.
pub struct Plugin {
    /// Its role.
    pub role: Role,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Who it says it is.
    pub description: Description,
    pub(crate) live: Code,
    pub(crate) metered: Code,
}

impl Plugin {
    /// The digest in hex.
    pub fn digest_hex(&self) -> String {
        crate::journal::hex(&self.digest)
    }

    /// Whether its code is in memory.
    pub fn is_loaded(&self) -> bool {
        self.live.world.load().is_some()
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
    /// Counts the bindings of this shop and role.
    pub revision: u32,
}
