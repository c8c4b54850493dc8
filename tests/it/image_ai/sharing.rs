//! Many pictures at once: no shop waits for another's rush, and nothing is spent on what nobody wants any more.

use reqwest::Method;
use serde_json::{Value, json};

use super::{READY, double::Double, with};
use crate::app::{TestApp, photo};

/// Another shop on Gemini with one picture that is paid.
async fn other_shop(app: &TestApp) {
    let post = async |path: &str, body: Value| app.post("admin", path, body).await;
    post("/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let settings = json!({ "processor": "gemini", "image_ai": { "quality_check": false, "concurrency": 1 } });
    app.send("admin", Method::PUT, "/v1/shops/other/settings", settings).await.expect(200);
    let upload = app.request("admin", Method::POST, "/v1/shops/other/images");
    let image = app.answer(upload.header("content-type", "image/jpeg").body(photo())).await.expect(201);
    let analysis = json!({
        "customer_id": "tb_9", "image_id": image["image_id"], "complexity": "normal", "prompt": "别家的图",
    });
    post("/v1/shops/other/analyses", analysis).await.expect(201);
    let payment = json!({ "customer_id": "tb_9", "order_id": "Z1" });
    assert_eq!(post("/v1/shops/other/payments", payment).await.expect(200)["outcome"], "started");
}

#[tokio::test]
async fn a_shop_at_its_limit_keeps_none_of_the_others_waiting() {
    let double = Double::closed(vec![]).await;
    let limit = json!({ "image_ai": { "quality_check": false, "concurrency": 1 } });
    let app = with(&double, "gemini", limit).await;
    for customer in ["tb_1", "tb_2", "tb_3"] {
        app.ordered(customer, json!({ "prompt": "自家的图" })).await;
    }
    double.wait_inside(1).await;
    other_shop(&app).await;
    double.wait_inside(2).await;
    let prompts: Vec<String> = double.seen(":generate").iter().map(super::double::Seen::prompt).collect();
    assert!(
        prompts[0].contains("自家的图") && prompts[1].contains("别家的图"),
        "past the two that wait: {prompts:?}"
    );
    double.open(4);
    for _ in 0..3 {
        app.hear_until(READY).await;
    }
    assert_eq!(app.calls(), ["1", "1", "1", "1"]);
    app.stop().await;
}

#[tokio::test]
async fn what_is_cancelled_while_it_waits_costs_no_call() {
    let double = Double::closed(vec![]).await;
    let limit = json!({ "image_ai": { "quality_check": false, "concurrency": 1 } });
    let app = with(&double, "gemini", limit).await;
    app.ordered("tb_1", json!({ "prompt": "一" })).await;
    double.wait_inside(1).await;
    let waiting = app.ordered("tb_2", json!({ "prompt": "二" })).await;
    app.ordered("tb_3", json!({ "prompt": "三" })).await;
    app.post("operator", &format!("/tasks/{waiting}/cancel"), json!({})).await.expect(200);
    double.open(3);
    let mut heard = 0;
    while heard < 2 {
        heard += app.hear_until(READY).await.iter().filter(|h| *h == READY).count();
    }
    assert_eq!(app.calls(), ["1", "0", "1"]);
    assert_eq!(double.seen("").len(), 2);
    app.stop().await;
}

#[tokio::test]
async fn what_is_cancelled_while_it_is_made_is_neither_checked_nor_shown() {
    let double = Double::closed(vec![]).await;
    let app = with(&double, "gemini", json!({})).await;
    let task = app.ordered("tb_1", json!({ "prompt": "一" })).await;
    double.wait_inside(1).await;
    app.post("operator", &format!("/tasks/{task}/cancel"), json!({})).await.expect(200);
    double.open(2);
    app.ordered("tb_2", json!({ "prompt": "二" })).await;
    assert_eq!(app.hear_until(READY).await, ["[image]", READY], "of the second alone");
    assert_eq!(double.seen("lite:").len(), 1);
    assert_eq!(app.task(&task).await["status"], "cancelled");
    app.stop().await;
}
