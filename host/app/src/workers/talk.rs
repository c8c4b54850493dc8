//! What is pushed into conversations: texts and pictures to a shop's webhook, notices to its agent.
//!
//! In order within a conversation, beside each other across them: only the first waiting entry of a conversation is
//! claimed. Whether a person has taken the conversation over is looked at in the claim, so just before each send.

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use shopkeeper_domain::ShopId;
use shopkeeper_storage::OutboxEntry;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{LEASE, OWNER, Outcome, conclude, found, idle, seats::Taken};
use crate::{
    fetch::{FetchError, Posted},
    http::EntryView,
    service::Service,
    settings::Agent,
    shops::ShopState,
    signing::WebhookSecret,
    workflow::{AGENT, Payload, now},
};

/// Requests at the same time, in all and to one shop: a shop that answers slowly must not hold up the others.
const REQUESTS: usize = 64;
const OF_A_SHOP: u32 = 8;
/// How long a webhook may take to answer.
const TIME: Duration = Duration::from_secs(15);

pub(super) async fn serve(service: Arc<Service>, stop: CancellationToken) {
    let store = service.workflow.store.clone();
    let mut under_way = JoinSet::new();
    let taken = Taken::default();
    while !stop.is_cancelled() {
        // Where most places are taken, whoever has one already waits: some that hang must not keep all of them.
        let most = if under_way.len() > REQUESTS / 2 { 1 } else { OF_A_SHOP };
        let busy: Vec<ShopId> =
            taken.counts().into_iter().filter(|(_, n)| *n >= most).map(|(shop, _)| shop).collect();
        let pushed = service.shops.pushed().into_iter().filter(|shop| !busy.contains(shop)).collect();
        let room = (REQUESTS.saturating_sub(under_way.len()) as u32).min(OF_A_SHOP);
        let claimed = match room {
            0 => Vec::new(),
            room => found(AGENT, store.claim_talk(pushed, busy, OWNER, now(), now() + LEASE, room).await),
        };
        let none = claimed.is_empty();
        for entry in claimed {
            let seat = taken.take(&entry.shop);
            let service = service.clone();
            under_way.spawn(async move {
                let outcome = run(&service, &entry).await;
                conclude(&service, &entry, outcome).await;
                drop(seat);
            });
        }
        if none {
            tokio::select! {
                () = idle(&service, &stop, AGENT) => {}
                Some(done) = under_way.join_next(), if !under_way.is_empty() => ended(done),
            }
        }
        while let Some(done) = under_way.try_join_next() {
            ended(done);
        }
    }
    while under_way.join_next().await.is_some() {}
}

fn ended(done: Result<(), JoinError>) {
    if let Err(crash) = done {
        tracing::error!(%crash, "sending crashed; the entry comes back with its lease");
    }
}

async fn run(service: &Service, entry: &OutboxEntry) -> Outcome {
    let shop = match service.shops.get(&entry.shop).await {
        Ok(Some(shop)) => shop,
        Ok(None) => return Outcome::Done,
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    match Payload::parse(&entry.payload) {
        Some(Payload::Notice { hint, otherwise }) => match &shop.settings.agent {
            Some(agent) => match ask(service, &shop, entry, agent, hint).await {
                Ok(Some(text)) => Outcome::Instead(text),
                Ok(None) => Outcome::Done,
                Err(problem) => {
                    tracing::warn!(shop = %shop.id, entry = %entry.id, %problem, "the agent has no answer: the shop's own wording is sent");
                    Outcome::Instead(otherwise)
                }
            },
            None => Outcome::Instead(otherwise),
        },
        Some(_) => push(service, &shop, entry).await,
        None => Outcome::Never("the entry can't be read".to_owned()),
    }
}

/// Sends a message that is signed; the id is the entry's, the same in every repeat.
async fn post(
    service: &Service,
    shop: &ShopState,
    entry: &OutboxEntry,
    url: &str,
    body: &serde_json::Value,
    time: Duration,
) -> Result<Posted, FetchError> {
    let body = body.to_string();
    let headers = WebhookSecret::of(&service.secret, &shop.id).headers(entry.id.0, now(), &body);
    service.fetcher.post(url, headers, body, time).await
}

async fn push(service: &Service, shop: &ShopState, entry: &OutboxEntry) -> Outcome {
    let Some(url) = &shop.settings.chat_webhook else {
        return Outcome::Later("the shop's webhook was taken out of its settings".to_owned(), None);
    };
    let Some(view) = EntryView::of(service, shop, entry.clone()) else {
        return Outcome::Never("the entry can't be read".to_owned());
    };
    let body = json!({ "type": "outbox.entry", "timestamp": now(), "data": view });
    match post(service, shop, entry, url, &body, TIME).await {
        Ok(posted) if posted.status.is_success() => Outcome::Done,
        Ok(posted) if posted.status.is_redirection() => Outcome::Later(
            format!(
                "the webhook answered {}: redirects are not followed, give the final address",
                posted.status
            ),
            posted.retry_after,
        ),
        Ok(posted) => Outcome::Later(format!("the webhook answered {}", posted.status), posted.retry_after),
        Err(error) => Outcome::Later(format!("the webhook: {error}"), None),
    }
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

/// What the agent wants said; none where it says it by itself.
async fn ask(
    service: &Service,
    shop: &ShopState,
    entry: &OutboxEntry,
    agent: &Agent,
    hint: String,
) -> Result<Option<String>, String> {
    let customer = entry.customer.as_ref();
    let body = json!({
        "type": "image.ready",
        "timestamp": now(),
        "data": {
            "customer_id": customer.map(|c| c.id.as_str()),
            "platform": customer.map(|c| c.platform.as_str()),
            "account_id": entry.account.as_ref().map(|a| a.as_str()),
            "task_id": entry.task.map(|t| t.0),
            "hint": hint,
        },
    });
    let posted = post(service, shop, entry, &agent.url, &body, Duration::from_secs(agent.seconds)).await;
    let posted = posted.map_err(|e| e.to_string())?;
    match posted.status {
        StatusCode::NO_CONTENT => Ok(None),
        status if status.is_success() => {
            let answer: Answer = serde_json::from_slice(&posted.body).map_err(|_| {
                "its answer is no {\"text\": \"…\"}; 204 means that it says it by itself".to_owned()
            })?;
            shopkeeper_engine::sayable(&answer.text)?;
            Ok(Some(answer.text))
        }
        status => Err(format!("it answered {status}")),
    }
}
