//! The web page, as a browser's requests see it.

mod alerts;
mod browser;
mod customers;
mod figures;
mod keys;
mod live;
mod plugins;
mod settings;
mod signing_in;
mod task;
mod today;
