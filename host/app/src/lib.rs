//! The Shopkeeper service: HTTP in, workflow, workers out, and the command line.
//!
//! See `host/ARCHITECTURE.md` for the way through the house.

pub mod cli;
pub mod config;
mod erasure;
mod fetch;
mod http;
mod image_ai;
pub mod imaging;
mod mailer;
mod metrics;
mod object;
mod pictures;
mod plugins;
mod robot;
mod secrets;
mod serve;
mod service;
mod settings;
mod shops;
mod signing;
mod wake;
mod workers;
mod workflow;

pub use http::openapi;
pub use serve::Running;
pub use service::{DataFolder, Service, StartError};
pub use settings::{Processor, ShopSettings};
pub use shops::{ShopState, Shops};
