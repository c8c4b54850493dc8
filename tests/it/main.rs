//! Tests through the public door.

mod access;
mod app;
mod bad_input;
mod connect;
mod contract;
mod external;
mod fetching;
mod order;
mod outbox;
mod peer;
mod plugins;
mod privacy;
mod process;
mod repeats;
mod wit;
