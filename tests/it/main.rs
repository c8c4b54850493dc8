//! Tests through the public door.

mod access;
mod app;
mod bad_input;
mod contract;
mod external;
mod fetching;
mod image_ai;
mod order;
mod outbox;
mod plugins;
mod process;
mod repeats;
mod wit;
