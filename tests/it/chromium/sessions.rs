//! Signing in and out, and what is nobody else's.

use serde_json::json;

use super::{Chromium, Key};
use crate::app::TestApp;

#[tokio::test]
async fn signing_in_takes_a_keyboard_only_and_lasts_until_somebody_signs_out() {
    let app = TestApp::start().await;
    let chromium = Chromium::open(&app).await;
    chromium.go("/s/demo/settings").await;
    chromium.until("the sign-in", "location.pathname == '/sign-in'").await;
    let on_key = "document.activeElement.name == 'key'";
    while chromium.ask(on_key).await == false {
        chromium.driver.action_chain().send_keys(Key::Tab).perform().await.expect("keys");
    }
    let keys = format!("{}{}", app.key("operator"), '\u{e007}');
    chromium.driver.action_chain().send_keys(keys).perform().await.expect("keys");
    chromium.until("where they wanted to go", "location.pathname == '/s/demo/settings'").await;
    assert_eq!(
        chromium.ask("document.cookie.includes('session')").await,
        false,
        "no script sees the session"
    );

    let other = Chromium::signed_in(&app, "operator").await;
    other.go("/s/demo/").await;
    other.click(".menu summary").await;
    other.click(".menu form[action='/sign-out-everywhere'] button").await;
    other.until("the way out", "location.pathname == '/sign-in'").await;
    chromium.go("/s/demo/").await;
    chromium.until("the way out", "location.pathname == '/sign-in'").await;
    other.close().await;
    chromium.close().await;
    app.stop().await;
}

#[tokio::test]
async fn another_shops_things_are_not_there_and_a_form_without_its_token_changes_nothing() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let task = app.analyse("tb_1").await["task"]["id"].as_str().expect("an id").to_owned();
    let chromium = Chromium::signed_in(&app, "operator").await;
    for path in ["/s/other/", "/s/other/plugins/pricing", &format!("/s/other/tasks/{task}")] {
        chromium.go(path).await;
        assert!(chromium.text("main").await.contains("没有这个页面"), "{path}");
    }
    chromium.go("/s/demo/settings").await;
    chromium.write("[name='/free_revisions']", "7").await;
    chromium.ask("document.querySelector('form.settings [name=csrf]').remove()").await;
    chromium.click("#save").await;
    chromium
        .until("the refusal", "document.querySelector('main').textContent.includes('这一步没有通过')")
        .await;
    assert_ne!(app.get("operator", "/settings").await.expect(200)["free_revisions"], 7);
    chromium.close().await;
    app.stop().await;
}
