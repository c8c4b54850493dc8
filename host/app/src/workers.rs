//! The outbox workers: nothing is sent and no picture is worked on except here.
//!
//! A worker claims an entry for a time (its lease), does the work, and settles the entry in the same commit
//! that takes up the outcome. A process that dies in between leaves the entry claimed; the next start gives
//! it back, and the work is done again under the same id.

mod alerts;
mod job;
mod local;
mod mail;
mod model;
mod patience;
mod seats;
mod talk;
mod timers;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use shopkeeper_domain::{Actor, Alert, AlertKind, Command, OutboxId, Outcome as Attempt};
use shopkeeper_storage::{NewEntry, OutboxEntry, Settle, StorageError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    http,
    service::Service,
    settings::{Processor, ShopSettings},
    workflow::{ALERT, MAIL, Payload, Request, Subject, Turn, WorkflowError, now},
};
use seats::Seats;

/// Who holds what this process claimed.
const OWNER: &str = "service";
/// How long a worker of this process may take before its entry is due again.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// How often a worker looks without being rung: for entries that are to be tried again.
const LOOK: Duration = Duration::from_secs(1);
/// How often a picture's job is begun at the most, crashes included.
const TRIES: u32 = 8;
/// How much of a problem goes into an alert, in characters.
const PROBLEM: usize = 200;

/// What became of an entry's work.
enum Outcome {
    /// This follows, and the entry is done with it.
    Then(Command),
    /// Nothing follows: done, or no longer wanted.
    Done,
    /// This is said to the customer in its place.
    Instead(String),
    /// Something is wrong that may pass; the other side may have said when.
    Later(String, Option<Duration>),
    /// Something is wrong that won't pass.
    Never(String),
}

/// One kind of work that is done entry by entry.
#[derive(Clone, Copy)]
enum Work {
    Process,
    /// By an image AI that is called.
    Model(Processor),
    Mail,
}

impl Work {
    fn queue(self) -> &'static str {
        match self {
            Self::Process => Processor::Local.queue(),
            Self::Model(processor) => processor.queue(),
            Self::Mail => MAIL,
        }
    }

    async fn run(self, service: &Service, entry: &OutboxEntry) -> Outcome {
        match self {
            Self::Process => local::run(service, entry).await,
            Self::Model(processor) => model::run(service, entry, processor).await,
            Self::Mail => mail::run(service, entry).await,
        }
    }
}

/// Starts the workers; they end when `stop` is cancelled, each after the work it has in hand.
pub(crate) async fn start(
    service: Arc<Service>,
    stop: CancellationToken,
) -> Result<JoinSet<()>, StorageError> {
    let taken_up = service.workflow.store.release(OWNER).await?;
    if taken_up > 0 {
        tracing::info!(entries = taken_up, "took up the work that was under way when the service went down");
    }
    // Into memory with those to which messages are pushed: nobody else asks for them first.
    for shop in service.workflow.store.shops().await? {
        let settings = serde_json::from_str::<ShopSettings>(&shop.settings);
        if settings.is_ok_and(|s| s.chat_webhook.is_none()) {
            continue;
        }
        if let Err(error) = service.shops.get(&shop.id).await {
            // The others are served all the same.
            tracing::error!(shop = %shop.id, %error, "a shop can't be served");
        }
    }
    let mut workers = JoinSet::new();
    let processing = service.config.processing.concurrency.max(1);
    let works = [
        (Work::Process, processing),
        (Work::Model(Processor::Gemini), service.config.gemini.workers()),
        (Work::Model(Processor::OpenAi), service.config.openai.workers()),
        (Work::Mail, service.config.mail.concurrency),
    ];
    for (work, count) in works {
        let seats = Arc::new(Seats::new(work));
        for _ in 0..count {
            workers.spawn(serve(work, seats.clone(), service.clone(), stop.clone()));
        }
    }
    workers.spawn(alerts::serve(service.clone(), stop.clone()));
    workers.spawn(talk::serve(service.clone(), stop.clone()));
    workers.spawn(timers::serve(service.clone(), stop.clone()));
    let plugins = service.workflow.plugins.clone();
    let stopped = stop.clone();
    workers.spawn(async move { plugins.serve_beside(stopped).await });
    workers.spawn(housekeeping(service, stop));
    Ok(workers)
}

async fn serve(work: Work, seats: Arc<Seats>, service: Arc<Service>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let claimed = match seats.claim(&service).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(queue = work.queue(), %error, "the outbox can't be read");
                None
            }
        };
        // The seat is free again at the end of this round.
        let Some((entry, _seat)) = claimed else {
            tokio::select! {
                () = stop.cancelled() => return,
                () = service.workflow.wake.wait(work.queue()) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            continue;
        };
        let outcome = work.run(&service, &entry).await;
        conclude(&service, &entry, outcome).await;
    }
}

/// What was claimed; nothing where the outbox can't be read.
fn found(queue: &str, claimed: Result<Vec<OutboxEntry>, StorageError>) -> Vec<OutboxEntry> {
    claimed.unwrap_or_else(|error| {
        tracing::error!(queue, %error, "the outbox can't be read");
        Vec::new()
    })
}

/// Waits for something to come into a queue, or for the time to look again.
async fn idle(service: &Service, stop: &CancellationToken, queue: &'static str) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = service.workflow.wake.wait(queue) => {}
        () = tokio::time::sleep(LOOK) => {}
    }
}

/// Stores what became of an entry's work.
async fn conclude(service: &Service, entry: &OutboxEntry, outcome: Outcome) {
    if let Err(error) = store_outcome(service, entry, outcome).await {
        // The lease runs out and the work is done again.
        tracing::error!(queue = entry.kind, entry = %entry.id, %error, "the outcome could not be stored");
        tokio::time::sleep(LOOK).await;
    }
}

