//! A shop's plugin that fails costs the customer nothing: the built-in one answers and an incident is on record.

use std::{path::Path, sync::Arc};

use shopkeeper_domain::roles::Role;
use shopkeeper_engine::Binding;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::app::TestApp;

/// A wording plugin that says who it is and then always crashes.
fn crashing() -> Vec<u8> {
    let module = r#"(module
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 32768))
        (data (i32.const 512) "crashing1.0.0{}")
        (data (i32.const 1024) "\00\02\00\00\08\00\00\00\08\02\00\00\05\00\00\00\00\02\00\00\00\00\00\00\0d\02\00\00\02\00\00\00\0d\02\00\00\02\00\00\00")
        (func (export "shopkeeper:common/lifecycle@1.0.0#describe") (result i32) (i32.const 1024))
        (func (export "shopkeeper:common/lifecycle@1.0.0#check-settings") (param i32 i32) (result i32) (i32.const 2048))
        (func (export "shopkeeper:wording/wording@1.0.0#word")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32) (result i32) unreachable))"#;
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let mut resolve = Resolve::default();
    resolve.push_path(wit.join("common")).expect("the common package");
    let (package, _) = resolve.push_path(wit.join("wording")).expect("the package");
    let world = resolve.select_world(&[package], Some("wording-plugin")).expect("the world");
    let mut module = wat::parse_str(module).expect("it parses");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

#[tokio::test]
async fn a_crashing_plugin_is_answered_for_by_the_built_in_one() {
    let app = TestApp::start().await;
    let service = app.running.service.clone();
    let plugin = service.engine().load(Role::Wording, &crashing()).expect("it loads");
    let binding = Arc::new(Binding { plugin, settings: "{}".into(), revision: 1 });
    let shop = "demo".parse().expect("an id");
    assert!(service.shops().bind(&shop, Role::Wording, binding.clone()).await.expect("bound"));
    app.shown("tb_1").await;
    let said = app.say("tb_1", "m1", "可以").await;
    assert_eq!(said["messages"][0]["text"], "没问题的话把邮箱发我,我给你发原图");
    let incidents = service.storage().incidents(&shop, 10).await.expect("incidents");
    assert_eq!(incidents.len(), 2, "one a call");
    assert_eq!(incidents[0].digest, binding.plugin.digest);
    assert!(incidents[0].fault.contains("crashed"), "{}", incidents[0].fault);
    app.stop().await;
}

#[tokio::test]
async fn the_journal_keeps_no_address() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    app.say("tb_1", "m1", "发到 secretname@qq.con 吧").await;
    let calls: Vec<String> = app.dump().into_iter().filter(|row| row.starts_with("calls: ")).collect();
    assert!(calls.len() >= 3, "detection and wording are in the journal");
    assert!(calls.iter().all(|row| !row.contains("secretname")), "an address in the journal: {calls:?}");
    app.stop().await;
}
