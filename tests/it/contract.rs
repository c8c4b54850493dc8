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
    ("/v1/shops/{shop}/connect", &["get"]),
    ("/v1/shops/{shop}/events", &["get"]),
    ("/v1/shops/{shop}/customers/{customer}", &["get", "delete"]),
    ("/v1/shops/{shop}/customers/{customer}/hold", &["post"]),
    ("/v1/shops/{shop}/customers/{customer}/resume", &["post"]),
    ("/v1/shops/{shop}/outbox", &["get"]),
    ("/v1/shops/{shop}/outbox/dead", &["get"]),
    ("/v1/shops/{shop}/outbox/{id}/resend", &["post"]),
    ("/v1/shops/{shop}/webhook-secret", &["get"]),
    ("/v1/shops/{shop}/outbox/{id}/ack", &["post"]),
    ("/v1/shops/{shop}/plugins", &["get", "post"]),
    ("/v1/shops/{shop}/plugins/{role}/activate", &["post"]),
    ("/v1/shops/{shop}/plugins/{role}/rollback", &["post"]),
    ("/v1/shops/{shop}/plugins/{role}/candidate", &["delete"]),
    ("/v1/shops/{shop}/plugins/{role}/settings", &["get", "put"]),
    ("/v1/shops/{shop}/plugins/{role}/history", &["get"]),
    ("/v1/shops/{shop}/plugins/{role}/calls", &["get"]),
    ("/v1/shops/{shop}/plugins/{role}/incidents", &["get"]),
    ("/v1/shops/{shop}/plugins/{role}/log", &["get"]),
    ("/v1/shops/{shop}/plugins/{role}/try", &["post"]),
    ("/v1/shops/{shop}/plugins/{role}/replay", &["post"]),
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
    for (path, methods) in &described {
        for (method, operation) in methods.as_object().expect("methods") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let mut in_path: Vec<&str> = parameters
                .iter()
                .filter(|p| p["in"] == "path")
                .map(|p| p["name"].as_str().expect("a name"))
                .collect();
            let mut in_template: Vec<&str> =
                path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            in_path.sort_unstable();
            in_template.sort_unstable();
            assert_eq!(in_path, in_template, "{method} {path}");
        }
    }
    let required = |schema: &str| document["components"]["schemas"][schema]["required"].clone();
    assert_eq!(required("Analysis"), serde_json::json!(["customer_id", "complexity"]));
    assert_eq!(required("MessageBody"), serde_json::json!(["message_id", "customer_id", "text"]));
    assert_eq!(required("PaymentNotice"), serde_json::json!(["customer_id", "order_id"]));
    assert_eq!(required("QuoteBody"), serde_json::json!(["pictures"]));
    assert_eq!(required("ResultBody"), Value::Null);
    let retry = &paths["/v1/shops/{shop}/tasks/{id}/retry"]["post"]["requestBody"];
    assert_ne!(retry["required"], true, "{retry}");
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
    let analysis = serde_json::json!({
        "complexity": "hard", "request_text": "抠图", "image_id": "0".repeat(64), "customer_id": "tb_1",
        "image_url": "http://10.0.0.1/never-fetched.jpg", "customer_name": "王", "aspect_ratio": "3:4",
    });
    app.post("agent", "/quotes", serde_json::json!({ "pictures": [analysis] })).await.expect(200);
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
        "shopkeeper_plugin_call_seconds_count{role=\"detection\",function=\"read-intent\",plugin=\"built-in\"} 1",
        "shopkeeper_outbox_waiting",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    app.stop().await;
}
