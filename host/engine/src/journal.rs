//! What is kept of each call: enough to replay it, and no names, addresses or ids.

use serde::Serialize;
use serde_json::Value;
use shopkeeper_domain::{
    mask_addresses,
    roles::{
        Attributes, Refusal, Role,
        detection::{FoundOperation, MessageView, Reading},
        pricing::{Quote, QuoteRequest},
        wording::{Phrase, Situation},
    },
};

use crate::{Cost, Fault, LogLine, plugin::Binding};

/// One call of a plugin.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// In which role.
    pub role: Role,
    /// Which of the bindings that were given it was, counted from 0; one past the last is the built-in plugin.
    pub place: usize,
    /// Such as `read-intent`.
    pub function: &'static str,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Which of the shop's settings it ran with.
    pub settings_revision: u32,
    /// JSON text.
    pub input: String,
    /// JSON text: `{"ok": …}` or `{"refused": …}`; none at fault.
    pub output: Option<String>,
    /// What went wrong.
    pub fault: Option<Fault>,
    /// What it took.
    pub cost: Cost,
    /// What it wrote into its log, with addresses masked.
    pub log: Vec<LogLine>,
}

/// A plugin's fault.
#[derive(Debug, Clone)]
pub struct Incident {
    /// In which role.
    pub role: Role,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Which of the shop's bindings it was.
    pub settings_revision: u32,
    /// Such as `read-intent`.
    pub function: &'static str,
    /// What went wrong.
    pub fault: Fault,
    /// The guest's own, where there is one.
    pub backtrace: Option<String>,
    /// JSON text.
    pub input: String,
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value that can be written into the journal, with addresses masked.
pub(crate) trait Masked {
    fn masked(&self) -> String;
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| format!("{{\"unwritable\":\"{e}\"}}"))
}

/// For values whose strings a plugin chose: it may repeat the customer's text in any of them.
fn json_masked<T: Serialize>(value: &T) -> String {
    fn mask(value: &mut Value) {
        match value {
            Value::String(text) => *text = mask_addresses(text),
            Value::Array(values) => values.iter_mut().for_each(mask),
            Value::Object(fields) => fields.values_mut().for_each(mask),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    match serde_json::to_value(value) {
        Ok(mut value) => {
            mask(&mut value);
            value.to_string()
        }
        Err(e) => json(&format!("unwritable: {e}")),
    }
}

macro_rules! masked_by {
    ($write:ident: $($kind:ty),+) => {$(
        impl Masked for $kind {
            fn masked(&self) -> String {
                $write(self)
            }
        }
    )+};
}

// Pricing sees no text of a customer's, so it can repeat none.
masked_by!(json: QuoteRequest, Quote);
masked_by!(json_masked: Reading, Vec<FoundOperation>, Refusal);

impl Masked for str {
    fn masked(&self) -> String {
        json(&mask_addresses(self))
    }
}

impl Masked for MessageView {
    fn masked(&self) -> String {
        json(&Self { text: mask_addresses(&self.text), ..self.clone() })
    }
}

impl Masked for Situation {
    fn masked(&self) -> String {
        // A name is a name in every slot that carries one.
        let slot = |(name, value): &(String, String)| {
            let hidden =
                if name == "name" { "*".repeat(value.chars().count()) } else { mask_addresses(value) };
            (name.clone(), hidden)
        };
        let slots: Attributes = self.slots.iter().map(slot).collect();
        json(&Self { slots, ..self.clone() })
    }
}

/// A phrase with the values of its slots hidden: the customer's name may stand in it.
pub(crate) struct Worded<'a>(pub(crate) &'a Phrase, pub(crate) &'a Situation);

impl Masked for Worded<'_> {
    fn masked(&self) -> String {
        let mut text = mask_addresses(&self.0.text);
        for (_, value) in self.1.slots.iter().filter(|(name, value)| name == "name" && !value.is_empty()) {
            text = text.replace(value.as_str(), &"*".repeat(value.chars().count()));
        }
        json(&Phrase { text, label: self.0.label.clone() })
    }
}

/// The record of one call.
pub(crate) fn record(
    function: &'static str,
    binding: &Binding,
    place: usize,
    input: &str,
    outcome: Result<String, &Fault>,
    cost: Cost,
    log: Vec<LogLine>,
) -> CallRecord {
    let (output, fault) = match outcome {
        Ok(output) => (Some(output), None),
        Err(fault) => (None, Some(fault.clone())),
    };
    CallRecord {
        role: binding.plugin.role,
        place,
        function,
        digest: binding.plugin.digest,
        settings_revision: binding.revision,
        input: input.to_owned(),
        output,
        fault,
        cost,
        log: masked_log(log),
    }
}

/// A plugin may log what a customer wrote.
pub(crate) fn masked_log(mut log: Vec<LogLine>) -> Vec<LogLine> {
    log.iter_mut().for_each(|line| line.message = mask_addresses(&line.message));
    log
}
