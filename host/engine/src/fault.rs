//! How a plugin can fail.

use std::error::Error;

/// A plugin failed; that call was answered by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It crashed: a trap, with its own words and backtrace.
    #[error("it crashed: {message}")]
    Trap {
        /// What wasmtime says.
        message: String,
        /// The guest's own, where there is one.
        backtrace: Option<String>,
    },
    /// It took longer than a call may.
    #[error("it took longer than a call may")]
    Deadline,
    /// It asked for more memory than a call may have.
    #[error("it asked for more memory than a call may have")]
    Memory,
    /// It returned, or logged, more than a call may.
    #[error("it returned or logged more than a call may")]
    OutputTooLarge,
    /// Its answer can't be.
    #[error("its answer can't be: {0}")]
    BadAnswer(String),
    /// Its answer makes sense, but the shop has set other bounds: no sign of a broken plugin.
    #[error("its answer is outside the shop's bounds: {0}")]
    OutOfBounds(String),
    /// It could not be asked: its code can't be loaded.
    #[error("its code can't be loaded: {0}")]
    Unavailable(String),
}

impl Fault {
    /// The guest's backtrace.
    pub fn backtrace(&self) -> Option<&str> {
        match self {
            Self::Trap { backtrace, .. } => backtrace.as_deref(),
            _ => None,
        }
    }

    /// Names the kind, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::OutputTooLarge => "output",
            Self::BadAnswer(_) => "answer",
            Self::OutOfBounds(_) => "bounds",
            Self::Unavailable(_) => "unavailable",
        }
    }

    pub(crate) fn of(error: &wasmtime::Error) -> Self {
        if error.is::<OverDeadline>() {
            return Self::Deadline;
        }
        if error.is::<OverMemory>() {
            return Self::Memory;
        }
        // Private to wasmtime, so it can only be told by its words; a test holds them.
        let over_output = |e: &(dyn Error + 'static)| e.to_string().contains("fuel allocated for hostcalls");
        if error.chain().any(over_output) {
            return Self::OutputTooLarge;
        }
        let message = error.chain().last().map_or_else(|| error.to_string(), ToString::to_string);
        let backtrace = error.downcast_ref::<wasmtime::WasmBacktrace>().map(ToString::to_string);
        Self::Trap { message, backtrace }
    }
}

/// The budget of ticks is spent.
#[derive(Debug, thiserror::Error)]
#[error("the deadline has passed")]
pub(crate) struct OverDeadline;

/// The sum of memories and tables would be too large.
#[derive(Debug, thiserror::Error)]
#[error("the memory cap is reached")]
pub(crate) struct OverMemory;
