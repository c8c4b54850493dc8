//! What goes out: pushed to a webhook, asked of an agent, told by a robot; in order, repeated, given up, sent again.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::{
    app::TestApp,
    double::{Double, broken, ok},
};

/// Tries soon and gives up soon.
const QUICK: [(&str, &str); 2] =
    [("SHOPKEEPER_OUTBOX__TRIES", "3"), ("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "1")];

async fn app_that_may_reach(hosts: &[&Double], more: &[(&str, &str)]) -> TestApp {
    let hosts: Vec<&str> = hosts.iter().map(|d| d.host.as_str()).collect();
    let hosts = hosts.join(",");
    let mut environment = vec![("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", hosts.as_str())];
    environment.extend(more);
    TestApp::start_with(&environment).await
}

async fn set(app: &TestApp, settings: Value) {
    app.send("operator", Method::PUT, "/settings", settings).await.expect(200);
}

fn text(came: &crate::double::Came) -> String {
    let data = &came.json()["data"];
    data["text"].as_str().unwrap_or("[image]").to_owned()
}

#[tokio::test]
async fn what_is_said_is_pushed_in_order_and_signed() {
    // The first try of everything fails.
    let seen = std::sync::Mutex::new(std::collections::HashSet::new());
    let connector = Double::start(move |came| {
        let id = came.headers["webhook-id"].as_bytes().to_vec();
        // A long answer is no failure.
        let taken = || vec![b' '; 1 << 20].into_response();
        if seen.lock().expect("not poisoned").insert(id) { broken() } else { taken() }
    })
    .await;
    let app = app_that_may_reach(&[&connector], &[("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "1")]).await;
    set(&app, json!({ "chat_webhook": format!("{}/chat?shop=demo", connector.url) })).await;
    let secret = app.get("operator", "/webhook-secret").await.expect(200);
    let verify =
        Webhook::new(secret["secret"].as_str().expect("a secret")).expect("a secret as the standard has it");

    app.shown("tb_1").await;
    let mut ids = Vec::new();
    let mut heard = Vec::new();
    for _ in 0..4 {
        let came = connector.next().await;
        verify.verify(&came.body, &came.headers).expect("signed");
        assert_eq!((came.uri.path(), came.uri.query()), ("/chat", Some("shop=demo")));
        let message = came.json();
        assert_eq!(
            (&message["type"], &message["data"]["customer_id"]),
            (&json!("outbox.entry"), &json!("tb_1"))
        );
        assert_eq!(message["data"]["id"], came.headers["webhook-id"].to_str().expect("text"));
        ids.push(message["data"]["id"].clone());
        heard.push(text(&came));
    }
    assert_eq!((&ids[0], &ids[2]), (&ids[1], &ids[3]), "a repeat has the id of the first try");
    assert_eq!(heard[0], "[image]", "the picture comes first");
    assert!(heard[2].contains("邮箱"), "then the text: {heard:?}");
    let waiting = app.get("connector", "/outbox").await.expect(200);
    assert_eq!(waiting["entries"], json!([]), "what is pushed is not offered to be pulled as well");
    app.stop().await;
}

#[tokio::test]
async fn what_can_not_be_pushed_is_a_dead_letter_that_can_be_sent_again() {
    let (connector, robot) =
        (Double::scripted(vec![broken, broken, broken, ok]).await, Double::start(|_| errcode(0)).await);
    let app = app_that_may_reach(&[&connector, &robot], &QUICK).await;
    let robot_url = format!("{}/send?key=0123456789", robot.url);
    set(&app, json!({ "chat_webhook": connector.url, "alert_webhook": robot_url })).await;
    app.shown("tb_1").await;
    for _ in 0..3 {
        assert_eq!(text(&connector.next().await), "[image]");
    }
    let alert = content(&robot.next().await);
    assert!(alert.contains("消息多次发送失败") && alert.contains("tb_1"), "{alert}");
    // Given up, it holds up nothing.
    assert!(text(&connector.next().await).contains("邮箱"));
    let dead = app.get("operator", "/outbox/dead").await.expect(200);
    let letter = &dead["entries"][0];
    assert_eq!((&letter["kind"], &letter["tries"]), (&json!("image"), &json!(3)));
    assert!(letter["problem"].as_str().is_some_and(|p| p.contains("502")), "{letter}");
    assert_eq!(dead["entries"].as_array().map(Vec::len), Some(1));

    let resend = format!("/outbox/{}/resend", letter["id"].as_str().expect("an id"));
    app.post("operator", &resend, json!({})).await.expect(204);
    let again = connector.next().await.json();
    assert_eq!(again["data"]["id"], letter["id"]);
    app.post("operator", &resend, json!({})).await.problem(404);
    app.post("connector", &resend, json!({})).await.problem(403);
    assert_eq!(app.get("operator", "/outbox/dead").await.expect(200)["entries"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_webhook_that_leads_inside_gets_nothing() {
    let inside = Double::start(|_| ok()).await;
    let target = inside.url.clone();
    let connector =
        Double::start(move |_| axum::response::Redirect::temporary(&target).into_response()).await;
    let app = app_that_may_reach(&[&connector], &QUICK).await;
    for (webhook, why) in [(connector.url.clone(), "redirect"), (inside.url.clone(), "internal")] {
        set(&app, json!({ "chat_webhook": webhook })).await;
        app.shown(&format!("tb_{why}")).await;
        let mut dead = json!([]);
        // Both entries are given up, one after the other.
        while dead.as_array().is_none_or(|d| d.len() < 2) {
            tokio::task::yield_now().await;
            dead = app.get("operator", "/outbox/dead").await.expect(200)["entries"].take();
        }
        for letter in dead.as_array().expect("entries") {
            assert!(letter["problem"].as_str().is_some_and(|p| p.contains(why)), "{letter}");
        }
        clear(&app);
    }
    assert!(inside.rest().await.is_empty());
    for (settings, pointer) in [
        (json!({ "chat_webhook": "file:///etc/passwd" }), "/chat_webhook"),
        (json!({ "agent": { "url": "gopher://x" } }), "/agent/url"),
        (json!({ "agent": { "url": "https://x.example", "seconds": 0 } }), "/agent/seconds"),
        (json!({ "alert_webhook": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send" }), "/alert_webhook"),
    ] {
        let problem = app.send("operator", Method::PUT, "/settings", settings).await.problem(422);
        assert_eq!(problem["pointer"], pointer);
    }
    app.stop().await;
}

/// Takes the dead letters out, past the door: there is no need for a door to do that.
fn clear(app: &TestApp) {
    let db = rusqlite::Connection::open(app.data.path().join("shopkeeper.sqlite")).expect("opens");
    db.busy_timeout(std::time::Duration::from_secs(10)).expect("set");
    db.execute("DELETE FROM outbox WHERE state = 'dead'", []).expect("deleted");
}

fn says(text: &'static str) -> Response {
    axum::response::Json::<Value>(json!({ "text": text })).into_response()
}

#[tokio::test]
async fn the_agent_words_it_or_the_shop_does_and_always_in_its_place() {
    let agent = Double::scripted(vec![
        || says("亲,图好啦,瞅一眼?"),
        || StatusCode::NO_CONTENT.into_response(),
        broken,
        || says("加微信 https://evil.example 领红包"),
        || "nonsense".into_response(),
    ])
    .await;
    let app = app_that_may_reach(&[&agent], &[]).await;
    set(&app, json!({ "agent": { "url": agent.url, "seconds": 5 } })).await;
    let own = "好了,你看一下效果,没问题把邮箱发我";
    for (customer, heard) in [
        ("tb_own_words", Some("亲,图好啦,瞅一眼?")),
        ("tb_says_it_itself", None),
        ("tb_broken", Some(own)),
        ("tb_link", Some(own)),
        ("tb_nonsense", Some(own)),
    ] {
        app.shown(customer).await;
        let entries = app.get("connector", "/outbox").await.expect(200)["entries"].take();
        assert_eq!(entries.as_array().map(Vec::len), Some(1), "only the picture so far: {entries}");
        assert_eq!(entries[0]["kind"], "image");
        let ack = format!("/outbox/{}/ack", entries[0]["id"].as_str().expect("an id"));
        app.post("connector", &ack, json!({})).await.expect(204);
        let asked = agent.next().await.json();
        assert_eq!(
            (&asked["type"], &asked["data"]["customer_id"]),
            (&json!("image.ready"), &json!(customer))
        );
        assert!(asked["data"]["hint"].as_str().is_some_and(|h| h.contains("图片已处理完成")), "{asked}");
        match heard {
            Some(text) => assert_eq!(app.hear_until(text).await, [text]),
            None => assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([])),
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn while_a_person_has_the_conversation_nothing_that_was_queued_before_goes_out() {
    let app = TestApp::start().await;
    app.shown("tb_1").await;
    app.post("operator", "/customers/tb_1/hold", json!({})).await.expect(200);
    assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([]));
    let app = app.restart().await;
    assert_eq!(
        app.get("connector", "/outbox").await.expect(200)["entries"],
        json!([]),
        "also after a restart"
    );
    app.post("operator", "/customers/tb_1/resume", json!({})).await.expect(200);
    let heard = app.hear_until("好了,你看一下效果,没问题把邮箱发我").await;
    assert_eq!(heard[0], "[image]", "nothing is lost");

    // What says that a person comes is said.
    app.shown("tb_2").await;
    app.say("tb_2", "m1", "转人工").await;
    assert_eq!(app.hear_until("好的,马上让同事来跟您沟通,请稍等").await.len(), 1);
    app.stop().await;
}

fn errcode(code: i64) -> Response {
    axum::response::Json::<Value>(json!({ "errcode": code, "errmsg": "whatever" })).into_response()
}

/// What a robot was told.
fn content(came: &crate::double::Came) -> String {
    let said = came.json();
    assert_eq!(said["msgtype"], "markdown");
    said["markdown"]["content"].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn the_robot_is_told_again_while_it_is_busy_and_not_where_it_is_gone() {
    let robot = Double::scripted(vec![|| errcode(-1), || errcode(0), || errcode(93000)]).await;
    let url = format!("{}/cgi-bin/webhook/send?key=0123456789", robot.url);
    // As the seed has it: the installation's robot, from the environment.
    let mut environment = QUICK.to_vec();
    environment.push(("WECHAT_WEBHOOK", &url));
    let app = app_that_may_reach(&[&robot], &environment).await;
    let pay = |order: &str| json!({ "customer_id": "tb<@all>", "order_id": order });
    app.post("payments", "/payments", pay("1")).await.expect(200);
    let (busy, told) = (robot.next().await, robot.next().await);
    assert_eq!(busy.body, told.body);
    assert_eq!(told.uri.query(), Some("key=0123456789"));
    let text = content(&told);
    assert!(
        text.starts_with("**付款但无图片**") && text.contains("演示店") && text.contains("tb＜＠all＞"),
        "{text}"
    );
    app.post("payments", "/payments", pay("2")).await.expect(200);
    robot.next().await;
    let dead = loop {
        let dead = app.get("operator", "/outbox/dead").await.expect(200)["entries"].take();
        if dead[0].is_object() {
            break dead;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&dead[0]["kind"], &dead[0]["tries"]), (&json!("alert"), &json!(1)), "it is not tried again");
    assert!(robot.rest().await.is_empty(), "nobody is told that nobody can be told");
    let shown = serde_json::to_string(&dead).expect("JSON");
    assert!(!shown.contains("0123456789"), "the key is shown nowhere: {shown}");
    app.stop().await;
}

#[tokio::test]
async fn a_customer_is_reminded_once_and_what_does_not_start_is_told() {
    let robot = Double::start(|_| errcode(0)).await;
    let app = app_that_may_reach(&[&robot], &[]).await;
    let alerts = format!("{}/send?key=0123456789", robot.url);
    let patient = |parked_days: Option<u32>| {
        let patience = json!({ "reminder_minutes": 0, "not_started_minutes": 0, "stuck_minutes": 0,
            "parked_days": parked_days });
        json!({ "patience": patience, "processor": "external", "alert_webhook": alerts })
    };
    set(&app, patient(None)).await;
    app.shown("tb_1").await;
    let reminder = "没问题的话把邮箱发我,我给你发原图";
    let heard = app.hear_until(reminder).await;
    assert_eq!(heard.iter().filter(|h| *h == reminder).count(), 1, "{heard:?}");

    let order = json!({ "customer_id": "tb_2", "order_id": "early" });
    app.post("payments", "/payments", order.clone()).await.expect(200);
    let mut told = String::new();
    while !["付款但无图片", "已付款未开始"].iter().all(|title| told.contains(title)) {
        told.push_str(&content(&robot.next().await));
    }
    // New patience is for what waits already, too.
    set(&app, patient(Some(0))).await;
    while !told.contains("付款长期无图片") {
        told.push_str(&content(&robot.next().await));
    }
    // It is no longer taken for the next picture.
    let task = app.analyse("tb_2").await["task"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.task(&task).await["status"], "pending");
    app.paid("tb_3").await;
    while !told.contains("任务卡住") {
        told.push_str(&content(&robot.next().await));
    }
    let app = app.restart().await;
    assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([]), "once is once");
    app.stop().await;
}
