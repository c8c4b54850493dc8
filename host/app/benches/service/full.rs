//! A shop that has been there for years: a million tasks, and what belongs to them, beside one that opened last week.

use std::{fs, path::Path, time::Instant};

use hyper::body::Bytes;
use rusqlite::Connection as Database;

use super::{Connection, Served, connect, field, load, median, prepare, print, send};

/// Tasks of a full shop, of a tenth as many customers.
const MANY: u32 = 1_000_000;
/// Tasks of one that is all but empty: as many as one answer lists, so that both list as many.
const FEW: u32 = 200;
/// How often each question is asked.
const ASKED: usize = 200;
/// What an operator's page and the workers ask all day.
const QUESTIONS: [(&str, &str, &str); 6] = [
    ("GET", "/tasks/{task}", "one task"),
    ("GET", "/tasks?limit=50", "the latest tasks"),
    ("GET", "/tasks?status=completed&limit=50", "… those that are completed"),
    ("GET", "/tasks/summary", "counts by status"),
    ("GET", "/customers/tb_0", "a customer"),
    ("POST", "/image-jobs/claim", "a claim that finds nothing"),
];

/// Medians in milliseconds: of each question, and of a message.
async fn ask(address: &str, key: &str, task: &str) -> Vec<f64> {
    let mut connection: Connection = connect(address).await;
    let mut medians = Vec::new();
    for (method, path, _) in QUESTIONS {
        let path = format!("/v1/shops/demo{}", path.replace("{task}", task));
        let mut took = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let started = Instant::now();
            let (status, _) =
                send(&mut connection, key, method, &path, "application/json", Bytes::new()).await;
            took.push(started.elapsed().as_secs_f64() * 1e3);
            assert!(status < 300, "{path}: {status}");
        }
        medians.push(median(took));
    }
    let messages = load(address, key, std::time::Duration::from_secs(5), None).await;
    medians.push(median(messages));
    medians
}

/// Copies what a customer of the bench has, so many times.
pub(crate) fn fill(database: &Path, tasks: u32) {
    let db = Database::open(database).expect("the database");
    let customers = tasks / 10;
    db.execute_batch(&format!(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {tasks} - 1)
             SELECT n FROM c;
         INSERT INTO customers (shop, platform, customer, version, document)
             SELECT shop, platform, '{tasks}_' || n, version, replace(document, 'tb_0', '{tasks}_' || n)
             FROM n, customers WHERE customer = 'tb_0' AND n < {customers};
         INSERT INTO tasks (id, shop, platform, customer, status, version, document)
             SELECT CAST(randomblob(16) AS BLOB), shop, platform, '{tasks}_' || (n % {customers}), 'completed', version,
                    document
             FROM n, tasks WHERE customer = 'tb_0';
         INSERT INTO events (shop, platform, customer, task, at, document)
             SELECT shop, platform, '{tasks}_' || (n % {customers}), NULL, at, document
             FROM n, (SELECT * FROM events WHERE customer = 'tb_0' LIMIT 1);
         INSERT INTO outbox (id, shop, platform, customer, kind, payload, state, due, created_at, settled_at)
             SELECT CAST(randomblob(16) AS BLOB), shop, platform, '{tasks}_' || (n % {customers}), kind, payload, 'done',
                    due, created_at, created_at
             FROM n, (SELECT * FROM outbox WHERE customer = 'tb_0' LIMIT 1);
         COMMIT;"
    ))
    .expect("filled");
    let stored: u32 = db.query_row("SELECT count(*) FROM tasks", [], |row| row.get(0)).expect("a count");
    assert!(stored >= tasks, "{stored} tasks");
}

/// Asks a shop that is all but empty, makes it a full one, and asks again.
pub(crate) async fn full() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("shopkeeper.sqlite");
    let service = Served::start(folder.path());
    let key = fs::read_to_string(folder.path().join("admin.key")).expect("the key").trim().to_owned();
    prepare(&service.address, &key).await;
    let mut connection = connect(&service.address).await;
    let path = "/v1/shops/demo/tasks?customer_id=tb_0";
    let tasks = send(&mut connection, &key, "GET", path, "application/json", Bytes::new()).await.1;
    let task = field(&tasks, "/tasks/0/id");
    drop(service);
    let mut medians = Vec::new();
    for tasks in [FEW, MANY] {
        fill(&database, tasks);
        let service = Served::start(folder.path());
        // The first time from the disk, like any morning; then as it is all day.
        ask(&service.address, &key, &task).await;
        medians.push(ask(&service.address, &key, &task).await);
    }
    let full = medians.pop().expect("asked");
    let empty = medians.pop().expect("asked");
    let names = QUESTIONS.iter().map(|(_, _, name)| *name).chain(["a message, 64 clients"]);
    for ((name, empty), full) in names.zip(empty).zip(full) {
        let figure = format!("{:.2} × ({empty:.2} → {full:.2} ms)", full / empty);
        print(&format!("a million tasks: {name}"), &figure, full / empty, "≤ 1.5 ×");
    }
}
