//! A plugin that fails costs the customer nothing, and does not fail for long.

use serde_json::{Value, json};
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{component, fixed_price, named};

use crate::app::TestApp;

fn crashing() -> Vec<u8> {
    component(Role::Pricing, "(call $deep) unreachable", "(func $deep unreachable)")
}

#[tokio::test]
async fn after_three_faults_in_a_row_the_healthy_plugin_before_it_answers_again() {
    let app = TestApp::start().await;
    app.live("pricing", fixed_price("healthy", 777, 888)).await;
    let bad = app.live("pricing", crashing()).await;
    for _ in 0..2 {
        assert_eq!(app.quoted("tb_1").await, (1500, "price-table".into()), "the built-in answers for it");
    }
    assert_eq!(app.role("pricing").await["live"]["faults"], 2);
    app.quoted("tb_1").await;
    let role = app.role("pricing").await;
    assert_eq!((&role["live"]["name"], &role["quarantined"]), (&json!("healthy"), &json!([bad])));
    assert_eq!(app.quoted("tb_1").await, (777, "healthy".into()));
    let incidents = app.get("operator", "/plugins/pricing/incidents").await.expect(200);
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(3));
    let incident = &incidents["incidents"][0];
    assert!(incident["reason"].as_str().is_some_and(|r| r.contains("crashed")), "{incident}");
    assert!(incident["backtrace"].as_str().is_some_and(|b| b.contains("deep")), "{incident}");
    assert_eq!(incident["input"]["pictures"][0]["complexity"], "normal");
    let history = app.get("operator", "/plugins/pricing/history").await.expect(200);
    let line = &history["history"][0];
    assert_eq!((&line["action"], &line["actor"]), (&json!("quarantine"), &json!("shopkeeper")));
    assert!(line["reason"].as_str().is_some_and(|r| r.contains("crashed")), "{line}");
    let alerts: Vec<String> = app.dump().into_iter().filter(|r| r.contains("plugin-quarantined")).collect();
    assert_eq!(alerts.len(), 1, "one alert: {alerts:?}");
    app.activate("pricing", json!({ "digest": bad })).await.problem(409);
    let app = app.restart().await;
    assert_eq!(app.quoted("tb_1").await, (777, "healthy".into()));
    app.stop().await;
}

#[tokio::test]
async fn a_canary_that_fails_once_goes_back_to_nobody() {
    let app = TestApp::start().await;
    app.live("pricing", fixed_price("healthy", 777, 888)).await;
    let digest = app.upload_plugin(crashing()).await;
    app.activate("pricing", json!({ "digest": digest, "mode": "canary", "percent": 100 })).await.expect(200);
    assert_eq!(app.quoted("tb_1").await, (777, "healthy".into()), "the live one answers for it");
    let role = app.role("pricing").await;
    assert_eq!((&role["candidate"]["percent"], &role["live"]["name"]), (&json!(0), &json!("healthy")));
    app.quoted("tb_1").await;
    assert_eq!(app.role("pricing").await["candidate"]["calls"], 1, "it is not asked again");
    app.stop().await;
}

#[tokio::test]
async fn a_message_is_answered_whatever_the_plugins_do() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    app.live("wording", component(Role::Wording, "unreachable", "")).await;
    app.live("detection", component(Role::Detection, "(loop (br 0)) unreachable", "")).await;
    let said = app.say("tb_1", "m1", "可以").await;
    assert_eq!(said["messages"][0]["text"], "没问题的话把邮箱发我,我给你发原图");
    app.stop().await;
}

#[tokio::test]
async fn a_price_outside_the_shops_bounds_is_no_sign_of_a_broken_plugin() {
    let app = TestApp::start().await;
    let mut settings = app.get("operator", "/settings").await.expect(200);
    settings["price_ceiling"] = json!({ "minor": 3000, "currency": "CNY" });
    app.send("operator", reqwest::Method::PUT, "/settings", settings).await.expect(200);
    app.live("pricing", fixed_price("toodear", 9900, 9900)).await;
    for _ in 0..5 {
        assert_eq!(app.quoted("tb_1").await.1, "price-table");
    }
    assert_eq!(app.role("pricing").await["live"]["name"], "toodear");
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
    let read = app.get("operator", "/plugins/detection/calls").await.expect(200);
    assert_eq!((&read["calls"][0]["mode"], &read["calls"][0]["fault"]), (&json!("live"), &Value::Null));
    app.stop().await;
}

#[tokio::test]
async fn metrics_tell_of_each_plugin() {
    let app = TestApp::start().await;
    let digest = app.live("pricing", named(Role::Pricing, "metered", "unreachable", "")).await;
    app.quoted("tb_1").await;
    app.post("operator", "/plugins/pricing/try", json!({ "input": { "pictures": [{}] } })).await.expect(200);
    let text = app.get("", "!/metrics").await.json.as_str().expect("text").to_owned();
    let plugin = &digest[..12];
    for line in [
        format!(
            "shopkeeper_plugin_faults_total{{role=\"pricing\",function=\"price\",plugin=\"{plugin}\",kind=\"trap\"}} 1"
        ),
        format!(
            "shopkeeper_plugin_call_seconds_count{{role=\"pricing\",function=\"price\",plugin=\"{plugin}\"}} 1"
        ),
        format!(
            "shopkeeper_plugin_call_instructions_count{{role=\"pricing\",function=\"price\",plugin=\"{plugin}\"}} "
        ),
        "plugin=\"built-in\"".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    app.stop().await;
}
