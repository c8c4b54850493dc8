//! What every storage must do: this suite runs over each implementation, of which there is one so far.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use shopkeeper_domain::{
    Actor, Case, Command, Context, CustomerKey, Ids, ImageId, NewTask, OutboxId, Platform, Policy, ShopId,
    Specification, decide,
};
use shopkeeper_storage::{
    AnswerKey, Commit, Image, InboundMessage, Named, NewEntry, RememberedAnswer, Settle, Shop, Sqlite,
    Storage, StorageError, Whose,
};
use uuid::Uuid;

struct Fixture {
    store: Arc<dyn Storage>,
    shop: ShopId,
    key: CustomerKey,
    folder: tempfile::TempDir,
}

fn open(folder: &Path) -> Arc<dyn Storage> {
    Arc::new(Sqlite::open(&folder.join("shop.sqlite")).expect("the database opens"))
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let shop: ShopId = "demo".parse().expect("an id");
    store.add_shop(new_shop(&shop), None).await.expect("added");
    let key = CustomerKey { platform: Platform::default(), id: "tb_1".parse().expect("an id") };
    store.add_image(&shop, picture()).await.expect("kept");
    Fixture { store, shop, key, folder }
}

/// The one that tasks here are about.
fn picture() -> Image {
    Image {
        id: ImageId::from_sha256([1; 32]),
        media_type: "image/jpeg".into(),
        width: 1,
        height: 1,
        bytes: 1,
        created_at: now(),
    }
}

fn new_shop(id: &ShopId) -> Shop {
    Shop { id: id.clone(), name: "演示".into(), settings: "{}".into(), created_at: now() }
}

impl Fixture {
    async fn case(&self) -> Case {
        self.store.load(&self.shop, &self.key, Named::default()).await.expect("loads").case
    }

    /// What follows from a new picture.
    fn create(&self, before: Case) -> Commit {
        let new = NewTask {
            customer_name: None,
            account: None,
            image: ImageId::from_sha256([1; 32]),
            operations: Vec::new(),
            specification: Specification::default(),
            request: String::new(),
            quote: None,
            offer: true,
        };
        let context = Context {
            now: now(),
            actor: Actor::Customer,
            policy: Policy::default(),
            ids: Ids::from_seed(Uuid::now_v7()),
        };
        self.decide(before, Command::Create(Box::new(new)), &context)
    }

    fn decide(&self, before: Case, command: Command, context: &Context) -> Commit {
        let decision = decide(&before, command, context).expect("taken");
        let offers =
            decision.after.tasks.iter().filter(|t| before.task(t.id).is_none()).map(|t| t.id).collect();
        Commit {
            shop: self.shop.clone(),
            before,
            after: decision.after,
            now: context.now,
            events: decision.events,
            outbox: Vec::new(),
            offers,
            settle: None,
            timers: None,
            calls: Vec::new(),
            incidents: Vec::new(),
            message: None,
            answer: None,
        }
    }

    fn nothing(&self, case: Case) -> Commit {
        Commit { after: case.clone(), offers: Vec::new(), events: Vec::new(), ..self.create(case) }
    }
}

fn entry(kind: &'static str) -> NewEntry {
    NewEntry { id: OutboxId(Uuid::now_v7()), kind, task: None, account: None, payload: "{}".into() }
}

#[tokio::test]
async fn a_case_is_stored_whole_survives_and_replays() {
    let f = fixture().await;
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    let reopened = open(f.folder.path());
    let case = reopened.load(&f.shop, &f.key, Named::default()).await.expect("loads").case;
    assert_eq!(case.tasks.len(), 2);
    let history = reopened.history(&f.shop, &f.key).await.expect("reads");
    assert_eq!(Case::replay(f.key.clone(), &history), case);
}

#[tokio::test]
async fn of_two_decisions_about_one_case_only_the_first_is_stored() {
    let f = fixture().await;
    let before = f.case().await;
    f.store.commit(f.create(before.clone())).await.expect("stored");
    let mut second = f.create(before.clone());
    second.outbox.push(entry("text"));
    assert!(matches!(f.store.commit(second).await, Err(StorageError::Stale)));
    let mut read_only = f.nothing(before);
    read_only.outbox.push(entry("text"));
    assert!(
        matches!(f.store.commit(read_only).await, Err(StorageError::Stale)),
        "what was read is stale too"
    );
    assert!(
        f.store.waiting_chat(&f.shop, None, 9).await.expect("reads").is_empty(),
        "nothing of a lost commit stays"
    );
    assert_eq!(f.case().await.tasks.len(), 1);
}

