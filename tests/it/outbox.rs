//! What is to be said waits in order until it is acknowledged.

use std::time::Duration;

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn entries_wait_in_order_until_they_are_acknowledged() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    app.say("tb_1", "m1", "可以").await;
    let all = app.get("connector", "/outbox").await.expect(200)["entries"].clone();
    let kinds: Vec<&str> =
        all.as_array().expect("entries").iter().map(|e| e["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["image", "text", "text"]);
    let first = all[0]["id"].as_str().expect("an id");
    let after = app.get("connector", &format!("/outbox?after={first}")).await.expect(200);
    assert_eq!(after["entries"].as_array().expect("entries").len(), 2);
    for _ in 0..2 {
        app.post("connector", &format!("/outbox/{first}/ack"), json!({})).await.expect(204);
    }
    let rest = app.get("connector", "/outbox").await.expect(200);
    assert_eq!(rest["entries"].as_array().expect("entries").len(), 2);
    app.get("connector", "/outbox?wait=31").await.problem(422);
    app.stop().await;
}

#[tokio::test]
async fn a_long_poll_answers_when_something_comes() {
    let app = TestApp::start().await;
    let waiting = tokio::spawn(app.request("connector", reqwest::Method::GET, "/outbox?wait=30").send());
    app.shown("tb_1").await;
    let answer = waiting.await.expect("no panic").expect("an answer").text().await.expect("a text");
    assert!(answer.contains("\"kind\":\"image\""), "{answer}");
    app.stop().await;
}

#[tokio::test]
async fn a_long_poll_does_not_hold_up_the_end() {
    let app = TestApp::start().await;
    let waiting = tokio::spawn(app.request("connector", reqwest::Method::GET, "/outbox?wait=30").send());
    // Wherever the poll stands when the service goes down, it gets an answer or a closed door, and soon.
    tokio::task::yield_now().await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), app.stop()).await;
    assert!(stopped.is_ok(), "the service ended in time");
    let _ = waiting.await;
}
