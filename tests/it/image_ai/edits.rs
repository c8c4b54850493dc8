//! What Gemini is sent, and which of its pictures the customer gets.

use serde_json::json;

use super::{
    KEY, READY,
    double::{Double, drawn, parts, picture},
    heavy, marked, unchecked, with,
};
use crate::app::photo;

#[tokio::test]
async fn a_paid_picture_is_edited_checked_and_shown() {
    let thoughts = json!([
        { "thought": true, "inlineData": picture(&marked("draft"))["inlineData"] },
        picture(&marked("early")),
        { "text": "好了" },
        picture(&marked("final")),
        { "thought": true, "inlineData": picture(&marked("afterthought"))["inlineData"] },
    ]);
    let double = Double::start(vec![parts(thoughts, "STOP")]).await;
    let app = with(&double, "gemini", json!({})).await;
    let wanted =
        json!({ "prompt": "换成蓝天", "aspect_ratio": "3:4", "subject": "海边", "perspective": "no" });
    let task = app.ordered("tb_1", wanted).await;
    assert_eq!(app.hear_until(READY).await, ["[image]", READY]);
    let done = app.task(&task).await;
    assert_eq!((&done["status"], &done["held"]), (&json!("awaiting-confirm"), &json!(false)));
    assert_eq!(app.result(&task).await, marked("final"), "the last picture that is no draft");
    assert_eq!((app.calls(), app.alerts()), (vec!["1".to_owned()], vec![]));

    let edit = double.seen("gemini-3.1-flash-image:generateContent").remove(0);
    assert_eq!(edit.key, KEY);
    assert_eq!(edit.pictures(), [photo()]);
    let prompt = edit.prompt();
    assert!(
        prompt.contains("换成蓝天") && prompt.contains("画面内容:海边") && !prompt.contains("透视"),
        "{prompt}"
    );
    let image = json!({ "aspectRatio": "3:4", "imageSize": "2K" });
    assert_eq!(
        edit.json()["generationConfig"],
        json!({ "responseModalities": ["IMAGE"], "imageConfig": image })
    );
    let check = double.seen("gemini-3.5-flash-lite:generateContent").remove(0);
    assert_eq!(check.pictures().len(), 2, "the original and the result");
    assert!(check.prompt().contains("换成蓝天"));
    let events = app.get("operator", &format!("/tasks/{task}/events")).await.expect(200);
    assert!(events.to_string().contains("\"score\":100"), "{events}");
    app.stop().await;
}

#[tokio::test]
async fn without_a_prompt_the_operations_are_told_in_words_and_odd_proportions_left_to_the_model() {
    let double = Double::start(vec![]).await;
    let app = unchecked(&double).await;
    app.ordered("tb_1", json!({ "request_text": "抠图", "aspect_ratio": "original" })).await;
    app.hear_until(READY).await;
    let edit = double.seen(":generateContent").remove(0);
    assert!(edit.prompt().contains("抠图"), "{}", edit.prompt());
    assert_eq!(edit.json()["generationConfig"]["imageConfig"], json!({ "imageSize": "2K" }));
    app.stop().await;
}

#[tokio::test]
async fn a_revision_starts_from_the_original_and_shows_the_last_result_and_the_references() {
    let double = Double::start(vec![drawn(&marked("first")), drawn(&marked("second"))]).await;
    let app = unchecked(&double).await;
    let task = app.ordered("tb_1", json!({ "prompt": "换成蓝天" })).await;
    app.hear_until(READY).await;
    app.say("tb_1", "m1", "颜色不对").await;
    let reference = app.upload(marked("reference")).await.expect(201)["image_id"].clone();
    let note = json!({ "message_id": "m2", "customer_id": "tb_1", "text": "照这张的颜色", "image_ids": [reference] });
    app.post("connector", "/messages", note).await.expect(200);
    app.hear_until(READY).await;
    assert_eq!(app.result(&task).await, marked("second"));
    let edit = double.seen(":generateContent").remove(1);
    assert_eq!(edit.pictures(), [photo(), marked("first"), marked("reference")]);
    let prompt = edit.prompt();
    for part in [
        "换成蓝天\n【客户修改要求】颜色不对\n【客户修改要求】照这张的颜色",
        "第2张图片是上一次的成品",
        "从第3张图片起",
    ] {
        assert!(prompt.contains(part), "{part} in {prompt}");
    }
    assert_eq!(app.calls(), ["1", "1"], "each attempt has a job of its own");
    app.stop().await;
}

#[tokio::test]
async fn what_is_too_large_to_send_or_to_keep_is_made_smaller() {
    let double = Double::start(vec![parts(json!([picture(&heavy(21 << 20))]), "STOP")]).await;
    let app = unchecked(&double).await;
    let image = app.upload(heavy(16 << 20)).await.expect(201)["image_id"].clone();
    let task = app.ordered("tb_1", json!({ "image_id": image })).await;
    app.hear_until(READY).await;
    let edit = double.seen(":generateContent").remove(0);
    assert!(edit.body.len() < 20 << 20, "{} bytes sent", edit.body.len());
    assert!(edit.pictures()[0].starts_with(&[0xff, 0xd8, 0xff]), "still a picture");
    assert_eq!(app.calls(), ["1"]);
    let result = app.result(&task).await;
    assert!(result.starts_with(&[0xff, 0xd8, 0xff]) && result.len() < 1 << 20, "{} bytes kept", result.len());
    app.stop().await;
}

#[tokio::test]
async fn layers_are_for_a_person_and_cost_no_call() {
    let double = Double::start(vec![]).await;
    let app = unchecked(&double).await;
    let image = app.photo().await;
    let task =
        json!({ "customer_id": "tb_1", "image_id": image, "operation": "layered", "requirements": "要PSD" });
    let task =
        app.post("operator", "/tasks", task).await.expect(201)["id"].as_str().expect("an id").to_owned();
    let payment = json!({ "customer_id": "tb_1", "order_id": "A1" });
    app.post("operator", "/payments", payment).await.expect(200);
    app.hear_until(super::DELAYED).await;
    let failed = app.task(&task).await;
    assert!(failed["failure"].as_str().is_some_and(|f| f.contains("PSD")), "{failed}");
    assert_eq!((app.calls(), double.seen("").len()), (vec!["0".to_owned()], 0));
    app.stop().await;
}
