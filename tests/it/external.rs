//! An outside image AI: it claims jobs, works, and answers.

use reqwest::Method;
use serde_json::json;

use crate::app::{TestApp, photo};

async fn with_external() -> TestApp {
    let app = TestApp::start().await;
    let settings = json!({ "processor": "external", "hold_failed_quality": true });
    app.send("operator", Method::PUT, "/settings", settings).await.expect(200);
    app
}

#[tokio::test]
async fn a_job_is_claimed_once_and_answered_with_its_token() {
    let app = with_external().await;
    app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(204);
    let task = app.paid("tb_1").await;
    let job = app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(200);
    assert_eq!((&job["task_id"], &job["attempt"]), (&json!(task), &json!(1)));
    app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(204);
    let other = app.paid("tb_2").await;
    let claim = || {
        let request = app.request("image-ai", Method::POST, "/image-jobs/claim");
        app.answer(request.header("idempotency-key", "c1"))
    };
    let first = claim().await.expect(200);
    assert_eq!(first["task_id"], json!(other));
    assert_eq!(claim().await.expect(200), first, "an image AI that lost the answer gets it again");
    let picture =
        app.request("", Method::GET, job["url"].as_str().expect("a link")).send().await.expect("an answer");
    assert_eq!(picture.bytes().await.expect("bytes"), photo(), "the picture comes without a key");

    let image = app.photo().await;
    let result = format!("/tasks/{task}/result");
    let missing = app.post("image-ai", &result, json!({ "image_id": image })).await.problem(409);
    assert_eq!(missing["pointer"], "/attempt_token", "the job gave a token");
    let stale = json!({ "image_id": image, "attempt_token": "0190a0a0-0000-7000-8000-000000000000" });
    app.post("image-ai", &result, stale).await.problem(409);
    let part = reqwest::multipart::Part::bytes(photo()).file_name("out.jpg");
    let form = reqwest::multipart::Form::new().part("file", part);
    let form = form.text("attempt_token", job["attempt_token"].as_str().expect("a token").to_owned());
    let done = app.answer(app.request("image-ai", Method::POST, &result).multipart(form)).await.expect(200);
    assert_eq!(done["status"], "awaiting-confirm");
    app.post("image-ai", &result, json!({ "image_id": image })).await.problem(409);
    // A result that nobody waits for leaves no picture behind, nor is it fetched.
    let before = app.dump();
    let mut late = photo();
    late.extend(b"late");
    let part = reqwest::multipart::Part::bytes(late).file_name("late.jpg");
    let form = reqwest::multipart::Form::new().part("file", part);
    app.answer(app.request("image-ai", Method::POST, &result).multipart(form)).await.problem(409);
    app.post("image-ai", &result, json!({ "result_url": "http://10.0.0.1/x.jpg" })).await.problem(409);
    assert_eq!(app.dump(), before);
    app.stop().await;
}

#[tokio::test]
async fn the_next_attempt_brings_every_note_and_another_token() {
    let app = with_external().await;
    let task = app.paid("tb_1").await;
    let first = app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(200);
    let image = app.photo().await;
    let answer =
        |job: &serde_json::Value| json!({ "image_id": image, "attempt_token": job["attempt_token"] });
    app.post("image-ai", &format!("/tasks/{task}/result"), answer(&first)).await.expect(200);
    app.say("tb_1", "m1", "颜色不对").await;
    let note = json!({ "message_id": "m2", "customer_id": "tb_1", "text": "头发要黑色\n不要棕色", "image_ids": [image] });
    app.post("connector", "/messages", note).await.expect(200);
    let second = app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(200);
    assert_eq!(second["prompt"], "【客户修改要求】颜色不对\n【客户修改要求】头发要黑色 不要棕色");
    assert_eq!(second["reference_image_ids"], json!([image]));
    app.post("image-ai", &format!("/tasks/{task}/result"), answer(&first)).await.problem(409);
    app.post("image-ai", &format!("/tasks/{task}/result"), answer(&second)).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn a_poor_result_is_held_until_a_person_approves_it() {
    let app = with_external().await;
    let task = app.paid("tb_1").await;
    let image = app.photo().await;
    let poor = json!({ "image_id": image, "quality": { "score": 41, "passed": false, "issue": "手指多了一根", "attempts": 3 } });
    let held = app.post("image-ai", &format!("/tasks/{task}/result"), poor).await.expect(200);
    assert_eq!((&held["status"], &held["held"]), (&json!("awaiting-confirm"), &json!(true)));
    assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([]), "nothing was sent");
    let approved = app.post("operator", &format!("/tasks/{task}/approve"), json!({})).await.expect(200);
    assert_eq!(approved["held"], false);
    assert_eq!(
        app.get("connector", "/outbox").await.expect(200)["entries"].as_array().expect("entries").len(),
        2
    );
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_fails_the_task_and_a_person_can_retry_it() {
    let app = with_external().await;
    let task = app.paid("tb_1").await;
    let job = app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(200);
    let refusal = json!({ "failure": "内容不合规", "attempt_token": job["attempt_token"] });
    let failed = app.post("image-ai", &format!("/tasks/{task}/result"), refusal).await.expect(200);
    assert_eq!((&failed["status"], &failed["failure"]), (&json!("failed"), &json!("内容不合规")));
    let retried = app.post("operator", &format!("/tasks/{task}/retry"), json!({})).await.expect(200);
    assert_eq!((&retried["status"], &retried["attempt"]), (&json!("processing"), &json!(2)));
    app.stop().await;
}

#[tokio::test]
async fn a_cancelled_job_is_not_offered() {
    let app = with_external().await;
    let task = app.paid("tb_1").await;
    app.post("operator", &format!("/tasks/{task}/cancel"), json!({})).await.expect(200);
    app.post("image-ai", "/image-jobs/claim", json!({})).await.expect(204);
    app.stop().await;
}
