//! The second look: what passes, what is made again, what is kept, and what a person hears of it.

use serde_json::json;

use super::{
    READY,
    double::{Double, Says, drawn, verdict},
    marked, with,
};

#[tokio::test]
async fn a_picture_that_is_not_good_enough_is_made_again() {
    let double = Double::start(vec![drawn(&marked("first")), drawn(&marked("second"))]).await;
    let double = double.judging(vec![verdict(79, "偏色"), verdict(80, "")]);
    let app = with(&double, "gemini", json!({})).await;
    let task = app.ordered("tb_1", json!({})).await;
    app.hear_until(READY).await;
    assert_eq!(app.result(&task).await, marked("second"));
    assert_eq!((app.calls(), app.alerts()), (vec!["2".to_owned()], vec![]));
    app.stop().await;
}

#[tokio::test]
async fn the_best_that_did_not_pass_goes_out_and_a_person_is_told() {
    let pictures = ["first", "second", "third"].map(|m| drawn(&marked(m))).to_vec();
    let double = Double::start(pictures).await;
    let double = double.judging(vec![verdict(40, "糊"), verdict(71, "多了一根手指"), verdict(60, "糊")]);
    let app = with(&double, "gemini", json!({ "image_ai": { "attempts": 3, "pass_mark": 72 } })).await;
    let task = app.ordered("tb_1", json!({})).await;
    app.hear_until(READY).await;
    assert_eq!(app.result(&task).await, marked("second"));
    let alert = app.alerts().remove(0);
    assert_eq!((&alert["kind"], &alert["score"]), (&json!("quality-failed"), &json!(71)));
    assert_eq!((&alert["attempts"], &alert["reason"]), (&json!(3), &json!("多了一根手指")));
    assert_eq!(app.calls(), ["3"]);
    let kept = std::fs::read_dir(app.data.path().join("images/demo")).expect("pictures");
    let kept: usize =
        kept.map(|d| std::fs::read_dir(d.expect("a folder").path()).expect("files").count()).sum();
    assert_eq!(kept, 2, "the original and the result: nothing lies about of what nobody got");
    app.stop().await;
}

#[tokio::test]
async fn a_shop_may_have_it_wait_for_a_person() {
    let double = Double::start(vec![]).await.judging(vec![verdict(10, "糊"), verdict(20, "糊")]);
    let app = with(&double, "gemini", json!({ "hold_failed_quality": true })).await;
    let task = app.ordered("tb_1", json!({})).await;
    double.wait_for("lite:", 2).await;
    let mut held = app.task(&task).await;
    while held["status"] == "processing" {
        tokio::task::yield_now().await;
        held = app.task(&task).await;
    }
    assert_eq!((&held["status"], &held["held"]), (&json!("awaiting-confirm"), &json!(true)));
    assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([]));
    app.post("operator", &format!("/tasks/{task}/approve"), json!({})).await.expect(200);
    assert_eq!(app.hear_until(READY).await, ["[image]", READY]);
    app.stop().await;
}

#[tokio::test]
async fn a_check_that_fails_keeps_no_picture_back() {
    let double = Double::start(vec![]).await;
    let double = double.judging(vec![
        Says::Json(500, json!({})),
        verdict(101, "满分以上"),
        Says::Text(200, "<html>"),
        verdict(30, "糊"),
        Says::Json(503, json!({})),
    ]);
    let app = with(&double, "gemini", json!({})).await;
    for customer in ["tb_1", "tb_2", "tb_3"] {
        app.ordered(customer, json!({})).await;
        app.hear_until(READY).await;
    }
    assert_eq!((app.calls(), app.alerts()), (vec!["1".to_owned(); 3], vec![]), "unchecked, once each");
    app.ordered("tb_4", json!({})).await;
    app.hear_until(READY).await;
    assert_eq!(app.alerts()[0]["score"], 30, "what was found of the first one stands");
    app.stop().await;
}
