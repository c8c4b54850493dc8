//! What the plugins did during one request.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shopkeeper_domain::{
    roles::Role,
    rollout::{Change, Digest},
};
use shopkeeper_engine::{CallRecord, LogLine};
use shopkeeper_storage::{Call, CallMode, Incident};

use crate::shops::Held;

/// How much of a call's log is kept, in bytes.
const LOG: usize = 4 << 10;
/// How long an input or output may be and still be kept, in bytes: what is longer is not replayed.
const KEPT: usize = 64 << 10;

/// A plugin that failed once too often, and what is to be done about it.
pub(crate) struct Trip {
    pub(super) role: Role,
    pub(super) held: Arc<Held>,
    pub(super) change: Change,
    /// What went wrong at last.
    pub(super) reason: String,
}

/// Calls and faults, in order.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) calls: Vec<Call>,
    pub(crate) incidents: Vec<Incident>,
    pub(super) trips: Vec<Trip>,
}

/// A call as the journal keeps it.
pub(super) fn kept(call: CallRecord, mode: CallMode, at: DateTime<Utc>) -> Call {
    let cut = |text: String| if text.len() > KEPT { "null".to_owned() } else { text };
    Call {
        role: call.role,
        function: call.function.into(),
        mode,
        digest: Digest::new(call.digest),
        settings_revision: call.settings_revision,
        input: cut(call.input),
        output: call.output.map(cut),
        fault: call.fault.map(|f| f.to_string()),
        took_ns: u64::try_from(call.cost.took.as_nanos()).unwrap_or(u64::MAX),
        memory_bytes: call.cost.memory_bytes as u64,
        log: log(&call.log),
        agrees: None,
        at,
    }
}

/// The first lines, up to a limit.
pub(super) fn log(lines: &[LogLine]) -> Option<String> {
    let mut size = 0;
    let fits = |line: &&LogLine| {
        size += line.message.len();
        size <= LOG
    };
    let kept: Vec<&LogLine> = lines.iter().take_while(fits).collect();
    (!kept.is_empty()).then(|| serde_json::to_string(&kept).expect("log lines are plain data"))
}
