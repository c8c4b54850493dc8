//! Messages while the workers deliver what is said to a shop's webhook; and whether the memory stays where it is.

use std::{
    convert::Infallible,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::{MEASURED, Served, WARM_UP, connect, load, plugins::p99, prepare, print, send};

/// Messages a second while the memory is watched.
const RATE: u32 = 500;

/// A connector that takes everything at once; where it listens, and how much came.
async fn connector() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("its address").to_string();
    let came = Arc::new(AtomicU64::new(0));
    let count = came.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let count = count.clone();
            let take = service_fn(move |request: Request<Incoming>| {
                let count = count.clone();
                async move {
                    let _ = request.into_body().collect().await;
                    count.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), take));
        }
    });
    (host, came)
}

/// A service whose shop has its texts pushed.
async fn pushing(folder: &tempfile::TempDir) -> (Served, String, Arc<AtomicU64>) {
    let (host, came) = connector().await;
    let service = Served::start_with(folder.path(), &[("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", &host)]);
    let key = fs::read_to_string(folder.path().join("admin.key")).expect("the key").trim().to_owned();
    prepare(&service.address, &key).await;
    let settings = format!(r#"{{"chat_webhook":"http://{host}/"}}"#);
    let mut connection = connect(&service.address).await;
    let path = "/v1/shops/demo/settings";
    let set = send(&mut connection, &key, "PUT", path, "application/json", settings.into()).await;
    assert_eq!(set.0, 200, "{set:?}");
    (service, key, came)
}

/// As many messages as there can be, beside what the workers deliver.
pub(crate) async fn delivering() {
    let folder = tempfile::tempdir().expect("a folder");
    let (service, key, came) = pushing(&folder).await;
    load(&service.address, &key, WARM_UP, None).await;
    let (before, started) = (came.load(Ordering::Relaxed), Instant::now());
    let latencies = load(&service.address, &key, MEASURED, None).await;
    let seconds = started.elapsed().as_secs_f64();
    let rate = latencies.len() as f64 / seconds;
    let delivered = (came.load(Ordering::Relaxed) - before) as f64 / seconds;
    print("messages a second while a webhook is served", &format!("{rate:.0} /s"), rate, "≥ 12000 /s");
    let worst = p99(latencies);
    print("… latency, p99", &format!("{worst:.2} ms"), worst, "≤ 30 ms");
    print("… delivered to the webhook a second", &format!("{delivered:.0} /s"), delivered, "");
}

/// A steady load for so many minutes, delivered: the memory after each.
pub(crate) async fn soak(minutes: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let (service, key, came) = pushing(&folder).await;
    let mut first = None;
    for minute in 1..=minutes {
        let sent = load(&service.address, &key, Duration::from_secs(60), Some(RATE)).await.len();
        let resident = service.resident();
        let first = *first.get_or_insert(resident);
        let figure = format!("{resident:.0} MB, {:.2} × the first", resident / first);
        print(&format!("resident after minute {minute}, {sent} messages in it"), &figure, resident, "");
    }
    let delivered = came.load(Ordering::Relaxed);
    print("… delivered to the webhook in all", &format!("{delivered}"), delivered as f64, "");
}
