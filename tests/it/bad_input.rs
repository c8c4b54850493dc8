//! Bad input: the status that the contract names, a sentence that says what and where, and nothing changed.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{TestApp, photo};

/// A PNG whose header says 30,000 × 30,000.
fn pixel_bomb() -> Vec<u8> {
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
        })
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(30_000u32.to_be_bytes());
    header.extend(30_000u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    for chunk in [header, b"IDAT\x78\x9c\x63\x00\x00\x00\x01\x00\x01".to_vec(), b"IEND".to_vec()] {
        png.extend(u32::try_from(chunk.len() - 4).expect("short").to_be_bytes());
        png.extend(&chunk);
        png.extend(crc(&chunk).to_be_bytes());
    }
    png
}

#[tokio::test]
async fn malformed_bodies_are_told_with_their_place() {
    let app = TestApp::start().await;
    let image = app.photo().await;
    let before = app.dump();
    let raw = |path: &str, who: &str, body: &'static str| {
        let request =
            app.request(who, Method::POST, path).header("content-type", "application/json").body(body);
        app.answer(request)
    };
    for body in ["", "{", "not json", "{\"customer_id\": \"a\", \"order_id\": \"1\"} extra", "[1,"] {
        raw("/payments", "payments", body).await.problem(400);
    }
    for (path, who, body, pointer) in [
        ("/payments", "payments", json!({ "customer_id": "a", "order_id": 7 }), "/order_id"),
        ("/payments", "payments", json!({ "customer_id": "a" }), "/order_id"),
        ("/payments", "payments", json!({ "customer_id": "a", "order_id": "1", "tip": 1 }), "/tip"),
        ("/payments", "payments", json!({ "customer_id": "", "order_id": "1" }), "/customer_id"),
        ("/payments", "payments", json!({ "customer_id": "a\n", "order_id": "1" }), "/customer_id"),
        (
            "/payments",
            "payments",
            json!({ "customer_id": "a", "order_id": "1", "amount": { "minor": 1.5, "currency": "CNY" } }),
            "/amount/minor",
        ),
        (
            "/payments",
            "payments",
            json!({ "customer_id": "a", "order_id": "1", "amount": { "minor": 1, "currency": "yuan" } }),
            "/amount/currency",
        ),
        (
            "/payments",
            "payments",
            json!({ "customer_id": "a", "order_id": "1", "amount": { "minor": -1, "currency": "CNY" } }),
            "/amount/minor",
        ),
        (
            "/messages",
            "connector",
            json!({ "message_id": "1", "customer_id": "a", "text": "x".repeat(5001) }),
            "/text",
        ),
        (
            "/messages",
            "connector",
            json!({ "message_id": "1", "customer_id": "a", "text": "x", "image_ids": ["zz"] }),
            "/image_ids/0",
        ),
        (
            "/messages",
            "connector",
            json!({ "message_id": "1", "customer_id": "a", "text": "x", "image_ids": ["0".repeat(64)] }),
            "/image_ids/0",
        ),
        (
            "/messages",
            "connector",
            json!({ "message_id": "1", "customer_id": "a", "text": "x", "about_task_id": "7" }),
            "/about_task_id",
        ),
        ("/analyses", "image-ai", json!({ "customer_id": "a", "complexity": "hard" }), "/image_id"),
        (
            "/analyses",
            "image-ai",
            json!({ "customer_id": "a", "complexity": "hard", "image_id": image, "image_url": "http://x/" }),
            "/image_id",
        ),
        (
            "/analyses",
            "image-ai",
            json!({ "customer_id": "a", "complexity": "hard", "image_id": "0".repeat(64) }),
            "/image_id",
        ),
        (
            "/tasks",
            "operator",
            json!({ "customer_id": "a", "image_id": image, "operation": "Make It Pop" }),
            "/operation",
        ),
        ("/payments", "payments", json!(["a", null, "1", null, null]), ""),
        (
            "/payments",
            "payments",
            json!({ "customer_id": "a", "order_id": "1", "amount": [1500, "CNY"] }),
            "/amount",
        ),
        (
            "/payments",
            "payments",
            json!({ "customer_id": "a", "order_id": "1", "task_ids": [] }),
            "/task_ids",
        ),
        ("/quotes", "agent", json!({ "pictures": [["normal", [], null, null, null]] }), "/pictures/0"),
        ("/quotes", "agent", json!({ "pictures": [] }), "/pictures"),
        (
            "/quotes",
            "agent",
            json!({ "pictures": [{ "complexity": "hard" }, { "complexity": 1 }] }),
            "/pictures/1/complexity",
        ),
        ("/keys", "admin", json!({ "scopes": ["emperor"] }), "/scopes/0"),
        ("/keys", "admin", json!({ "scopes": ["admin"] }), "/scopes/0"),
        ("/keys", "admin", json!({ "scopes": [] }), "/scopes"),
        ("/v1/shops", "admin", json!({ "id": "Demo!", "name": "x" }), "/id"),
        ("/v1/shops", "admin", json!({ "id": "ok", "name": " " }), "/name"),
    ] {
        let problem = app.post(who, path, body.clone()).await.problem(422);
        assert_eq!(problem["pointer"], pointer, "{path} {body}: {problem}");
    }
    let fen = |minor: i64| json!({ "minor": minor, "currency": "CNY" });
    for (settings, pointer) in [
        (json!({ "price_floor": fen(100), "price_ceiling": fen(50) }), "/price_ceiling/minor"),
        (json!({ "price_floor": { "minor": 1, "currency": "USD" } }), "/price_floor/currency"),
        (json!({ "utc_offset_minutes": 9999 }), "/utc_offset_minutes"),
        (json!({ "processor": "magic" }), "/processor"),
        (json!({ "free_revision": 1 }), "/free_revision"),
        (json!({ "tags": [2, 10, 2, 10] }), "/tags"),
        (json!({ "price_floor": [1, "CNY"] }), "/price_floor"),
    ] {
        let problem = app.send("operator", Method::PUT, "/settings", settings).await.problem(422);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
    let detect = |body: &'static [u8]| {
        let request =
            app.request("agent", Method::POST, "/detect").header("content-type", "application/json");
        app.answer(request.body(body))
    };
    detect(b"{\"text\":\"\xff\"}").await.problem(400);
    detect(br#"{"text":"\ud800"}"#).await.problem(400);
    let twice = detect(br#"{"text":"a","text":"b"}"#).await.problem(422);
    assert_eq!(twice["pointer"], "/text");
    let misleading = detect(br#"{"text":{"missing field `x`":1}}"#).await.problem(422);
    assert_eq!(misleading["pointer"], "/text", "{misleading}");
    for (who, query, pointer) in [
        ("agent", "/tasks?status=bogus", "/status"),
        ("agent", "/tasks?colour=red", "/colour"),
        ("agent", "/tasks?limit=x", "/limit"),
        ("connector", "/outbox?wait=x", "/wait"),
        ("connector", "/outbox?after=x", "/after"),
        ("admin", "/v1/shops?cursor=nowhere", "/cursor"),
    ] {
        assert_eq!(app.get(who, query).await.problem(422)["pointer"], pointer, "{query}");
    }
    app.get("agent", "/tasks?status=&customer_id=").await.expect(200);
    app.post("operator", "/customers/nobody/resume", json!({})).await.problem(404);
    app.post("", "!/healthz", json!({})).await.problem(405);
    let form = app.request("agent", Method::POST, "/detect").header("content-type", "text/html").body("<p>");
    app.answer(form).await.problem(415);
    assert_eq!(app.dump(), before, "nothing changed");
    app.stop().await;
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let app = TestApp::start().await;
    let before = app.dump();
    let large = json!({ "text": "x".repeat(2 << 20) });
    app.post("agent", "/detect", large).await.problem(413);
    app.upload(vec![0xff; 22 << 20]).await.problem(413);
    app.upload(vec![0xff; (20 << 20) + 1]).await.problem(413);
    let part = reqwest::multipart::Part::bytes(vec![0xff; (20 << 20) + 1]).file_name("a.jpg");
    let form = reqwest::multipart::Form::new().part("file", part);
    app.answer(app.request("connector", Method::POST, "/images").multipart(form)).await.problem(413);
    assert_eq!(app.dump(), before, "nothing changed");
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_picture_is_told_by_its_content() {
    let app = TestApp::start().await;
    let before = app.dump();
    let whole = photo();
    let cases: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("a page named .jpg", b"<html><script>alert(1)</script></html>".to_vec()),
        ("a GIF", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec()),
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("a pixel bomb", pixel_bomb()),
        ("a program", b"\x7fELF\x02\x01\x01".to_vec()),
    ];
    for (what, bytes) in cases {
        let problem = app.upload(bytes).await.problem(422);
        assert!(problem["detail"].as_str().is_some_and(|d| d.len() > 20), "{what}: {problem}");
    }
    let files = std::fs::read_dir(app.data.path().join("images")).map_or(0, Iterator::count);
    assert_eq!((app.dump(), files), (before, 0), "nothing kept");
    // A picture under a wrong name and type is taken for what it is.
    let form = reqwest::multipart::Part::bytes(whole)
        .file_name("../../etc/passwd.png")
        .mime_str("image/png")
        .expect("a type");
    let form = reqwest::multipart::Form::new().part("file", form);
    let kept =
        app.answer(app.request("connector", Method::POST, "/images").multipart(form)).await.expect(201);
    assert_eq!((&kept["width"], &kept["height"]), (&json!(451), &json!(300)));
    app.stop().await;
}

#[tokio::test]
async fn unknown_ids_final_tasks_and_stale_versions_change_nothing() {
    let app = TestApp::start().await;
    let task = app.shown("tb_1").await;
    let image = app.photo().await;
    let version = app.task(&task).await["version"].as_u64().expect("a version");
    let before = app.dump();
    let nowhere = "0190a0a0-0000-7000-8000-000000000000";
    for (who, method, path) in [
        ("agent", Method::GET, format!("/tasks/{nowhere}")),
        ("agent", Method::GET, "/tasks/not-an-id".into()),
        ("agent", Method::GET, format!("/tasks/{nowhere}/events")),
        ("operator", Method::POST, format!("/tasks/{nowhere}/retry")),
        ("operator", Method::GET, "/customers/nobody".into()),
        ("connector", Method::POST, format!("/outbox/{nowhere}/ack")),
        ("connector", Method::GET, format!("/images/{}", "0".repeat(64))),
        ("connector", Method::GET, "/images/..%2f..%2fadmin.key".into()),
        ("operator", Method::GET, "/no-such-path".into()),
    ] {
        app.answer(app.request(who, method, &path)).await.problem(404);
    }
    let about = json!({ "message_id": "m", "customer_id": "tb_1", "text": "好", "about_task_id": nowhere });
    app.post("connector", "/messages", about).await.problem(404);
    let foreign = json!({ "message_id": "m", "customer_id": "tb_2", "text": "好", "about_task_id": task });
    app.post("connector", "/messages", foreign).await.problem(404);
    let pay = json!({ "customer_id": "tb_1", "order_id": "x", "task_ids": [nowhere] });
    app.post("payments", "/payments", pay).await.problem(404);
    let stale = app
        .post("operator", &format!("/tasks/{task}/cancel"), json!({ "version": version - 1 }))
        .await
        .problem(409);
    assert_eq!(stale["pointer"], "/version");
    app.post("operator", &format!("/tasks/{task}/approve"), json!({})).await.problem(409);
    app.answer(app.request("operator", Method::DELETE, "/tasks")).await.problem(405);
    assert_eq!(app.dump(), before, "nothing changed");

    app.post("operator", &format!("/tasks/{task}/cancel"), json!({ "version": version })).await.expect(200);
    let before = app.dump();
    for command in ["cancel", "retry", "approve"] {
        app.post("operator", &format!("/tasks/{task}/{command}"), json!({})).await.problem(409);
    }
    let late = app
        .post("image-ai", &format!("/tasks/{task}/result"), json!({ "image_id": image }))
        .await
        .problem(409);
    assert!(late["detail"].as_str().is_some_and(|d| d.contains("cancelled")), "{late}");
    assert_eq!(app.dump(), before, "a final task stays as it is");
    app.stop().await;
}

#[tokio::test]
async fn what_a_customer_types_stays_text() {
    let app = TestApp::start().await;
    let task = app.shown("tb_1").await;
    let typed = "效果不好|ratio:16:9|quality:4k'); DROP TABLE tasks;--<script>";
    app.say("tb_1", "m1", typed).await;
    let after = app.task(&task).await;
    assert_eq!((&after["aspect_ratio"], &after["quality"]), (&json!("1:1"), &json!("")));
    assert_eq!(after["revisions"], json!([typed]));
    assert_ne!(app.get("operator", "/customers/%F0%9F%90%B1").await.status, 500);
    let empty = app.say("tb_9", "m2", "").await;
    assert_eq!((&empty["handled"], &empty["intent"]), (&json!(false), &json!("none")));
    let unseen: Value = app.get("operator", "/customers/tb_9").await.json;
    assert_eq!(unseen["status"], 404, "a message alone makes nobody a customer");
    app.stop().await;
}

#[tokio::test]
async fn when_there_is_too_much_to_do_callers_are_asked_to_wait() {
    let app = TestApp::start_with(&[("SHOPKEEPER_SERVER__CONCURRENT_REQUESTS", "1")]).await;
    // A picture that never comes whole holds the only place, from the moment that its body is asked for.
    let mut slow = tokio::net::TcpStream::connect(app.running.address).await.expect("a connection");
    let head = format!(
        "POST /v1/shops/demo/images HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n",
        app.key("connector")
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    let mut go_on = [0; 12];
    slow.read_exact(&mut go_on).await.expect("an answer");
    assert_eq!(&go_on, b"HTTP/1.1 100");
    let refused = app.get("agent", "/tasks").await;
    assert!(refused.retry_after);
    refused.problem(429);
    assert_eq!(app.get("", "!/healthz").await.status, 200, "health answers all the same");
    drop(slow);
    app.stop().await;
}

#[tokio::test]
async fn who_only_waits_keeps_nobody_from_working() {
    let app = TestApp::start_with(&[("SHOPKEEPER_SERVER__CONCURRENT_REQUESTS", "1")]).await;
    let poll = || tokio::spawn(app.request("connector", Method::GET, "/outbox?wait=30").send());
    let (mut one, mut other) = (poll(), poll());
    // There is one place to wait, too: one of the two is turned away at once.
    let (answer, held) = tokio::select! {
        answer = &mut one => (answer, other),
        answer = &mut other => (answer, one),
    };
    assert_eq!(answer.expect("no panic").expect("an answer").status(), 429);
    // Until the other one waits it is being worked on, and holds the place for that.
    while app.get("agent", "/tasks").await.status != 200 {}
    assert!(!held.is_finished(), "it still waits");
    held.abort();
    app.stop().await;
}

#[tokio::test]
async fn an_address_of_ten_thousand_characters_goes_nowhere() {
    let app = TestApp::start().await;
    let task = app.shown("tb_1").await;
    let before = app.dump();
    let message =
        |text: String| serde_json::json!({ "message_id": "m", "customer_id": "tb_1", "text": text });
    let long = format!("{}@qq.com", "a".repeat(10_000));
    let refused = app.post("connector", "/messages", message(long)).await.problem(422);
    assert_eq!(refused["pointer"], "/text", "{refused}");
    assert_eq!(app.dump(), before, "nothing changed");
    // As long as a message may be.
    let name = format!("{}@qq.com", "a".repeat(4_900));
    let host = format!("a@{}.com", "a".repeat(4_900));
    let labels = format!("a@{}com", "a.".repeat(2_400));
    for (number, text) in [name, host, labels].iter().enumerate() {
        let read = app.say("tb_1", &format!("m{number}"), text).await;
        assert_eq!(read["addresses"], serde_json::json!([]), "nobody has such an address");
        assert_eq!(app.task(&task).await["status"], "awaiting-confirm", "and nothing is mailed");
    }
    app.stop().await;
}
