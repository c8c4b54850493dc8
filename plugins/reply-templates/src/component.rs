//! Glue between the wording world and [`crate::word()`].
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported on the plugins' own target only")
)]

use crate::bindings::exports::shopkeeper::common::lifecycle::{self, Description, Problem};
use crate::bindings::exports::shopkeeper::wording::wording::{self, Phrase, Situation};
use crate::bindings::shopkeeper::common::settings;
use crate::bindings::shopkeeper::common::types::Refusal;
use crate::{Refused, Situation as Asked};

/// The component.
pub(crate) struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: "reply-templates".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "按模板回复:每种场合可以有几种说法,按权重分给客户,分语言,表情可开可关。Words replies from templates.".into(),
            settings_schema: crate::SCHEMA.into(),
            default_settings: crate::DEFAULTS.into(),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let problem = |found: plugin_kit::Problem| Problem { pointer: found.pointer, message: found.message };
        crate::check(&settings).map_err(|problems| problems.into_iter().map(problem).collect())
    }
}

impl wording::Guest for Plugin {
    fn word(situation: Situation) -> Result<Phrase, Refusal> {
        let text = settings::get();
        let settings = crate::parse(&text).map_err(|why| Refusal::Other(format!("settings: {why}")))?;
        let asked = Asked {
            key: &situation.key,
            slots: &situation.slots,
            bucket: situation.bucket,
            locale: &situation.locale,
        };
        match crate::word(&settings, &asked) {
            Ok(said) => Ok(Phrase { text: said.text, label: said.label }),
            Err(Refused::UnknownKey) => Err(Refusal::Unsupported(situation.key)),
            Err(Refused::Unsayable) => {
                Err(Refusal::Other("with these slots the text is empty or over 500 characters".into()))
            }
        }
    }
}
