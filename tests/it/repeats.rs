//! The same request again gets the first answer again, and nothing happens twice.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::app::TestApp;

#[tokio::test]
async fn an_idempotency_key_answers_again_and_does_nothing_again() {
    let app = TestApp::start().await;
    let image = app.photo().await;
    let analysis = json!({ "customer_id": "tb_1", "image_id": image, "complexity": "hard" });
    let post = |who: &str, path: &str, key: &str, body: &serde_json::Value| {
        app.answer(app.request(who, Method::POST, path).header("idempotency-key", key).json(body))
    };
    let first = post("image-ai", "/analyses", "k1", &analysis).await.expect(201);
    let before = app.dump();
    assert_eq!(post("image-ai", "/analyses", "k1", &analysis).await.expect(201), first);
    assert_eq!(app.dump(), before);
    let other = json!({ "customer_id": "tb_1", "image_id": image, "complexity": "simple" });
    post("image-ai", "/analyses", "k1", &other).await.problem(422);
    assert_ne!(post("image-ai", "/analyses", "k2", &analysis).await.expect(201), first);
    // Another caller's key of the same name is another key.
    post("operator", "/tasks", "k1", &json!({ "customer_id": "tb_1", "image_id": image })).await.expect(201);
    let taken = post("agent", "/customers/tb_1/pending-analysis/take", "t1", &json!({})).await.expect(200);
    let again = post("agent", "/customers/tb_1/pending-analysis/take", "t1", &json!({})).await.expect(200);
    assert_eq!(again["task_id"], taken["task_id"], "an agent that lost the answer gets it again");
    let made = post("admin", "/keys", "n1", &json!({ "scopes": ["agent"] })).await.expect(201);
    assert_eq!(post("admin", "/keys", "n1", &json!({ "scopes": ["agent"] })).await.expect(201), made);
    assert!(
        !app.dump().join("\n").contains(made["key"].as_str().expect("a key")),
        "and it is stored nowhere"
    );
    app.get(made["key"].as_str().expect("a key"), "/tasks").await.expect(200);
    post("admin", "/keys", "n1", &json!({ "scopes": ["operator"] })).await.problem(422);
    let path = format!("/keys/{}", made["id"].as_str().expect("an id"));
    app.answer(app.request("admin", Method::DELETE, &path)).await.expect(204);
    assert_eq!(post("admin", "/keys", "n1", &json!({ "scopes": ["agent"] })).await.expect(201), made);
    app.get(made["key"].as_str().expect("a key"), "/tasks").await.problem(401);
    app.stop().await;
}

#[tokio::test]
async fn twins_at_the_same_moment_are_one_request() {
    let app = Arc::new(TestApp::start().await);
    app.analyse("tb_1").await;
    for (who, path, body) in [
        ("admin", "/v1/shops", json!({ "id": "twin", "name": "双胞胎" })),
        ("agent", "/customers/tb_1/pending-analysis/take", json!({})),
    ] {
        let mut twins = JoinSet::new();
        for _ in 0..8 {
            let (app, body) = (app.clone(), body.clone());
            twins.spawn(async move {
                let request = app.request(who, Method::POST, path).header("idempotency-key", "twin");
                app.answer(request.json(&body)).await
            });
        }
        let answers = twins.join_all().await;
        assert!(answers.iter().all(|a| a.status.is_success() && a.json == answers[0].json), "{answers:?}");
    }
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again() {
    let app = TestApp::start().await;
    let task = app.shown("tb_1").await;
    let approve = || {
        let request = app.request("operator", Method::POST, &format!("/tasks/{task}/approve"));
        app.answer(request.header("idempotency-key", "a1"))
    };
    let before = app.dump();
    approve().await.problem(409);
    assert_eq!(app.dump(), before, "a refusal leaves nothing behind");
    approve().await.problem(409);
    app.stop().await;
}

#[tokio::test]
async fn the_same_message_is_answered_again() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    let first = app.say("tb_1", "m1", "可以").await;
    assert_eq!(first["messages"][0]["text"], "没问题的话把邮箱发我,我给你发原图");
    let before = app.dump();
    assert_eq!(app.say("tb_1", "m1", "可以").await, first);
    assert_eq!(app.dump(), before, "it was said once");
    app.stop().await;
}

#[tokio::test]
async fn two_notices_of_one_payment_start_one_attempt() {
    let app = Arc::new(TestApp::start().await);
    let task = app.analyse("tb_1").await["task"]["id"].as_str().expect("an id").to_owned();
    let mut notices = JoinSet::new();
    for n in 0..16 {
        let app = app.clone();
        // Half of them are one order told again and again, the other half other orders.
        let order = if n % 2 == 0 { "same".to_owned() } else { format!("other-{n}") };
        notices.spawn(async move {
            let notice = json!({ "customer_id": "tb_1", "order_id": order });
            app.post("payments", "/payments", notice).await.expect(200)
        });
    }
    let answers = notices.join_all().await;
    let started = answers.iter().filter(|a| a["outcome"] == "started");
    assert!(started.clone().count() >= 1 && started.clone().all(|a| a["started"] == json!([task])));
    let events = app.get("agent", &format!("/tasks/{task}/events")).await.expect(200);
    let starts =
        events["events"].as_array().expect("events").iter().filter(|e| e["event"] == "processing-started");
    assert_eq!(starts.count(), 1, "{events}");
    let foreign = json!({ "customer_id": "tb_2", "order_id": "same" });
    let problem = app.post("payments", "/payments", foreign).await.problem(422);
    assert_eq!(problem["pointer"], "/order_id");
}

#[tokio::test]
async fn many_messages_at_once_about_one_task_each_count_once() {
    let app = Arc::new(TestApp::start().await);
    app.shown("tb_1").await;
    let mut messages = JoinSet::new();
    for n in 0..20 {
        let app = app.clone();
        messages.spawn(async move { app.say("tb_1", &format!("m{}", n / 2), "可以").await });
    }
    messages.join_all().await;
    let outbox = app.get("connector", "/outbox").await.expect(200);
    let asked = outbox["entries"].as_array().expect("entries").iter();
    assert_eq!(asked.filter(|e| e["text"] == "没问题的话把邮箱发我,我给你发原图").count(), 10);
}
