//! Runs the plugins: the only crate that knows wasmtime and WIT.
//!
//! A plugin is hostile input. Each call gets a fresh instance with a deadline, a cap on the sum of its
//! memories and a cap on what it may return; what it returns is parsed, not trusted. If it fails, that one
//! call is answered by the built-in plugin of its role, and an [`Incident`] says what happened.
//!
//! Generated WIT types never leave this crate: callers see `shopkeeper_domain::roles`.

mod answers;
mod ask;
mod bindings;
mod cache;
mod child;
mod consult;
mod contract;
mod convert;
mod engine;
mod examine;
mod fault;
mod host;
mod journal;
mod library;
mod plugin;
mod runtime;
mod wasi;

pub use answers::{PriceBounds, is_hidden, sayable};
pub use ask::{Asked, Heard, Shown, WrongInput};
pub use cache::CodeCache;
pub use child::{Allowance, CHILD, Compiler, serve as serve_child};
pub use consult::{Answered, Consultation};
pub use contract::Capability;
pub use engine::{Engine, EngineConfig, EngineError};
pub use examine::{Finding, Report, glance};
pub use fault::Fault;
pub use host::{LogLevel, LogLine};
pub use journal::{CallRecord, Incident};
pub use library::Library;
pub use plugin::{Binding, Description, LoadError, Plugin, Problem};
pub use runtime::{Cost, Limits};

/// The largest component that is taken, in bytes.
pub const MAX_COMPONENT: usize = 32 << 20;
