//! The clock: timers that are due go through the workflow like anything else that happens.

use std::sync::Arc;

use shopkeeper_domain::{Actor, Command};
use shopkeeper_storage::{DueTimer, StorageError};
use tokio_util::sync::CancellationToken;

use super::LOOK;
use crate::{
    service::Service,
    workflow::{Request, Subject, Turn, WorkflowError, now},
};

/// How many are taken at a time.
const AT_A_TIME: u32 = 100;

pub(super) async fn serve(service: Arc<Service>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let due = service.workflow.store.due_timers(now(), AT_A_TIME).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the timers can't be read");
            Vec::new()
        });
        let mut rang = 0;
        for timer in due {
            match ring(&service, timer).await {
                Ok(()) => rang += 1,
                Err(error) => tracing::error!(%error, "a timer could not be looked at"),
            }
        }
        // Where there were as many as are taken at a time, there may be more.
        if rang < AT_A_TIME {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

async fn ring(service: &Service, due: DueTimer) -> Result<(), WorkflowError> {
    let Some(shop) = service.shops.get(&due.shop).await? else {
        return Err(StorageError::Failed(format!("shop {} of a timer is gone", due.shop)).into());
    };
    let turn = Turn { shop, actor: Actor::Clock, repeatable: None, settle: None, status: 200 };
    let subject = Subject::Customer(due.customer, Vec::new());
    let request = Request::Command(Command::Ring(due.timer));
    service.workflow.handle(&turn, subject, request, &|_| String::new()).await.map(drop)
}
