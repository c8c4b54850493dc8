//! The real program: how it starts, how it refuses to, and what a kill leaves behind.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    app::{dump, photo},
    peer::Chat,
};

/// The program, built beside this test.
fn program() -> Command {
    let mut command = Command::new(crate::app::program());
    command.env_remove("IMAGE_MODULE_ENABLED");
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    program()
        .arg("--data")
        .arg(data)
        .args(arguments)
        .output()
        .expect("the program runs: cargo build --workspace")
}

fn line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// A running program; killed when dropped.
pub(crate) struct Served {
    child: Child,
    url: String,
    client: Client,
}

impl Served {
    fn start(data: &Path) -> Self {
        Self::start_with(data, Vec::new())
    }

    /// With these settings from the environment.
    pub(crate) fn start_with(data: &Path, environment: Vec<(&str, String)>) -> Self {
        let mut command = program();
        command.envs(environment);
        Self::launch(command, data).expect("it says where it listens")
    }

    /// By a command that becomes the program; none where that ends before the program listens.
    pub(crate) fn launch(mut command: Command, data: &Path) -> Option<Self> {
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let ready = lines.find_map(|l| l.expect("a line").strip_prefix("listening on ").map(str::to_owned));
        let Some(url) = ready else {
            child.wait().expect("gone");
            return None;
        };
        Some(Self { url, child, client: Client::builder().no_proxy().build().expect("a client") })
    }

    /// A path as the program sees it, which may have disks of its own.
    pub(crate) fn sees(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(path.strip_prefix("/").expect("a path from the root"))
    }

