//! Plugins under load: swaps, a shop whose plugins mean harm, and a thousand shops.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use shopkeeper_domain::roles::Role;

use crate::{Connection, MEASURED, Served, connect, field, load, median, print, send};

/// How many messages a second while plugins are swapped, and how many swaps.
const RATE: u32 = 2000;
const SWAPS: u32 = 100;
const SHOPS: u32 = 1000;

async fn ask(connection: &mut Connection, key: &str, path: &str, body: impl Into<Bytes>) -> Bytes {
    let kind = if path.ends_with("/plugins") { "application/wasm" } else { "application/json" };
    let (status, answer) = send(connection, key, "POST", path, kind, body.into()).await;
    assert!(status < 300, "{path}: {status} {answer:?}");
    answer
}

/// Uploads a component to a shop; its digest.
async fn upload(connection: &mut Connection, key: &str, shop: &str, wasm: &[u8]) -> String {
    let taken = ask(connection, key, &format!("/v1/shops/{shop}/plugins"), wasm.to_vec()).await;
    field(&taken, "/digest")
}

/// Makes an uploaded component live; how long that took, in milliseconds.
async fn activate(connection: &mut Connection, key: &str, shop: &str, role: &str, digest: &str) -> f64 {
    let started = Instant::now();
    let path = format!("/v1/shops/{shop}/plugins/{role}/activate");
    ask(connection, key, &path, format!(r#"{{"digest":"{digest}"}}"#)).await;
    started.elapsed().as_secs_f64() * 1e3
}

fn read(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read(path).expect("built: `cargo xtask bench` does it")
}

/// The same component with another digest: a custom section more, which nothing reads.
fn variant(wasm: &[u8], number: u32) -> Vec<u8> {
    let name = format!("v{number:06}");
    let length = u8::try_from(name.len()).expect("short");
    [wasm, &[0, length + 1, length], name.as_bytes()].concat()
}

pub(crate) fn p99(mut latencies: Vec<f64>) -> f64 {
    latencies.sort_by(f64::total_cmp);
    latencies[(latencies.len() - 1) * 99 / 100]
}

/// Messages at a steady rate, without swaps and with them: two detection plugins that take turns.
pub(crate) async fn swaps(address: &str, key: &str) {
    let mut connection = connect(address).await;
    let wasm = read("target/plugins/keyword-detection.wasm");
    let mut digests = Vec::new();
    for number in 0..2 {
        let digest = upload(&mut connection, key, "demo", &variant(&wasm, number)).await;
        activate(&mut connection, key, "demo", "detection", &digest).await;
        digests.push(digest);
    }
    let mut idle = Vec::new();
    for digest in digests.iter().cycle().take(50) {
        idle.push(activate(&mut connection, key, "demo", "detection", digest).await);
    }
    let idle = median(idle);
    let name = "swap of a cached plugin: checked, stored durably, answering";
    print(name, &format!("{idle:.2} ms"), idle, "≤ 5 ms");
    let still = p99(load(address, key, MEASURED, Some(RATE)).await);
    let swapping = async {
        let mut took = Vec::new();
        let mut pace = tokio::time::interval(MEASURED / SWAPS);
        for digest in digests.iter().cycle().take(SWAPS as usize) {
            pace.tick().await;
            took.push(activate(&mut connection, key, "demo", "detection", digest).await);
        }
        median(took)
    };
    let (latencies, took) = tokio::join!(load(address, key, MEASURED, Some(RATE)), swapping);
    let count = latencies.len();
    let swapped = p99(latencies);
    let ratio = swapped / still;
    print("messages at 2,000 a second: p99 without swaps", &format!("{still:.2} ms"), still, "");
    print("… p99 with 100 swaps", &format!("{swapped:.2} ms"), swapped, "");
    print("… ratio", &format!("{ratio:.2} ×"), ratio, "≤ 1.5 ×");
    // Each was asserted to be answered with 200.
    print("… messages answered, and failed", &format!("{count}, 0"), 0.0, "0 failed");
    print("… a swap meanwhile", &format!("{took:.2} ms"), took, "");
    ask(&mut connection, key, "/v1/shops/demo/plugins/detection/rollback", "").await;
}

/// One shop's messages while another shop uploads plugins that loop forever, one after the other.
pub(crate) async fn hostile(address: &str, key: &str) {
    let mut connection = connect(address).await;
    ask(&mut connection, key, "/v1/shops", r#"{"id":"hostile","name":"坏插件"}"#).await;
    let still = p99(load(address, key, MEASURED, Some(RATE)).await);
    let until = Instant::now() + MEASURED;
    let bad = async {
        let mut pace = tokio::time::interval(Duration::from_millis(200));
        let mut number = 0u32;
        while Instant::now() < until {
            pace.tick().await;
            // Each is quarantined after three faults.
            if number.is_multiple_of(10) {
                let body = format!("(drop (i32.const {number})) (loop (br 0)) unreachable");
                let wasm = shopkeeper_forge::component(Role::Pricing, &body, "");
                let digest = upload(&mut connection, key, "hostile", &wasm).await;
                activate(&mut connection, key, "hostile", "pricing", &digest).await;
            }
            number += 1;
            let quote = r#"{"pictures":[{"complexity":"normal"}]}"#;
            ask(&mut connection, key, "/v1/shops/hostile/quotes", quote).await;
        }
    };
    let (latencies, ()) = tokio::join!(load(address, key, MEASURED, Some(RATE)), bad);
    let beside = p99(latencies);
    let ratio = beside / still;
    let figure = format!("{ratio:.2} × ({still:.2} → {beside:.2} ms)");
    print("p99 beside a shop whose plugins loop forever", &figure, ratio, "≤ 1.5 ×");
}

/// A thousand shops with one plugin, then with fifty.
pub(crate) async fn shops() {
    let wasm = read("plugins/examples/sale-calendar/plugin.wasm");
    for (different, name) in
        [(1, "1,000 shops share one plugin"), (50, "1,000 shops with 50 different plugins")]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let service = Served::start_with(folder.path(), &[]);
        let key = fs::read_to_string(folder.path().join("admin.key")).expect("the key").trim().to_owned();
        let before = service.resident();
        let mut connection = connect(&service.address).await;
        for number in 0..SHOPS {
            let shop = format!("s{number}");
            ask(&mut connection, &key, "/v1/shops", format!(r#"{{"id":"{shop}","name":"s"}}"#)).await;
            let digest = upload(&mut connection, &key, &shop, &variant(&wasm, number % different)).await;
            activate(&mut connection, &key, &shop, "pricing", &digest).await;
            let quote = r#"{"pictures":[{"complexity":"normal"}]}"#;
            ask(&mut connection, &key, &format!("/v1/shops/{shop}/quotes"), quote).await;
        }
        let all = service.resident();
        print(name, &format!("{all:.0} MB, {before:.0} at the start"), all, "≤ 1500 MB");
    }
}
