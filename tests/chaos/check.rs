//! What must be so afterwards.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use rusqlite::Connection;
use shopkeeper_domain::{Case, CustomerKey, EventBody, ShopId, Status, TaskId};
use shopkeeper_storage::{Named, Sqlite, Storage};

use crate::{World, customer::End, doubles::Doubles, mail_server::MailServer, service::Service};

fn database(service: &Service) -> Connection {
    let db = Connection::open(service.database()).expect("the database");
    db.busy_timeout(Duration::from_secs(10)).expect("set");
    db
}

/// Waits until nothing is left to be sent.
pub(crate) async fn quiet(service: &Service) {
    loop {
        let waiting: u64 = database(service)
            .query_row("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed')", [], |row| {
                row.get(0)
            })
            .expect("a count");
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// An entry of the outbox, as it is stored.
struct Entry {
    shop: String,
    customer: String,
    kind: String,
    id: String,
    state: String,
}

fn entries(db: &Connection) -> Vec<Entry> {
    let mut read =
        db.prepare("SELECT shop, customer, kind, id, state FROM outbox ORDER BY seq").expect("a query");
    let rows = read.query_map([], |row| {
        let id: [u8; 16] = row.get(3)?;
        let id = uuid::Uuid::from_bytes(id).to_string();
        Ok(Entry { shop: row.get(0)?, customer: row.get(1)?, kind: row.get(2)?, id, state: row.get(4)? })
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("entries")
}

/// Checks it all; the figures of the run.
pub(crate) async fn everything(
    world: &World,
    service: &Service,
    doubles: &Doubles,
    server: &MailServer,
    ends: &[End],
) -> String {
    let entries = entries(&database(service));
    let undone: Vec<&str> = entries.iter().filter(|e| e.state != "done").map(|e| e.kind.as_str()).collect();
    assert!(undone.is_empty(), "left in the outbox: {undone:?}");
    let repeats = chat(&entries, doubles);
    let (mails, again) = mails(&entries, server);
    let tasks = cases(service, &mails, ends).await;
    format!(
        "  {} orders, {} tasks completed, {} waiting for their customer\n  {} texts and pictures arrived, and {repeats} \
         repeats under the same id\n  {} mails arrived, and {again} repeats with the same Message-ID; the robot was told \
         {} times",
        world.orders.load(std::sync::atomic::Ordering::SeqCst),
        tasks[&Status::Completed],
        ends.len() - tasks[&Status::Completed],
        entries.iter().filter(|e| e.kind == "text" || e.kind == "image").count(),
        mails.len(),
        doubles.told(),
    )
}

/// Every text and picture arrived, nothing else did, and each conversation came in order; how many came again.
fn chat(entries: &[Entry], doubles: &Doubles) -> usize {
    let mut queued: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for entry in entries.iter().filter(|e| e.kind == "text" || e.kind == "image") {
        queued.entry((&entry.shop, &entry.customer)).or_default().push(&entry.id);
    }
    let arrived = doubles.arrived();
    let mut first: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    let mut seen = HashSet::new();
    for one in &arrived {
        if seen.insert(one.id.as_str()) {
            first.entry((&one.shop, &one.customer)).or_default().push(&one.id);
        }
    }
    for (who, ids) in &queued {
        assert_eq!(first.get(who), Some(ids), "what was said to {who:?}, in order");
    }
    assert_eq!(first.len(), queued.len(), "somebody heard what nobody said");
    arrived.len() - seen.len()
}

/// The mails that the server took, by the entry that each is of, and how many came again.
fn mails(entries: &[Entry], server: &MailServer) -> (HashSet<String>, usize) {
    let queued: HashSet<&str> = entries.iter().filter(|e| e.kind == "mail").map(|e| e.id.as_str()).collect();
    let kept: Vec<String> = server
        .mails()
        .into_iter()
        .filter(|(outcome, _)| outcome == "kept")
        .map(|(_, mail)| {
            let mail = String::from_utf8_lossy(&mail).into_owned();
            let id = mail.lines().find_map(|l| l.strip_prefix("Message-ID: <")).expect("a Message-ID");
            id.split_once('@').expect("an id and a domain").0.to_owned()
        })
        .collect();
    let different: HashSet<String> = kept.iter().cloned().collect();
    assert!(different.iter().all(|id| queued.contains(id.as_str())), "a mail that nobody queued");
    let again = kept.len() - different.len();
    (different, again)
}

/// Every order stands as its customer knows it, and the events give the state.
async fn cases(service: &Service, mails: &HashSet<String>, ends: &[End]) -> HashMap<Status, usize> {
    let store = Sqlite::open(&service.database()).expect("the database");
    let mut counts = HashMap::from([(Status::Completed, 0)]);
    for end in ends {
        let shop: ShopId = end.shop.parse().expect("an id");
        let key = CustomerKey { platform: Default::default(), id: end.customer.parse().expect("an id") };
        let history = store.history(&shop, &key).await.expect("reads");
        let replayed = Case::replay(key.clone(), &history);
        let named = Named { tasks: replayed.tasks.iter().map(|t| t.id).collect(), ..Named::default() };
        let stored = store.load(&shop, &key, named).await.expect("reads").case;
        assert_eq!(
            (&replayed.customer, &replayed.tasks),
            (&stored.customer, &stored.tasks),
            "the events give the state"
        );

        let task = stored.task(TaskId(end.task.parse().expect("an id"))).expect("the task");
        assert_eq!(stored.tasks.len(), 1, "one picture, one task: {end:?}");
        assert_eq!(task.status() == Status::Completed, end.mailed, "{end:?} but {}", task.status());
        assert!(
            matches!(task.status(), Status::Completed | Status::AwaitingConfirm),
            "{end:?} but {}",
            task.status()
        );
        assert_eq!(u64::from(task.revision_count), end.revisions, "{end:?}");
        if task.status() == Status::Completed {
            let mail = history.iter().rev().find_map(|e| match &e.body {
                EventBody::DeliveryStarted { mail, .. } => Some(mail.to_string()),
                _ => None,
            });
            assert!(mail.is_some_and(|id| mails.contains(&id)), "the mail never arrived: {end:?}");
        }
        let starts = history.iter().filter(|e| matches!(e.body, EventBody::ProcessingStarted { .. })).count();
        let results = history.iter().filter(|e| matches!(e.body, EventBody::ResultReceived { .. })).count();
        assert_eq!(starts, task.attempt as usize, "{end:?}");
        assert!(results <= starts, "a result without an attempt: {end:?}");
        *counts.entry(task.status()).or_default() += 1;
    }
    counts
}
