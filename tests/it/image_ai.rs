//! Image AIs that the service calls: doubles of Gemini and of OpenAI's interface, and what becomes of their answers.

mod checks;
mod double;
mod edits;
mod failures;
mod openai;
mod program;
mod sharing;
mod walls;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, photo};
use double::Double;

/// What the doubles' callers must show.
const KEY: &str = "AIzaTestOnly-0123456789";
const READY: &str = "好了,你看一下效果,没问题把邮箱发我";
const DELAYED: &str = "您好,图片正在处理中,稍后发您,请稍等";

/// The photograph with something at its end: the same picture, another file.
fn marked(mark: &str) -> Vec<u8> {
    let mut bytes = photo();
    bytes.extend(mark.as_bytes());
    bytes
}

/// A photograph that is large as a file.
fn heavy(least: usize) -> Vec<u8> {
    let photo = photo();
    let mut bytes = photo[..2].to_vec();
    while bytes.len() < least {
        // A comment is as long as two bytes can say.
        bytes.extend([0xff, 0xfe, 0xff, 0xff]);
        bytes.extend([b'x'; 0xffff - 2]);
    }
    bytes.extend(&photo[2..]);
    bytes
}

/// A service whose only shop works with a double.
async fn with(double: &Double, processor: &str, settings: Value) -> TestApp {
    within(double, processor, settings, "180").await
}

/// The same, and a request may take so many seconds: few only where one is to run out of them.
async fn within(double: &Double, processor: &str, settings: Value, seconds: &str) -> TestApp {
    let url = double.url.as_str();
    let app = TestApp::start_with(&[
        ("SHOPKEEPER_GEMINI__BASE_URL", url),
        ("SHOPKEEPER_GEMINI__KEY", KEY),
        ("SHOPKEEPER_GEMINI__TIMEOUT_SECONDS", seconds),
        ("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "1"),
        ("SHOPKEEPER_OPENAI__BASE_URL", url),
        ("SHOPKEEPER_OPENAI__KEY", KEY),
    ])
    .await;
    let mut all = json!({ "processor": processor });
    for (key, value) in settings.as_object().expect("settings") {
        all[key] = value.clone();
    }
    app.send("operator", Method::PUT, "/settings", all).await.expect(200);
    app
}

/// One that works with Gemini and looks at nothing twice.
async fn unchecked(double: &Double) -> TestApp {
    with(double, "gemini", json!({ "image_ai": { "quality_check": false } })).await
}

impl TestApp {
    /// A task of this customer with a specification of its own, paid.
    async fn ordered(&self, customer: &str, specification: Value) -> String {
        let mut analysis =
            json!({ "customer_id": customer, "image_id": self.photo().await, "complexity": "normal" });
        for (key, value) in specification.as_object().expect("a specification") {
            analysis[key] = value.clone();
        }
        let analysed = self.post("image-ai", "/analyses", analysis).await.expect(201);
        let task = analysed["task"]["id"].as_str().expect("an id").to_owned();
        let payment = json!({ "customer_id": customer, "order_id": format!("order-{task}") });
        assert_eq!(self.post("payments", "/payments", payment).await.expect(200)["outcome"], "started");
        task
    }

    /// The bytes of a task's result.
    async fn result(&self, task: &str) -> Vec<u8> {
        let image = self.task(task).await["result_image_id"].as_str().expect("a result").to_owned();
        let request = self.request("operator", Method::GET, &format!("/images/{image}"));
        request.send().await.expect("an answer").bytes().await.expect("bytes").to_vec()
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        let db =
            rusqlite::Connection::open(self.data.path().join("shopkeeper.sqlite")).expect("the database");
        let mut statement = db.prepare(sql).expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    }

    /// How often an image AI was called for each job, as it is stored, oldest job first.
    fn calls(&self) -> Vec<String> {
        self.rows(
            "SELECT CAST(calls AS TEXT) FROM outbox WHERE kind IN ('gemini-job', 'openai-job') ORDER BY seq",
        )
    }

    /// What the operator is told, oldest first.
    fn alerts(&self) -> Vec<Value> {
        let rows = self.rows("SELECT payload FROM outbox WHERE kind = 'alert' ORDER BY seq");
        let alert = |row: &String| serde_json::from_str::<Value>(row).expect("JSON")["alert"].clone();
        rows.iter().map(alert).collect()
    }
}
