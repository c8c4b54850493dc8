//! Prices with a calendar of sales and tiers by number of pictures.
//!
//! `settings` is what a shop can set, `calendar` its wall clock, `check` says what is wrong with settings, `price` works
//! a bill out. `component` is the thin glue to `wit/`.

mod bindings;
mod calendar;
mod check;
mod component;
mod price;
mod settings;

pub use calendar::Local;
pub use check::{Problem, check};
pub use price::{Bill, Line, Range, Refused, price};
pub use settings::{DEFAULTS, SCHEMA, Settings, parse};
