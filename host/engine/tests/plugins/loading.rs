//! What is loaded, what is refused and with which words, and the cache of compiled code.

use std::fs;

use shopkeeper_domain::roles::Role;
use shopkeeper_engine::{Binding, CodeCache, Compiler, Engine, EngineConfig, Library, LoadError};

use crate::forge::{CNY, bounds, component, engine, module, prices, request};

fn reasons(role: Role, wasm: &[u8]) -> String {
    match engine().load(role, wasm) {
        Err(LoadError::Refused(reasons)) => {
            reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// A component in the text format that imports or exports an instance of this name.
fn named(import: Option<&str>, exports: &[&str]) -> Vec<u8> {
    let import = import.map(|i| format!(r#"(import "{i}" (instance))"#)).unwrap_or_default();
    let exports: String = exports.iter().map(|e| format!(r#"(instance (export "{e}"))"#)).collect();
    wat::parse_str(format!("(component {import} {exports})")).expect("it parses")
}

#[test]
fn what_is_no_component_is_said_to_be_none() {
    let role = Role::Pricing;
    assert!(reasons(role, b"GIF89a").contains("no WebAssembly"));
    let core = wat::parse_str(module(role, "(i32.const 0)", "")).expect("it parses");
    assert!(reasons(role, &core).contains("core module"));
    let whole = component(role, "(i32.const 0)", "");
    assert!(reasons(role, &whole[..whole.len() / 2]).contains("cut off"));
    assert!(reasons(role, &vec![0; (32 << 20) + 1]).contains("at most"));
}

#[test]
fn another_contract_version_is_named_before_anything_is_compiled() {
    let newer = named(None, &["shopkeeper:pricing/pricing@2.0.0", "shopkeeper:common/lifecycle@1.0.0"]);
    let said = reasons(Role::Pricing, &newer);
    assert!(said.contains("exports shopkeeper:pricing@2.0.0; this host serves 1.x"), "{said}");
    let older = named(None, &["shopkeeper:pricing/pricing@0.9.0", "shopkeeper:common/lifecycle@0.9.0"]);
    let said = reasons(Role::Pricing, &older);
    assert!(said.contains("shopkeeper:pricing@0.9.0") && said.contains("build the plugin again"), "{said}");
    let unknown = named(None, &["somebody:else/thing@1.0.0"]);
    assert!(reasons(Role::Pricing, &unknown).contains("does not export shopkeeper:pricing/pricing@1.x"));
}

#[test]
fn every_reason_is_told_at_once() {
    let exports = ["shopkeeper:wording/wording@1.0.0"];
    let said = reasons(Role::Pricing, &named(Some("wasi:sockets/tcp@0.2.0"), &exports));
    assert!(said.contains("is a wording plugin, not a pricing plugin"), "{said}");
    assert!(said.contains("imports wasi:sockets/tcp: plugins get no network"), "{said}");
    assert!(said.contains("does not export shopkeeper:common/lifecycle"), "{said}");
}

#[test]
fn a_function_of_another_type_is_refused() {
    let wasm = named(None, &["shopkeeper:pricing/pricing@1.0.0", "shopkeeper:common/lifecycle@1.0.0"]);
    assert!(reasons(Role::Pricing, &wasm).contains("does not fit its world"));
}

#[test]
fn a_plugin_that_also_serves_a_newer_host_is_no_worse_for_it() {
    let both = [
        "shopkeeper:pricing/pricing@2.0.0",
        "shopkeeper:pricing/pricing@1.0.0",
        "shopkeeper:common/lifecycle@1.0.0",
    ];
    let said = reasons(Role::Pricing, &named(None, &both));
    assert!(!said.contains("2.0.0"), "{said}");
}

#[test]
fn a_plugin_must_say_plainly_who_it_is() {
    // Of the same length as "hostile", so that everything else stays where it is.
    for name in ["host\\0a\\07e", "       "] {
        let wat = module(Role::Pricing, "(i32.const 0)", "").replace("hostile1.0.0", &format!("{name}1.0.0"));
        let refused =
            engine().load(Role::Pricing, &crate::forge::encode(Role::Pricing, &wat)).expect_err("refused");
        assert!(refused.to_string().contains("mend what `describe` returns"), "{refused}");
    }
    let wat = module(Role::Pricing, "(i32.const 0)", "").replace("1.0.0{}", "1.0.0{,");
    let refused =
        engine().load(Role::Pricing, &crate::forge::encode(Role::Pricing, &wat)).expect_err("refused");
    assert!(refused.to_string().contains("no JSON"), "{refused}");
}

fn cached(folder: &std::path::Path, key: u8) -> Engine {
    let library = Library {
        components: folder.join("components"),
        cache: CodeCache { dir: folder.to_owned(), key: [key; 32] },
        compiler: Compiler::InProcess,
    };
    Engine::new(EngineConfig { library: Some(library), ..EngineConfig::default() })
        .expect("the engine starts")
}

fn files(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder").map(|e| e.expect("an entry").path());
    let mut files: Vec<_> = entries.map(|p| (p.clone(), fs::read(p).expect("a file"))).collect();
    files.sort();
    files
}

#[tokio::test]
async fn compiled_code_is_kept_and_code_from_elsewhere_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(cached(folder.path(), 1));
    let written = files(folder.path());
    assert_eq!(written.len(), 3, "one a built-in plugin");
    // A second start reads them: it leaves a file alone that it would have written otherwise.
    let stamp = |f: &std::path::Path| fs::metadata(f).expect("there").modified().expect("a time");
    let before: Vec<_> = written.iter().map(|(f, _)| stamp(f)).collect();
    drop(cached(folder.path(), 1));
    assert_eq!(written.iter().map(|(f, _)| stamp(f)).collect::<Vec<_>>(), before);
    // Tampered, cut off, or signed by somebody else: compiled anew and written over.
    let mut tampered = written[0].1.clone();
    *tampered.last_mut().expect("not empty") ^= 1;
    fs::write(&written[0].0, tampered).expect("written");
    fs::write(&written[1].0, &written[1].1[..100]).expect("written");
    fs::write(&written[2].0, b"short").expect("written");
    let engine = cached(folder.path(), 1);
    let quoted = engine.price(&[engine.builtin(Role::Pricing)], &request("simple"), &bounds()).await;
    assert!(quoted.answer.is_ok());
    for (file, contents) in &written {
        assert_eq!(fs::read(file).expect("a file").len(), contents.len(), "written over");
    }
    drop(engine);
    let signed = files(folder.path());
    drop(cached(folder.path(), 2));
    assert_ne!(
        files(folder.path())[0].1[..32],
        signed[0].1[..32],
        "another installation's code is not taken"
    );
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_nothing_but_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    let engine = cached(&file.join("below"), 1);
    assert!(
        engine.price(&[engine.builtin(Role::Pricing)], &request("simple"), &bounds()).await.answer.is_ok()
    );
}

#[tokio::test]
async fn code_that_nobody_calls_is_let_go_and_comes_back_with_the_next_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = cached(folder.path(), 1);
    let wasm = component(Role::Pricing, &prices(777, 888), CNY);
    let report = engine.examine(&wasm).expect("examined");
    let description = report.description.expect("taken");
    let digest = report.digest.parse::<shopkeeper_domain::rollout::Digest>().expect("a digest").bytes();
    let plugin = engine.plugin(Role::Pricing, digest, &description);
    let shared = engine.plugin(Role::Pricing, digest, &description);
    assert!(std::sync::Arc::ptr_eq(&plugin, &shared), "shops with the same plugin share it");
    assert!(!plugin.is_loaded(), "nobody has called it");
    let binding = Binding { plugin: plugin.clone(), settings: "{}".into(), revision: 1 };
    let priced = async || {
        let quoted = engine.price(&[&binding], &request("simple"), &bounds()).await;
        quoted.answer.expect("a price").low.minor
    };
    assert_eq!((priced().await, engine.loaded()), (777, 1));
    assert_eq!(engine.unload_idle(std::time::Duration::from_secs(3600)), 0, "it was called just now");
    // The clock of use counts whole seconds from the engine's start, so the first of them has to be over.
    while engine.unload_idle(std::time::Duration::ZERO) == 0 {
        std::thread::yield_now();
    }
    assert!(!plugin.is_loaded());
    assert_eq!((priced().await, engine.loaded()), (777, 1));
}
