//! How much of a shop's work is under way: a shop at its limit keeps none of the others waiting.
//!
//! One process has a data folder to itself, so counting in memory is exact; after a restart nothing is under way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shopkeeper_domain::ShopId;
use shopkeeper_storage::{OutboxEntry, StorageError, Whose};

use super::{LEASE, OWNER, Work};
use crate::{service::Service, workflow::now};

/// The seats of one kind of work.
pub(super) struct Seats {
    work: Work,
    /// One claim at a time, so that nobody takes a seat that another is about to take.
    turn: tokio::sync::Mutex<()>,
    taken: Taken,
}

/// How much each shop has under way.
#[derive(Clone, Default)]
pub(super) struct Taken(Arc<Mutex<HashMap<ShopId, u32>>>);

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<ShopId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more of this shop, until the seat is dropped.
    pub(super) fn take(&self, shop: &ShopId) -> Seat {
        *self.lock().entry(shop.clone()).or_default() += 1;
        Seat { shop: shop.clone(), taken: self.clone() }
    }

    /// Every shop that has something under way, and how much.
    pub(super) fn counts(&self) -> HashMap<ShopId, u32> {
        self.lock().clone()
    }
}

/// A place at work for one entry, given back when dropped.
pub(super) struct Seat {
    shop: ShopId,
    taken: Taken,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        if let Some(count) = taken.get_mut(&self.shop) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.shop);
            }
        }
    }
}

impl Seats {
    pub(super) fn new(work: Work) -> Self {
        Self { work, turn: tokio::sync::Mutex::default(), taken: Taken::default() }
    }

    /// The oldest entry of a shop that has a seat left.
    pub(super) async fn claim(&self, service: &Service) -> Result<Option<(OutboxEntry, Seat)>, StorageError> {
        let _turn = self.turn.lock().await;
        let full = self.full(service).await?;
        let store = &service.workflow.store;
        let claimed =
            store.claim(self.work.queue(), Whose::AllBut(&full), OWNER, now(), now() + LEASE, 1).await?;
        Ok(claimed.into_iter().next().map(|entry| {
            let seat = self.taken.take(&entry.shop);
            (entry, seat)
        }))
    }

    async fn full(&self, service: &Service) -> Result<Vec<ShopId>, StorageError> {
        let Work::Model(_) = self.work else { return Ok(Vec::new()) };
        let taken = self.taken.counts();
        let mut full = Vec::new();
        for (id, count) in taken {
            let shop = service.shops.get(&id).await?;
            if shop.is_some_and(|s| count >= s.settings.image_ai.concurrency) {
                full.push(id);
            }
        }
        Ok(full)
    }
}
