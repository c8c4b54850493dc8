//! The outbox over a WebSocket, with a client that is not ours.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{SCOPES, TestApp, fixture, photo},
    peer::{Chat, Peer},
};

const READY: &str = "好了,你看一下效果,没问题把邮箱发我";
const ASK: &str = "没问题的话把邮箱发我,我给你发原图";

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_comes_in_order_until_it_is_acknowledged() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    app.shown("tb_1").await;
    let line = chat.connect(&app);
    let (picture, ready) = (chat.entry(line), chat.entry(line));
    assert_eq!((picture.1.as_str(), ready.1.as_str()), ("[image]", READY));
    // What comes later comes by itself.
    app.say("tb_1", "m1", "可以").await;
    let ask = chat.entry(line);
    assert_eq!(ask.1, ASK);
    chat.send(line, &json!({ "ack": picture.0 }));
    chat.nothing_waits(line);
    // The line goes dead: what was not acknowledged comes again, under the same ids, and once.
    chat.order(json!(["drop", line]));
    let line = chat.connect(&app);
    assert_eq!((chat.entry(line), chat.entry(line)), (ready.clone(), ask.clone()));
    // A second connection gets it too, and what one acknowledges is done for both.
    let second = chat.connect(&app);
    assert_eq!((chat.entry(second), chat.entry(second)), (ready.clone(), ask.clone()));
    for (id, _) in [&ready, &ask] {
        chat.send(second, &json!({ "ack": id }));
    }
    chat.nothing_waits(second);
    chat.nothing_waits(line);
    assert_eq!(app.get("connector", "/outbox").await.expect(200)["entries"], json!([]));
    // Acknowledged twice is acknowledged.
    chat.send(line, &json!({ "ack": ready.0 }));
    chat.nothing_waits(line);
    let line = chat.connect(&app);
    chat.nothing_waits(line);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_as_over_http_and_done_once() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    app.shown("tb_1").await;
    let line = chat.connect(&app);
    chat.entry(line);
    chat.entry(line);
    let message = json!({ "message_id": "m1", "customer_id": "tb_1", "text": "可以" });
    chat.send(line, &json!({ "message": message, "ref": { "mine": [1, "二"] } }));
    // The answer and the push of what it says come in either order.
    let mut frames = [chat.receive(line)["frame"].clone(), chat.receive(line)["frame"].clone()];
    frames.sort_by_key(|f| f.get("answer").is_none());
    let [answer, entry] = frames;
    assert_eq!(answer["ref"], json!({ "mine": [1, "二"] }));
    assert_eq!((&answer["answer"]["status"], &entry["entry"]["text"]), (&json!(200), &json!(ASK)));
    assert_eq!(answer["answer"]["body"]["messages"][0]["id"], entry["entry"]["id"]);
    let over_http = app.post("connector", "/messages", message.clone()).await.expect(200);
    assert_eq!(answer["answer"]["body"], over_http);
    chat.send(line, &json!({ "message": message }));
    let again = chat.next(line, "answer");
    assert_eq!((&again["answer"]["body"], again.get("ref")), (&over_http, None));
    chat.nothing_waits(line);
    // What HTTP refuses is refused here, with the same words, and the connection stays.
    let before = app.dump();
    let wrong = [
        json!({ "message_id": "m2", "customer_id": "tb_1", "text": 1 }),
        json!({ "message_id": "m2", "customer_id": "tb_1", "text": "x", "colour": "red" }),
        json!({ "message_id": "m2", "customer_id": "tb_1", "text": "x", "image_ids": ["0".repeat(64)] }),
        json!({ "message_id": "m2", "customer_id": "tb_1", "text": "x", "about_task_id": "00000000-0000-0000-0000-000000000000" }),
        json!(["m2", "tb_1", "x"]),
    ];
    for message in wrong {
        chat.send(line, &json!({ "message": message, "ref": 7 }));
        let refused = chat.next(line, "problem");
        let over_http = app.post("connector", "/messages", message.clone()).await.json;
        assert_eq!((&refused["problem"], &refused["ref"]), (&over_http, &json!(7)), "{message}");
    }
    assert_eq!(app.dump(), before);
    // The shop is the one of this moment, not the one of the handshake.
    app.send("operator", Method::POST, "/customers/tb_1/hold", json!({})).await.expect(200);
    let held = json!({ "message_id": "m3", "customer_id": "tb_1", "text": "可以" });
    chat.send(line, &json!({ "message": held }));
    assert_eq!(chat.next(line, "answer")["answer"]["body"]["handled"], false);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_connect_is_told_before_the_upgrade() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let other = app.post("admin", "/v1/shops/other/keys", json!({ "scopes": SCOPES })).await.expect(201);
    let other = other["key"].as_str().expect("a key");
    for (who, path, status) in [
        ("", "/connect", 401),
        ("sk_wrong", "/connect", 401),
        ("agent", "/connect", 403),
        ("operator", "/connect", 403),
        (other, "/connect", 404),
        ("connector", "/v1/shops/nowhere/connect", 404),
    ] {
        let refused = chat.open(&app, who, path);
        assert_eq!(refused, json!({ "refused": status, "kind": "application/problem+json" }), "{who} {path}");
    }
    // Without an upgrade it is a path that says what it is.
    app.get("connector", "/connect").await.problem(400);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_to_be_acknowledged_changes_nothing() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let message = json!({ "message_id": "m1", "customer_id": "tb_9", "text": "转人工" });
    let said = app.post("admin", "/v1/shops/other/messages", message).await.expect(200);
    let foreign = said["messages"][0]["id"].as_str().expect("an id").to_owned();
    let line = chat.connect(&app);
    let before = app.dump();
    for id in [foreign.as_str(), "00000000-0000-0000-0000-000000000000"] {
        chat.send(line, &json!({ "ack": id, "ref": id }));
        let refused = chat.next(line, "problem");
        assert_eq!((&refused["problem"]["status"], &refused["ref"]), (&json!(404), &json!(id)));
    }
    let shapes = [
        (json!({ "ack": "no id" }), "/ack"),
        (json!({ "ack": foreign, "message": {} }), ""),
        (json!({ "hello": 1 }), "/hello"),
        (json!([1]), ""),
    ];
    for (frame, pointer) in shapes {
        chat.send(line, &frame);
        let problem = chat.next(line, "problem")["problem"].clone();
        assert_eq!(
            (&problem["status"], problem["pointer"].as_str()),
            (&json!(422), Some(pointer)),
            "{frame}"
        );
    }
    assert_eq!(app.dump(), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_of_ours_ends_the_connection_with_a_reason() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    let mut closed_after = |command: &str, argument: Value| -> Value {
        let line = chat.connect(&app);
        chat.order(json!([command, line, argument]));
        chat.receive(line)
    };
    assert_eq!(
        closed_after("send", json!("{nonsense")),
        json!({ "closed": 1007, "reason": "this is no JSON" })
    );
    assert_eq!(
        closed_after("binary", json!("{}")),
        json!({ "closed": 1003, "reason": "frames are JSON texts" })
    );
    let large = closed_after("fill", json!((1 << 20) + 1));
    assert_eq!(large, json!({ "closed": 1009, "reason": "a frame is at most 1 MiB" }));
    // A frame that is not masked, a reserved opcode, a text that is not UTF-8.
    for raw in ["81027b7d", "8380000000007b7d", "818100000000ff"] {
        assert_eq!(closed_after("raw", json!(raw))["closed"], 1002, "{raw}");
    }
    // The service is none the worse for it.
    app.shown("tb_1").await;
    let line = chat.connect(&app);
    assert_eq!(chat.entry(line).1, "[image]");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_acknowledges_gets_a_bounded_number() {
    const WINDOW: usize = 256;
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    app.shown("tb_1").await;
    for n in 0..WINDOW {
        app.say("tb_1", &format!("m{n}"), "可以").await;
    }
    let line = chat.connect(&app);
    let ids: Vec<String> = (0..WINDOW).map(|_| chat.entry(line).0).collect();
    chat.nothing_waits(line);
    // Also when something comes, and when somebody connects anew.
    app.say("tb_1", "one more", "可以").await;
    chat.nothing_waits(line);
    let acknowledged = &ids[..WINDOW / 2];
    for id in acknowledged {
        chat.send(line, &json!({ "ack": id }));
    }
    let rest: Vec<String> = (0..3).map(|_| chat.entry(line).0).collect();
    assert!(rest.iter().all(|id| !ids.contains(id)), "each once");
    chat.nothing_waits(line);
    let anew = chat.connect(&app);
    let again: Vec<String> = (0..WINDOW / 2 + 3).map(|_| chat.entry(anew).0).collect();
    assert_eq!(again, [&ids[WINDOW / 2..], &rest].concat());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_has_so_many_places_and_a_connection_holds_no_request_up() {
    // Two requests at a time: the connections are not among them.
    let app = TestApp::start_with(&[("SHOPKEEPER_SERVER__CONCURRENT_REQUESTS", "2")]).await;
    let mut chat = Chat::start();
    let lines: Vec<u64> = (0..32).map(|_| chat.connect(&app)).collect();
    assert_eq!(chat.open(&app, "connector", "/connect")["refused"], 429);
    let message = json!({ "message_id": "m1", "customer_id": "tb_1", "text": "你好" });
    chat.send(lines[0], &json!({ "message": message }));
    assert_eq!(chat.next(lines[0], "answer")["answer"]["body"]["handled"], false);
    // A place is free again once its client is gone.
    chat.order(json!(["close", lines[0]]));
    let freed = tokio::time::timeout(Duration::from_secs(60), async {
        while chat.open(&app, "connector", "/connect").get("opened").is_none() {
            tokio::task::yield_now().await;
        }
    });
    freed.await.expect("a place is given back");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_taken_away_ends_its_connections() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    let made = app.post("admin", "/keys", json!({ "scopes": ["connector"] })).await.expect(201);
    let line =
        chat.open(&app, made["key"].as_str().expect("a key"), "/connect")["opened"].as_u64().expect("opened");
    let other = chat.connect(&app);
    chat.nothing_waits(line);
    let path = format!("/keys/{}", made["id"].as_str().expect("an id"));
    app.answer(app.request("admin", Method::DELETE, &path)).await.expect(204);
    assert_eq!(chat.receive(line), json!({ "closed": 1008, "reason": "this key was taken away" }));
    chat.nothing_waits(other);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_goes_down_says_so() {
    let app = TestApp::start().await;
    let mut chat = Chat::start();
    let lines = [chat.connect(&app), chat.connect(&app)];
    app.stop().await;
    for line in lines {
        let closed = chat.receive(line);
        assert_eq!(closed, json!({ "closed": 1001, "reason": "the service goes down: connect again" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_connector_takes_a_customer_through_a_broken_line() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let address = app.running.address;
    // The connector's line goes through here, so that it can be cut.
    let relay = Relay::start(address).await;
    let url = format!("http://{}", relay.address);
    let place = folder.path().to_str().expect("a path").to_owned();
    let start = |url: &str| {
        let arguments = ["--url", url, "--shop", "demo", "--customer", "tb_1", "--folder", &place];
        Peer::start(
            "plugins/examples/connector/connector.py",
            &arguments,
            &[("SHOPKEEPER_KEY", app.key("connector"))],
        )
    };
    let mut customer = start(&url);
    customer.write("/picture no-such-file");
    assert!(customer.read().starts_with("! "));
    app.shown("tb_1").await;
    let picture = customer.read();
    let file = picture.strip_prefix("shop: [picture] ").expect("a picture").to_owned();
    assert_eq!(std::fs::read(file).expect("it is saved"), photo());
    assert_eq!(customer.read(), format!("shop: {READY}"));
    customer.write("可以");
    assert_eq!(customer.read(), format!("shop: {ASK}"));
    // The line breaks; what is said meanwhile, by either, gets through once it is up again.
    relay.cut();
    app.say("tb_1", "elsewhere", "不满意").await;
    assert_eq!(customer.read(), "shop: 好,你说一下哪里要改,或者发图告诉我");
    customer.write(&format!("/picture {}", fixture("photo.jpg").display()));
    assert!(customer.finish(), "it ends when everything is answered");
    let task = app.get("operator", "/tasks?customer_id=tb_1").await.expect(200)["tasks"][0].clone();
    assert_eq!(task["revisions"].as_array().expect("notes").len(), 2, "{task}");
    // An acknowledgement that was lost: what was seen is acknowledged, and not shown again.
    app.say("tb_1", "meanwhile", "转人工").await;
    let entries = app.get("connector", "/outbox").await.expect(200)["entries"].clone();
    let seen: Vec<&str> =
        entries.as_array().expect("entries").iter().map(|e| e["id"].as_str().expect("id")).collect();
    assert!(!seen.is_empty());
    std::fs::write(folder.path().join("seen.txt"), seen.join("\n") + "\n").expect("written");
    let again = start(&url);
    while app.get("connector", "/outbox").await.expect(200)["entries"] != json!([]) {
        tokio::task::yield_now().await;
    }
    assert!(again.finish());
    app.stop().await;
}

#[test]
fn the_reference_connector_gives_up_where_waiting_does_not_help() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::start());
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("http://{}", app.running.address);
    let place = folder.path().to_str().expect("a path");
    let arguments = ["--url", &url, "--shop", "demo", "--customer", "tb_1", "--folder", place];
    let file = "plugins/examples/connector/connector.py";
    assert!(!Peer::start(file, &arguments, &[("SHOPKEEPER_KEY", app.key("agent"))]).wait());
    assert!(!Peer::start(file, &arguments, &[("SHOPKEEPER_KEY", "")]).wait());
    runtime.block_on(app.stop());
}

/// Passes bytes on, until it is told to cut every line that is up.
struct Relay {
    address: std::net::SocketAddr,
    cut: tokio::sync::watch::Sender<()>,
    accept: tokio::task::JoinHandle<()>,
}

impl Relay {
    async fn start(to: std::net::SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let cut = tokio::sync::watch::Sender::new(());
        let cuts = cut.clone();
        let accept = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut cut = cuts.subscribe();
                tokio::spawn(async move {
                    let Ok(mut far) = tokio::net::TcpStream::connect(to).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cut, accept }
    }

    fn cut(&self) {
        self.cut.send_replace(());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accept.abort();
    }
}
