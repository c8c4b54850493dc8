//! The settings' form: what is changed is seen by the API, and what is refused is shown at its field.

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::{Browser, Seen};
use crate::app::TestApp;

async fn send(browser: &Browser<'_>, changes: &[(&str, &str)]) -> Seen {
    let page = browser.get("/s/demo/settings").await;
    let sent = page.fields(r#"class="settings""#, changes);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post("/s/demo/settings", &sent).await
}

async fn stored(app: &TestApp) -> Value {
    app.get("operator", "/settings").await.expect(200)
}

#[tokio::test]
async fn what_is_changed_in_the_form_is_what_the_api_sees_and_nothing_else_changes() {
    let app = TestApp::start().await;
    let mut wanted = stored(&app).await;
    wanted["alert_webhook"] = json!("secret-robot-key");
    wanted["opening_hours"] = json!({
        "windows": [{ "days": ["Mon", "Fri"], "from": "09:00:00", "to": "18:30:00" }], "holidays": [],
    });
    app.send("operator", Method::PUT, "/settings", wanted.clone()).await.expect(200);
    let browser = Browser::signed_in(&app, "operator").await;
    send(&browser, &[]).await.leads_to("/s/demo/settings?saved=yes");
    assert_eq!(stored(&app).await, wanted, "a form that is sent as it came changes nothing");
    let page = browser.get("/s/demo/settings?saved=yes").await;
    assert!(page.page().contains("设置已保存") && page.text.contains("已设置,不在这里显示"));
    assert!(!page.text.contains("secret-robot-key"), "a secret is not shown");

    let changes = [
        ("/price_floor", "12.5"),
        ("/free_revisions", "1"),
        ("/processing_enabled", ""),
        ("/processor", "external"),
        ("/agent/url", "https://agent.example/hook"),
        ("/patience/stuck_minutes", ""),
        ("/opening_hours/holidays", "2027-02-06\r\n\r\n2027-02-07"),
        ("/opening_hours/windows/1/from", "20:00"),
        ("/opening_hours/windows/1/to", "22:00"),
    ];
    send(&browser, &changes).await.leads_to("/s/demo/settings?saved=yes");
    wanted["price_floor"] = json!({ "minor": 1250, "currency": "CNY" });
    wanted["free_revisions"] = json!(1);
    wanted["processing_enabled"] = json!(false);
    wanted["processor"] = json!("external");
    wanted["agent"] = json!({ "url": "https://agent.example/hook", "seconds": 10 });
    wanted["patience"]["stuck_minutes"] = Value::Null;
    wanted["opening_hours"]["holidays"] = json!(["2027-02-06", "2027-02-07"]);
    let windows = wanted["opening_hours"]["windows"].as_array_mut().expect("a list");
    windows.push(json!({ "days": [], "from": "20:00:00", "to": "22:00:00" }));
    assert_eq!(stored(&app).await, wanted);
    send(&browser, &[("/alert_webhook/none", "yes"), ("/opening_hours/holidays", "")]).await;
    assert_eq!(stored(&app).await["alert_webhook"], Value::Null);
    app.stop().await;
}

#[tokio::test]
async fn a_problem_stands_at_its_field_and_nothing_that_was_typed_is_lost() {
    let app = TestApp::start().await;
    let before = stored(&app).await;
    let browser = Browser::signed_in(&app, "operator").await;
    for (field, typed, shown) in [
        ("/price_floor", "<b>viel", "&#60;b&#62;viel"),
        ("/price_ceiling", "-3.00", "-3.00"),
        ("/free_revisions", "2.5", "2.5"),
        ("/currency", "yuan", "yuan"),
        ("/processor", "gemini", "gemini"),
        ("/image_ai/pass_mark", "101", "101"),
        ("/alert_webhook", "no key", "no key"),
        ("/agent/url", "gopher://x", "gopher://x"),
        ("/mail_from_name", &"长".repeat(65), &"长".repeat(65)),
        ("/patience/parked_days", "soon", "soon"),
        ("/opening_hours/holidays", "2027-02-30", "2027-02-30"),
        ("/opening_hours/windows/0/from", "19:00", "19:00"),
        ("/utc_offset_minutes", "900", "900"),
        ("/locale", "!", "!"),
    ] {
        let refused = send(&browser, &[(field, typed), ("/tags/big_orders", "77")]).await;
        assert_eq!(refused.status, 422, "{field}");
        let text = &refused.text;
        assert!(text.contains("还没有保存") && text.contains("class=\"why\""), "{field}: {text}");
        let (_, wrong) = text.split_once(r#"<div class="field wrong">"#).expect("a field that is wrong");
        let wrong = wrong.split(r#"<div class="field"#).next().expect("the field");
        assert!(wrong.contains(&format!(r#"name="{field}""#)), "{field}: {wrong}");
        assert!(wrong.contains(shown) || wrong.contains("selected"), "{field}: {wrong}");
        assert!(text.contains(r#"name="/tags/big_orders" value="77""#), "{field}: what was typed elsewhere");
        assert!(!text.contains("<b>viel"));
    }
    assert_eq!(stored(&app).await, before);
    app.stop().await;
}

#[tokio::test]
async fn settings_are_the_shops_own() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let before = stored(&app).await;
    let browser = Browser::signed_in(&app, "operator").await;
    assert_eq!(browser.post("/s/demo/settings", &[("/free_revisions", "9")]).await.status, 403);
    assert_eq!(browser.get("/s/other/settings").await.status, 404);
    let elsewhere =
        browser.submit("/s/demo/settings", "/s/other/settings", &[("/free_revisions", "9")]).await;
    assert_eq!(elsewhere.status, 404);
    assert_eq!(stored(&app).await, before);
    browser.get("/language/en?next=/").await;
    assert!(browser.get("/s/demo/settings").await.page().contains("Price floor"));
    app.stop().await;
}
