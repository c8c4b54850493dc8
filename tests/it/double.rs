//! Somebody outside who is told things: keeps what came and answers as it is told to.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// How it answers one request.
pub(crate) type Answers = Box<dyn Fn(&Came) -> Response + Send + Sync>;

/// A server on a free port of this machine; ends with the test's runtime.
pub(crate) struct Double {
    pub(crate) url: String,
    pub(crate) host: String,
    came: Mutex<mpsc::UnboundedReceiver<Came>>,
}

struct Inner {
    answers: Answers,
    tell: mpsc::UnboundedSender<Came>,
}

async fn answer(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let came = Came { uri, headers, body };
    let response = (inner.answers)(&came);
    let _ = inner.tell.send(came);
    response
}

impl Double {
    pub(crate) async fn start(answers: impl Fn(&Came) -> Response + Send + Sync + 'static) -> Self {
        let (tell, came) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner { answers: Box::new(answers), tell });
        let router = Router::new().fallback(answer).with_state(inner);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url: format!("http://{host}"), host, came: Mutex::new(came) }
    }

    /// Answers each request with the next of these, and the last one for good.
    pub(crate) async fn scripted(script: Vec<fn() -> Response>) -> Self {
        let at = std::sync::atomic::AtomicUsize::new(0);
        Self::start(move |_| {
            let n = at.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            script[n.min(script.len() - 1)]()
        })
        .await
    }

    /// What comes next; waits for it.
    pub(crate) async fn next(&self) -> Came {
        let next = async { self.came.lock().await.recv().await.expect("the double lives") };
        tokio::time::timeout(std::time::Duration::from_secs(60), next).await.expect("something comes")
    }

    /// What came and was not asked for yet.
    pub(crate) async fn rest(&self) -> Vec<Came> {
        let mut came = self.came.lock().await;
        std::iter::from_fn(|| came.try_recv().ok()).collect()
    }
}

pub(crate) fn ok() -> Response {
    StatusCode::OK.into_response()
}

pub(crate) fn broken() -> Response {
    StatusCode::BAD_GATEWAY.into_response()
}
