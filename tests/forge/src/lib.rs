//! Forges plugins for tests: a few lines of WebAssembly text become a component of a role's world.

use std::path::Path;

use shopkeeper_domain::roles::Role;
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
pub fn module(role: Role, body: &str, extra: &str) -> String {
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
pub fn component(role: Role, body: &str, extra: &str) -> Vec<u8> {
    encode(role, &module(role, body, extra))
}

/// The component of a role's world that a whole module in the text format makes.
pub fn encode(role: Role, module: &str) -> Vec<u8> {
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
pub fn bytes(words: &[u32]) -> String {
    words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("\\{b:02x}")).collect()
}

/// Data that [`prices`] needs.
pub const CNY: &str = r#"(data (i32.const 4096) "CNY")"#;

/// A pricing body that answers `low` to `high` in CNY with an empty hint.
pub fn prices(low: i64, high: i64) -> String {
    format!(
        r#"(i64.store (i32.const 8200) (i64.const {low}))
        (i32.store (i32.const 8208) (i32.const 4096)) (i32.store (i32.const 8212) (i32.const 3))
        (i64.store (i32.const 8216) (i64.const {high}))
        (i32.store (i32.const 8224) (i32.const 4096)) (i32.store (i32.const 8228) (i32.const 3))
        (i32.const 8192)"#
    )
}

/// A pricing plugin of this name (7 letters) that always asks the same.
pub fn fixed_price(name: &str, low: i64, high: i64) -> Vec<u8> {
    named(Role::Pricing, name, &prices(low, high), CNY)
}

/// A plugin of this name, of 7 letters so that everything else stays where it is.
pub fn named(role: Role, name: &str, body: &str, extra: &str) -> Vec<u8> {
    assert_eq!(name.len(), "hostile".len(), "{name}");
    encode(role, &module(role, body, extra).replace("\"hostile1.0.0", &format!("\"{name}1.0.0")))
}

/// A wording body and its data that says `text`.
pub fn says(text: &str) -> (String, String) {
    let body = format!(
        "(i32.store (i32.const 8196) (i32.const 4096)) (i32.store (i32.const 8200) (i32.const {})) (i32.const 8192)",
        text.len()
    );
    let data: String = text.bytes().map(|b| format!("\\{b:02x}")).collect();
    (body, format!(r#"(data (i32.const 4096) "{data}")"#))
}
