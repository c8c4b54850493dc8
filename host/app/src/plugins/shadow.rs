//! What is asked beside: a plugin on trial in the shadow, and now and then a call once more to count its instructions.
//!
//! Nobody waits for it. When there is more of it than the one worker can do, the rest is left out and counted.

use std::sync::Arc;

use serde_json::Value;
use shopkeeper_domain::{
    CustomerKey, ShopId,
    rollout::{Change, Digest},
};
use shopkeeper_engine::{Asked, CallRecord, Shown};
use shopkeeper_storage::{CallMode, Incident};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Plugins,
    journal::{self, Trip},
};
use crate::{shops::Held, workflow::now};

/// How many calls may wait to be made beside.
const WAITING: usize = 1024;

/// Something to be asked beside.
pub(super) enum Job {
    /// Compare what it answers with what was used.
    Shadow {
        shop: ShopId,
        held: Arc<Held>,
        customer: Option<CustomerKey>,
        asked: Asked,
        /// None where nobody could answer.
        used: Option<String>,
    },
    /// Count its instructions.
    Meter { held: Arc<Held>, asked: Asked },
}

/// The queue of what is asked beside.
pub(crate) struct Beside {
    queue: mpsc::Sender<Job>,
    work: Mutex<mpsc::Receiver<Job>>,
}

impl Beside {
    pub(super) fn new() -> Self {
        let (queue, work) = mpsc::channel(WAITING);
        Self { queue, work: Mutex::new(work) }
    }

    /// Leaves it out where too much waits already.
    pub(super) fn push(&self, job: Job) {
        if self.queue.try_send(job).is_err() {
            tracing::debug!("too much waits to be asked beside: one call was left out");
        }
    }
}

/// Whether two outputs say the same.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other
        || match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

impl Plugins {
    /// Asks beside until it is told to stop.
    pub(crate) async fn serve_beside(&self, stop: CancellationToken) {
        let mut work = self.beside.work.lock().await;
        loop {
            let job = tokio::select! {
                () = stop.cancelled() => return,
                job = work.recv() => job,
            };
            match job {
                Some(Job::Shadow { shop, held, customer, asked, used }) => {
                    self.shadow(&shop, &held, customer, &asked, used).await;
                }
                Some(Job::Meter { held, asked }) => {
                    let heard = self.engine.measure(&held.binding, &asked, Shown::Masked).await;
                    self.metrics.measured(asked.role(), asked.function(), &held.binding, &heard);
                }
                None => return,
            }
        }
    }

    async fn shadow(
        &self,
        shop: &ShopId,
        held: &Arc<Held>,
        customer: Option<CustomerKey>,
        asked: &Asked,
        used: Option<String>,
    ) {
        let (role, binding) = (asked.role(), &held.binding);
        let heard = self.engine.ask(binding, asked, Shown::Masked).await;
        let now = now();
        let (output, fault) = match heard.output {
            Ok(output) => (Some(output), None),
            Err(fault) => (None, Some(fault)),
        };
        let incident = fault.as_ref().map(|fault| Incident {
            at: now,
            role,
            function: asked.function().to_owned(),
            digest: Digest::new(binding.plugin.digest),
            settings_revision: binding.revision,
            fault: fault.to_string(),
            backtrace: fault.backtrace().map(str::to_owned),
            input: asked.input(),
        });
        let agrees = output.as_deref().zip(used.as_deref()).map(|(new, old)| same(new, old));
        let record = CallRecord {
            role,
            place: 0,
            function: asked.function(),
            digest: binding.plugin.digest,
            settings_revision: binding.revision,
            input: asked.input(),
            output,
            fault,
            cost: heard.cost,
            log: heard.log,
        };
        self.metrics.consulted(&record, false);
        let tripped = held.health.note(&record, now);
        let reason = record.fault.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut call = journal::kept(record, CallMode::Shadow, now);
        call.agrees = agrees;
        if let Err(error) =
            self.store.record(shop, customer, vec![call], incident.into_iter().collect()).await
        {
            tracing::error!(%shop, %error, "a shadow's call could not be kept");
        }
        if tripped && let Ok(Some(shop)) = self.shops.get(shop).await {
            let change = Change::Quarantine(binding.revision);
            self.act(&shop, vec![Trip { role, held: held.clone(), change, reason }]).await;
        }
    }
}