#[tokio::test]
async fn commits_that_race_each_stand_or_fall_alone() {
    let f = Arc::new(fixture().await);
    let before = f.case().await;
    let mut racing = Vec::new();
    for n in 0..40 {
        let f = f.clone();
        let before = before.clone();
        racing.push(tokio::spawn(async move {
            let mut commit = f.create(before);
            commit.answer = Some(RememberedAnswer {
                key: AnswerKey([n; 32]),
                request: [0; 32],
                status: 200,
                body: String::new(),
                at: now(),
            });
            f.store.commit(commit).await.is_ok()
        }));
    }
    let mut won = Vec::new();
    for (n, task) in racing.into_iter().enumerate() {
        if task.await.expect("no panic") {
            won.push(n as u8);
        }
    }
    assert_eq!(won.len(), 1);
    for n in 0..40 {
        let remembered = f.store.answer(AnswerKey([n; 32])).await.expect("reads").is_some();
        assert_eq!(remembered, won.contains(&n));
    }
}

#[tokio::test]
async fn a_message_is_taken_once() {
    let f = fixture().await;
    let with_message = |case, answer: &str| Commit {
        message: Some(InboundMessage {
            id: "m1".parse().expect("an id"),
            text: "好".into(),
            images: Vec::new(),
            answer: answer.into(),
        }),
        ..f.nothing(case)
    };
    f.store.commit(with_message(f.case().await, "1")).await.expect("stored");
    assert!(matches!(f.store.commit(with_message(f.case().await, "2")).await, Err(StorageError::Exists)));
    let named = Named { message: Some("m1".parse().expect("an id")), ..Named::default() };
    let answer = f.store.load(&f.shop, &f.key, named).await.expect("loads").message_answer;
    assert_eq!(answer.as_deref(), Some("1"));
}

#[tokio::test]
async fn chat_waits_in_order_until_it_is_acknowledged() {
    let f = fixture().await;
    let mut commit = f.nothing(f.case().await);
    let (a, b, work) = (entry("image"), entry("text"), entry("mail"));
    commit.outbox = vec![a.clone(), work, b.clone()];
    f.store.commit(commit).await.expect("stored");
    let ids =
        |entries: Vec<shopkeeper_storage::OutboxEntry>| entries.iter().map(|e| e.id).collect::<Vec<_>>();
    assert_eq!(ids(f.store.waiting_chat(&f.shop, None, 9).await.expect("reads")), [a.id, b.id]);
    assert_eq!(ids(f.store.waiting_chat(&f.shop, Some(a.id), 9).await.expect("reads")), [b.id]);
    let other: ShopId = "other".parse().expect("an id");
    f.store.add_shop(new_shop(&other), None).await.expect("added");
    assert!(
        !f.store.acknowledge(&other, a.id, now()).await.expect("asks"),
        "another shop's entry is unknown"
    );
    assert!(f.store.acknowledge(&f.shop, a.id, now()).await.expect("asks"));
    assert!(f.store.acknowledge(&f.shop, a.id, now()).await.expect("asks"), "twice is as good as once");
    assert_eq!(ids(f.store.waiting_chat(&f.shop, None, 9).await.expect("reads")), [b.id]);
}

