//! A task's own page.

use serde_json::json;

use super::browser::Browser;
use crate::app::TestApp;

#[tokio::test]
async fn a_task_shows_both_pictures_its_price_what_was_said_and_what_happened() {
    let app = TestApp::start_with(&[("SHOPKEEPER_PROCESSING__ENABLED", "false")]).await;
    let task = app.shown("tb_1").await;
    app.say("tb_1", "m1", "脸再亮一点").await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get(&format!("/s/demo/tasks/{task}")).await;
    let text = page.page();
    let stored = app.task(&task).await;
    let price = stored["quote"]["low"]["minor"].as_i64().expect("a price");
    let price = format!("¥{}.{:02}", price / 100, price % 100);
    for part in [
        "原图",
        "成品",
        "脸再亮一点",
        &price,
        "price-table",
        "收到图片",
        "成品出来了",
        stored["image_id"].as_str().expect("a picture"),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    browser.get(&format!("/language/en?next=/s/demo/tasks/{task}")).await;
    let english = browser.get(&format!("/s/demo/tasks/{task}")).await;
    assert!(english.page().contains("The result came"));
    app.stop().await;
}

#[tokio::test]
async fn what_can_be_done_is_done_as_over_the_api() {
    let app = TestApp::start_with(&[("SHOPKEEPER_PROCESSING__ENABLED", "false")]).await;
    let task = app.shown("tb_1").await;
    let here = format!("/s/demo/tasks/{task}");
    let browser = Browser::signed_in(&app, "operator").await;
    let version = app.task(&task).await["version"].to_string();
    let does = async |action: &str, version: &str| {
        let done = browser.submit(&here, &format!("{here}/{action}"), &[("version", version)]).await;
        done.status.as_u16()
    };
    assert_eq!(browser.post(&format!("{here}/cancel"), &[("version", &version)]).await.status, 403);
    assert_eq!(app.task(&task).await["status"], "awaiting-confirm");
    assert_eq!(does("take-over", &version).await, 303);
    assert!(app.get("operator", "/customers/tb_1").await.expect(200)["hold"].is_object());
    let page = browser.get(&here).await;
    assert!(page.page().contains("/give-back") && !page.text.contains("/take-over"));
    assert_eq!(does("give-back", &version).await, 303);
    assert!(app.get("operator", "/customers/tb_1").await.expect(200)["hold"].is_null());
    assert_eq!(does("retry", &version).await, 409, "nothing failed");
    assert_eq!(does("cancel", "99").await, 409, "somebody else was faster");
    let version = app.task(&task).await["version"].to_string();
    assert_eq!(does("cancel", &version).await, 303);
    assert_eq!(app.task(&task).await["status"], "cancelled");
    let page = browser.get(&here).await;
    assert!(page.page().contains("已取消") && !page.text.contains("/cancel\""));
    assert_eq!(does("burn", &version).await, 404);
    app.stop().await;
}

#[tokio::test]
async fn another_shops_task_is_not_there() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let task = app.shown("tb_1").await;
    let made = app.post("admin", "/v1/shops/other/keys", json!({ "scopes": ["operator"] })).await.expect(201);
    let browser = Browser::signed_in(&app, made["key"].as_str().expect("a key")).await;
    for path in
        [format!("/s/demo/tasks/{task}"), format!("/s/other/tasks/{task}"), "/s/other/tasks/x".to_owned()]
    {
        assert_eq!(browser.get(&path).await.status, 404, "{path}");
    }
    let fields = [("version", "1")];
    let refused = browser.submit("/s/other/", &format!("/s/other/tasks/{task}/cancel"), &fields).await;
    assert_eq!(refused.status, 404);
    assert_eq!(app.task(&task).await["status"], "awaiting-confirm");
    app.stop().await;
}
