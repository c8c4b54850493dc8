//! Prices from a table, with surcharges and discounts, each off by default.
//!
//! `settings` is what a shop can set, `check` says what is wrong with it, `price` works a bill out, `clock` reads
//! the shop's local time, `wording` says amounts the shop's way. `component` is the thin glue to `wit/`.

mod bindings;
mod check;
mod clock;
mod component;
mod price;
mod settings;
mod wording;

pub use check::check;
pub use price::{Asked, Bill, Line, Picture, Range, Refused, price};
pub use settings::{DEFAULTS, SCHEMA, Settings, parse};
