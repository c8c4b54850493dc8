//! Glue between the detection world and [`crate::read_intent`].
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported on the plugins' own target only")
)]

use crate::bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use crate::bindings::exports::shopkeeper::detection::detection::{self, Message, Operation, Reading, Span};
use crate::bindings::shopkeeper::common::settings;
use crate::bindings::shopkeeper::common::types::Refusal;
use crate::{Evidence, Intent};

/// The component.
pub(crate) struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: "keyword-detection".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "按关键词识别客户的意图和要做的处理。Reads intent and operations by keywords.".into(),
            settings_schema: crate::schema(),
            default_settings: crate::DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let problem = |found: plugin_kit::Problem| Problem { pointer: found.pointer, message: found.message };
        crate::check(&settings).map_err(|problems| problems.into_iter().map(problem).collect())
    }
}

fn evidence(found: Evidence) -> detection::Evidence {
    detection::Evidence { rule: found.rule, span: Span { start: found.start, end: found.end } }
}

impl detection::Guest for Plugin {
    fn read_intent(message: Message) -> Result<Reading, Refusal> {
        let text = settings::get();
        let settings = crate::parse(&text).map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let read = crate::read_intent(
            &settings,
            &message.text,
            message.addresses,
            matches!(message.phase.as_str(), "awaiting-confirm" | "revision"),
        );
        Ok(Reading {
            intent: match read.intent {
                Intent::None => detection::Intent::None,
                Intent::Question => detection::Intent::Question,
                Intent::Revise => detection::Intent::Revise,
                Intent::Confirm => detection::Intent::Confirm,
                Intent::HandOff => detection::Intent::HandOff,
                Intent::WithdrawAddress => detection::Intent::WithdrawAddress,
            },
            confidence: read.confidence,
            evidence: read.evidence.into_iter().map(evidence).collect(),
            attributes: Vec::new(),
        })
    }

    fn find_operations(text: String) -> Result<Vec<Operation>, Refusal> {
        let own = settings::get();
        let settings = crate::parse(&own).map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let found = crate::find_operations(&settings, &text);
        Ok(found.into_iter().map(|f| Operation { name: f.name, evidence: evidence(f.evidence) }).collect())
    }
}