#[tokio::test]
async fn a_hold_keeps_back_what_was_queued_before_it_and_nothing_else_whatever_the_clock_says() {
    let f = fixture().await;
    let mut commit = f.create(f.case().await);
    let (before, notice, reply) = (entry("text"), entry("agent"), entry("text"));
    commit.outbox = vec![before.clone(), notice.clone()];
    f.store.commit(commit).await.expect("stored");
    let context = |now| Context {
        now,
        actor: Actor::Customer,
        policy: Policy::default(),
        ids: Ids::from_seed(Uuid::now_v7()),
    };
    // The clock was set back meanwhile.
    let earlier = now() - TimeDelta::hours(1);
    let mut hold = f.decide(f.case().await, Command::Hold, &context(earlier));
    hold.outbox = vec![reply.clone()];
    f.store.commit(hold).await.expect("stored");
    // Whatever else happens to the customer, the hold began where it began.
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    let ids =
        |entries: Vec<shopkeeper_storage::OutboxEntry>| entries.iter().map(|e| e.id).collect::<Vec<_>>();
    let pull = || async { ids(f.store.waiting_chat(&f.shop, None, 9).await.expect("reads")) };
    let push = || async {
        let (shops, lease) = (vec![f.shop.clone()], now() + TimeDelta::minutes(1));
        ids(f.store.claim_talk(shops, Vec::new(), "w", now(), lease, 9).await.expect("claims"))
    };
    assert_eq!(pull().await, [reply.id]);
    assert_eq!(push().await, [reply.id]);
    let settle = Settle { id: reply.id, now: now() };
    f.store.settle(settle).await.expect("settled");
    assert!(push().await.is_empty(), "the rest waits for the end of the hold");
    f.store.commit(f.decide(f.case().await, Command::Resume, &context(now()))).await.expect("stored");
    assert_eq!(pull().await, [before.id]);
    assert_eq!(push().await, [before.id]);
}

#[tokio::test]
async fn a_review_that_was_set_while_a_decision_was_made_is_not_lost() {
    let f = fixture().await;
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    let due = |now| {
        let store = f.store.clone();
        async move { store.due_timers(now, 9).await.expect("reads").len() }
    };
    let decided = Commit { timers: Some(Vec::new()), ..f.nothing(f.case().await) };
    let meanwhile = decided.now + TimeDelta::seconds(1);
    assert!(f.store.put_settings(&f.shop, "{}".to_owned(), Some(meanwhile)).await.expect("set"));
    f.store.commit(decided).await.expect("stored");
    assert_eq!(due(meanwhile).await, 1, "it was made by the settings of before");
    let after = Commit { timers: Some(Vec::new()), now: meanwhile, ..f.nothing(f.case().await) };
    f.store.commit(after).await.expect("stored");
    assert_eq!(due(meanwhile).await, 0);
}

#[tokio::test]
async fn work_is_claimed_by_one_and_due_again_when_its_lease_is_over() {
    let f = fixture().await;
    let mut commit = f.nothing(f.case().await);
    commit.outbox = vec![entry("process"), entry("process")];
    f.store.commit(commit).await.expect("stored");
    let (soon, later) = (now() + TimeDelta::seconds(60), now() + TimeDelta::seconds(61));
    let claim = |owner, at, limit| {
        let store = f.store.clone();
        async move { store.claim("process", Whose::Everybodys, owner, at, soon, limit).await.expect("claims") }
    };
    let first = claim("a", now(), 1).await;
    let second = claim("b", now(), 9).await;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].id, second[0].id);
    assert!(claim("c", now(), 9).await.is_empty());
    let settle = Settle { id: first[0].id, now: now() };
    f.store.settle(settle).await.expect("settles");
    let again = claim("c", later, 9).await;
    assert_eq!((again.len(), again[0].attempts), (1, 2));
    assert_eq!(f.store.release("c").await.expect("releases"), 1);
    assert_eq!(claim("d", now(), 9).await.len(), 1, "a released entry is due at once");
}

#[tokio::test]
async fn a_shop_that_has_enough_under_way_keeps_nobody_else_waiting() {
    let f = fixture().await;
    let mut commit = f.nothing(f.case().await);
    commit.outbox = vec![entry("process")];
    f.store.commit(commit).await.expect("stored");
    let soon = now() + TimeDelta::seconds(60);
    let other: ShopId = "other".parse().expect("an id");
    let busy = [f.shop.clone(), other.clone()];
    for (whose, found) in [(Whose::AllBut(&busy), 0), (Whose::Of(&other), 0), (Whose::AllBut(&busy[1..]), 1)]
    {
        let claimed = f.store.claim("process", whose, "a", now(), soon, 9).await.expect("claims");
        assert_eq!(claimed.len(), found, "{whose:?}");
    }
}

