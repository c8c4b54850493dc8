//! A customer is erased: nothing of theirs is left, and nothing of anybody else's is missing.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, dump, photo};

const WHO: &str = "tb_vanishing";
const NAME: &str = "要消失的名字";
const ADDRESS: &str = "vanishing@example.com";
const REQUEST: &str = "变清晰，独一无二的要求";
const PROMPT: &str = "an unmistakable prompt";
const NOTE: &str = "头发再亮一点，独一无二的意见";

impl TestApp {
    async fn erase(&self, customer: &str) -> Answer {
        self.answer(self.request("operator", Method::DELETE, &format!("/customers/{customer}"))).await
    }

    /// A picture that nobody else has: what follows the end of a JPEG is no part of the picture, but of the file.
    async fn own_photo(&self) -> String {
        let kept = self.upload([photo(), b"mine".to_vec()].concat()).await.expect(201);
        kept["image_id"].as_str().expect("an id").to_owned()
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data.path().join("shopkeeper.sqlite")).expect("the database")
    }

    fn number(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).expect("a number")
    }
}

/// Every file in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(|e| below(e.expect("an entry").path())).collect()
}

/// What can be read out of the data folder: the rows, and the bytes of every file.
#[track_caller]
fn nothing_left(folder: &Path, needles: &[&[u8]]) {
    for needle in needles {
        for file in files(folder) {
            // One that goes while we look, such as the database's log, holds nothing.
            let Ok(bytes) = fs::read(&file) else { continue };
            let found = bytes.windows(needle.len()).any(|w| w == *needle);
            assert!(!found, "{:?} is in {}", String::from_utf8_lossy(needle), file.display());
        }
        let text = String::from_utf8_lossy(needle);
        let rows = dump(&folder.join("shopkeeper.sqlite"));
        let row = rows.iter().find(|row| row.contains(&*text));
        assert!(row.is_none(), "{text} is in {row:?}");
    }
}

/// Waits for what the service does by itself.
#[track_caller]
fn until(done: impl Fn() -> bool) -> impl Future<Output = ()> {
    let looked = tokio::time::timeout(Duration::from_secs(60), async move {
        while !done() {
            tokio::task::yield_now().await;
        }
    });
    async { looked.await.expect("it comes to pass") }
}

/// An order from analysis to mailbox, with a revision, a payment and a picture of its own; the task and the picture.
async fn whole_order(app: &TestApp) -> (String, String) {
    let image = app.own_photo().await;
    let analysis = json!({
        "customer_id": WHO, "customer_name": NAME, "image_id": image, "complexity": "normal",
        "request_text": REQUEST, "prompt": PROMPT,
    });
    let analysis = app.request("image-ai", Method::POST, "/analyses").json(&analysis);
    let analysed = app.answer(analysis.header("idempotency-key", "first")).await.expect(201);
    let task = analysed["task"]["id"].as_str().expect("an id").to_owned();
    let shared = app.photo().await;
    let result = format!("/tasks/{task}/result");
    app.post("image-ai", &result, json!({ "image_id": shared })).await.expect(200);
    let order =
        json!({ "customer_id": WHO, "order_id": "4711", "amount": { "minor": 2000, "currency": "CNY" } });
    app.post("payments", "/payments", order).await.expect(200);
    app.say(WHO, "m1", "不满意").await;
    let note = json!({ "message_id": "m2", "customer_id": WHO, "text": NOTE, "image_ids": [image] });
    app.post("connector", "/messages", note).await.expect(200);
    app.hear_until("好了,你看一下效果,没问题把邮箱发我").await;
    while app.task(&task).await["status"] != "awaiting-confirm" {
        tokio::task::yield_now().await;
    }
    app.say(WHO, "m3", &format!("可以了，{ADDRESS}")).await;
    app.hear_until("发到您邮箱了,注意查收哈").await;
    assert_eq!(app.task(&task).await["status"], "completed");
    (task, image)
}

