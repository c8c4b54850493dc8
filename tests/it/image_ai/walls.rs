//! Keys: who has none can't choose the processor, and where there is one it goes to the image AI and nowhere else.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    DELAYED, KEY,
    double::{Double, Says, error},
    program::Program,
    unchecked,
};
use crate::app::{TestApp, program};

#[tokio::test]
async fn a_processor_without_a_key_is_not_to_be_had() {
    let app = TestApp::start().await;
    for (processor, variable) in [("gemini", "SHOPKEEPER_GEMINI__KEY"), ("openai", "SHOPKEEPER_OPENAI__KEY")]
    {
        let before = app.dump();
        let wanted = json!({ "processor": processor });
        let refused = app.send("operator", Method::PUT, "/settings", wanted).await.problem(422);
        assert_eq!(refused["pointer"], "/processor");
        assert!(refused["detail"].as_str().is_some_and(|d| d.contains(variable)), "{refused}");
        assert_eq!(app.dump(), before);
    }
    for (settings, pointer) in [
        (json!({ "pass_mark": 101 }), "/image_ai/pass_mark"),
        (json!({ "attempts": 0 }), "/image_ai/attempts"),
        (json!({ "attempts": 6 }), "/image_ai/attempts"),
        (json!({ "concurrency": 0 }), "/image_ai/concurrency"),
        (json!({ "atempts": 1 }), "/image_ai/atempts"),
        (json!([true]), "/image_ai"),
    ] {
        let body = json!({ "image_ai": settings });
        let refused = app.send("operator", Method::PUT, "/settings", body).await.problem(422);
        assert_eq!(refused["pointer"], pointer, "{refused}");
    }
    let settings = app.get("operator", "/settings").await.expect(200);
    let default = json!({ "quality_check": true, "pass_mark": 80, "attempts": 2, "concurrency": 2 });
    assert_eq!(settings["image_ai"], default);
    app.stop().await;
}

#[tokio::test]
async fn a_key_that_was_taken_away_sends_the_jobs_to_a_person() {
    let double = Double::start(vec![]).await;
    let app = unchecked(&double).await.restart().await;
    let task = app.ordered("tb_1", json!({})).await;
    app.hear_until(DELAYED).await;
    let failure = app.task(&task).await["failure"].as_str().expect("a reason").to_owned();
    assert!(failure.contains("密钥"), "{failure}");
    app.stop().await;
}

#[tokio::test]
async fn a_redirect_takes_the_key_and_the_picture_nowhere() {
    let thief = Double::start(vec![]).await;
    let double = Double::start(vec![Says::Elsewhere(format!("{}/v1beta/models/x:y", thief.url))]).await;
    let app = unchecked(&double).await;
    app.ordered("tb_1", json!({})).await;
    app.hear_until(DELAYED).await;
    assert_eq!((double.seen("").len(), thief.seen("").len()), (1, 0));
    app.stop().await;
}

/// The real program with these settings for its image AIs; its own answer.
async fn doctor(url: String, key: &'static str) -> Output {
    let run = move || {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(program());
        command.arg("--data").arg(folder.path()).args(["doctor", "--json"]);
        command.env("SHOPKEEPER_GEMINI__BASE_URL", &url).env("SHOPKEEPER_GEMINI__KEY", key);
        command.env("SHOPKEEPER_OPENAI__BASE_URL", &url).output().expect("the program runs")
    };
    tokio::task::spawn_blocking(run).await.expect("it ran")
}

#[tokio::test]
async fn doctor_tells_whether_an_image_ai_answers_and_takes_the_key() {
    let double = Double::start(vec![]).await;
    let findings = |output: &Output| {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!said.contains(KEY) && !said.contains("AIzaWrong"), "{said}");
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let all = said["findings"].as_array().expect("findings").clone();
        move |what: &str| all.iter().find(|f| f["what"] == what).expect("a finding").clone()
    };
    let well = doctor(double.url.clone(), KEY).await;
    let found = findings(&well);
    assert!(well.status.success());
    assert!(found("gemini")["detail"].as_str().is_some_and(|d| d.contains("answers")), "{}", found("gemini"));
    assert!(found("openai")["detail"].as_str().is_some_and(|d| d.contains("not configured")));
    let wrong = doctor(double.url.clone(), "AIzaWrong").await;
    assert_eq!(wrong.status.code(), Some(1));
    let problem = findings(&wrong)("gemini");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("PERMISSION_DENIED")), "{problem}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let nobody = doctor(format!("http://{free}"), KEY).await;
    let problem = findings(&nobody)("gemini");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("can't be reached")), "{problem}");
}

/// Everything that the real program writes while a job fails in every way that quotes the key.
async fn log(double: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start(folder.path(), double);
    program.order().await;
    let heard = program.send(Method::GET, "/v1/shops/demo/outbox?wait=30", Value::Null).await;
    assert_eq!(heard["entries"][0]["text"], DELAYED, "{heard}");
    tokio::task::spawn_blocking(move || program.stop()).await.expect("it stopped")
}

#[tokio::test]
async fn the_key_stays_out_of_the_log() {
    let double = Double::start(vec![
        error(429, KEY, json!([{ "@type": "RetryInfo", "retryDelay": "0.01s" }])),
        error(400, KEY, json!([{ "reason": KEY }])),
    ])
    .await;
    let said = log(&double.url).await;
    assert!(said.contains("will be tried again"), "{said}");
    assert!(!said.contains(KEY), "the key is in the log");
    assert_eq!(double.seen("").len(), 2);
}