#[tokio::test]
async fn a_call_is_counted_while_the_entry_is_held_and_keeps_it() {
    let f = fixture().await;
    let mut commit = f.nothing(f.case().await);
    commit.outbox = vec![entry("process")];
    f.store.commit(commit).await.expect("stored");
    let at = |seconds| now() + TimeDelta::seconds(seconds);
    let claim =
        async |now| f.store.claim("process", Whose::Everybodys, "a", now, at(60), 1).await.expect("claims");
    let held = claim(at(0)).await.remove(0);
    assert_eq!(held.calls, 0);
    let count = async |owner| f.store.count_call(held.id, owner, at(600)).await.expect("counts");
    assert_eq!((count("b").await, count("a").await, count("a").await), (None, Some(1), Some(2)));
    assert!(claim(at(61)).await.is_empty(), "the call prolongs the lease");
    f.store.postpone(held.id, at(0), Some("busy".to_owned())).await.expect("put back");
    assert_eq!(count("a").await, None, "nobody holds it");
    assert_eq!(claim(at(1)).await[0].calls, 2, "the count stays over every try");
}

#[tokio::test]
async fn an_analysis_is_taken_once_first_in_first_out() {
    let f = fixture().await;
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    let mut taken = Vec::new();
    while let Some(offer) = f.store.take_offer(&f.shop, &f.key, Box::new(|_| None)).await.expect("asks") {
        taken.push(offer.task.id);
    }
    assert_eq!(taken, f.case().await.tasks.iter().map(|t| t.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.sqlite");
    drop(Sqlite::open(&path).expect("made"));
    let raw = rusqlite::Connection::open(&path).expect("opens");
    raw.pragma_update(None, "user_version", 99).expect("set");
    drop(raw);
    let refused = Sqlite::open(&path).err().expect("refused");
    assert!(matches!(refused, StorageError::Newer { found: 99, .. }), "{refused}");
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[tokio::test]
async fn a_customer_from_before_erasing_was_known_goes_with_their_picture() {
    let f = fixture().await;
    f.store.commit(f.create(f.case().await)).await.expect("stored");
    let Fixture { store, shop, key, folder } = f;
    drop(store);
    // The database as it was before.
    let raw = rusqlite::Connection::open(folder.path().join("shop.sqlite")).expect("opens");
    let back = "DROP INDEX outbox_alerts; DROP TABLE sessions; DROP INDEX events_of_shop; DROP TRIGGER task_counted; DROP TRIGGER task_uncounted; DROP TRIGGER task_recounted;
        DROP TABLE task_counts; DROP TABLE picture_uses; DROP TABLE doomed_files; DROP INDEX answers_of_customer;
        ALTER TABLE answers DROP COLUMN platform; ALTER TABLE answers DROP COLUMN customer;
        ALTER TABLE answers DROP COLUMN shop; DROP INDEX payments_of_customer; DROP INDEX outbox_of_customer;
        CREATE INDEX outbox_chat ON outbox (shop); CREATE INDEX outbox_conversation ON outbox (shop);
        DROP INDEX calls_of_customer; DROP INDEX incidents_of_customer; PRAGMA user_version = 3;";
    raw.execute_batch(back).expect("taken back");
    drop(raw);
    let store = open(folder.path());
    let unused = store.unused_pictures(now() + TimeDelta::days(1), 9).await.expect("looks");
    assert!(unused.is_empty(), "the picture is known to be used");
    let erased = store.erase(&shop, &key, now()).await.expect("erases").expect("was there");
    assert_eq!((erased.tasks, erased.pictures), (1, 1));
    let counts = store.count_tasks(&shop).await.expect("counts");
    assert!(
        counts.iter().all(|(_, tasks)| *tasks == 0),
        "counted also what was there before, and gone: {counts:?}"
    );
    assert_eq!(store.erase(&shop, &key, now()).await.expect("looks"), None);
    assert!(store.image(&shop, &ImageId::from_sha256([1; 32])).await.expect("looks").is_none());
    // Whoever names a picture that is gone is told so by the commit.
    let f = Fixture { store, shop, key, folder };
    let refused = f.store.commit(f.create(f.case().await)).await.expect_err("refused");
    assert!(matches!(refused, StorageError::Failed(_)), "{refused}");
}
