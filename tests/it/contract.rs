//! The served document is the contract: every path of it is there.

use serde_json::Value;

use crate::app::TestApp;

/// HTTP.md's paths, as far as they are built.
const PATHS: &[(&str, &[&str])] = &[
    ("/v1/shops", &["get", "post"]),
    ("/v1/shops/{shop}/keys", &["get", "post"]),
    ("/v1/shops/{shop}/keys/{id}", &["delete"]),
    ("/v1/shops/{shop}/settings", &["get", "put"]),
    ("/v1/shops/{shop}/images", &["post"]),
    ("/v1/shops/{shop}/images/{image_id}", &["get"]),
    ("/v1/shops/{shop}/analyses", &["post"]),
    ("/v1/shops/{shop}/customers/{customer}/pending-analysis/take", &["post"]),
    ("/v1/shops/{shop}/tasks", &["get", "post"]),
    ("/v1/shops/{shop}/tasks/summary", &["get"]),
    ("/v1/shops/{shop}/tasks/{id}", &["get"]),
    ("/v1/shops/{shop}/tasks/{id}/events", &["get"]),
    ("/v1/shops/{shop}/tasks/{id}/result", &["post"]),
    ("/v1/shops/{shop}/tasks/{id}/retry", &["post"]),
    ("/v1/shops/{shop}/tasks/{id}/cancel", &["post"]),
    ("/v1/shops/{shop}/tasks/{id}/approve", &["post"]),
    ("/v1/shops/{shop}/image-jobs/claim", &["post"]),
    ("/v1/shops/{shop}/payments", &["post"]),
    ("/v1/shops/{shop}/messages", &["post"]),
    ("/v1/shops/{shop}/detect", &["post"]),
    ("/v1/shops/{shop}/quotes", &["post"]),
    ("/v1/shops/{shop}/customers/{customer}", &["get"]),
    ("/v1/shops/{shop}/customers/{customer}/hold", &["post"]),
    ("/v1/shops/{shop}/customers/{customer}/resume", &["post"]),
    ("/v1/shops/{shop}/outbox", &["get"]),
    ("/v1/shops/{shop}/outbox/{id}/ack", &["post"]),
];

#[tokio::test]
async fn the_document_lists_every_path() {
    let app = TestApp::start().await;
    let document = app.get("", "!/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")), "{}", document["openapi"]);
    let paths = document["paths"].as_object().expect("paths");
    let described: Vec<(&String, &Value)> = paths.iter().collect();
    assert_eq!(described.len(), PATHS.len(), "{:?}", paths.keys());
    for (path, methods) in PATHS {
        for method in *methods {
            assert!(paths.get(*path).is_some_and(|p| p[*method].is_object()), "{method} {path}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn detection_and_quotes_answer_without_a_task() {
    let app = TestApp::start().await;
    let found = app
        .post("agent", "/detect", serde_json::json!({ "text": "把背景换成白色，尺寸改成一寸" }))
        .await
        .expect(200);
    let names: Vec<&str> = found["operations"]
        .as_array()
        .expect("operations")
        .iter()
        .map(|o| o["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["remove_bg", "resize"]);
    assert_eq!((&found["operation"], &found["operations"][0]["start"]), (&"remove_bg".into(), &1.into()));
    let none = app.post("connector", "/detect", serde_json::json!({ "text": "在吗" })).await.expect(200);
    assert_eq!((&none["operation"], &none["operations"]), (&"enhance".into(), &serde_json::json!([])));
    let quote = serde_json::json!({ "pictures": [{ "complexity": "hard" }, { "complexity": "simple" }], "customer_id": "tb_1" });
    let quoted = app.post("agent", "/quotes", quote).await.expect(200);
    assert_eq!((&quoted["low"]["minor"], &quoted["high"]["minor"]), (&3500.into(), &4500.into()));
    app.stop().await;
}

#[tokio::test]
async fn metrics_tell_where_the_time_goes() {
    let app = TestApp::start().await;
    app.say("tb_1", "m1", "在吗").await;
    let metrics = app.get("", "!/metrics").await.json;
    let text = metrics.as_str().expect("text");
    for name in [
        "step=\"commit\"}",
        "shopkeeper_plugin_call_seconds_count{role=\"detection\",function=\"read-intent\"} 1",
        "shopkeeper_outbox_waiting",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    app.stop().await;
}
