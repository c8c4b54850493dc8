//! A shop owner changes a price: one edit of a file, and the quotes follow; a bad edit changes nothing and says where.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::{TestApp, program};

/// At the shop's own computer, with its file of settings.
struct Owner<'a> {
    app: &'a TestApp,
    role: &'static str,
    file: PathBuf,
}

impl Owner<'_> {
    /// Runs `shopkeeper plugin settings`: whether it succeeded, with what it said.
    async fn settings(&self, file: Option<&Path>) -> (bool, String) {
        let mut command = std::process::Command::new(program());
        command.args(["plugin", "settings", self.role]).args(file);
        command.args(["--server", &format!("http://{}", self.app.running.address), "--shop", "demo"]);
        command.env("SHOPKEEPER_KEY", self.app.key("operator")).env("NO_PROXY", "127.0.0.1");
        // The service runs on this very thread: it must be free to answer.
        let done = tokio::task::spawn_blocking(move || command.output()).await.expect("it is waited for");
        let done = done.expect("the program runs: cargo build --workspace");
        let code = done.status.code();
        let said = if code == Some(0) { done.stdout } else { done.stderr };
        assert!(matches!(code, Some(0 | 1)), "{code:?}: {}", String::from_utf8_lossy(&said));
        (code == Some(0), String::from_utf8(said).expect("text"))
    }

    /// The settings that are live, as the owner saves them.
    async fn live(&self) -> Value {
        let (shown, settings) = self.settings(None).await;
        assert!(shown, "{settings}");
        serde_json::from_str(&settings).expect("JSON")
    }

    /// Writes the file and puts it.
    async fn put(&self, text: impl ToString) -> (bool, String) {
        std::fs::write(&self.file, text.to_string()).expect("written");
        self.settings(Some(&self.file)).await
    }
}

/// What a simple picture costs, and how the shop says it.
async fn quote(app: &TestApp) -> (i64, i64, String) {
    let body = json!({ "customer_id": "tb_1", "pictures": [{ "complexity": "simple" }] });
    let quote = app.post("agent", "/quotes", body).await.expect(200);
    let fen = |end: &str| quote[end]["minor"].as_i64().expect("a price");
    (fen("low"), fen("high"), quote["hint"].as_str().expect("words").to_owned())
}

#[tokio::test]
async fn a_price_change_is_one_edit_from_file_to_quote() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let owner = Owner { app: &app, role: "pricing", file: folder.path().join("价目表.json") };
    assert_eq!(quote(&app).await, (1000, 1500, "10-15元,这张比较简单".into()));

    let mut prices = owner.live().await;
    assert_eq!(
        (&prices["table"][0]["complexity"], &prices["table"][0]["low"]),
        (&json!("simple"), &json!(1000))
    );
    prices["table"][0]["low"] = json!(1200);
    let (taken, said) = owner.put(&prices).await;
    assert!(taken && said.contains("price-table"), "{said}");
    let changed = (1200, 1500, "12-15元,这张比较简单".to_owned());
    assert_eq!(quote(&app).await, changed, "the words follow the amount");
    assert_eq!(owner.live().await, prices);

    let mut wrong = prices.clone();
    wrong["table"][0]["low"] = json!(-5);
    wrong["table"][1]["high"] = json!("20元");
    wrong["table"][2]["hint"] = json!("20-25元");
    wrong["minmum"] = json!(800);
    let (taken, said) = owner.put(&wrong).await;
    assert!(!taken, "{said}");
    for place in ["/table/0/low: ", "/table/1/high: ", "/table/2/hint: ", "/minmum: "] {
        assert!(said.lines().any(|line| line.contains(place)), "{place} in {said}");
    }
    let (taken, said) = owner.put(prices.to_string().replacen(',', "", 1)).await;
    assert!(!taken && said.contains("line 1 column"), "a missing comma: {said}");
    assert_eq!(quote(&app).await, changed, "what was refused changes nothing");
    assert_eq!(owner.live().await, prices);
    app.stop().await;
}

#[tokio::test]
async fn a_text_is_changed_the_same_way() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let owner = Owner { app: &app, role: "wording", file: folder.path().join("话术.json") };
    let asked = async |message: &str| {
        let message = json!({ "message_id": message, "customer_id": "tb_1", "text": "转人工" });
        app.post("connector", "/messages", message).await.expect(200)["messages"][0]["text"].clone()
    };
    let own =
        |text: &str| json!({ "emoji": true, "templates": { "zh-CN": { "handed-off": [{ "text": text }] } } });
    let (taken, said) = owner.put(own("{name},请稍等")).await;
    assert!(!taken && said.contains("/templates/zh-CN/handed-off/0/text: 不认识 {name}"), "{said}");
    let (taken, said) = owner.put(own("收到,这就请同事来🙋")).await;
    assert!(taken, "{said}");
    assert_eq!(asked("m1").await, "收到,这就请同事来🙋");
    app.stop().await;
}
