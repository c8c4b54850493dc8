//! Whatever goes wrong with Gemini: what is tried again, how often, and what goes to a person.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    DELAYED, KEY, READY,
    double::{Double, Says, drawn, error, parts},
    marked,
    program::Program,
    unchecked, with, within,
};

fn wait(seconds: &str) -> Value {
    json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds }])
}

/// One picture that is ordered while Gemini answers so: what the customer hears at the end, how often it was called, and
/// what is in the failure.
async fn order(answers: Vec<Says>, heard: &str, calls: usize, reason: &str) {
    let what = format!("{reason:?} after {calls}");
    let seconds = if matches!(answers[0], Says::Nothing) { "5" } else { "180" };
    let double = Double::start(answers).await;
    let settings = json!({ "image_ai": { "quality_check": false } });
    let app = within(&double, "gemini", settings, seconds).await;
    let task = app.ordered("tb_1", json!({})).await;
    app.hear_until(heard).await;
    assert_eq!(app.calls(), [calls.to_string()], "{what}");
    assert_eq!(double.seen("").len(), calls, "{what}");
    let task = app.task(&task).await;
    if heard == READY {
        assert_eq!(task["status"], "awaiting-confirm", "{what}");
    } else {
        assert_eq!(task["status"], "failed", "{what}");
        let failure = task["failure"].as_str().expect("a reason");
        assert!(failure.contains(reason), "{reason} in {failure}");
        let alert = app.alerts().remove(0);
        assert_eq!(alert["reason"], failure, "the operator reads why");
    }
    assert!(!app.dump().join("\n").contains(KEY), "{what}: the key is nowhere");
    app.stop().await;
}

#[tokio::test]
async fn what_the_model_does_not_want_goes_to_a_person_after_one_call() {
    let blocked = Says::Json(200, json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } }));
    order(vec![blocked], DELAYED, 1, "PROHIBITED_CONTENT").await;
    let unsafe_result = Says::Json(200, json!({ "candidates": [{ "finishReason": "IMAGE_SAFETY" }] }));
    order(vec![unsafe_result], DELAYED, 1, "IMAGE_SAFETY").await;
}

#[tokio::test]
async fn what_a_person_must_mend_goes_to_a_person_after_one_call() {
    let quota = json!([
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure",
          "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s" },
    ]);
    order(vec![error(429, "RESOURCE_EXHAUSTED", quota)], DELAYED, 1, "额度").await;
    let bad_key =
        json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
    order(vec![error(400, "INVALID_ARGUMENT", bad_key)], DELAYED, 1, "API_KEY_INVALID").await;
    order(vec![error(403, KEY, json!([]))], DELAYED, 1, "403").await;
    order(vec![Says::Text(404, "<html>not here")], DELAYED, 1, "404").await;
    order(vec![Says::Endless], DELAYED, 1, "40 MB").await;
}

#[tokio::test]
async fn an_answer_without_a_usable_picture_is_asked_for_once_more() {
    let no_image = Says::Json(200, json!({ "candidates": [{ "finishReason": "NO_IMAGE" }] }));
    order(vec![no_image.clone(), drawn(&marked("x"))], READY, 2, "").await;
    order(vec![no_image.clone(), no_image, drawn(&marked("x"))], DELAYED, 2, "NO_IMAGE").await;
    let words = || parts(json!([{ "text": "这是一张很好的照片" }]), "STOP");
    order(vec![words(), words()], DELAYED, 2, "没有返回图片").await;
    let garbage = parts(json!([{ "inlineData": { "mimeType": "image/png", "data": "!!!" } }]), "STOP");
    order(vec![garbage, drawn(&marked("x"))], READY, 2, "").await;
    order(vec![drawn(b"<svg/>"), Says::Text(200, "<html>")], DELAYED, 2, "无法读取").await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    order(vec![error(429, "RESOURCE_EXHAUSTED", wait("0.01s")), error(408, "X", wait("0s"))], READY, 3, "")
        .await;
    order(vec![Says::Text(500, "oops")], READY, 2, "").await;
    order(vec![Says::CutOff], READY, 2, "").await;
    order(vec![Says::Nothing], READY, 2, "").await;
}

#[tokio::test]
async fn a_call_is_counted_before_it_is_made_and_the_last_one_ends_it() {
    let busy = vec![error(503, "UNAVAILABLE", wait("0.001s")); 20];
    order(busy, DELAYED, 8, "8 次").await;
    let double = Double::closed(vec![]).await;
    let app = unchecked(&double).await;
    app.ordered("tb_1", json!({})).await;
    double.wait_for(":generateContent", 1).await;
    assert_eq!(app.calls(), ["1"], "while the answer is still out");
    double.open(1);
    app.hear_until(READY).await;
    app.stop().await;
}

#[tokio::test]
async fn a_kill_while_a_call_is_out_costs_one_call_and_no_order() {
    let double = Double::closed(vec![]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let calls = || {
        let db = rusqlite::Connection::open(folder.path().join("shopkeeper.sqlite")).expect("the database");
        let sql = "SELECT calls FROM outbox WHERE kind = 'gemini-job'";
        db.query_row(sql, [], |row| row.get::<_, u32>(0)).expect("a job")
    };
    let mut program = Program::start(folder.path(), &double.url);
    program.order().await;
    double.wait_inside(1).await;
    program.kill();
    assert_eq!(calls(), 1);
    double.open(2);
    let program = Program::start(folder.path(), &double.url);
    let heard = program.send(Method::GET, "/v1/shops/demo/outbox?wait=30", Value::Null).await;
    assert_eq!(heard["entries"][1]["text"], READY, "{heard}");
    assert_eq!(calls(), 2, "both may have to be paid");
}

#[tokio::test]
async fn a_failure_after_a_checked_picture_does_not_lose_it() {
    let double = Double::start(vec![drawn(&marked("first")), Says::Text(500, "oops")]).await;
    let double = double.judging(vec![super::double::verdict(60, "糊")]);
    let app = with(&double, "gemini", json!({})).await;
    let task = app.ordered("tb_1", json!({})).await;
    app.hear_until(READY).await;
    assert_eq!(app.result(&task).await, marked("first"));
    assert_eq!((&app.alerts()[0]["score"], app.calls()), (&json!(60), vec!["2".to_owned()]));
    app.stop().await;
}