    /// As `kill -9` does: nothing is finished, nothing is said.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// The status, and the answer where it is JSON.
    pub(crate) async fn ask(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(key).json(body);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a text"));
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn send(&self, key: &str, method: Method, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(key, method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn upload(&self, key: &str, picture: Vec<u8>) -> (StatusCode, Value) {
        let url = format!("{}/v1/shops/demo/images", self.url);
        let answer = self.client.post(url).bearer_auth(key).body(picture).send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: Value) -> Value {
        self.send(key, Method::POST, &format!("/v1/shops/demo{path}"), &body).await
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Value {
        self.send(key, Method::GET, &format!("/v1/shops/demo{path}"), &Value::Null).await
    }

    /// A new shop's first picture, analysed: its task, and the picture.
    pub(crate) async fn analyse(&self, key: &str) -> (String, Value) {
        self.send(key, Method::POST, "/v1/shops", &json!({ "id": "demo", "name": "演示店" })).await;
        let (_, image) = self.upload(key, photo()).await;
        let analysis = json!({
            "customer_id": "tb_1", "image_id": image["image_id"], "complexity": "normal", "request_text": "变清晰",
        });
        let analysed = self.post(key, "/analyses", analysis).await;
        (analysed["task"]["id"].as_str().expect("an id").to_owned(), image["image_id"].clone())
    }

    /// Acknowledges what comes until this text came.
    pub(crate) async fn hear(&self, key: &str, wanted: &str, heard: &mut Vec<String>) {
        for _ in 0..20 {
            let waiting = self.get(key, "/outbox?wait=30").await;
            for entry in waiting["entries"].as_array().expect("entries") {
                let id = entry["id"].as_str().expect("an id");
                self.post(key, &format!("/outbox/{id}/ack"), json!({})).await;
                heard.push(entry["text"].as_str().unwrap_or("[image]").to_owned());
            }
            if heard.last().is_some_and(|h| h == wanted) {
                return;
            }
        }
        panic!("{wanted:?} never came; there was {heard:?}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn admin(data: &Path) -> String {
    fs::read_to_string(data.join("admin.key")).expect("the admin key").trim().to_owned()
}

/// Where the order is interrupted.
#[derive(Clone, Copy, PartialEq)]
enum Kill {
    /// The payment is taken, the picture waits or is being worked on.
    AfterPayment,
    /// The result lies on disk; whether it is in the database is chance.
    AtResult,
    /// The customer is not content, and again when they said what to change.
    AfterRevision,
    /// The mail waits or is being written.
    AfterAcceptance,
    /// The mail lies on disk; whether that is in the database is chance.
    AtMail,
    /// At every one of these moments.
    Everywhere,
}

/// How many files there are in a folder and below.
fn files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.filter_map(Result::ok).map(|e| if e.path().is_dir() { files(&e.path()) } else { 1 }).sum()
}

/// An order that is interrupted.
struct Order {
    data: PathBuf,
    service: Served,
    key: String,
    kill: Kill,
    heard: Vec<String>,
}

impl Order {
    /// Kills the process where it is due, as soon as there are so many files in this folder, and starts it again.
    fn interrupt(mut self, at: Kill, folder: &str, count: usize) -> Self {
        if self.kill != at && self.kill != Kill::Everywhere {
            return self;
        }
        while files(&self.data.join(folder)) < count {
            std::thread::yield_now();
        }
        self.service.kill();
        self.service = Served::start(&self.data);
        self
    }

    async fn say(&self, id: &str, text: &str) {
        let message = json!({ "message_id": id, "customer_id": "tb_1", "text": text });
        self.service.post(&self.key, "/messages", message).await;
    }

    async fn hear(&mut self, wanted: &str) {
        self.service.hear(&self.key, wanted, &mut self.heard).await;
    }

    /// The first result's file, and everything up to the revision.
    async fn run(mut self, task: &str) -> Vec<String> {
        self = self.interrupt(Kill::AfterPayment, "images", 1).interrupt(Kill::AtResult, "images", 2);
        self.hear(READY).await;
        self.say("m1", "不满意").await;
        self = self.interrupt(Kill::AfterRevision, "images", 2);
        self.say("m1", "不满意").await;
        self.say("m2", "再亮一点").await;
        self = self.interrupt(Kill::AfterRevision, "images", 2).interrupt(Kill::AtResult, "images", 3);
        self.hear(READY).await;
        self.say("m3", "可以了，abc@qq.com").await;
        self = self.interrupt(Kill::AfterAcceptance, "images", 3).interrupt(Kill::AtMail, "mail", 1);
        self.hear("发到您邮箱了,注意查收哈").await;
        let done = self.service.get(&self.key, &format!("/tasks/{task}")).await;
        assert_eq!((&done["status"], &done["attempt"]), (&json!("completed"), &json!(2)), "{done}");
        for picture in [&done["image_id"], &done["result_image_id"]] {
            let path =
                format!("{}/v1/shops/demo/images/{}", self.service.url, picture.as_str().expect("an id"));
            let seen = self.service.client.get(path).bearer_auth(&self.key).send().await.expect("an answer");
            assert_eq!(seen.status(), 200);
        }
        assert_eq!(files(&self.data.join("mail")), 1, "one mail");
        self.heard
    }
}

/// Takes an order from analysis to mailbox, with kills at these moments; returns what the customer heard.
async fn order_with(kill: Kill) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_owned();
    let service = Served::start(&data);
    let key = admin(&data);
    let (task, _) = service.analyse(&key).await;
    service.post(&key, "/payments", json!({ "customer_id": "tb_1", "order_id": "1" })).await;
    Order { data, service, key, kill, heard: Vec::new() }.run(&task).await
}

const READY: &str = "好了,你看一下效果,没问题把邮箱发我";

#[tokio::test]
async fn a_killed_service_loses_nothing_and_says_nothing_twice() {
    let wanted = [
        "[image]",
        READY,
        "好,你说一下哪里要改,或者发图告诉我",
        "好的,重新给你做",
        "[image]",
        READY,
        "发到您邮箱了,注意查收哈",
    ];
    use Kill::*;
    for kill in [AfterPayment, AtResult, AfterRevision, AfterAcceptance, AtMail, Everywhere] {
        assert_eq!(order_with(kill).await, wanted);
    }
}

#[tokio::test]
async fn sigterm_ends_the_service_with_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Served::start(folder.path());
    let ended =
        Command::new("kill").args(["-TERM", &service.child.id().to_string()]).status().expect("kill runs");
    assert!(ended.success());
    assert_eq!(service.child.wait().expect("it ends").code(), Some(0));
}

#[tokio::test]
async fn sigterm_says_goodbye_to_whoever_is_connected() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Served::start(folder.path());
    let key = admin(folder.path());
    service.send(&key, Method::POST, "/v1/shops", &json!({ "id": "demo", "name": "演示店" })).await;
    let mut chat = Chat::start();
    let url = format!("{}/v1/shops/demo/connect", service.url.replacen("http", "ws", 1));
    assert_eq!(chat.order(json!(["open", url, key])), json!({ "opened": 0 }));
    let told = Command::new("kill").args(["-TERM", &service.child.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
    assert_eq!(chat.receive(0)["closed"], 1001);
    assert_eq!(service.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_keeps_it_from_starting_is_one_clear_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let refused = |output: &Output, word: &str| {
        assert_eq!(output.status.code(), Some(1), "{}", line(output));
        assert!(line(output).lines().count() == 1 && line(output).contains(word), "{}", line(output));
    };
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").to_string();
    refused(&run(&data, &["serve", "--listen", &port]), "is in use");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    refused(&run(&file, &["serve"]), "can't be written to");
    refused(&run(&file.join("below"), &["serve"]), "can't be written to");
    let config = folder.path().join("shopkeeper.toml");
    fs::write(&config, "[server]\nlisten_on = 1\n").expect("written");
    refused(&run(&data, &["serve", "--config", config.to_str().expect("a path")]), "listen_on");
    // The same file is found where the program is started.
    let mut found = program();
    found.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).current_dir(folder.path());
    refused(&found.output().expect("it runs"), "listen_on");
    let mut strange = program();
    strange.arg("config").env("FOO", OsStr::from_bytes(b"\xff"));
    assert!(strange.output().expect("it runs").status.success(), "what others set is none of ours");
    let key = data.join("admin.key");
    fs::rename(&key, folder.path().join("kept")).expect("moved");
    fs::write(&key, "a note").expect("written");
    refused(&run(&data, &["serve", "--listen", "127.0.0.1:0"]), "admin.key holds something else");
    fs::rename(folder.path().join("kept"), &key).expect("moved back");
    let raw = rusqlite::Connection::open(data.join("shopkeeper.sqlite")).expect("opens");
    raw.pragma_update(None, "user_version", 99).expect("set");
    drop(raw);
    let before = dump(&data.join("shopkeeper.sqlite"));
    refused(&run(&data, &["serve", "--listen", "127.0.0.1:0"]), "newer version");
    assert_eq!(dump(&data.join("shopkeeper.sqlite")), before, "it was left alone");
    assert_eq!(run(&data, &["serve", "--no-such-option"]).status.code(), Some(2));
    assert_eq!(run(&data, &["shop", "add", "Not A Shop"]).status.code(), Some(2));
}

#[test]
fn two_services_do_not_share_a_data_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Served::start(folder.path());
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(line(&second).contains("another shopkeeper is running"), "{}", line(&second));
    drop(first);
}

#[tokio::test]
async fn shops_and_keys_are_made_without_http_also_beside_a_running_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Served::start(folder.path());
    let added = run(folder.path(), &["shop", "add", "demo", "--name", "演示店"]);
    assert!(added.status.success(), "{}", line(&added));
    assert_eq!(run(folder.path(), &["shop", "add", "demo"]).status.code(), Some(1), "it is there already");
    let listed = run(folder.path(), &["shop", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed, json!({ "shops": [{ "id": "demo", "name": "演示店" }] }));
    let made =
        run(folder.path(), &["key", "add", "--shop", "demo", "--scope", "agent", "--scope", "operator"]);
    let key = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    assert_eq!(service.get(&key, "/tasks").await["tasks"], json!([]), "the running service takes it");
    assert_eq!(
        run(folder.path(), &["key", "add", "--shop", "nowhere", "--scope", "agent"]).status.code(),
        Some(1)
    );
    assert_eq!(
        run(folder.path(), &["key", "add", "--shop", "demo", "--scope", "king"]).status.code(),
        Some(2)
    );
}

#[test]
fn doctor_tells_what_is_there_and_no_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Served::start(folder.path()));
    let healthy = run(folder.path(), &["doctor", "--json"]);
    assert!(healthy.status.success(), "{}", String::from_utf8_lossy(&healthy.stdout));
    let said = String::from_utf8(healthy.stdout).expect("text");
    assert!(said.contains("price-table") && !said.contains(&admin(folder.path())), "{said}");
    let file = folder.path().join("admin.key");
    let sick = run(&file, &["doctor"]);
    assert_eq!(sick.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&sick.stdout).contains("PROBLEM data folder"));
}

#[test]
fn secrets_addresses_and_chat_texts_stay_out_of_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
    command
        .env("SHOPKEEPER_LOG__FILTER", "shopkeeper=trace,info")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    let url = lines
        .find_map(|l| l.expect("a line").strip_prefix("listening on ").map(str::to_owned))
        .expect("ready");
    let key = admin(folder.path());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = Client::builder().no_proxy().build().expect("a client");
        let post = |path: &str, body: Value| {
            client.post(format!("{url}{path}")).bearer_auth(&key).json(&body).send()
        };
        post("/v1/shops", json!({ "id": "demo", "name": "演示店" })).await.expect("an answer");
        let message = json!({ "message_id": "1", "customer_id": "tb_secret", "text": "退款 private@qq.com" });
        assert_eq!(post("/v1/shops/demo/messages", message).await.expect("an answer").status(), 200);
    });
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    let mut log = String::new();
    child.stderr.take().expect("the log").read_to_string(&mut log).expect("text");
    child.wait().expect("it ends");
    assert!(log.contains("alert"), "the alert is told: {log}");
    for secret in [key.as_str(), "private@", "退款", "tb_secret"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
