//! The main job: one order from analysis to mailbox, and what a person can do on the way.

use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

use crate::app::TestApp;

const READY: &str = "好了,你看一下效果,没问题把邮箱发我";

#[tokio::test]
async fn a_paid_picture_goes_from_analysis_to_mailbox() {
    let app = TestApp::start().await;
    let analysed = app.analyse("tb_1").await;
    let (task, quote) = (analysed["task"]["id"].as_str().expect("an id").to_owned(), &analysed["quote"]);
    assert_eq!(quote["low"], json!({ "minor": 1500, "currency": "CNY" }));
    assert_eq!((&quote["hint"], &quote["plugin"]["name"]), (&json!("15-20元"), &json!("price-table")));
    assert_eq!(analysed["task"]["operations"], json!(["enhance"]));

    let taken = app.post("agent", "/customers/tb_1/pending-analysis/take", json!({})).await.expect(200);
    assert_eq!((&taken["task_id"], &taken["price_hint"]), (&json!(task), &json!("15-20元")));
    app.post("agent", "/customers/tb_1/pending-analysis/take", json!({})).await.expect(204);

    let payment =
        json!({ "customer_id": "tb_1", "order_id": "A1", "amount": { "minor": 1500, "currency": "CNY" } });
    let paid = app.post("payments", "/payments", payment.clone()).await.expect(200);
    assert_eq!((&paid["outcome"], &paid["started"]), (&json!("started"), &json!([task])));
    assert_eq!(
        app.post("payments", "/payments", payment).await.expect(200),
        paid,
        "the same order, the same answer"
    );

    assert_eq!(app.hear_until(READY).await, ["[image]", READY], "the picture, then the text");
    let first = app.task(&task).await["result_image_id"].clone();

    let complained = app.say("tb_1", "m1", "有点暗，不满意").await;
    assert_eq!((&complained["handled"], &complained["intent"]), (&json!(true), &json!("revise")));
    assert_eq!(complained["messages"][0]["text"], "好,你说一下哪里要改,或者发图告诉我");
    assert_eq!(app.task(&task).await["status"], "revision");
    app.say("tb_1", "m2", "再亮一点").await;
    app.hear_until(READY).await;
    let second = app.task(&task).await;
    assert_ne!(second["result_image_id"], first, "the second attempt does what was asked");
    assert_eq!((&second["attempt"], &second["revision_count"]), (&json!(2), &json!(1)));
    assert_eq!(second["revisions"], json!(["有点暗，不满意", "再亮一点"]));

    let accepted = app.say("tb_1", "m3", "可以了，发到zhang+work@gmail.com谢谢").await;
    assert_eq!(accepted["addresses"], json!([{ "address": "zhang+work@gmail.com", "kind": "exact" }]));
    app.hear_until("发到您邮箱了,注意查收哈").await;
    let done = app.task(&task).await;
    assert_eq!((&done["status"], &done["label"]), (&json!("completed"), &json!("已完成")));
    assert_eq!(done["email"], "zhang+work@gmail.com");
    check_mail(&app);

    let customer = app.get("operator", "/customers/tb_1").await.expect(200);
    assert_eq!((&customer["completed_orders"], &customer["revisions"]), (&json!(1), &json!(1)));
    assert_eq!((&customer["tags"], &customer["email_status"]), (&json!(["新客"]), &json!("sent")));
    check_events(&app, &task).await;
    let summary = app.get("operator", "/tasks/summary").await.expect(200);
    assert_eq!(summary["counts"]["completed"], 1);
    assert!(summary["text"].as_str().expect("text").contains("[已完成]"), "{summary}");
    app.stop().await;
}

fn check_mail(app: &TestApp) {
    let folder = std::fs::read_dir(app.data.path().join("mail")).expect("the mails");
    let files: Vec<_> = folder.map(|f| f.expect("a file").path()).collect();
    assert_eq!(files.len(), 1, "one mail");
    let bytes = std::fs::read(&files[0]).expect("the mail");
    let mail = MessageParser::default().parse(&bytes).expect("an RFC 5322 message");
    let to = mail.to().and_then(|t| t.first()).and_then(|a| a.address()).expect("a receiver");
    assert_eq!(to, "zhang+work@gmail.com");
    assert_eq!(mail.subject(), Some("您的照片处理好了(1张)"));
    let id = files[0].file_stem().and_then(|s| s.to_str()).expect("a name");
    assert!(mail.message_id().is_some_and(|m| m.starts_with(id)), "the Message-ID is the outbox id");
    let body = mail.body_text(0).expect("a text");
    assert!(body.contains("共1张") && !body.contains("客户修改要求"), "never the internal prompt: {body}");
    let picture = mail.attachment(0).expect("a picture");
    assert!(picture.contents().starts_with(&[0xff, 0xd8]), "a JPEG");
    assert_eq!(picture.attachment_name(), Some("变清晰-1.jpg"));
}

