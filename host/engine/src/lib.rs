//! Runs the plugins: the only crate that knows wasmtime and WIT.
//!
//! A plugin is hostile input. Each call gets a fresh instance with a deadline, a cap on the sum of its
//! memories and a cap on what it may return; what it returns is parsed, not trusted. If it fails, that one
//! call is answered by the built-in plugin of its role, and an [`Incident`] says what happened.
//!
//! Generated WIT types never leave this crate: callers see `shopkeeper_domain::roles`.

mod answers;
mod bindings;
mod cache;
mod consult;
mod contract;
mod convert;
mod fault;
mod host;
mod journal;
mod plugin;
mod runtime;

pub use answers::PriceBounds;
pub use cache::CodeCache;
pub use consult::{Answered, Consultation};
pub use fault::Fault;
pub use host::{LogLevel, LogLine};
pub use journal::{CallRecord, Incident};
pub use plugin::{Binding, Description, LoadError, Plugin, Problem};
pub use runtime::{Engine, EngineConfig, EngineError};

/// The largest component that is taken, in bytes.
pub const MAX_COMPONENT: usize = 32 << 20;
