//! Words what the shop says from templates with slots, several a key, per locale.
//!
//! `settings` is what a shop can set, `check` says what is wrong with it, `word` fills a template. `component` is
//! the thin glue to `wit/`.

mod bindings;
mod check;
mod component;
mod settings;
mod word;

pub use check::check;
pub use settings::{DEFAULTS, KEYS, SCHEMA, Settings, parse};
pub use word::{Phrase, word};
