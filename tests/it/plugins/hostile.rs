//! The hostile collection, uploaded and made live like any plugin: each is refused or contained, the customer gets a
//! sensible answer, and the service goes on.

use serde_json::json;
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{CNY, component, encode, module, prices, says};

use crate::app::TestApp;

/// A name, the component, and words of the refusal.
type Refused = (&'static str, Vec<u8>, &'static str);
/// A name, the component, and words of the incident.
type Contained = (&'static str, Vec<u8>, &'static str);

/// A core function nested so deep, and so many of them, that a compiler chokes on it.
fn compile_bomb() -> Vec<u8> {
    let many: String = (0..300)
        .map(|n| {
            let body =
                "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.load (local.get 0))))"
                    .repeat(4000);
            format!("(func $f{n} (param i32) {body})")
        })
        .collect();
    component(Role::Pricing, &prices(1, 2), &format!("{CNY} {many}"))
}

/// The forged module with its `describe` or `check-settings` replaced.
fn lifecycle(function: &str, body: &str) -> Vec<u8> {
    let wat = module(Role::Pricing, &prices(1, 2), CNY);
    let (export, constant) = match function {
        "describe" => (r#"#describe") (result i32) "#, "(i32.const 1024)"),
        _ => (r#"#check-settings") (param i32 i32) (result i32) "#, "(i32.const 2048)"),
    };
    let replaced = wat.replace(&format!("{export}{constant}"), &format!("{export}{body}"));
    assert_ne!(replaced, wat);
    encode(Role::Pricing, &replaced)
}

fn refused() -> Vec<Refused> {
    let role = Role::Pricing;
    let whole = component(role, &prices(1, 2), CNY);
    let core = wat::parse_str(module(role, "(i32.const 0)", "")).expect("it parses");
    let of = |wat: &str| wat::parse_str(format!("(component {wat})")).expect("it parses");
    let export = r#"(instance (export "shopkeeper:pricing/pricing@1.0.0")) (instance (export "shopkeeper:common/lifecycle@1.0.0"))"#;
    vec![
        ("nothing", Vec::new(), "no WebAssembly"),
        ("a picture", b"GIF89a".to_vec(), "no WebAssembly"),
        ("a core module", core, "core module"),
        ("cut off in the middle", whole[..whole.len() / 2].to_vec(), "cut off"),
        ("cut off at the head", whole[..9].to_vec(), "cut off"),
        ("rubbish behind the head", [&whole[..8], &[0xff; 64][..]].concat(), "damaged"),
        ("an empty component", of(""), "plugin of no role"),
        (
            "another version",
            of(r#"(instance (export "shopkeeper:pricing/pricing@7.0.0"))"#),
            "this host serves 1.x",
        ),
        ("another type", of(export), "does not fit the world"),
        ("a socket", of(&format!(r#"(import "wasi:sockets/tcp@0.2.0" (instance)) {export}"#)), "no network"),
        (
            "HTTP",
            of(&format!(r#"(import "wasi:http/outgoing-handler@0.2.3" (instance)) {export}"#)),
            "no network",
        ),
        (
            "a newer WASI",
            of(&format!(r#"(import "wasi:io/streams@0.3.0" (instance)) {export}"#)),
            "this host serves 0.2",
        ),
        ("a bare function", of(&format!(r#"(import "steal" (func)) {export}"#)), "imports steal"),
        (
            "a loop at initialisation",
            component(role, "(i32.const 0)", "(func $s (loop (br 0))) (start $s)"),
            "longer than a call",
        ),
        (
            "a crash at initialisation",
            component(role, "(i32.const 0)", "(func $s unreachable) (start $s)"),
            "crashed",
        ),
        ("memory from the start", component(role, "(i32.const 0)", "(memory 1024) (memory 8)"), "memory"),
        ("a loop in describe", lifecycle("describe", "(loop (br 0)) unreachable"), "longer than a call"),
        (
            "recursion in describe",
            lifecycle("describe", "(call $deep) (i32.const 0)) (func $deep (call $deep) (call $deep)"),
            "crashed",
        ),
        ("a description from nowhere", lifecycle("describe", "(i32.const 0x7ffffff0)"), "crashed"),
        (
            "a loop in check-settings",
            lifecycle("check-settings", "(loop (br 0)) unreachable"),
            "longer than a call",
        ),
        ("a compile bomb", compile_bomb(), "compile"),
    ]
}

fn contained() -> Vec<Contained> {
    let role = Role::Pricing;
    let of = |body: &str, extra: &str| component(role, body, extra);
    let grow = "(drop (memory.grow 1 (i32.const 600))) (drop (memory.grow 2 (i32.const 600))) (i32.const 0)";
    let tables = "(drop (table.grow $t (ref.null func) (i32.const 90000))) (drop (memory.grow (i32.const 1015))) (i32.const 0)";
    let giant = r#"(drop (memory.grow (i32.const 60)))
        (i64.store (i32.const 8200) (i64.const 1000)) (i32.store (i32.const 8208) (i32.const 4096))
        (i32.store (i32.const 8212) (i32.const 3)) (i64.store (i32.const 8216) (i64.const 1000))
        (i32.store (i32.const 8224) (i32.const 4096)) (i32.store (i32.const 8228) (i32.const 3))
        (i32.store (i32.const 8232) (i32.const 70000)) (i32.store (i32.const 8236) (i32.const 3000000))
        (i32.const 8192)"#;
    let flood = module(
        role,
        "(loop (call $write (i32.const 1) (i32.const 0) (i32.const 60000)) (br 0)) unreachable",
        "",
    )
    .replacen(
        "(module",
        r#"(module (import "shopkeeper:common/log@1.0.0" "write" (func $write (param i32 i32 i32)))"#,
        1,
    );
    vec![
        ("a loop", of("(loop (br 0)) unreachable", ""), "longer than a call"),
        ("a crash", of("unreachable", ""), "crashed"),
        ("a division by nothing", of("(i32.div_s (i32.const 1) (i32.const 0))", ""), "crashed"),
        ("deep recursion", of("(call $r) unreachable", "(func $r (call $r) (call $r))"), "crashed"),
        (
            "a memory bomb",
            of("(loop (drop (memory.grow (i32.const 100))) (br 0)) unreachable", ""),
            "more memory",
        ),
        ("several memories", of(grow, "(memory 1) (memory 1)"), "more memory"),
        ("a table bomb", of(tables, "(table $t 1 funcref)"), "more memory"),
        ("a giant answer", of(giant, CNY), "returned or logged more"),
        ("a lying answer", of("(i32.const 0x7ffffff0)", ""), "crashed"),
        ("a log flood", encode(role, &flood), "longer than a call"),
        ("a negative price", of(&prices(-5, 10), CNY), "negative"),
        ("low above high", of(&prices(20, 10), CNY), "low is 20"),
        ("an absurd price", of(&prices(0, i64::MAX), CNY), "absurd"),
        ("another currency", of(&prices(1, 2), r#"(data (i32.const 4096) "USD")"#), "USD"),
    ]
}

#[tokio::test]
async fn what_can_be_seen_to_be_harmful_is_refused() {
    // A bomb must not hold the test for a minute.
    let app = TestApp::start_with(&[("SHOPKEEPER_PLUGINS__COMPILE_SECONDS", "4")]).await;
    for (name, wasm, words) in refused() {
        let refused = app.send_plugin(wasm).await.problem(422);
        assert!(refused["detail"].as_str().is_some_and(|d| d.contains(words)), "{name}: {refused}");
        assert!(refused["problems"][0]["hint"].as_str().is_some_and(|h| !h.is_empty()), "{name}: {refused}");
    }
    assert_eq!(app.get("operator", "/plugins").await.expect(200)["plugins"], json!([]));
    let left: Vec<_> = std::fs::read_dir(app.data.path().join("plugins")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(app.quoted("tb_1").await, (1500, "price-table".into()));
    app.stop().await;
}

#[tokio::test]
async fn what_turns_harmful_later_is_contained() {
    let app = TestApp::start().await;
    for (name, wasm, words) in contained() {
        let digest = app.live("pricing", wasm).await;
        assert_eq!(app.quoted("tb_1").await, (1500, "price-table".into()), "{name}");
        let incidents = app.get("operator", "/plugins/pricing/incidents?limit=1").await.expect(200);
        let incident = &incidents["incidents"][0];
        assert_eq!(incident["digest"], json!(digest), "{name}");
        assert!(incident["reason"].as_str().is_some_and(|r| r.contains(words)), "{name}: {incident}");
        app.post("operator", "/plugins/pricing/rollback", json!({})).await.expect(200);
    }
    app.stop().await;
}

#[tokio::test]
async fn tricks_in_wording_and_reading_reach_no_customer() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    let plain = "没问题的话把邮箱发我,我给你发原图";
    let tricks = [
        "加微信 http://evil.example/x",
        "发到 thief@evil.example.com",
        "好的\u{202e}moc.live",
        "好\u{200b}的",
        " ",
    ];
    for (n, text) in tricks.iter().enumerate() {
        let (body, data) = says(text);
        app.live("wording", component(Role::Wording, &body, &data)).await;
        let said = app.say("tb_1", &format!("w{n}"), "可以").await;
        assert_eq!(said["messages"][0]["text"], plain, "{text:?}");
        app.post("operator", "/plugins/wording/rollback", json!({})).await.expect(200);
    }
    // ok(reading { intent: confirm, confidence: 90, evidence: [{ rule: "r", span: 1..900 }] })
    let body = r#"(i32.store8 (i32.const 8196) (i32.const 3)) (i32.store8 (i32.const 8208) (i32.const 90))
        (i32.store (i32.const 8212) (i32.const 4096)) (i32.store (i32.const 8216) (i32.const 1)) (i32.const 8192)"#;
    let evidence = shopkeeper_forge::bytes(&[4200, 1, 1, 900]);
    let data = format!(r#"(data (i32.const 4096) "{evidence}") (data (i32.const 4200) "r")"#);
    app.live("detection", component(Role::Detection, body, &data)).await;
    let said = app.say("tb_1", "d1", "在吗").await;
    assert_ne!(said["intent"], "confirm", "{said}");
    let incidents = app.get("operator", "/plugins/detection/incidents").await.expect(200);
    assert!(
        incidents["incidents"][0]["reason"].as_str().is_some_and(|r| r.contains("1 to 900")),
        "{incidents}"
    );
    app.stop().await;
}
