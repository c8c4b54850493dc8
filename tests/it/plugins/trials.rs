//! Before a plugin is live: tried, replayed, in the shadow, as a canary.

use serde_json::{Value, json};
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{CNY, component, fixed_price, named};

use crate::app::TestApp;

/// What the shadow has seen, once it has seen so many calls.
async fn shadow(app: &TestApp, calls: u64) -> Value {
    loop {
        let seen = app.role("pricing").await["candidate"]["shadow"].clone();
        if seen["calls"].as_u64() >= Some(calls) {
            return seen;
        }
    }
}

#[tokio::test]
async fn a_shadow_is_asked_compared_and_never_used() {
    let app = TestApp::start().await;
    let digest = app.upload_plugin(fixed_price("shadow7", 777, 888)).await;
    let started = app.activate("pricing", json!({ "digest": digest, "mode": "shadow" })).await.expect(200);
    assert_eq!(started["candidate"]["mode"], "shadow");
    for _ in 0..3 {
        assert_eq!(app.quoted("tb_1").await, (1500, "price-table".into()));
    }
    let seen = shadow(&app, 3).await;
    assert_eq!(seen, json!({ "calls": 3, "same": 0, "different": 3, "faults": 0 }));
    let calls = app.get("operator", "/plugins/pricing/calls?mode=shadow").await.expect(200);
    assert_eq!(calls["calls"][0]["output"]["ok"]["low"]["minor"], 777);
    assert_eq!(calls["calls"][0]["agrees"], false);
    app.send("operator", reqwest::Method::DELETE, "/plugins/pricing/candidate", json!({})).await.expect(200);
    assert_eq!(app.role("pricing").await["candidate"], Value::Null);
    app.stop().await;
}

#[tokio::test]
async fn a_shadow_that_answers_the_same_agrees() {
    let app = TestApp::start().await;
    app.live("pricing", fixed_price("equal77", 777, 888)).await;
    let digest = app.upload_plugin(fixed_price("equal78", 777, 888)).await;
    app.activate("pricing", json!({ "digest": digest, "mode": "shadow" })).await.expect(200);
    app.quoted("tb_1").await;
    assert_eq!(shadow(&app, 1).await["same"], 1);
    app.stop().await;
}