async fn check_events(app: &TestApp, task: &str) {
    let mut events: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get("agent", &format!("/tasks/{task}/events?limit=3{cursor}")).await.expect(200);
        events.extend(page["events"].as_array().expect("events").iter().cloned());
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let ways: Vec<String> = events
        .iter()
        .filter(|e| !e["to"].is_null())
        .map(|e| format!("{}→{}", e["from"].as_str().unwrap_or(""), e["to"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        ways,
        [
            "→pending",
            "pending→processing",
            "processing→awaiting-confirm",
            "awaiting-confirm→revision",
            "revision→processing",
            "processing→awaiting-confirm",
            "awaiting-confirm→delivering",
            "delivering→completed"
        ]
    );
}

#[tokio::test]
async fn every_picture_before_the_customer_goes_out_in_one_mail() {
    let app = TestApp::start().await;
    let (a, b) = (app.shown("tb_1").await, app.shown("tb_1").await);
    app.say("tb_1", "m1", "两张都可以，abc@qq.com").await;
    app.hear_until("发到您邮箱了,注意查收哈").await;
    assert_eq!(app.task(&a).await["status"], "completed");
    assert_eq!(app.task(&b).await["status"], "completed");
    let mails = std::fs::read_dir(app.data.path().join("mail")).expect("the mails").count();
    assert_eq!(mails, 1);
    app.stop().await;
}

#[tokio::test]
async fn what_the_local_processor_cannot_do_is_refused_with_a_reason_and_can_be_cancelled() {
    let app = TestApp::start().await;
    let image = app.photo().await;
    let task =
        json!({ "customer_id": "tb_2", "image_id": image, "operation": "layered", "requirements": "要PSD" });
    let task =
        app.post("operator", "/tasks", task).await.expect(201)["id"].as_str().expect("an id").to_owned();
    let payment = json!({ "customer_id": "tb_2", "order_id": "B1" });
    assert_eq!(app.post("operator", "/payments", payment).await.expect(200)["outcome"], "started");
    app.hear_until("您好,图片正在处理中,稍后发您,请稍等").await;
    let failed = app.task(&task).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["failure"].as_str().is_some_and(|f| f.contains("分层") || f.contains("PSD")), "{failed}");
    let cancelled = app.post("operator", &format!("/tasks/{task}/cancel"), json!({})).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    app.post("operator", &format!("/tasks/{task}/retry"), json!({})).await.problem(409);
    app.stop().await;
}

#[tokio::test]
async fn a_person_takes_a_conversation_over_and_gives_it_back() {
    let app = TestApp::start().await;
    app.shown("tb_3").await;
    app.hear_until(READY).await;
    let handed = app.say("tb_3", "m1", "转人工").await;
    assert_eq!(handed["messages"][0]["text"], "好的,马上让同事来跟您沟通,请稍等");
    let silent = app.say("tb_3", "m2", "可以，abc@qq.com").await;
    assert_eq!(
        (&silent["handled"], &silent["intent"]),
        (&json!(false), &json!("confirm")),
        "read, but left alone"
    );
    assert!(silent["reason"].as_str().is_some_and(|r| r.contains("person")), "{silent}");
    let back = app.post("operator", "/customers/tb_3/resume", json!({})).await.expect(200);
    assert_eq!(back["hold"], Value::Null);
    assert_eq!(app.say("tb_3", "m3", "可以，abc@qq.com").await["task"]["status"], "delivering");
    app.stop().await;
}

#[tokio::test]
async fn a_shops_own_settings_count() {
    let app = TestApp::start().await;
    let settings = json!({ "price_floor": { "minor": 5000, "currency": "CNY" }, "free_revisions": 0 });
    let put = app.send("operator", reqwest::Method::PUT, "/settings", settings).await.expect(200);
    assert_eq!((&put["price_floor"]["minor"], &put["locale"]), (&json!(5000), &json!("zh-CN")));
    let analysed = app.analyse("tb_4").await;
    assert_eq!((&analysed["quote"], &analysed["refusal"]["kind"]), (&Value::Null, &json!("needs-person")));
    let task = app.shown("tb_5").await;
    app.say("tb_5", "m1", "不满意").await;
    let over = app.say("tb_5", "m2", "头发黑一点").await;
    assert_eq!(over["messages"][0]["text"], "好的,马上让同事来跟您沟通,请稍等");
    assert_eq!(app.task(&task).await["status"], "revision");
    let quote = json!({ "pictures": [{ "complexity": "hard" }, { "complexity": "simple" }] });
    let quoted = app.post("agent", "/quotes", quote).await.expect(200);
    assert!(quoted["refusal"].is_object(), "35 yuan is below the floor of 50: {quoted}");
    app.stop().await;
}
