//! Forges components: a small module in the text format becomes a component of a role's world.

use std::{path::Path, sync::LazyLock};

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
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a call of each role's main function gets, flattened by the canonical ABI.
fn parameters(role: Role) -> &'static str {
    match role {
        Role::Pricing => "i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32",
        Role::Detection => "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32",
        Role::Wording => "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32",
    }
}

fn function(role: Role) -> &'static str {
    match role {
        Role::Pricing => "shopkeeper:pricing/pricing@1.0.0#price",
        Role::Detection => "shopkeeper:detection/detection@1.0.0#read-intent",
        Role::Wording => "shopkeeper:wording/wording@1.0.0#word",
    }
}

/// A module that says who it is and whose main function is `body`; `extra` stands beside it.
/// Memory: the description at 1024; 4096 and above is free for data.
pub(crate) fn module(role: Role, body: &str, extra: &str) -> String {
    let find = match role {
        Role::Detection => {
            r#"(func (export "shopkeeper:detection/detection@1.0.0#find-operations") (param i32 i32) (result i32) unreachable)"#
        }
        _ => "",
    };
    format!(
        r#"(module
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 65536))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
            (global.set $heap (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (data (i32.const 512) "hostile1.0.0{{}}")
          ;; name, version, summary, schema, default settings
          (data (i32.const 1024) "\00\02\00\00\07\00\00\00\07\02\00\00\05\00\00\00\00\02\00\00\00\00\00\00\0c\02\00\00\02\00\00\00\0c\02\00\00\02\00\00\00")
          (func (export "shopkeeper:common/lifecycle@1.0.0#describe") (result i32) (i32.const 1024))
          (func (export "shopkeeper:common/lifecycle@1.0.0#check-settings") (param i32 i32) (result i32) (i32.const 2048))
          {find}
          {extra}
          (func (export "{name}") (param {parameters}) (result i32) {body}))"#,
        name = function(role),
        parameters = parameters(role),
    )
}

/// The component that the module makes.
pub(crate) fn component(role: Role, body: &str, extra: &str) -> Vec<u8> {
    encode(role, &module(role, body, extra))
}

pub(crate) fn encode(role: Role, module: &str) -> Vec<u8> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::default();
    resolve.push_path(wit.join("common")).expect("the common package");
    let (package, _) = resolve.push_path(wit.join(role.name())).expect("the role's package");
    let world = resolve.select_world(&[package], Some(&format!("{role}-plugin"))).expect("the world");
    let mut module = wat::parse_str(module).expect("the module parses");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default()
        .module(&module)
        .expect("a module")
        .validate(true)
        .encode()
        .expect("a component")
}

/// A WIT string or list: address and length, little-endian, as WAT data.
pub(crate) fn bytes(words: &[u32]) -> String {
    words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("\\{b:02x}")).collect()
}

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