#[tokio::test]
async fn a_canary_answers_the_same_customers_every_time() {
    let app = TestApp::start().await;
    let digest = app.upload_plugin(fixed_price("canary7", 777, 888)).await;
    let canary = |percent| json!({ "digest": digest, "mode": "canary", "percent": percent });
    app.activate("pricing", canary(40)).await.expect(200);
    let customers: Vec<String> = (0..40).map(|n| format!("tb_{n}")).collect();
    let mut lucky = Vec::new();
    for customer in &customers {
        let first = app.quoted(customer).await;
        assert_eq!(app.quoted(customer).await, first, "{customer}");
        lucky.push(first.1 == "canary7");
    }
    let some = lucky.iter().filter(|l| **l).count();
    assert!((5..30).contains(&some), "{some} of 40");
    app.activate("pricing", canary(100)).await.expect(200);
    assert_eq!(app.quoted("tb_1").await.1, "canary7");
    app.activate("pricing", canary(0)).await.expect(200);
    for customer in &customers {
        assert_eq!(app.quoted(customer).await.1, "price-table");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_replay_tells_what_would_have_been_different() {
    let app = TestApp::start().await;
    app.analyse("tb_1").await;
    for _ in 0..4 {
        app.quoted("tb_1").await;
    }
    let digest = app.upload_plugin(fixed_price("replay7", 777, 888)).await;
    let body = json!({ "digest": digest, "last": 3 });
    let found = app.post("operator", "/plugins/pricing/replay", body).await.expect(200);
    assert_eq!((&found["calls"], &found["same"], &found["faults"]), (&json!(3), &json!(0), &json!(0)));
    let first = &found["different"][0];
    assert_eq!(
        (&first["old"]["ok"]["low"]["minor"], &first["new"]["ok"]["low"]["minor"]),
        (&json!(1500), &json!(777))
    );
    assert!(found["instructions"]["median"].as_u64().is_some_and(|n| n > 0), "{found}");
    assert_eq!(app.quoted("tb_1").await.1, "price-table", "nothing is live");
    // The live plugin under other settings; the journal holds what the replay can't change.
    let mut settings = app.get("operator", "/plugins/pricing/settings").await.expect(200)["settings"].clone();
    let same =
        app.post("operator", "/plugins/pricing/replay", json!({ "settings": settings })).await.expect(200);
    assert_eq!((&same["calls"], &same["same"]), (&json!(6), &json!(6)));
    settings["table"][1]["low"] = json!(1400);
    let dearer =
        app.post("operator", "/plugins/pricing/replay", json!({ "settings": settings })).await.expect(200);
    assert_eq!(dearer["different"].as_array().map(Vec::len), Some(6));
    app.post("operator", "/plugins/pricing/replay", json!({ "last": 0 })).await.problem(422);
    app.stop().await;
}

#[tokio::test]
async fn a_failing_candidate_shows_in_the_replay_and_not_to_customers() {
    let app = TestApp::start().await;
    app.quoted("tb_1").await;
    let digest = app.upload_plugin(component(Role::Pricing, "unreachable", "")).await;
    let found =
        app.post("operator", "/plugins/pricing/replay", json!({ "digest": digest })).await.expect(200);
    assert_eq!((&found["faults"], &found["different"]), (&json!(1), &json!([])));
    assert!(found["failed"][0]["fault"].as_str().is_some_and(|f| f.contains("crashed")), "{found}");
    app.stop().await;
}

#[tokio::test]
async fn a_plugin_is_tried_with_what_is_given_and_the_rest_is_plain() {
    let app = TestApp::start().await;
    let before = app.dump();
    let body = json!({ "input": { "pictures": [{ "complexity": "hard" }] } });
    let tried = app.post("operator", "/plugins/pricing/try", body).await.expect(200);
    assert_eq!(tried["output"]["ok"]["low"]["minor"], 2500);
    let again = json!({ "input": { "pictures": [{ "complexity": "hard" }] } });
    let again = app.post("operator", "/plugins/pricing/try", again).await.expect(200);
    assert_eq!(tried["instructions"], again["instructions"], "the same call takes the same");
    let word = json!({ "input": { "key": "confirm-address", "slots": [["address", "a@example.com"]] } });
    let tried = app.post("operator", "/plugins/wording/try", word).await.expect(200);
    assert_eq!(tried["output"]["ok"]["text"], "是发到 a@example.com 吗?");
    let find = json!({ "function": "find-operations", "input": { "text": "抠图" } });
    let tried = app.post("operator", "/plugins/detection/try", find).await.expect(200);
    assert_eq!(tried["output"]["ok"][0]["name"], "remove_bg");
    for (input, pointer) in [
        (json!({ "pictures": [{ "complexity": 5 }] }), "/input/pictures/0/complexity"),
        (json!({ "pictures": [{}], "now": "tomorrow" }), "/input/now"),
        (json!([]), "/input"),
    ] {
        let refused =
            app.post("operator", "/plugins/pricing/try", json!({ "input": input })).await.problem(422);
        assert_eq!(refused["pointer"], pointer, "{refused}");
    }
    assert_eq!(app.dump(), before, "a trial records nothing");
    app.stop().await;
}

#[tokio::test]
async fn a_plugins_own_lines_are_shown_and_capped() {
    let app = TestApp::start().await;
    // Writes the same line 100 times, then answers.
    let body = format!(
        r#"(local $n i32)
        (loop $again
            (call $write (i32.const 1) (i32.const 4200) (i32.const 5))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 100))))
        {}"#,
        shopkeeper_forge::prices(777, 888)
    );
    let extra = format!(r#"{CNY} (data (i32.const 4200) "hello")"#);
    let wat = shopkeeper_forge::module(Role::Pricing, &body, &extra).replacen(
        "(module",
        r#"(module (import "shopkeeper:common/log@1.0.0" "write" (func $write (param i32 i32 i32)))"#,
        1,
    );
    app.live("pricing", shopkeeper_forge::encode(Role::Pricing, &wat)).await;
    assert_eq!(app.quoted("tb_1").await.0, 777);
    let log = app.get("operator", "/plugins/pricing/log").await.expect(200);
    let lines = log["log"][0]["lines"].as_array().expect("lines");
    assert_eq!((lines.len(), &lines[0]), (20, &json!({ "level": "info", "message": "hello" })));
    app.stop().await;
}

#[tokio::test]
async fn a_markup_name_is_only_a_name() {
    let app = TestApp::start().await;
    let wasm = named(Role::Pricing, "<b>x/>&", &shopkeeper_forge::prices(1, 2), CNY);
    let taken = app.send_plugin(wasm).await.expect(201);
    assert_eq!(taken["description"]["name"], "<b>x/>&");
    app.stop().await;
}
