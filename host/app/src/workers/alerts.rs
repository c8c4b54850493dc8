//! Telling the operator. Until a robot is configured, an alert is a line in the log: without the customer, whose
//! name and words have no place there.

use shopkeeper_storage::OutboxEntry;

use super::Outcome;
use crate::workflow::Payload;

pub(super) fn run(entry: &OutboxEntry) -> Outcome {
    match Payload::parse(&entry.payload) {
        Some(Payload::Alert(alert)) => {
            let task = alert.task.map(|t| t.to_string()).unwrap_or_default();
            tracing::warn!(shop = %entry.shop, task, entry = %entry.id, "alert: {}", alert.kind.title());
        }
        _ => tracing::error!(entry = %entry.id, "an alert can't be read"),
    }
    Outcome::Done
}
