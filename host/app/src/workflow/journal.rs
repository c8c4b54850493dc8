//! What the plugins did during one request, for the journal.

use shopkeeper_engine::Consultation;
use shopkeeper_storage::{Call, Incident};

use crate::metrics::Metrics;

/// Calls and faults, in order.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) calls: Vec<Call>,
    pub(super) incidents: Vec<Incident>,
}

impl Journal {
    /// Takes over what a consultation left behind.
    pub(super) fn keep<T>(&mut self, metrics: &Metrics, consultation: &mut Consultation<T>) {
        metrics.consulted(&consultation.calls);
        for incident in consultation.incidents.drain(..) {
            tracing::warn!(
                role = incident.role.name(),
                function = incident.function,
                fault = %incident.fault,
                "a plugin failed; the built-in one answered"
            );
            self.incidents.push(Incident {
                at: crate::workflow::now(),
                role: incident.role.name().to_owned(),
                function: incident.function.to_owned(),
                digest: incident.digest,
                fault: incident.fault.to_string(),
                backtrace: incident.backtrace,
                input: incident.input,
            });
        }
        self.calls.extend(consultation.calls.drain(..).map(|call| Call {
            role: call.role.name(),
            function: call.function,
            digest: call.digest,
            settings_revision: call.settings_revision,
            input: call.input,
            output: call.output,
            fault: call.fault,
            took_ns: u64::try_from(call.took.as_nanos()).unwrap_or(u64::MAX),
        }));
    }
}
