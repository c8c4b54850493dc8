//! The real program, killed and started again; and requests that are repeated until they are answered.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, RwLock},
    time::Duration,
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::doubles::Doubles;

/// Where the service listens now.
type Address = Arc<RwLock<String>>;

/// What the service is told.
type Environment = Vec<(&'static str, String)>;

/// The service under test.
pub(crate) struct Service {
    child: Child,
    address: Address,
    environment: Environment,
    pub(crate) data: TempDir,
    admin: String,
}

/// A shop, and who may do what in it.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) id: &'static str,
    /// Whether an outside image AI works for it.
    pub(crate) external: bool,
    key: String,
    address: Address,
    client: Client,
}

fn client() -> Client {
    // A connection of its own for each request: one to a killed service is no good.
    let builder = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(20));
    builder.build().expect("a client")
}

impl Service {
    pub(crate) async fn start(environment: Environment) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let (child, address) = spawn(&data, &environment);
        let admin = std::fs::read_to_string(data.path().join("admin.key")).expect("the admin key");
        let address = Arc::new(RwLock::new(address));
        Self { child, address, environment, data, admin: admin.trim().to_owned() }
    }

    pub(crate) fn kill_and_start(&mut self) {
        // SIGKILL: nothing is finished, nothing is said.
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
        let (child, address) = spawn(&self.data, &self.environment);
        self.child = child;
        *self.address.write().expect("not poisoned") = address;
    }

    /// As an operator stops it: it must end by itself, and well.
    pub(crate) async fn stop(&mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success());
        let ended = self.child.wait().expect("gone");
        assert!(ended.success(), "SIGTERM ends it well, not with {ended}");
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data.path().join("shopkeeper.sqlite")
    }

    /// Three shops: one works on its pictures itself, one has an outside image AI, one has an agent as well.
    pub(crate) async fn shops(&self, doubles: &Doubles) -> Vec<Shop> {
        let mut shops = Vec::new();
        for (id, external, agent) in
            [("local", false, false), ("outside", true, false), ("agent", true, true)]
        {
            let mut shop = Shop {
                id,
                external,
                key: self.admin.clone(),
                address: self.address.clone(),
                client: client(),
            };
            shop.put("/v1/shops", Method::POST, json!({ "id": id, "name": id })).await;
            let scopes = json!({ "scopes": ["connector", "agent", "image-ai", "payments", "operator"] });
            let made = shop.put(&format!("/v1/shops/{id}/keys"), Method::POST, scopes).await;
            shop.key = made["key"].as_str().expect("a key").to_owned();
            let settings = json!({
                "processor": if external { "external" } else { "local" },
                "chat_webhook": doubles.chat_url(id),
                "agent": agent.then(|| json!({ "url": doubles.agent_url(), "seconds": 5 })),
                "alert_webhook": doubles.robot_url(),
                "free_revisions": 100,
            });
            shop.put(&format!("/v1/shops/{id}/settings"), Method::PUT, settings).await;
            shops.push(shop);
        }
        shops
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &TempDir, environment: &Environment) -> (Child, String) {
    let test = std::env::current_exe().expect("this test is a file");
    let program = test.parent().and_then(|deps| deps.parent()).expect("target/debug/deps").join("shopkeeper");
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("SHOPKEEPER_PROCESSING__LEASE_SECONDS", "3")
        .env("SHOPKEEPER_OUTBOX__TRIES", "1000")
        .env("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "5")
        .env("SHOPKEEPER_OUTBOX__LONGEST_WAIT_SECONDS", "1")
        .env("SHOPKEEPER_LOG__FILTER", "error")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs: cargo build --workspace");
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    let ready = lines.find_map(|l| l.expect("a line").strip_prefix("listening on ").map(str::to_owned));
    (child, ready.expect("it says where it listens"))
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

impl Shop {
    /// Asks until there is an answer: a service that is down, or goes down meanwhile, is asked again with the same.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Body<'_>) -> Answer {
        loop {
            let address = self.address.read().expect("not poisoned").clone();
            let path = if path.starts_with("/v1/") {
                path.to_owned()
            } else {
                format!("/v1/shops/{}{path}", self.id)
            };
            let mut request =
                self.client.request(method.clone(), format!("{address}{path}")).bearer_auth(&self.key);
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            let request = match body {
                Body::Json(json) => request.json(json),
                Body::Picture(bytes) => request.header("content-type", "image/png").body(bytes.to_vec()),
            };
            if let Ok(response) = request.send().await {
                let status = response.status();
                if let Ok(text) = response.text().await
                    && !matches!(status.as_u16(), 429 | 503)
                {
                    assert!(!status.is_server_error(), "{path}: {status} {text}");
                    return Answer { status, json: serde_json::from_str(&text).unwrap_or(Value::Null) };
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn put(&self, path: &str, method: Method, body: Value) -> Value {
        let answer = self.ask(method, path, None, Body::Json(&body)).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.json);
        answer.json
    }

    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Answer {
        self.ask(Method::POST, path, key, Body::Json(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None, Body::Json(&Value::Null)).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.json);
        answer.json
    }

    /// Uploads a picture; its id.
    pub(crate) async fn picture(&self, bytes: &[u8]) -> String {
        let kept = self.ask(Method::POST, "/images", None, Body::Picture(bytes)).await;
        kept.json["image_id"].as_str().expect("an id").to_owned()
    }
}

/// What a request carries.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Json(&'a Value),
    Picture(&'a [u8]),
}

/// The picture that everybody sends.
pub(crate) fn photograph() -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/small.png");
    std::fs::read(file).expect("the fixture")
}