#[tokio::test]
async fn nothing_of_an_erased_customer_is_left() {
    let app = TestApp::start().await;
    // Another customer has one of the pictures too.
    let other = app.shown("tb_other").await;
    let (task, image) = whole_order(&app).await;
    let shared = app.photo().await;
    let sums = "SELECT sum(json_extract(document, '$.amount.minor')) FROM payments";
    let before = (app.number(sums), app.number("SELECT count(*) FROM payments"));
    assert_eq!(files(&app.data.path().join("mail")).len(), 1);
    let result = app.task(&task).await["result_image_id"].as_str().expect("a result").to_owned();

    let erased = app.erase(WHO).await.expect(200);
    let count = |field: &str| erased[field].as_u64().expect("a count");
    assert_eq!((count("tasks"), count("messages"), count("mails")), (1, 3, 1), "{erased}");
    assert_eq!((count("pictures"), count("payments_kept")), (2, 1), "{erased}");
    let id = task.replace('-', "");
    let id: Vec<u8> = (0..16).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).expect("hex")).collect();
    let needles = [WHO, NAME, ADDRESS, REQUEST, PROMPT, NOTE, "独一无二", &task, &image, &result];
    let mut needles: Vec<&[u8]> = needles.iter().map(|n| n.as_bytes()).collect();
    needles.push(&id);
    nothing_left(app.data.path(), &needles);
    assert_eq!(files(&app.data.path().join("mail")).len(), 0);
    assert_eq!(app.number("SELECT count(*) FROM doomed_files"), 0);

    // The accounts' sums stay, and an order that was paid is not paid anew.
    assert_eq!((app.number(sums), app.number("SELECT count(*) FROM payments")), before);
    for customer in [WHO, "tb_other"] {
        let again = json!({ "customer_id": customer, "order_id": "4711" });
        assert_eq!(app.post("payments", "/payments", again).await.problem(422)["pointer"], "/order_id");
    }
    // What is gone is gone for everybody; the other customer's things are all there.
    app.erase(WHO).await.problem(404);
    app.get("operator", &format!("/customers/{WHO}")).await.problem(404);
    app.get("operator", &format!("/tasks/{task}")).await.problem(404);
    app.get("operator", &format!("/images/{image}")).await.problem(404);
    assert_eq!(app.get("operator", &format!("/images/{shared}")).await.status, 200);
    assert_eq!(app.task(&other).await["status"], "awaiting-confirm");
    assert_eq!(app.get("operator", "/tasks").await.expect(200)["tasks"].as_array().expect("tasks").len(), 1);

    // Who writes again is someone never heard of.
    let said = app.say(WHO, "m3", "可以了").await;
    assert_eq!((&said["handled"], said.get("task")), (&json!(false), None), "{said}");
    let anew = app.analyse(WHO).await["task"].clone();
    assert_eq!((&anew["customer_name"], &anew["paid"]), (&json!(WHO), &json!(false)), "{anew}");
    let profile = app.get("operator", &format!("/customers/{WHO}")).await.expect(200);
    assert_eq!(
        (&profile["completed_orders"], &profile["email"], &profile["tags"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    app.stop().await;
}

#[tokio::test]
async fn whoever_only_said_something_is_erased_too_and_nobody_else() {
    let app = TestApp::start().await;
    for platform in ["AliWorkbench", "elsewhere"] {
        let message = json!({ "message_id": "m1", "customer_id": WHO, "platform": platform, "text": NOTE });
        app.post("connector", "/messages", message).await.expect(200);
    }
    app.answer(app.request("connector", Method::DELETE, &format!("/customers/{WHO}"))).await.problem(403);
    let elsewhere = app.request("operator", Method::DELETE, &format!("/customers/{WHO}?platform=elsewhere"));
    assert_eq!(app.answer(elsewhere).await.expect(200)["messages"], 1);
    assert!(app.dump().iter().any(|row| row.contains(NOTE)), "the same id elsewhere is somebody else");
    app.erase(WHO).await.expect(200);
    nothing_left(app.data.path(), &[WHO.as_bytes(), NOTE.as_bytes()]);
    app.stop().await;
}

#[tokio::test]
async fn work_under_way_for_an_erased_customer_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let task = app.analyse(WHO).await["task"]["id"].as_str().expect("an id").to_owned();
    let order = json!({ "customer_id": WHO, "order_id": "4711" });
    app.post("payments", "/payments", order).await.expect(200);
    let at_work = "SELECT count(*) FROM outbox WHERE kind = 'local-job' AND state <> 'waiting'";
    until(|| app.number(at_work) > 0).await;
    assert_eq!(app.erase(WHO).await.expect(200)["tasks"], 1);
    let result = json!({ "image_id": app.photo().await });
    app.post("image-ai", &format!("/tasks/{task}/result"), result).await.problem(404);
    app.erase(WHO).await.problem(404);
    // The worker ends what it has in hand, finds that nobody wants it, and the service goes down.
    let data = app.stop().await;
    nothing_left(data.path(), &[WHO.as_bytes(), task.as_bytes()]);
    // What was just uploaded, and nothing that the worker made.
    assert_eq!(files(&data.path().join("images")).len(), 1);
}

#[tokio::test]
async fn files_that_a_crash_left_are_removed_at_the_next_start() {
    let app = TestApp::start().await;
    app.shown(WHO).await;
    let picture = files(&app.data.path().join("images")).pop().expect("a picture");
    // As if the service had gone down between the rows and the files.
    let copy = fs::read(&picture).expect("read");
    app.erase(WHO).await.expect(200);
    assert!(!picture.exists());
    fs::write(&picture, copy).expect("written");
    let id = picture.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
    let insert = "INSERT INTO doomed_files VALUES ('demo', 'picture', ?1, 'image/jpeg', 0)";
    app.database().execute(insert, [&id]).expect("inserted");
    let app = app.restart().await;
    let doomed = "SELECT count(*) FROM doomed_files";
    until(|| !picture.exists() && app.number(doomed) == 0).await;
    // One that came back meanwhile stays.
    let kept = app.photo().await;
    assert_eq!(kept, id);
    app.database().execute(insert, [&id]).expect("inserted");
    let app = app.restart().await;
    until(|| app.number(doomed) == 0).await;
    assert!(picture.exists());
    app.stop().await;
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_by_itself() {
    let app = TestApp::start().await;
    app.shown(WHO).await;
    app.say("tb_talker", "m1", NOTE).await;
    let unused = app.own_photo().await;
    // All of it is old, but for somebody who came back.
    app.shown("tb_other").await;
    for sql in ["UPDATE events SET at = 0", "UPDATE messages SET at = 0", "UPDATE images SET created_at = 0"]
    {
        app.database().execute(sql, []).expect("aged");
    }
    app.say("tb_other", "m1", "还在").await;
    let count = |app: &TestApp| app.number("SELECT count(*) FROM images");
    assert_eq!(count(&app), 2);
    // Kept for good where nothing is configured, but for what nobody uses.
    let app = app.restart().await;
    until(|| count(&app) == 1).await;
    app.get("operator", &format!("/images/{unused}")).await.problem(404);
    app.get("operator", &format!("/customers/{WHO}")).await.expect(200);
    let app = app.restart_with(&[("SHOPKEEPER_RETENTION__CUSTOMERS_DAYS", "30")]).await;
    let left = "SELECT count(*) FROM customers WHERE customer <> 'tb_other'";
    until(|| app.number(left) == 0 && app.number("SELECT count(*) FROM doomed_files") == 0).await;
    nothing_left(app.data.path(), &[WHO.as_bytes(), NOTE.as_bytes(), b"tb_talker"]);
    app.get("operator", "/customers/tb_other").await.expect(200);
    assert_eq!(count(&app), 1, "the picture that both have");
    app.stop().await;
}
