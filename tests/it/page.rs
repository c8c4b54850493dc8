//! The web page, as a browser's requests see it.

mod browser;
mod live;
mod signing_in;
mod task;
mod today;
