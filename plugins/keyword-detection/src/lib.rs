//! Reads a message's intent and operations by keywords, with traps, negation and a fixed precedence.
//!
//! `settings` is what a shop can set, `check` says what is wrong with it, `text` is a copy for matching that knows
//! where each character came from, `read` decides. `component` is the thin glue to `wit/`.

mod bindings;
mod check;
mod component;
mod read;
mod settings;
mod text;

pub use check::check;
pub use read::{Evidence, Found, Intent, Reading, find_operations, read_intent};
pub use settings::{DEFAULTS, SCHEMA, Settings, parse};
