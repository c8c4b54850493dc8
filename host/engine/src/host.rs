//! What a plugin finds outside itself during one call: its settings, a log, and limits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shopkeeper_domain::roles::Moment;
use wasmtime::ResourceLimiter;

use crate::{bindings::common, fault::OverMemory, wasi::Inert};

/// How many log lines of one call are kept.
const LINES: usize = 20;
/// How long a kept line is, in characters.
const LINE: usize = 500;
/// What an element of a table counts for, in bytes.
const ELEMENT: usize = 8;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// At most 500 characters.
    pub message: String,
}

/// The host side of one call.
pub(crate) struct Call {
    settings: Arc<str>,
    now: Moment,
    pub(crate) limits: Limits,
    log: Vec<LogLine>,
    /// How many ticks of the clock the call may still see.
    pub(crate) ticks: u32,
    /// Made when the plugin first asks for something of it: most never do.
    wasi: Option<Box<Inert>>,
}

impl Call {
    pub(crate) fn new(settings: Arc<str>, now: Moment, bytes: usize, ticks: u32) -> Self {
        Self { settings, now, limits: Limits { left: bytes }, log: Vec::new(), ticks, wasi: None }
    }

    pub(crate) fn wasi(&mut self) -> &mut Inert {
        self.wasi.get_or_insert_with(|| Box::new(Inert::new(self.now, &self.settings)))
    }

    fn log(&mut self, level: LogLevel, message: &str) {
        if self.log.len() < LINES {
            self.log.push(LogLine { level, message: message.chars().take(LINE).collect() });
        }
    }

    /// What it wrote, also what it printed.
    pub(crate) fn into_log(mut self) -> Vec<LogLine> {
        if let Some(wasi) = self.wasi.take() {
            for line in wasi.printed() {
                self.log(LogLevel::Info, &line);
            }
        }
        self.log
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
        let level = match level {
            common::log::Level::Debug => LogLevel::Debug,
            common::log::Level::Info => LogLevel::Info,
            common::log::Level::Warn => LogLevel::Warn,
            common::log::Level::Error => LogLevel::Error,
        };
        self.log(level, &message);
    }
}

/// Counts all memories and tables of a call together: wasmtime's own limits count each by itself.
pub(crate) struct Limits {
    pub(crate) left: usize,
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
