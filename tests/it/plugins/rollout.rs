//! Made live, changed, taken back; and what remains of it after a restart.

use reqwest::Method;
use serde_json::{Value, json};
use shopkeeper_forge::fixed_price;

use crate::app::TestApp;

#[tokio::test]
async fn a_plugin_goes_live_survives_a_restart_and_is_rolled_back() {
    let app = TestApp::start().await;
    let first = app.live("pricing", fixed_price("first77", 777, 888)).await;
    assert_eq!(app.quoted("tb_1").await, (777, "first77".into()));
    app.live("pricing", fixed_price("second7", 555, 666)).await;
    assert_eq!(app.quoted("tb_1").await, (555, "second7".into()));
    let app = app.restart().await;
    assert_eq!(app.quoted("tb_1").await, (555, "second7".into()));
    let back = app.post("operator", "/plugins/pricing/rollback", json!({})).await.expect(200);
    assert_eq!((&back["action"], &back["live"]["digest"]), (&json!("rollback"), &json!(first)));
    assert_eq!(app.quoted("tb_1").await, (777, "first77".into()));
    app.post("operator", "/plugins/pricing/rollback", json!({})).await.expect(200);
    assert_eq!(app.quoted("tb_1").await, (1500, "price-table".into()));
    app.post("operator", "/plugins/pricing/rollback", json!({})).await.problem(409);
    let history = app.get("operator", "/plugins/pricing/history").await.expect(200);
    let actions: Vec<&str> = history["history"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|l| l["action"].as_str().expect("it"))
        .collect();
    assert_eq!(actions, ["rollback", "rollback", "live", "live"]);
    let latest = &history["history"][0];
    assert!(latest["actor"].as_str().is_some_and(|a| a.starts_with("operator ")), "{latest}");
    assert_eq!(
        (&latest["now"]["name"], &latest["before"]["name"]),
        (&json!("price-table"), &json!("first77"))
    );
    app.stop().await;
}

/// The built-in price list with another price for a normal picture.
async fn dearer(app: &TestApp, low: Value) -> Value {
    let mut settings = app.get("operator", "/plugins/pricing/settings").await.expect(200)["settings"].clone();
    settings["table"][1]["low"] = low;
    settings
}

#[tokio::test]
async fn a_price_is_changed_refused_and_taken_back() {
    let app = TestApp::start().await;
    let put = |settings| app.send("operator", Method::PUT, "/plugins/pricing/settings", settings);
    let refused = put(dearer(&app, json!(-5)).await).await.problem(422);
    assert_eq!(refused["pointer"], "/table/1/low", "{refused}");
    assert_eq!(app.quoted("tb_1").await.0, 1500, "a refused price changes nothing");
    let done = put(dearer(&app, json!(1600)).await).await.expect(200);
    assert_eq!((&done["action"], &done["live"]["built_in"]), (&json!("settings"), &json!(true)));
    assert_eq!(app.quoted("tb_1").await.0, 1600);
    let history = app.get("operator", "/plugins/pricing/history").await.expect(200);
    let change = &history["history"][0]["changes"][0];
    assert_eq!(*change, json!({ "pointer": "/table/1/low", "old": 1500, "new": 1600 }));
    let app = app.restart().await;
    assert_eq!(app.quoted("tb_1").await.0, 1600);
    app.post("operator", "/plugins/pricing/rollback", json!({})).await.expect(200);
    assert_eq!(app.quoted("tb_1").await.0, 1500);
    app.stop().await;
}

#[tokio::test]
async fn swaps_under_load_fail_no_call() {
    let app = TestApp::start().await;
    let one = app.upload_plugin(fixed_price("first77", 777, 888)).await;
    let two = app.upload_plugin(fixed_price("second7", 555, 666)).await;
    let asking = async {
        for _ in 0..60 {
            let (price, by) = app.quoted("tb_1").await;
            let known = [(777, "first77"), (555, "second7"), (1500, "price-table")];
            assert!(known.contains(&(price, by.as_str())), "{price} by {by}");
        }
    };
    let swapping = async {
        for digest in [&one, &two].into_iter().cycle().take(20) {
            app.activate("pricing", json!({ "digest": digest })).await.expect(200);
        }
    };
    tokio::join!(asking, swapping);
    let incidents = app.get("operator", "/plugins/pricing/incidents").await.expect(200);
    assert_eq!(incidents["incidents"], json!([]));
    app.stop().await;
}
