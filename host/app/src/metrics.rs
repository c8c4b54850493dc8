//! What `/metrics` tells, in the Prometheus text format.

use std::{fmt::Write, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use shopkeeper_domain::roles::Role;
use shopkeeper_engine::{Binding, CallRecord, Heard};
use shopkeeper_storage::Queue;

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

/// A plugin: what it says of itself is no label, its content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    BuiltIn,
    /// The first bytes of the digest.
    Digest([u8; 6]),
}

impl Which {
    fn of(digest: &[u8; 32], built_in: bool) -> Self {
        let mut first = [0; 6];
        first.copy_from_slice(&digest[..6]);
        if built_in { Self::BuiltIn } else { Self::Digest(first) }
    }
}

impl EncodeLabelValue for Which {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self {
            Self::BuiltIn => encoder.write_str("built-in"),
            Self::Digest(first) => first.iter().try_for_each(|byte| write!(encoder, "{byte:02x}")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    role: &'static str,
    function: &'static str,
    plugin: Which,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabel {
    role: &'static str,
    function: &'static str,
    plugin: Which,
    kind: &'static str,
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
    instructions: Family<CallLabel, Histogram>,
    faults: Family<FaultLabel, Counter>,
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
            // A thousand to a thousand million.
            instructions: Family::new_with_constructor(|| Histogram::new(exponential_buckets(1e3, 2.0, 21))),
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
        let help = "Instructions of plugin calls that were metered: trials, replays, and a sample of what is answered";
        registry.register("plugin_call_instructions", help, self.instructions.clone());
        registry.register("plugin_faults", "Plugin calls that failed", self.faults.clone());
        registry.register("http_responses", "Responses by status", self.requests.clone());
        let help = "Decisions made anew because the case was changed meanwhile";
        registry.register("decided_again", help, self.decided_again.clone());
        self
    }

    pub(crate) fn step(&self, step: Step, took: Duration) {
        self.steps.get_or_create(&StepLabel { step: step.name() }).observe(took.as_secs_f64());
    }

    pub(crate) fn consulted(&self, call: &CallRecord, built_in: bool) {
        let (role, function) = (call.role.name(), call.function);
        let plugin = Which::of(&call.digest, built_in);
        if let Some(fault) = &call.fault {
            let kind = fault.kind();
            self.faults.get_or_create(&FaultLabel { role, function, plugin, kind }).inc();
        }
        let label = CallLabel { role, function, plugin };
        self.calls.get_or_create(&label).observe(call.cost.took.as_secs_f64());
    }

    /// A call that was made to be measured.
    pub(crate) fn measured(&self, role: Role, function: &'static str, binding: &Binding, heard: &Heard) {
        if let Some(instructions) = heard.cost.instructions {
            let plugin = Which::of(&binding.plugin.digest, false);
            let label = CallLabel { role: role.name(), function, plugin };
            self.instructions.get_or_create(&label).observe(instructions as f64);
        }
    }

    pub(crate) fn responded(&self, status: u16) {
        self.requests.get_or_create(&StatusLabel { status }).inc();
    }

    pub(crate) fn decided_again(&self) {
        self.decided_again.inc();
    }

    /// Everything, and how each queue of the outbox stands.
    pub(crate) fn text(&self, queues: &[Queue]) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        let mut lines = String::new();
        let mut gauge = |name: &str, help: &str, value: &dyn Fn(&Queue) -> f64| {
            let _ = writeln!(
                lines,
                "# HELP shopkeeper_outbox_{name} {help}.\n# TYPE shopkeeper_outbox_{name} gauge"
            );
            for queue in queues {
                let _ =
                    writeln!(lines, "shopkeeper_outbox_{name}{{kind=\"{}\"}} {}", queue.kind, value(queue));
            }
        };
        gauge("waiting", "Entries that wait to be sent", &|q| q.waiting as f64);
        gauge("dead", "Entries that were given up and not sent again", &|q| q.dead as f64);
        let now = crate::workflow::now();
        let age = |q: &Queue| q.oldest.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
        gauge("oldest_seconds", "How long the oldest entry waits", &age);
        match text.strip_suffix("# EOF\n") {
            Some(head) => format!("{head}{lines}# EOF\n"),
            None => text + &lines,
        }
    }
}
