//! The real program with a double for its Gemini, which can be killed.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread::JoinHandle,
};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::KEY;
use crate::app::{photo, program};

pub(super) struct Program {
    child: Child,
    log: Option<JoinHandle<String>>,
    url: String,
    admin: String,
    client: Client,
}

impl Program {
    /// Serves this folder, and writes every line there is to its log.
    pub(super) fn start(data: &Path, double: &str) -> Self {
        let mut command = Command::new(program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("SHOPKEEPER_LOG__FILTER", "trace").env("SHOPKEEPER_GEMINI__BASE_URL", double);
        command.env("SHOPKEEPER_GEMINI__KEY", KEY).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut log = child.stderr.take().expect("the log");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).expect("a text");
            text
        });
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let ready = lines.find_map(|l| l.expect("a line").strip_prefix("listening on ").map(str::to_owned));
        Self {
            url: ready.expect("it says where it listens"),
            child,
            log: Some(log),
            admin: std::fs::read_to_string(data.join("admin.key")).expect("the admin key").trim().to_owned(),
            client: Client::builder().no_proxy().build().expect("a client"),
        }
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.admin);
        let answer = request.json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// A shop on Gemini with one picture that is paid.
    pub(super) async fn order(&self) {
        self.send(Method::POST, "/v1/shops", json!({ "id": "demo", "name": "演示店" })).await;
        let settings = json!({ "processor": "gemini", "image_ai": { "quality_check": false } });
        self.send(Method::PUT, "/v1/shops/demo/settings", settings).await;
        let upload = self.client.post(format!("{}/v1/shops/demo/images", self.url)).bearer_auth(&self.admin);
        let upload = upload.header("content-type", "image/jpeg").body(photo());
        let image: Value = upload.send().await.expect("an answer").json().await.expect("JSON");
        let analysis =
            json!({ "customer_id": "tb_1", "image_id": image["image_id"], "complexity": "normal" });
        self.send(Method::POST, "/v1/shops/demo/analyses", analysis).await;
        let payment = json!({ "customer_id": "tb_1", "order_id": "A1" });
        self.send(Method::POST, "/v1/shops/demo/payments", payment).await;
    }

    /// As `kill -9` does: nothing is finished, nothing is said.
    pub(super) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Goes down as it should; its log.
    pub(super) fn stop(&mut self) -> String {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        self.child.wait().expect("it ends");
        self.log.take().expect("stopped once").join().expect("a log")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
