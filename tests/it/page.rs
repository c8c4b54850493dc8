//! The web page, as a browser's requests see it.

mod alerts;
mod browser;
mod customers;
mod live;
mod signing_in;
mod task;
mod today;
