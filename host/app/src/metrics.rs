//! What `/metrics` tells, in the Prometheus text format.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use shopkeeper_engine::CallRecord;

/// A step of the way through the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The case from the database.
    Load,
    /// Plugins read what came in.
    Read,
    /// The rules.
    Decide,
    /// Plugins word what goes out.
    Word,
    /// One durable transaction.
    Commit,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Read => "read",
            Self::Decide => "decide",
            Self::Word => "word",
            Self::Commit => "commit",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    role: &'static str,
    function: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: u16,
}

/// The service's figures.
pub(crate) struct Metrics {
    registry: Registry,
    steps: Family<StepLabel, Histogram>,
    calls: Family<CallLabel, Histogram>,
    faults: Family<CallLabel, Counter>,
    requests: Family<StatusLabel, Counter>,
    decided_again: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 1 µs to about a second.
        let histogram = || Histogram::new(exponential_buckets(0.000_001, 2.0, 21));
        let metrics = Self {
            registry: Registry::with_prefix("shopkeeper"),
            steps: Family::new_with_constructor(histogram),
            calls: Family::new_with_constructor(histogram),
            faults: Family::default(),
            requests: Family::default(),
            decided_again: Counter::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register_with_unit(
            "step",
            "Time of each step of a request",
            Unit::Seconds,
            self.steps.clone(),
        );
        registry.register_with_unit(
            "plugin_call",
            "Time of each plugin call",
            Unit::Seconds,
            self.calls.clone(),
        );
        registry.register("plugin_faults", "Plugin calls that failed", self.faults.clone());
        registry.register("http_responses", "Responses by status", self.requests.clone());
        let help = "Decisions made anew because the case was changed meanwhile";
        registry.register("decided_again", help, self.decided_again.clone());
        self
    }

    pub(crate) fn step(&self, step: Step, took: Duration) {
        self.steps.get_or_create(&StepLabel { step: step.name() }).observe(took.as_secs_f64());
    }

    pub(crate) fn consulted(&self, calls: &[CallRecord]) {
        for call in calls {
            let label = CallLabel { role: call.role.name(), function: call.function };
            if call.fault.is_some() {
                self.faults.get_or_create(&label).inc();
            }
            self.calls.get_or_create(&label).observe(call.took.as_secs_f64());
        }
    }

    pub(crate) fn responded(&self, status: u16) {
        self.requests.get_or_create(&StatusLabel { status }).inc();
    }

    pub(crate) fn decided_again(&self) {
        self.decided_again.inc();
    }

    /// Everything, and how many entries wait in each queue of the outbox.
    pub(crate) fn text(&self, waiting: &[(String, u64)]) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        let mut lines = "# HELP shopkeeper_outbox_waiting Entries that wait to be sent.\n\
                         # TYPE shopkeeper_outbox_waiting gauge\n"
            .to_owned();
        for (kind, count) in waiting {
            lines.push_str(&format!("shopkeeper_outbox_waiting{{kind=\"{kind}\"}} {count}\n"));
        }
        match text.strip_suffix("# EOF\n") {
            Some(head) => format!("{head}{lines}# EOF\n"),
            None => text + &lines,
        }
    }
}
