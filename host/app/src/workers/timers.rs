//! The clock: timers that are due go through the workflow like anything else that happens.

use std::sync::Arc;

use chrono::TimeDelta;
use shopkeeper_domain::{Actor, Command};
use shopkeeper_storage::{DueTimer, StorageError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::LOOK;
use crate::{
    service::Service,
    workflow::{Request, Subject, Turn, WorkflowError, now},
};

/// How many are taken at a time.
const AT_A_TIME: u32 = 100;
/// How many ring beside each other.
const BESIDE: usize = 8;
/// When one that failed is looked at again.
const LATER: TimeDelta = TimeDelta::minutes(10);

pub(super) async fn serve(service: Arc<Service>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let due = service.workflow.store.due_timers(now(), AT_A_TIME).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the timers can't be read");
            Vec::new()
        });
        // Where there are as many as are taken at a time, there may be more.
        let more = due.len() == AT_A_TIME as usize;
        let mut ringing = JoinSet::new();
        for timer in due {
            if ringing.len() >= BESIDE {
                ringing.join_next().await;
            }
            ringing.spawn(look(service.clone(), timer));
        }
        while ringing.join_next().await.is_some() {}
        if !more {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

/// Rings; one that fails is out of the others' way for a while.
async fn look(service: Arc<Service>, due: DueTimer) {
    let Err(error) = ring(&service, due.clone()).await else { return };
    tracing::error!(shop = %due.shop, %error, "a timer could not be looked at");
    let put_off = service.workflow.store.put_off_timers(&due.shop, &due.customer, now(), now() + LATER).await;
    if let Err(error) = put_off {
        tracing::error!(shop = %due.shop, %error, "nor put off");
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
