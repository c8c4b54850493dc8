//! A real service for a test: its own data folder, a free port, a shop, and a key for every scope.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use shopkeeper::{DataFolder, Running, Service, config::Config};
use tempfile::TempDir;

/// The photograph that tests work on.
pub(crate) fn photo() -> Vec<u8> {
    std::fs::read(fixture("photo.jpg")).expect("the fixture")
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The real program, which lies beside the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let folder = test.parent().and_then(Path::parent).expect("target/debug/deps");
    folder.join("shopkeeper")
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) retry_after: bool,
    pub(crate) json: Value,
}

impl Answer {
    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        self.json
    }

    /// A problem with this status: well formed, and it says something.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        assert_eq!(self.kind, "application/problem+json");
        assert_eq!(self.json["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(self.json[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {}", self.json);
        }
        self.json
    }
}

/// A service under test.
pub(crate) struct TestApp {
    pub(crate) running: Running,
    pub(crate) data: TempDir,
    client: Client,
    keys: HashMap<&'static str, String>,
}

pub(crate) const SCOPES: [&str; 5] = ["connector", "agent", "image-ai", "payments", "operator"];

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings from the environment.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut environment: HashMap<String, String> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        environment.insert("SHOPKEEPER_SERVER__LISTEN".into(), "127.0.0.1:0".into());
        Self::open(data, &environment).await
    }

    /// A service on this folder, which may have been served before.
    async fn open(data: TempDir, environment: &HashMap<String, String>) -> Self {
        let mut config = Config::load(None, environment).expect("a configuration");
        config.program = Some(program());
        let folder = DataFolder::open(data.path()).expect("the folder opens");
        let service = Service::open(config, &folder).await.expect("the service opens");
        let running = Running::start(service).await.expect("the service starts");
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(90)).build().expect("a client");
        let admin = std::fs::read_to_string(data.path().join("admin.key")).expect("the admin key");
        let mut app =
            Self { running, data, client, keys: HashMap::from([("admin", admin.trim().to_owned())]) };
        let new = json!({ "id": "demo", "name": "演示店" });
        let made = app.send("admin", Method::POST, "/v1/shops", new).await;
        assert!(matches!(made.status.as_u16(), 201 | 409), "{}", made.json);
        for scope in SCOPES {
            let made =
                app.send("admin", Method::POST, "/v1/shops/demo/keys", json!({ "scopes": [scope] })).await;
            app.keys.insert(scope, made.expect(201)["key"].as_str().expect("a key").to_owned());
        }
        app
    }

    /// Goes down and comes up again on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(&[]).await
    }

    /// … with these settings from the environment.
    pub(crate) async fn restart_with(self, environment: &[(&str, &str)]) -> Self {
        let mut environment: HashMap<String, String> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        environment.insert("SHOPKEEPER_SERVER__LISTEN".into(), "127.0.0.1:0".into());
        Self::open(self.stop().await, &environment).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let base = format!("http://{}", self.running.address);
        if path.starts_with("/v1/shops") || !path.starts_with('/') && path.starts_with("http") {
            format!("{base}{path}")
        } else if let Some(top) = path.strip_prefix('!') {
            format!("{base}{top}")
        } else {
            format!("{base}/v1/shops/demo{path}")
        }
    }

    pub(crate) fn key<'a>(&'a self, who: &'a str) -> &'a str {
        self.keys.get(who).map_or(who, String::as_str)
    }

    /// A request by the holder of a scope's key, or of the key itself; nobody where it is empty.
    pub(crate) fn request(&self, who: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, self.url(path));
        if who.is_empty() { request } else { request.bearer_auth(self.key(who)) }
    }

    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the service answers");
        let header =
            |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let (status, kind, retry_after) =
            (response.status(), header("content-type"), !header("retry-after").is_empty());
        let text = response.text().await.expect("a whole answer");
        let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, kind, retry_after, json }
    }

    pub(crate) async fn send(&self, who: &str, method: Method, path: &str, body: Value) -> Answer {
        self.answer(self.request(who, method, path).json(&body)).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.send(who, Method::POST, path, body).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.answer(self.request(who, Method::GET, path)).await
    }

    /// Uploads bytes as a picture.
    pub(crate) async fn upload(&self, bytes: Vec<u8>) -> Answer {
        let request = self.request("connector", Method::POST, "/images").header("content-type", "image/jpeg");
        self.answer(request.body(bytes)).await
    }

    pub(crate) async fn photo(&self) -> String {
        self.upload(photo()).await.expect(201)["image_id"].as_str().expect("an id").to_owned()
    }

    /// An analysed picture of this customer; the whole answer.
    pub(crate) async fn analyse(&self, customer: &str) -> Value {
        let image = self.photo().await;
        let analysis = json!({
            "customer_id": customer, "image_id": image, "complexity": "normal", "request_text": "变清晰",
        });
        self.post("image-ai", "/analyses", analysis).await.expect(201)
    }

    /// A task of this customer that was analysed and paid.
    pub(crate) async fn paid(&self, customer: &str) -> String {
        let task = self.analyse(customer).await["task"]["id"].as_str().expect("an id").to_owned();
        let payment = json!({ "customer_id": customer, "order_id": format!("order-{task}") });
        assert_eq!(self.post("payments", "/payments", payment).await.expect(200)["outcome"], "started");
        task
    }

    /// A task whose result an outside image AI gave: it lies before the customer.
    pub(crate) async fn shown(&self, customer: &str) -> String {
        let task = self.analyse(customer).await["task"]["id"].as_str().expect("an id").to_owned();
        let result = json!({ "image_id": self.photo().await });
        let done = self.post("image-ai", &format!("/tasks/{task}/result"), result).await.expect(200);
        assert_eq!(done["status"], "awaiting-confirm");
        task
    }

    pub(crate) async fn say(&self, customer: &str, id: &str, text: &str) -> Value {
        let message = json!({ "message_id": id, "customer_id": customer, "text": text });
        self.post("connector", "/messages", message).await.expect(200)
    }

    pub(crate) async fn task(&self, id: &str) -> Value {
        self.get("operator", &format!("/tasks/{id}")).await.expect(200)
    }

    /// Acknowledges what comes until this text came; returns everything, pictures as `[image]`.
    pub(crate) async fn hear_until(&self, wanted: &str) -> Vec<String> {
        let mut heard = Vec::new();
        for _ in 0..20 {
            let waiting = self.get("connector", "/outbox?wait=30").await.expect(200);
            for entry in waiting["entries"].as_array().expect("entries") {
                let id = entry["id"].as_str().expect("an id");
                self.post("connector", &format!("/outbox/{id}/ack"), json!({})).await.expect(204);
                heard.push(entry["text"].as_str().unwrap_or("[image]").to_owned());
            }
            if heard.iter().any(|h| h == wanted) {
                return heard;
            }
        }
        panic!("{wanted:?} never came; there was {heard:?}");
    }

    /// Every row of every table, to compare before and after.
    pub(crate) fn dump(&self) -> Vec<String> {
        dump(&self.data.path().join("shopkeeper.sqlite"))
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.data
    }
}

/// Every row of every table of a database.
pub(crate) fn dump(path: &std::path::Path) -> Vec<String> {
    let db = rusqlite::Connection::open(path).expect("the database");
    let tables: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("tables");
    let mut rows = Vec::new();
    for table in tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let columns = statement.column_count();
        let mut found = statement.query([]).expect("rows");
        while let Some(row) = found.next().expect("a row") {
            let cells: Vec<String> = (0..columns).map(|n| cell(row.get_ref(n).expect("a cell"))).collect();
            rows.push(format!("{table}: {}", cells.join(" | ")));
        }
    }
    rows
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}