async fn store_outcome(
    service: &Service,
    entry: &OutboxEntry,
    outcome: Outcome,
) -> Result<(), WorkflowError> {
    let store = &service.workflow.store;
    let settled = Settle { id: entry.id, now: now() };
    let outcome = match outcome {
        Outcome::Later(problem, _) if entry.attempts >= service.config.outbox.tries => {
            too_often(entry, problem)
        }
        other => other,
    };
    match outcome {
        Outcome::Then(command) => {
            let Some(shop) = service.shops.get(&entry.shop).await? else { return Ok(()) };
            let actor = if entry.kind == MAIL { Actor::Mailer } else { Actor::Processor };
            let turn = Turn { shop, actor, repeatable: None, settle: Some(settled), status: 200 };
            let made = match &command {
                Command::Finish { outcome: Attempt::Picture { image, .. }, .. } => Some(image.clone()),
                _ => None,
            };
            let Some(subject) = subject(entry) else {
                return Ok(store.settle(settled).await?);
            };
            match service.workflow.handle(&turn, subject, Request::Command(command), &|_| String::new()).await
            {
                // Somebody else decided meanwhile: the outcome is no longer wanted.
                Err(WorkflowError::Rejected(why)) => {
                    tracing::info!(queue = entry.kind, entry = %entry.id, %why, "an outcome came too late");
                    store.settle(settled).await?;
                    if let Some(image) = made {
                        service.unwanted(&entry.shop, &image).await?;
                    }
                    Ok(())
                }
                other => other.map(drop),
            }
        }
        Outcome::Done => Ok(store.settle(settled).await?),
        Outcome::Instead(text) => {
            let payload = serde_json::to_string(&Payload::Text(text)).expect("a payload is plain data");
            store.reword(entry.id, payload, now()).await?;
            if let Some(shop) = service.shops.get(&entry.shop).await? {
                service.workflow.wake.ring(&shop, &["text"]);
            }
            Ok(())
        }
        Outcome::Later(problem, asked) => {
            let wait = patience::wait(&service.config.outbox, entry.attempts, asked);
            tracing::warn!(queue = entry.kind, entry = %entry.id, attempt = entry.attempts, %problem, "will be tried again");
            Ok(store.postpone(entry.id, now() + wait, Some(problem)).await?)
        }
        Outcome::Never(problem) => bury(service, entry, problem).await,
    }
}

/// What follows where something was tried as often as it may be: a picture's task fails, so that a person can have it
/// done again; anything else is a dead letter.
fn too_often(entry: &OutboxEntry, problem: String) -> Outcome {
    match (entry.task, Payload::parse(&entry.payload)) {
        (Some(task), Some(Payload::Job { token })) => {
            Outcome::Then(Command::Finish { task, token: Some(token), outcome: Attempt::Broke(problem) })
        }
        _ => Outcome::Never(problem),
    }
}

/// Gives an entry up and tells the operator; not where it is the telling itself that fails.
async fn bury(service: &Service, entry: &OutboxEntry, problem: String) -> Result<(), WorkflowError> {
    tracing::error!(queue = entry.kind, shop = %entry.shop, entry = %entry.id, attempts = entry.attempts, %problem,
        "given up: see the dead letters of the shop, from where it can be sent again");
    let alert = (entry.kind != ALERT).then(|| {
        let alert = Alert {
            kind: AlertKind::DeadLetter { queue: entry.kind.clone() },
            customer: entry.customer.clone(),
            account: entry.account.clone(),
            task: entry.task,
            order: None,
            reason: problem.chars().take(PROBLEM).collect(),
        };
        NewEntry {
            id: OutboxId(Uuid::now_v7()),
            kind: ALERT,
            task: entry.task,
            account: entry.account.clone(),
            payload: serde_json::to_string(&Payload::Alert(alert)).expect("a payload is plain data"),
        }
    });
    service.workflow.store.bury(entry.id, problem, now(), alert).await?;
    if let Some(shop) = service.shops.get(&entry.shop).await? {
        service.workflow.wake.ring(&shop, &[ALERT]);
    }
    Ok(())
}

fn subject(entry: &OutboxEntry) -> Option<Subject> {
    Some(Subject::Customer(entry.customer.clone()?, entry.task.into_iter().collect()))
}

/// Forgets what has been kept long enough.
async fn housekeeping(service: Arc<Service>, stop: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(60);
    /// How long a request with an idempotency key is answered again.
    const ANSWERS: TimeDelta = TimeDelta::hours(24);
    let calls = TimeDelta::days(i64::from(service.config.journal.days));
    let mut rounds = 0u32;
    loop {
        // Looking for what is old goes through every customer: once an hour will do.
        if rounds.is_multiple_of(60)
            && let Err(error) = service.expire().await
        {
            tracing::error!(%error, "what was kept long enough could not be erased");
        }
        rounds = rounds.wrapping_add(1);
        // At the start too: the service may have gone down between the rows and the files of an erased customer.
        service.sweep().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let unloaded =
            service.engine().unload_idle(Duration::from_secs(service.config.plugins.idle_minutes * 60));
        if unloaded > 0 {
            tracing::debug!(unloaded, "plugins that nobody called were taken out of memory");
        }
        if let Err(error) = http::forget_sessions(service.workflow.store.as_ref()).await {
            tracing::error!(%error, "old sessions could not be forgotten");
        }
        let kept = service.config.journal.calls;
        match service.workflow.store.purge(now() - ANSWERS, now() - calls, kept).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "forgot old answers and calls"),
            Err(error) => tracing::error!(%error, "old rows could not be forgotten"),
        }
    }
}
