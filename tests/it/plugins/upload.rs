//! What is taken, what is refused and why, and that an upload changes nothing.

use serde_json::json;
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{CNY, component, encode, fixed_price, module, prices};

use crate::app::TestApp;

#[tokio::test]
async fn a_component_is_examined_kept_and_not_activated() {
    let app = TestApp::start().await;
    let wasm = fixed_price("seven77", 777, 888);
    let taken = app.send_plugin(wasm.clone()).await.expect(201);
    assert_eq!(taken["roles"], json!(["pricing"]));
    assert_eq!(
        (&taken["description"]["name"], &taken["description"]["version"]),
        (&json!("seven77"), &json!("1.0.0"))
    );
    assert_eq!(taken["report"]["capabilities"], json!([]));
    assert!(taken["report"]["instructions"].as_u64().is_some_and(|n| n > 0), "{taken}");
    assert_eq!(app.quoted("tb_1").await.1, "price-table", "nothing is activated");
    let again = app.send_plugin(wasm).await.expect(201);
    assert_eq!(again["digest"], taken["digest"], "the same by content");
    let listed = app.get("operator", "/plugins").await.expect(200);
    assert_eq!(listed["plugins"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["roles"]["pricing"]["live"]["built_in"], true);
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_names_every_reason_and_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let before = app.dump();
    let wat = r#"(component
        (import "wasi:sockets/tcp@0.2.0" (instance)) (import "wasi:http/types@0.2.0" (instance))
        (instance (export "shopkeeper:pricing/pricing@2.0.0")))"#;
    let refused = app.send_plugin(wat::parse_str(wat).expect("it parses")).await.problem(422);
    let reasons = refused["problems"].to_string();
    for reason in [
        "exports shopkeeper:pricing@2.0.0; this host serves 1.x",
        "imports wasi:sockets/tcp: plugins get no network",
        "imports wasi:http/types: plugins get no network",
        "does not export shopkeeper:common/lifecycle@1.x",
    ] {
        assert!(reasons.contains(reason), "{reason} in {reasons}");
        assert!(refused["detail"].as_str().is_some_and(|d| d.contains(reason)), "{refused}");
    }
    assert_eq!(app.dump(), before);
    let components = std::fs::read_dir(app.data.path().join("plugins")).map_or(0, Iterator::count);
    assert_eq!(components, 0);
    app.stop().await;
}

#[tokio::test]
async fn default_settings_must_suit_the_plugins_own_schema() {
    let app = TestApp::start().await;
    // The schema, of two bytes like the settings, says that nothing suits.
    let wat = module(Role::Pricing, &prices(1, 2), CNY)
        .replace("hostile1.0.0{}", "hostile1.0.0false{}")
        // schema: 5 bytes at 0x20c; settings: 2 bytes at 0x211
        .replace(
            r"\0c\02\00\00\02\00\00\00\0c\02\00\00\02\00\00\00",
            r"\0c\02\00\00\05\00\00\00\11\02\00\00\02\00\00\00",
        );
    let refused = app.send_plugin(encode(Role::Pricing, &wat)).await.problem(422);
    assert!(refused["detail"].as_str().is_some_and(|d| d.contains("break its own schema")), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn another_shop_sees_nothing_of_it() {
    let app = TestApp::start().await;
    let digest = app.upload_plugin(fixed_price("secret7", 1, 2)).await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "另一家" })).await.expect(201);
    let listed = app.get("admin", "/v1/shops/other/plugins").await.expect(200);
    assert_eq!(listed["plugins"], json!([]));
    let body = json!({ "digest": digest });
    app.post("admin", "/v1/shops/other/plugins/pricing/activate", body.clone()).await.problem(404);
    app.post("connector", "/plugins/pricing/activate", body.clone()).await.problem(403);
    app.post("operator", "/v1/shops/other/plugins/pricing/activate", body).await.problem(404);
    app.stop().await;
}

#[tokio::test]
async fn what_a_shop_does_not_allow_is_not_activated() {
    let app = TestApp::start().await;
    // Imports the shop's settings, and asks for them.
    let body = r#"(call $get (i32.const 8000)) (i32.const 8192)"#;
    let wat = module(Role::Pricing, body, "").replacen(
        "(module",
        r#"(module (import "shopkeeper:common/settings@1.0.0" "get" (func $get (param i32)))"#,
        1,
    );
    let digest = app.upload_plugin(encode(Role::Pricing, &wat)).await;
    let mut settings = app.get("operator", "/settings").await.expect(200);
    settings["plugin_capabilities"] = json!(["log"]);
    app.send("operator", reqwest::Method::PUT, "/settings", settings).await.expect(200);
    let refused = app.activate("pricing", json!({ "digest": digest })).await.problem(422);
    assert!(refused["detail"].as_str().is_some_and(|d| d.contains("asks for settings")), "{refused}");
    assert_eq!(refused["pointer"], "/digest");
    app.stop().await;
}

#[tokio::test]
async fn bodies_of_the_wrong_kind_are_told_so() {
    let app = TestApp::start().await;
    app.send_plugin(Vec::new()).await.problem(422);
    app.send_plugin(vec![0; (32 << 20) + 1]).await.problem(413);
    app.post("operator", "/plugins", json!({})).await.problem(415);
    let unknown = json!({ "digest": "0".repeat(64) });
    app.activate("pricing", unknown.clone()).await.problem(404);
    app.activate("painting", unknown).await.problem(404);
    let digest = app.upload_plugin(component(Role::Pricing, &prices(1, 2), CNY)).await;
    app.activate("wording", json!({ "digest": digest })).await.problem(422);
    for body in [
        json!({ "digest": "xyz" }),
        json!({ "digest": digest, "mode": "canary" }),
        json!({ "digest": digest, "mode": "canary", "percent": 101 }),
        json!({ "digest": digest, "percent": 5 }),
        json!({ "digest": digest, "mode": "tomorrow" }),
        json!({ "digest": digest, "settings": [] }),
        json!({ "digest": digest, "setings": {} }),
    ] {
        app.activate("pricing", body).await.problem(422);
    }
    assert_eq!(app.quoted("tb_1").await.1, "price-table");
    app.stop().await;
}
