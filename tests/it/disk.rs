//! A disk that is full: what the service says meanwhile, and that nothing is lost by it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    app::photo,
    process::{Served, admin},
};

/// A data folder on a disk of its own, small and in memory, that only the service and who looks through its eyes can see.
const DISK: &str = r#"mount -t tmpfs -o size=48m shopkeeper "$0" && exec "$@""#;

fn on_a_small_disk(data: &Path) -> Command {
    let mut command = Command::new("unshare");
    // Root may mount; anybody else is made root of a namespace first.
    command.args(["--mount", "--map-root-user", "sh", "-c", DISK]).arg(data).arg(crate::app::program());
    command
}

/// Fills the disk to the last byte.
fn fill(path: &Path) {
    let mut ballast = File::create(path).expect("a file");
    for size in [1 << 16, 1 << 12, 1] {
        let zeros = vec![0; size];
        let full = loop {
            if let Err(full) = ballast.write_all(&zeros) {
                break full;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
    }
}

struct Shop {
    service: Served,
    key: String,
    disk: PathBuf,
}

impl Shop {
    async fn say(&self, number: u32) -> (StatusCode, Value) {
        let message = json!({ "message_id": format!("m{number}"), "customer_id": "tb_1", "text": "可以" });
        self.service.ask(&self.key, Method::POST, "/v1/shops/demo/messages", &message).await
    }

    async fn ready(&self) -> StatusCode {
        self.service.ask(&self.key, Method::GET, "/readyz", &Value::Null).await.0
    }

    /// The texts that wait for the customer.
    async fn waiting(&self) -> usize {
        let waiting = self.service.ask(&self.key, Method::GET, "/v1/shops/demo/outbox", &Value::Null).await.1;
        waiting["entries"].as_array().expect("entries").len()
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(service) = Served::launch(on_a_small_disk(folder.path()), folder.path()) else {
        eprintln!(
            "not tested: this machine lets nobody mount a disk (see `unshare --mount --map-root-user`)"
        );
        return;
    };
    let disk = service.sees(folder.path());
    let shop = Shop { key: admin(&disk), disk, service };
    let (task, image) = shop.service.analyse(&shop.key).await;
    shop.service.post(&shop.key, &format!("/tasks/{task}/result"), json!({ "image_id": image })).await;
    let (status, first) = shop.say(1).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    assert_eq!(shop.ready().await, StatusCode::OK);
    let told = shop.waiting().await;

    let ballast = shop.disk.join("ballast");
    fill(&ballast);
    // The database has a little room of its own left; then each is refused.
    let mut stored = 1;
    let refused = loop {
        let (status, answer) = shop.say(stored + 1).await;
        if status != StatusCode::OK {
            break (status, answer);
        }
        stored += 1;
        assert!(stored < 10_000, "a full disk takes everything");
    };
    assert_eq!(refused.0, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.1);
    assert!(refused.1["detail"].as_str().is_some_and(|d| d.contains("nothing was changed")), "{}", refused.1);
    assert_eq!(shop.ready().await, StatusCode::SERVICE_UNAVAILABLE, "whoever watches is told");
    let upload = shop.service.upload(&shop.key, other(photo())).await.0;
    assert_eq!(upload, StatusCode::SERVICE_UNAVAILABLE, "a picture");
    assert_eq!(shop.say(1).await, (StatusCode::OK, first.clone()), "what was answered is known");
    assert_eq!(shop.service.get(&shop.key, &format!("/tasks/{task}")).await["status"], "awaiting-confirm");

    fs::remove_file(&ballast).expect("room again");
    assert_eq!(shop.ready().await, StatusCode::OK);
    // The same message again, as a caller who was refused sends it; then one more.
    for number in [stored + 1, stored + 2] {
        let (status, answer) = shop.say(number).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert_eq!(shop.service.upload(&shop.key, other(photo())).await.0, StatusCode::CREATED);
    assert_eq!(shop.say(1).await.1, first);
    assert_eq!(shop.waiting().await, told + stored as usize + 1, "a text for each message, once");
    let database = rusqlite::Connection::open(shop.disk.join("shopkeeper.sqlite")).expect("opens");
    let sound: String =
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("looked through");
    assert_eq!(sound, "ok");
}

/// The picture with other bytes: one that is not here yet.
fn other(mut photo: Vec<u8>) -> Vec<u8> {
    photo.push(0);
    photo
}
