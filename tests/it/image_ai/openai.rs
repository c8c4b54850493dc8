//! OpenAI's interface: what is sent, and what its errors mean.

use reqwest::Method;
use serde_json::json;

use super::{
    DELAYED, KEY, READY,
    double::{Double, Says, chat_verdict, drawn},
    marked, with,
};

#[tokio::test]
async fn a_paid_picture_is_edited_checked_and_shown() {
    let double = Double::start(vec![drawn(&marked("first")), drawn(&marked("second"))]).await;
    let double = double.judging(vec![chat_verdict(50, "偏色"), chat_verdict(90, "")]);
    let app = with(&double, "openai", json!({})).await;
    let task = app.ordered("tb_1", json!({ "prompt": "换成蓝天", "aspect_ratio": "9:16" })).await;
    assert_eq!(app.hear_until(READY).await, ["[image]", READY]);
    assert_eq!(app.result(&task).await, marked("second"));
    assert_eq!((app.calls(), app.alerts()), (vec!["2".to_owned()], vec![]));
    let edit = double.seen("/v1/images/edits").remove(0);
    assert_eq!(edit.key, KEY);
    let form = edit.text();
    for part in ["name=\"image\"", "name=\"prompt\"", "换成蓝天", "gpt-image-1.5", "1024x1536", "image/jpeg"]
    {
        assert!(form.contains(part), "{part}");
    }
    let check = double.seen("/v1/chat/completions").remove(0).json();
    assert_eq!(check["response_format"]["type"], "json_schema");
    assert_eq!(check["messages"][0]["content"].as_array().map(Vec::len), Some(3), "words and two pictures");
    app.stop().await;
}

#[tokio::test]
async fn errors_are_told_apart_by_their_code() {
    let error = |status, code: &str| Says::Json(status, json!({ "error": { "code": code, "message": KEY } }));
    let double = Double::start(vec![
        error(400, "moderation_blocked"),
        error(429, "insufficient_quota"),
        error(401, KEY),
        Says::Json(200, json!({ "data": [{ "url": "https://example.com/x.png" }] })),
        Says::Json(200, json!({ "data": [] })),
    ])
    .await;
    let app = with(&double, "openai", json!({ "image_ai": { "quality_check": false } })).await;
    let mut kinds = Vec::new();
    for (customer, reason, calls) in [
        ("tb_1", "moderation_blocked", 1),
        ("tb_2", "额度", 1),
        ("tb_3", "401", 1),
        ("tb_4", "没有返回图片", 2),
    ] {
        let task = app.ordered(customer, json!({})).await;
        app.hear_until(DELAYED).await;
        let failure = app.task(&task).await["failure"].as_str().expect("a reason").to_owned();
        assert!(failure.contains(reason) && !failure.contains(KEY), "{failure}");
        let alert = app.alerts().pop().expect("an alert");
        kinds.push(alert["kind"].as_str().expect("a kind").to_owned());
        assert_eq!(app.calls().pop(), Some(calls.to_string()));
    }
    assert_eq!(kinds, ["processing-refused", "processing-error", "processing-error", "processing-refused"]);
    // A person tries again once it is mended.
    let failed = app.get("operator", "/tasks?status=failed").await.expect(200);
    let task = failed["tasks"][0]["id"].as_str().expect("an id").to_owned();
    app.send("operator", Method::POST, &format!("/tasks/{task}/retry"), json!({})).await.expect(200);
    app.hear_until(READY).await;
    app.stop().await;
}
