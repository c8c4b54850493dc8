//! Plugins through the public door: uploaded, tried, made live, watched, taken back.

mod containment;
mod hostile;
mod price_change;
mod rollout;
mod trials;
mod upload;

use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

impl TestApp {
    /// Sends a component.
    async fn send_plugin(&self, wasm: Vec<u8>) -> Answer {
        let request = self.request("operator", reqwest::Method::POST, "/plugins");
        self.answer(request.header("content-type", "application/wasm").body(wasm)).await
    }

    /// Uploads a component that is taken; its digest.
    async fn upload_plugin(&self, wasm: Vec<u8>) -> String {
        let taken = self.send_plugin(wasm).await.expect(201);
        taken["digest"].as_str().expect("a digest").to_owned()
    }

    async fn activate(&self, role: &str, body: Value) -> Answer {
        self.post("operator", &format!("/plugins/{role}/activate"), body).await
    }

    /// Uploads a component and makes it live.
    async fn live(&self, role: &str, wasm: Vec<u8>) -> String {
        let digest = self.upload_plugin(wasm).await;
        self.activate(role, json!({ "digest": digest })).await.expect(200);
        digest
    }

    /// What a normal picture costs this customer: the low end in fen, and who said so.
    pub(crate) async fn quoted(&self, customer: &str) -> (i64, String) {
        let body = json!({ "pictures": [{ "complexity": "normal" }], "customer_id": customer });
        let quote = self.post("agent", "/quotes", body).await.expect(200);
        let by = quote["plugin"]["name"].as_str().expect("a name").to_owned();
        (quote["low"]["minor"].as_i64().expect("a price"), by)
    }

    async fn role(&self, role: &str) -> Value {
        self.get("operator", "/plugins").await.expect(200)["roles"][role].clone()
    }
}
