//! What a plugin finds outside itself during one call: its settings, a log, and limits.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use crate::{bindings::common, fault::OverMemory};

/// How many log lines of one call are kept.
const LINES: usize = 20;
/// How long a kept line is, in characters.
const LINE: usize = 500;
/// What an element of a table counts for, in bytes.
const ELEMENT: usize = 8;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something went wrong.
    Error,
}

/// A line that a plugin wrote into its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// At most 500 characters.
    pub message: String,
}

/// The host side of one call.
pub(crate) struct Call {
    settings: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) log: Vec<LogLine>,
    /// How many ticks of the clock the call may still see.
    pub(crate) ticks: u32,
}

impl Call {
    pub(crate) fn new(settings: Arc<str>, bytes: usize, ticks: u32) -> Self {
        Self { settings, limits: Limits { left: bytes }, log: Vec::new(), ticks }
    }
}

impl common::types::Host for Call {}

impl common::settings::Host for Call {
    fn get(&mut self) -> String {
        self.settings.to_string()
    }
}

impl common::log::Host for Call {
    fn write(&mut self, level: common::log::Level, message: String) {
        if self.log.len() < LINES {
            let level = match level {
                common::log::Level::Debug => LogLevel::Debug,
                common::log::Level::Info => LogLevel::Info,
                common::log::Level::Warn => LogLevel::Warn,
                common::log::Level::Error => LogLevel::Error,
            };
            self.log.push(LogLine { level, message: message.chars().take(LINE).collect() });
        }
    }
}

/// Counts all memories and tables of a call together: wasmtime's own limits count each by itself.
pub(crate) struct Limits {
    left: usize,
}

impl Limits {
    fn take(&mut self, bytes: usize) -> wasmtime::Result<bool> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(true)
            }
            None => Err(OverMemory.into()),
        }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.take(desired.saturating_sub(current))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.take(desired.saturating_sub(current).saturating_mul(ELEMENT))
    }
}
