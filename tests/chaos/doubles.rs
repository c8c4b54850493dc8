//! The outside: a chat platform, an agent and a robot that fail, are slow, and forget that they were told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Json, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::rng::Rng;

/// What arrived in the chat.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) shop: String,
    pub(crate) customer: String,
    pub(crate) id: String,
}

struct Outside {
    rng: Mutex<Rng>,
    arrived: Mutex<Vec<Arrived>>,
    told: Mutex<u64>,
}

impl Outside {
    fn percent(&self, chance: u64) -> bool {
        self.rng.lock().expect("not poisoned").percent(chance)
    }

    /// Sometimes slow, for a moment.
    async fn dawdle(&self) {
        let wait = self.rng.lock().expect("not poisoned").within(0, 25);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// Everybody outside.
pub(crate) struct Doubles {
    host: String,
    outside: Arc<Outside>,
}

async fn chat(State(outside): State<Arc<Outside>>, Path(shop): Path<String>, body: Bytes) -> Response {
    if outside.percent(10) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    outside.dawdle().await;
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let text = |name: &str| message["data"][name].as_str().expect("a text").to_owned();
    outside.arrived.lock().expect("not poisoned").push(Arrived {
        shop,
        customer: text("customer_id"),
        id: text("id"),
    });
    // It arrived, but whoever sent it never hears so.
    if outside.percent(10) { StatusCode::BAD_GATEWAY.into_response() } else { StatusCode::OK.into_response() }
}

async fn agent(State(outside): State<Arc<Outside>>) -> Response {
    outside.dawdle().await;
    if outside.percent(30) {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    } else if outside.percent(30) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Json(json!({ "text": "亲,图好了哦,看一下~" })).into_response()
    }
}

async fn robot(State(outside): State<Arc<Outside>>) -> Response {
    *outside.told.lock().expect("not poisoned") += 1;
    let errcode = if outside.percent(20) { -1 } else { 0 };
    Json(json!({ "errcode": errcode, "errmsg": "" })).into_response()
}

impl Doubles {
    pub(crate) async fn start(rng: Rng) -> Self {
        let outside =
            Arc::new(Outside { rng: Mutex::new(rng), arrived: Mutex::default(), told: Mutex::default() });
        let router = Router::new()
            .route("/chat/{shop}", post(chat))
            .route("/agent", post(agent))
            .route("/robot", post(robot))
            .with_state(outside.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { host, outside }
    }

    /// What the service may reach although it is on this machine.
    pub(crate) fn hosts(&self) -> String {
        self.host.clone()
    }

    pub(crate) fn chat_url(&self, shop: &str) -> String {
        format!("http://{}/chat/{shop}", self.host)
    }

    pub(crate) fn agent_url(&self) -> String {
        format!("http://{}/agent", self.host)
    }

    pub(crate) fn robot_url(&self) -> String {
        format!("http://{}/robot?key=0123456789", self.host)
    }

    /// Everything that arrived in the chats, in the order of its coming.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.outside.arrived.lock().expect("not poisoned").clone()
    }

    /// How many messages the robot had.
    pub(crate) fn told(&self) -> u64 {
        *self.outside.told.lock().expect("not poisoned")
    }
}
