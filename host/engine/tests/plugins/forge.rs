//! What the tests ask plugins, and one engine for all of them.

use std::sync::LazyLock;

use shopkeeper_domain::{
    Currency,
    roles::{
        CustomerNumbers, Moment, Role,
        detection::MessageView,
        pricing::{Picture, QuoteRequest},
        wording::{Key, Situation},
    },
};
use shopkeeper_engine::{Binding, Engine, EngineConfig, PriceBounds};
pub(crate) use shopkeeper_forge::{CNY, bytes, component, encode, module, prices, says};

/// One engine for all tests: compiling the built-in plugins takes longer than any test.
pub(crate) fn engine() -> Engine {
    static ENGINE: LazyLock<Engine> =
        LazyLock::new(|| Engine::new(EngineConfig::default()).expect("the engine starts"));
    ENGINE.clone()
}

/// A component with this main function, bound.
pub(crate) fn bind(engine: &Engine, role: Role, body: &str, extra: &str) -> Binding {
    let plugin = engine.load(role, &component(role, body, extra)).expect("it loads");
    Binding { plugin, settings: "{}".into(), revision: 1 }
}

pub(crate) const NOW: Moment = Moment { unix_milliseconds: 1_700_000_000_000, utc_offset_minutes: 480 };

pub(crate) fn bounds() -> PriceBounds {
    PriceBounds { currency: Currency::CNY, floor: None, ceiling: None }
}

pub(crate) fn request(complexity: &str) -> QuoteRequest {
    QuoteRequest {
        pictures: vec![Picture {
            complexity: complexity.to_owned(),
            operations: vec!["enhance".parse().expect("a name")],
            aspect_ratio: "1:1".into(),
            perspective: "no".into(),
            process: String::new(),
            subject: String::new(),
            quality: String::new(),
            attributes: Vec::new(),
        }],
        customer: CustomerNumbers::default(),
        now: NOW,
        attributes: Vec::new(),
    }
}

pub(crate) fn message(text: &str) -> MessageView {
    MessageView {
        text: text.to_owned(),
        images: 0,
        phase: "awaiting-confirm".into(),
        addresses: u32::try_from(shopkeeper_domain::find_addresses(text).len()).expect("few"),
        customer: CustomerNumbers::default(),
        now: NOW,
        attributes: Vec::new(),
    }
}

pub(crate) fn situation(key: Key, slots: &[(&str, &str)]) -> Situation {
    Situation {
        key,
        slots: slots.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        customer: CustomerNumbers::default(),
        now: NOW,
        bucket: 7,
        locale: "zh-CN".into(),
    }
}
