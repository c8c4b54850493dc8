//! Tests through the public door.

mod access;
mod app;
mod bad_input;
mod chromium;
mod connect;
mod contract;
mod disk;
mod double;
mod external;
mod fetching;
mod image_ai;
mod mail;
mod order;
mod outbox;
mod outward;
mod page;
mod peer;
mod plugins;
mod privacy;
mod process;
mod repeats;
mod wit;
