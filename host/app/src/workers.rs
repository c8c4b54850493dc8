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
mod seats;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use shopkeeper_domain::{Actor, Command};
use shopkeeper_storage::{EntryState, OutboxEntry, Settle, StorageError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    service::Service,
    settings::Processor,
    workflow::{ALERT, MAIL, Request, Subject, Turn, WorkflowError, now},
};
use seats::Seats;

/// Who holds what this process claimed.
const OWNER: &str = "service";
/// How long a worker of this process may take before its entry is due again.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// How often a worker looks without being rung: for entries that are to be tried again.
const LOOK: Duration = Duration::from_secs(2);
/// How often work is tried before it is given up.
const TRIES: u32 = 8;

/// What became of an entry's work.
enum Outcome {
    /// This follows, and the entry is done with it.
    Then(Command),
    /// Nothing follows: done, or no longer wanted.
    Done,
    /// Something is wrong that may pass.
    Later(String),
    /// The same, and the other side said how long to wait.
    LaterBy(String, Duration),
}

/// One kind of work.
#[derive(Clone, Copy)]
enum Work {
    Process,
    /// By an image AI that is called.
    Model(Processor),
    Mail,
    Alert,
}

impl Work {
    fn queue(self) -> &'static str {
        match self {
            Self::Process => Processor::Local.queue(),
            Self::Model(processor) => processor.queue(),
            Self::Mail => MAIL,
            Self::Alert => ALERT,
        }
    }

    fn actor(self) -> Actor {
        match self {
            Self::Process | Self::Model(_) => Actor::Processor,
            Self::Mail | Self::Alert => Actor::Mailer,
        }
    }

    async fn run(self, service: &Service, entry: &OutboxEntry) -> Outcome {
        match self {
            Self::Process => local::run(service, entry).await,
            Self::Model(processor) => model::run(service, entry, processor).await,
            Self::Mail => mail::run(service, entry).await,
            Self::Alert => alerts::run(entry),
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
    let mut workers = JoinSet::new();
    let processing = service.config.processing.concurrency.max(1);
    let works = [
        (Work::Process, processing),
        (Work::Model(Processor::Gemini), service.config.gemini.workers()),
        (Work::Model(Processor::OpenAi), service.config.openai.workers()),
        (Work::Mail, 1),
        (Work::Alert, 1),
    ];
    for (work, count) in works {
        let seats = Arc::new(Seats::new(work));
        for _ in 0..count {
            workers.spawn(serve(work, seats.clone(), service.clone(), stop.clone()));
        }
    }
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
        if let Err(error) = conclude(work, &service, &entry, outcome).await {
            // The lease runs out and the work is done again.
            tracing::error!(queue = work.queue(), entry = %entry.id, %error, "the outcome could not be stored");
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn conclude(
    work: Work,
    service: &Service,
    entry: &OutboxEntry,
    outcome: Outcome,
) -> Result<(), WorkflowError> {
    let settle = |state| Settle { id: entry.id, state, now: now() };
    match outcome {
        Outcome::Then(command) => {
            let Some(shop) = service.shops.get(&entry.shop).await? else { return Ok(()) };
            let settled = settle(EntryState::Done);
            let turn =
                Turn { shop, actor: work.actor(), repeatable: None, settle: Some(settled), status: 200 };
            let Some(subject) = subject(entry) else {
                return Ok(service.workflow.store.settle(settled).await?);
            };
            match service.workflow.handle(&turn, subject, Request::Command(command), &|_| String::new()).await
            {
                // Somebody else decided meanwhile: the outcome is no longer wanted.
                Err(WorkflowError::Rejected(why)) => {
                    tracing::info!(queue = work.queue(), entry = %entry.id, %why, "an outcome came too late");
                    Ok(service.workflow.store.settle(settled).await?)
                }
                other => other.map(drop),
            }
        }
        Outcome::Done => Ok(service.workflow.store.settle(settle(EntryState::Done)).await?),
        Outcome::Later(problem) => {
            let wait = Duration::from_secs(1 << entry.attempts.min(8));
            again(work, service, entry, &problem, wait).await
        }
        Outcome::LaterBy(problem, wait) => again(work, service, entry, &problem, wait).await,
    }
}

async fn again(
    work: Work,
    service: &Service,
    entry: &OutboxEntry,
    problem: &str,
    wait: Duration,
) -> Result<(), WorkflowError> {
    tracing::warn!(queue = work.queue(), entry = %entry.id, attempt = entry.attempts, problem, "will be tried again");
    let due = now() + TimeDelta::from_std(wait).unwrap_or(LEASE);
    let settle = Settle { id: entry.id, state: EntryState::Again(due), now: now() };
    Ok(service.workflow.store.settle(settle).await?)
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
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let unloaded =
            service.engine().unload_idle(Duration::from_secs(service.config.plugins.idle_minutes * 60));
        if unloaded > 0 {
            tracing::debug!(unloaded, "plugins that nobody called were taken out of memory");
        }
        let kept = service.config.journal.calls;
        match service.workflow.store.purge(now() - ANSWERS, now() - calls, kept).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "forgot old answers and calls"),
            Err(error) => tracing::error!(%error, "old rows could not be forgotten"),
        }
    }
}
