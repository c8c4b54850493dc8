//! Who sees what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{SCOPES, TestApp};

#[tokio::test]
async fn without_a_key_nothing_opens() {
    let app = TestApp::start().await;
    for who in ["", "sk_wrong", "nonsense"] {
        for path in ["/v1/shops", "/v1/shops/demo/tasks", "/v1/shops/demo/no-such-path"] {
            app.get(who, path).await.problem(401);
        }
    }
    let basic = app.request("", Method::GET, "/tasks").header("authorization", "Basic YTpi");
    app.answer(basic).await.problem(401);
    for open in ["!/healthz", "!/readyz", "!/metrics", "!/openapi.json"] {
        assert_eq!(app.get("", open).await.status, 200, "{open}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_key_opens_its_own_shop_with_its_own_scopes() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let task = app.shown("tb_1").await;
    let other = app.post("admin", "/v1/shops/other/keys", json!({ "scopes": SCOPES })).await.expect(201);
    let other = other["key"].as_str().expect("a key").to_owned();
    // Another shop's things are not there, whatever the key may do at home.
    for path in [
        format!("/tasks/{task}"),
        "/tasks".into(),
        "/settings".into(),
        "/outbox".into(),
        "/customers/tb_1".into(),
    ] {
        app.get(&other, &path).await.problem(404);
    }
    // Nor are they there at home.
    app.get(&other, &format!("/v1/shops/other/tasks/{task}")).await.problem(404);
    app.get(&other, "/v1/shops/other/customers/tb_1").await.problem(404);
    let image = app.photo().await;
    app.get(&other, &format!("/v1/shops/other/images/{image}")).await.problem(404);
    // The installation's own paths are forbidden.
    app.get(&other, "/v1/shops").await.problem(403);
    app.post("operator", "/v1/shops", json!({ "id": "third", "name": "x" })).await.problem(403);
    // At home the scope counts.
    app.get("connector", "/settings").await.problem(403);
    app.post("operator", "/messages", json!({})).await.problem(403);
    app.post("payments", "/keys", json!({ "scopes": ["operator"] })).await.problem(403);
    app.get("admin", &format!("/tasks/{task}")).await.expect(200);
    app.get("admin", "/v1/shops/nowhere/tasks").await.problem(404);
    app.stop().await;
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_nothing_once_taken_away() {
    let app = TestApp::start().await;
    let made = app.post("admin", "/keys", json!({ "scopes": ["agent", "operator"] })).await.expect(201);
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    app.get(key, "/tasks").await.expect(200);
    let listed = app.get("admin", "/keys").await.expect(200);
    assert!(!listed.to_string().contains(key), "never shown again");
    assert!(!app.dump().join("\n").contains(key), "nor stored");
    app.answer(app.request("admin", Method::DELETE, &format!("/keys/{id}"))).await.expect(204);
    app.get(key, "/tasks").await.problem(401);
    app.answer(app.request("admin", Method::DELETE, &format!("/keys/{id}"))).await.problem(404);
    app.stop().await;
}

#[tokio::test]
async fn a_picture_opens_with_a_key_of_its_shop_or_a_signed_link() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    let entries = app.get("connector", "/outbox").await.expect(200);
    let link = entries["entries"][0]["url"].as_str().expect("a link").to_owned();
    let open = |link: String| {
        let request = app.request("", Method::GET, &link);
        async move { request.send().await.expect("an answer") }
    };
    let good = open(link.clone()).await;
    assert_eq!(good.status(), 200);
    assert_eq!(good.headers()["content-type"], "image/jpeg");
    assert_eq!(good.headers()["x-content-type-options"], "nosniff");
    let longer = link.replacen("expires=", "expires=9", 1);
    let other = format!("{}{}", link.replace("images/", "images/0"), "");
    assert_eq!(open(longer).await.status(), 401, "the time is signed too");
    assert_ne!(open(other).await.status(), 200);
    assert_eq!(open(link.replace("signature=", "signature=A")).await.status(), 401);
    app.stop().await;
}

#[tokio::test]
async fn the_admin_key_lies_in_a_private_file() {
    let app = TestApp::start().await;
    let folder = app.stop().await;
    for name in ["admin.key", "secret"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(app.analyse(&format!("tb_{n}")).await["task"]["id"].clone());
    }
    let (mut seen, mut cursor): (Vec<Value>, String) = (Vec::new(), String::new());
    loop {
        let page = app.get("agent", &format!("/tasks?limit=2&status=pending{cursor}")).await.expect(200);
        seen.extend(page["tasks"].as_array().expect("tasks").iter().map(|t| t["id"].clone()));
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    made.reverse();
    assert_eq!(seen, made, "newest first, each once");
    let one = app.get("agent", "/tasks?customer_id=tb_3").await.expect(200);
    assert_eq!(one["tasks"].as_array().expect("tasks").len(), 1);
    app.post("admin", "/v1/shops", json!({ "id": "z", "name": "另一家" })).await.expect(201);
    let first = app.get("admin", "/v1/shops?limit=1").await.expect(200);
    let next = format!("/v1/shops?cursor={}", first["cursor"].as_str().expect("there is more"));
    let rest = app.get("admin", &next).await.expect(200);
    assert_eq!((&first["shops"][0]["id"], &rest["shops"][0]["id"]), (&json!("demo"), &json!("z")));
    assert_eq!(rest["cursor"], Value::Null);
    let keys = app.get("admin", "/keys?limit=2").await.expect(200);
    assert!(keys["keys"].as_array().expect("keys").len() == 2 && keys["cursor"].is_string());
    app.get("agent", "/tasks?limit=0").await.problem(422);
    app.get("agent", "/tasks?cursor=x").await.problem(422);
    app.get("agent", "/tasks?status=done").await.problem(422);
    app.get("agent", "/tasks?colour=red").await.problem(422);
    app.stop().await;
}

#[tokio::test]
async fn closed_metrics_open_for_the_admin_key_alone() {
    let app = TestApp::start_with(&[("SHOPKEEPER_SERVER__OPEN_METRICS", "false")]).await;
    app.get("", "!/metrics").await.problem(401);
    app.get("operator", "!/metrics").await.problem(403);
    assert_eq!(app.get("admin", "!/metrics").await.status, 200);
    app.stop().await;
}
