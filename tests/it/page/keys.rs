//! Shops and keys, by the admin.

use serde_json::json;

use super::browser::Browser;
use crate::app::TestApp;

#[tokio::test]
async fn a_new_key_is_shown_once_opens_the_shop_and_ends_its_sessions_when_it_is_revoked() {
    let app = TestApp::start().await;
    let admin = Browser::signed_in(&app, "admin").await;
    let scopes = [("scope", "operator"), ("scope", "payments")];
    let made = admin.submit("/s/demo/keys", "/s/demo/keys", &scopes).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("cache-control"), "no-store");
    let (_, rest) = made.text.split_once(r#"id="fresh-key">"#).expect("the key");
    let key = rest.split('<').next().expect("the key").to_owned();
    let again = admin.get("/s/demo/keys").await;
    assert!(!again.page().contains(&key), "only once");
    let listed = app.get("admin", "/keys").await.expect(200)["keys"].clone();
    let newest = listed.as_array().and_then(|k| k.last()).expect("a key").clone();
    assert_eq!(newest["scopes"], json!(["operator", "payments"]));
    let id = newest["id"].as_str().expect("an id");
    assert!(again.text.contains(id) && again.text.contains("店主和店员"));

    let operator = Browser::signed_in(&app, &key).await;
    operator.get("/s/demo/").await.page();
    assert_eq!(operator.get("/s/demo/keys").await.status, 403, "no operator makes keys");
    assert!(!operator.get("/s/demo/").await.text.contains("/s/demo/keys"));
    assert_eq!(operator.submit("/s/demo/", "/s/demo/keys", &scopes).await.status, 403);
    let revoke = format!("/s/demo/keys/{id}/revoke");
    assert_eq!(operator.submit("/s/demo/", &revoke, &[]).await.status, 403);
    assert_eq!(admin.post(&revoke, &[]).await.status, 403, "no token");
    operator.get("/s/demo/").await.page();
    admin.submit("/s/demo/keys", &revoke, &[]).await.leads_to("/s/demo/keys");
    assert_eq!(operator.get("/s/demo/").await.status, 303, "signed out");
    app.get(&key, "/settings").await.problem(401);
    assert_eq!(admin.submit("/s/demo/keys", &revoke, &[]).await.status, 404);

    for scopes in [&[][..], &[("scope", "admin")]] {
        let refused = admin.submit("/s/demo/keys", "/s/demo/keys", scopes).await;
        assert_eq!(refused.status, 422, "{scopes:?}");
        assert!(refused.text.contains("没有做成") && !refused.text.contains("fresh-key"));
    }
    app.stop().await;
}

#[tokio::test]
async fn the_admin_adds_a_shop_and_nobody_else_does() {
    let app = TestApp::start().await;
    let admin = Browser::signed_in(&app, "admin").await;
    let new = [("id", "second"), ("name", "<i>二店</i>")];
    admin.submit("/", "/shops", &new).await.leads_to("/");
    let shops = admin.get("/").await;
    assert!(shops.page().contains("/s/second/") && !shops.text.contains("<i>二店"));
    admin.get("/s/second/settings").await.page();
    for (id, name, status) in [("second", "又一家", 409), ("Not an id", "店", 422), ("third", "", 422)] {
        let refused = admin.submit("/", "/shops", &[("id", id), ("name", name)]).await;
        assert_eq!(refused.status, status, "{id}");
        assert!(refused.text.contains("没有开成") && refused.text.contains(&format!(r#"value="{id}""#)));
    }
    let operator = Browser::signed_in(&app, "operator").await;
    assert_eq!(operator.submit("/s/demo/", "/shops", &new).await.status, 403);
    assert_eq!(admin.post("/shops", &new).await.status, 403);
    app.stop().await;
}
