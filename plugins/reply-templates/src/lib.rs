//! Words what the shop says from templates with slots, several a situation, per locale.
//!
//! `settings` is what a shop can set, `check` says what is wrong with it, `word` chooses a wording and fills it,
//! `shipped` holds the words a shop starts with, `emoji` takes emoji out. `component` is the thin glue to `wit/`.

mod bindings;
mod check;
mod component;
mod emoji;
mod settings;
mod shipped;
mod word;

pub use check::check;
pub use settings::{DEFAULTS, KEYS, SCHEMA, Settings, Slot, parse};
pub use word::{Phrase, Refused, Situation, word};
