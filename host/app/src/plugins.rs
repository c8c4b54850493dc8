//! The plugins of every shop: asked here, watched here, changed here.
//!
//! Customers' calls take no lock: a turn holds the shop's state it began with. A plugin that fails is noted in
//! [`health`]; what follows from it (quarantine, a canary stopped) is done after the customer's own commit.

mod changes;
mod consult;
mod health;
mod journal;
mod replay;
mod shadow;

use std::sync::Arc;

use shopkeeper_domain::{
    ShopId,
    roles::Role,
    rollout::{Digest, NoTurn},
};
use shopkeeper_engine::{Capability, Engine, Fault, Finding, LoadError, Problem};
use shopkeeper_storage::{Storage, StorageError};
use tokio::sync::Semaphore;

use crate::{metrics::Metrics, shops::Shops, wake::Wake};

pub(crate) use changes::{Mode, Wanted};
pub(crate) use health::Health;
pub(crate) use journal::Journal;
pub(crate) use replay::{Different, Replayed};
pub(crate) use shadow::Beside;

/// How many uploads are taken in at a time: one is examined, the others wait.
const UPLOADS: usize = 4;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PluginError {
    /// The component is no plugin for this host.
    #[error("{}", sentences(.0))]
    Refused(Vec<Finding>),
    /// As many are being examined as may.
    #[error("several components are being examined already: try again in a moment")]
    Busy,
    /// The shop has no such component.
    #[error("no component {0} was uploaded to this shop")]
    Unknown(Digest),
    /// It is no plugin of this role.
    #[error("{name} is a plugin for {has}, not for {role}")]
    OtherRole {
        /// Its name.
        name: String,
        /// What it is for.
        has: String,
        /// What it was to do.
        role: Role,
    },
    /// It asks for what the shop does not allow.
    #[error("{name} asks for {asks}, which this shop's setting plugin_capabilities does not allow")]
    NotAllowed {
        /// Its name.
        name: String,
        /// What it asks for.
        asks: String,
    },
    /// The settings do not suit it.
    #[error("the settings do not suit {name}: {}", problem_sentences(.problems))]
    Settings {
        /// Its name.
        name: String,
        /// What is wrong with them.
        problems: Vec<Problem>,
    },
    /// It failed when it was asked to check the settings.
    #[error("{name} fails when asked to check its settings: {fault}")]
    Failed {
        /// Its name.
        name: String,
        /// How.
        fault: Fault,
    },
    /// The state does not allow it.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// Somebody else keeps changing it.
    #[error("somebody else is changing this role's plugin: try again")]
    Contended,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The installation failed.
    #[error(transparent)]
    Load(LoadError),
}

fn sentences(findings: &[Finding]) -> String {
    findings.iter().map(|f| f.what.as_str()).collect::<Vec<_>>().join("; ")
}

fn problem_sentences(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{} {}", p.pointer, p.message)).collect::<Vec<_>>().join("; ")
}

impl From<LoadError> for PluginError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Refused(findings) => Self::Refused(findings),
            LoadError::TooCostly(finding) => Self::Refused(vec![finding]),
            other => Self::Load(other),
        }
    }
}

/// The desk that all of it goes over.
pub(crate) struct Plugins {
    pub(crate) store: Arc<dyn Storage>,
    pub(crate) engine: Engine,
    pub(crate) shops: Arc<Shops>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) wake: Arc<Wake>,
    pub(crate) beside: Beside,
    uploads: Semaphore,
}

impl Plugins {
    pub(crate) fn new(
        store: Arc<dyn Storage>,
        engine: Engine,
        shops: Arc<Shops>,
        metrics: Arc<Metrics>,
        wake: Arc<Wake>,
    ) -> Self {
        let uploads = Semaphore::new(UPLOADS);
        Self { store, engine, shops, metrics, wake, beside: Beside::new(), uploads }
    }
}

/// The names of capabilities, for a person.
fn names(capabilities: &[Capability]) -> String {
    capabilities.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")
}

/// For lines of the host's own log.
fn about(shop: &ShopId, role: Role) -> String {
    format!("{shop}/{role}")
}
