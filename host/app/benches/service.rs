//! The real program under load: each line one figure as JSON. The load generator runs beside it on the same cores.

#[path = "service/delivery.rs"]
mod delivery;
#[path = "service/full.rs"]
mod full;
#[path = "service/page.rs"]
mod page;
#[path = "service/plugins.rs"]
mod plugins;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

const CLIENTS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);
const STARTS: usize = 7;

struct Served {
    child: Child,
    address: String,
    ready: Duration,
}

impl Served {
    fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    fn start_with(data: &Path, environment: &[(&str, &str)]) -> Self {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_shopkeeper"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("SHOPKEEPER_LOG__FILTER", "error")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let found =
            lines.find_map(|l| l.expect("a line").strip_prefix("listening on http://").map(str::to_owned));
        Self { address: found.expect("it is ready"), ready: started.elapsed(), child }
    }

    /// Resident memory in megabytes.
    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("its memory");
        let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        kilobytes * 1024.0 / 1e6
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn print(name: &str, figure: &str, value: f64, goal: &str) {
    println!("{{\"name\":\"{name}\",\"figure\":\"{figure}\",\"value\":{value},\"goal\":\"{goal}\"}}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

type Connection = SendRequest<Full<Bytes>>;

async fn connect(address: &str) -> Connection {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    sender
}

async fn send(
    connection: &mut Connection,
    key: &str,
    method: &str,
    path: &str,
    kind: &str,
    body: Bytes,
) -> (u16, Bytes) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "shop")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", kind)
        .body(Full::new(body))
        .expect("a request");
    connection.ready().await.expect("the connection is there");
    let answer = connection.send_request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.into_body().collect().await.expect("a whole answer").to_bytes())
}

/// The value of `"field":"…"` in a JSON text.
fn field(json: &[u8], name: &str) -> String {
    let value: serde_json::Value = serde_json::from_slice(json).expect("JSON");
    value.pointer(name).and_then(|v| v.as_str()).expect("the field").to_owned()
}

/// A customer for every client, each with a result before them.
async fn prepare(address: &str, key: &str) {
    let mut connection = connect(address).await;
    let json = "application/json";
    let shop =
        send(&mut connection, key, "POST", "/v1/shops", json, r#"{"id":"demo","name":"演示店"}"#.into())
            .await;
    assert!(shop.0 == 201 || shop.0 == 409, "{shop:?}");
    let photo = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/photo.jpg"))
        .expect("a photo");
    let image =
        send(&mut connection, key, "POST", "/v1/shops/demo/images", "image/jpeg", photo.into()).await.1;
    let image = field(&image, "/image_id");
    for client in 0..CLIENTS {
        let analysis =
            format!(r#"{{"customer_id":"tb_{client}","image_id":"{image}","complexity":"normal"}}"#);
        let made = send(&mut connection, key, "POST", "/v1/shops/demo/analyses", json, analysis.into()).await;
        assert_eq!(made.0, 201, "{made:?}");
        let path = format!("/v1/shops/demo/tasks/{}/result", field(&made.1, "/task/id"));
        let done =
            send(&mut connection, key, "POST", &path, json, format!(r#"{{"image_id":"{image}"}}"#).into())
                .await;
        assert_eq!(done.0, 200, "{done:?}");
    }
}

/// Every client sends one message after the other, or so many a second in all; returns the latencies in milliseconds.
async fn load(address: &str, key: &str, time: Duration, rate: Option<u32>) -> Vec<f64> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let key: Arc<str> = key.into();
    let until = Instant::now() + time;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (address, key) = (address.to_owned(), key.clone());
        clients.spawn(async move {
            let mut connection = connect(&address).await;
            let mut latencies = Vec::with_capacity(8192);
            let mut pace = rate.map(|r| tokio::time::interval(Duration::from_secs(1) * CLIENTS as u32 / r));
            while Instant::now() < until {
                if let Some(pace) = &mut pace {
                    pace.tick().await;
                }
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let body = format!(
                    r#"{{"message_id":"m{number}","customer_id":"tb_{client}","text":"好的，没问题"}}"#
                );
                let started = Instant::now();
                let path = "/v1/shops/demo/messages";
                let (status, _) =
                    send(&mut connection, &key, "POST", path, "application/json", body.into()).await;
                latencies.push(started.elapsed().as_secs_f64() * 1e3);
                assert_eq!(status, 200);
            }
            latencies
        });
    }
    clients.join_all().await.concat()
}

/// The seconds that each step has taken so far, and the count.
async fn steps(address: &str) -> Vec<(String, f64, f64)> {
    let mut connection = connect(address).await;
    let text = send(&mut connection, "", "GET", "/metrics", "text/plain", Bytes::new()).await.1;
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |name: &str, step: &str| -> f64 {
        let start = format!("shopkeeper_step_seconds_{name}{{step=\"{step}\"}} ");
        text.lines().find_map(|l| l.strip_prefix(&start)).and_then(|v| v.parse().ok()).unwrap_or(0.0)
    };
    ["load", "read", "decide", "word", "commit"]
        .map(|s| (s.to_owned(), value("sum", s), value("count", s)))
        .into()
}

async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Served::start(folder.path()));
    let key = fs::read_to_string(folder.path().join("admin.key")).expect("the key").trim().to_owned();
    let starts: Vec<f64> =
        (0..STARTS).map(|_| Served::start(folder.path()).ready.as_secs_f64() * 1e3).collect();
    let ready = median(starts);
    print("ready to serve after a warm start", &format!("{ready:.0} ms"), ready, "≤ 300 ms");
    let service = Served::start(folder.path());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = service.resident();
    print("resident when idle", &format!("{idle:.0} MB"), idle, "≤ 80 MB");
    prepare(&service.address, &key).await;
    load(&service.address, &key, WARM_UP, None).await;
    let before = steps(&service.address).await;
    let started = Instant::now();
    let mut latencies = load(&service.address, &key, MEASURED, None).await;
    let rate = latencies.len() as f64 / started.elapsed().as_secs_f64();
    let after = steps(&service.address).await;
    latencies.sort_by(f64::total_cmp);
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize];
    print("customer messages a second, 64 clients, durable", &format!("{rate:.0} /s"), rate, "≥ 12000 /s");
    print("… latency, median", &format!("{:.2} ms", at(0.5)), at(0.5), "");
    print("… latency, p99", &format!("{:.2} ms", at(0.99)), at(0.99), "≤ 30 ms");
    for ((step, sum, count), (_, old_sum, old_count)) in after.into_iter().zip(before) {
        let mean = (sum - old_sum) / (count - old_count) * 1e6;
        print(&format!("… of which {step}, mean with waiting"), &format!("{mean:.1} µs"), mean, "");
    }
    let loaded = service.resident();
    print("resident under load", &format!("{loaded:.0} MB"), loaded, "");
    plugins::swaps(&service.address, &key).await;
    plugins::hostile(&service.address, &key).await;
    drop(service);
    delivery::delivering().await;
    plugins::shops().await;
    page::pages().await;
    full::full().await;
}

/// With `soak MINUTES` the memory is watched, with `million` a full shop, with `page` the web page, and nothing else.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match arguments[..] {
            [] => run().await,
            ["soak", minutes] => delivery::soak(minutes.parse().expect("a number of minutes")).await,
            ["million"] => full::full().await,
            ["page"] => page::pages().await,
            _ => panic!("nothing, `soak MINUTES`, `million` or `page`"),
        }
    });
}
