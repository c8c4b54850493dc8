//! A stand-in for Gemini and for OpenAI's interface: it answers as they document it, in whatever way a test says.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::{KEY, marked};

/// An answer.
#[derive(Clone)]
pub(super) enum Says {
    /// This, with this status.
    Json(u16, Value),
    /// Something that is no JSON.
    Text(u16, &'static str),
    /// Nothing, ever.
    Nothing,
    /// The beginning of an answer, then the connection breaks.
    CutOff,
    /// An answer without an end.
    Endless,
    /// Somewhere else.
    Elsewhere(String),
}

/// A request as it came.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    /// What it showed: the key, in whichever header.
    pub(super) key: String,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Gemini: what it is told.
    pub(super) fn prompt(&self) -> String {
        self.json()["contents"][0]["parts"][0]["text"].as_str().expect("a prompt").to_owned()
    }

    /// Gemini: the pictures it is shown.
    pub(super) fn pictures(&self) -> Vec<Vec<u8>> {
        let json = self.json();
        let parts = json["contents"][0]["parts"].as_array().expect("parts");
        let data =
            |part: &Value| part["inlineData"]["data"].as_str().map(|d| STANDARD.decode(d).expect("base64"));
        parts.iter().filter_map(data).collect()
    }
}

struct Shared {
    pictures: Mutex<VecDeque<Says>>,
    verdicts: Mutex<VecDeque<Says>>,
    seen: watch::Sender<Vec<Seen>>,
    /// Requests for pictures wait here where a test wants them to.
    gate: Semaphore,
    /// How many such requests are in the house.
    inside: watch::Sender<usize>,
}

/// The double, on a free port of this machine; ends with the test's runtime.
pub(super) struct Double {
    pub(super) url: String,
    shared: Arc<Shared>,
}

impl Double {
    /// Answers requests for pictures in this order, afterwards with a good one.
    pub(super) async fn start(pictures: Vec<Says>) -> Self {
        let double = Self::closed(pictures).await;
        double.open(1_000);
        double
    }

    /// Lets requests for pictures wait until they are let through.
    pub(super) async fn closed(pictures: Vec<Says>) -> Self {
        let shared = Arc::new(Shared {
            pictures: Mutex::new(pictures.into()),
            verdicts: Mutex::default(),
            seen: watch::Sender::default(),
            gate: Semaphore::new(0),
            inside: watch::Sender::default(),
        });
        let router =
            Router::new().fallback(answer).with_state(shared.clone()).layer(DefaultBodyLimit::disable());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url: format!("http://{address}"), shared }
    }

    /// Answers checks in this order, afterwards with full marks.
    pub(super) fn judging(self, verdicts: Vec<Says>) -> Self {
        *self.shared.verdicts.lock().expect("no panic") = verdicts.into();
        self
    }

    /// Lets so many requests for pictures through.
    pub(super) fn open(&self, requests: usize) {
        self.shared.gate.add_permits(requests);
    }

    /// Every request so far whose path has this in it.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        self.shared.seen.borrow().iter().filter(|s| s.path.contains(path)).cloned().collect()
    }

    /// Waits until there were so many such requests.
    pub(super) async fn wait_for(&self, path: &str, requests: usize) -> Vec<Seen> {
        let mut seen = self.shared.seen.subscribe();
        let enough = |all: &Vec<Seen>| all.iter().filter(|s| s.path.contains(path)).count() >= requests;
        seen.wait_for(enough).await.expect("the double is there");
        self.seen(path)
    }

    /// Waits until so many requests for pictures are in the house.
    pub(super) async fn wait_inside(&self, requests: usize) {
        self.shared.inside.subscribe().wait_for(|n| *n == requests).await.expect("the double is there");
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let shown = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let key = shown("x-goog-api-key") + shown("authorization").trim_start_matches("Bearer ");
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole request");
    let right = key == KEY;
    shared.seen.send_modify(|seen| seen.push(Seen { path: path.clone(), key, body }));
    if !right {
        // As Google does it: the error quotes the key.
        let message = format!("Consumer 'api_key:{KEY}' has been suspended.");
        return says(Says::Json(
            403,
            json!({ "error": { "code": 403, "message": message, "status": "PERMISSION_DENIED" } }),
        ));
    }
    if path.ends_with("/models") || path.contains("/models/") && !path.contains(':') {
        return says(Says::Json(200, json!({ "name": path })));
    }
    let chat = path.ends_with("/chat/completions");
    if chat || path.contains("lite:") {
        let next = shared.verdicts.lock().expect("no panic").pop_front();
        return says(next.unwrap_or_else(|| if chat { chat_verdict(100, "") } else { verdict(100, "") }));
    }
    shared.inside.send_modify(|n| *n += 1);
    let _leaves = Leaves(shared.clone());
    shared.gate.acquire().await.expect("never closed").forget();
    let next = shared.pictures.lock().expect("no panic").pop_front();
    if matches!(next, Some(Says::Nothing)) {
        std::future::pending::<()>().await;
    }
    says(next.unwrap_or_else(|| drawn(&marked("good"))))
}

struct Leaves(Arc<Shared>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.inside.send_modify(|n| *n -= 1);
    }
}

fn says(answer: Says) -> Response {
    let endless = |from| stream::iter(from).map(|chunk: &'static [u8]| Ok::<_, io::Error>(chunk));
    match answer {
        Says::Json(status, json) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
        }
        Says::Text(status, text) => (StatusCode::from_u16(status).expect("a status"), text).into_response(),
        Says::Nothing => unreachable!("it never answers"),
        Says::CutOff => {
            let broken = stream::iter([Err(io::Error::other("broken"))]);
            Body::from_stream(endless(vec![&b"{\"candidates\": ["[..]]).chain(broken)).into_response()
        }
        Says::Endless => {
            static MUCH: [u8; 1 << 20] = [b' '; 1 << 20];
            Body::from_stream(stream::repeat(()).map(|()| Ok::<_, io::Error>(&MUCH[..]))).into_response()
        }
        Says::Elsewhere(url) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response(),
    }
}

/// Gemini: these parts, ended so.
pub(super) fn parts(parts: Value, finish: &str) -> Says {
    Says::Json(
        200,
        json!({ "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": finish }] }),
    )
}

/// Gemini: a part with a picture.
pub(super) fn picture(bytes: &[u8]) -> Value {
    json!({ "inlineData": { "mimeType": "image/jpeg", "data": STANDARD.encode(bytes) } })
}

/// A picture, for both: each reads its own field.
pub(super) fn drawn(bytes: &[u8]) -> Says {
    let candidate =
        json!({ "content": { "role": "model", "parts": [picture(bytes)] }, "finishReason": "STOP" });
    let datum = json!({ "b64_json": STANDARD.encode(bytes) });
    Says::Json(200, json!({ "candidates": [candidate], "data": [datum] }))
}

/// Gemini: a verdict.
pub(super) fn verdict(score: i32, issue: &str) -> Says {
    let text = json!({ "score": score, "issue": issue }).to_string();
    parts(json!([{ "text": "看一看", "thought": true }, { "text": text }]), "STOP")
}

/// OpenAI: a verdict.
pub(super) fn chat_verdict(score: i32, issue: &str) -> Says {
    let text = json!({ "score": score, "issue": issue }).to_string();
    Says::Json(
        200,
        json!({ "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }] }),
    )
}

/// Gemini: an error with details.
pub(super) fn error(status: u16, name: &str, details: Value) -> Says {
    Says::Json(
        status,
        json!({ "error": { "code": status, "message": format!("key {KEY}"), "status": name, "details": details } }),
    )
}
