//! Reads a message's intent and operations by keywords, with traps, negation and a fixed precedence.
//!
//! `settings` is what a shop can set, `defaults` what it starts with, `check` says what is wrong with it, `text` is a
//! copy for matching that knows where each character came from, `read` decides. `component` is the thin glue to `wit/`.

mod bindings;
mod check;
mod component;
mod defaults;
mod key;
mod operations;
mod opinion;
mod read;
mod scene;
mod script;
mod settings;
mod text;

pub use check::check;
pub use operations::find_operations;
pub use opinion::{INTENTS, UNIT, chances, describe};
pub use read::{Evidence, Found, Intent, Reading, read_intent};
pub use settings::{DEFAULTS, Operation, Settings, Word, Words, parse, schema};
