//! The shops in memory: settings and plugin bindings, swapped whole when they change, read without a lock.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use shopkeeper_domain::{ShopId, roles::Role};
use shopkeeper_engine::{Binding, Engine};
use shopkeeper_storage::{Shop, Storage, StorageError};
use tokio::sync::watch;

use crate::settings::ShopSettings;

/// The plugin that answers in each role.
#[derive(Clone)]
pub struct Bindings {
    /// What a piece of work costs.
    pub pricing: Arc<Binding>,
    /// What a message asks for.
    pub detection: Arc<Binding>,
    /// How the shop says it.
    pub wording: Arc<Binding>,
}

impl Bindings {
    fn built_in(engine: &Engine) -> Self {
        let of = |role| engine.builtin(role).clone();
        Self { pricing: of(Role::Pricing), detection: of(Role::Detection), wording: of(Role::Wording) }
    }
}

/// A shop as the service works with it.
#[derive(Clone)]
pub struct ShopState {
    /// Which.
    pub id: ShopId,
    /// What people call it.
    pub name: String,
    /// Its own settings.
    pub settings: ShopSettings,
    /// Its plugins.
    pub bindings: Bindings,
    /// Rings when something new waits in the chat outbox.
    pub(crate) chat: watch::Sender<()>,
}

/// Every shop that was asked for since the start.
pub struct Shops {
    store: Arc<dyn Storage>,
    engine: Engine,
    known: ArcSwap<HashMap<ShopId, Arc<ShopState>>>,
}

impl Shops {
    pub(crate) fn new(store: Arc<dyn Storage>, engine: Engine) -> Self {
        Self { store, engine, known: ArcSwap::default() }
    }

    /// The shop; none where there is no such shop.
    pub async fn get(&self, id: &ShopId) -> Result<Option<Arc<ShopState>>, StorageError> {
        if let Some(shop) = self.known.load().get(id) {
            return Ok(Some(shop.clone()));
        }
        match self.store.shop(id).await? {
            Some(row) => {
                let fresh = Arc::new(self.read(&row)?);
                self.put(&row.id, |known| known.unwrap_or(&fresh).clone());
                Ok(self.known.load().get(id).cloned())
            }
            None => Ok(None),
        }
    }

    /// Stores new settings and works by them from now on; `false` where there is no such shop.
    pub(crate) async fn put_settings(
        &self,
        id: &ShopId,
        settings: &ShopSettings,
    ) -> Result<bool, StorageError> {
        let text = serde_json::to_string(settings).map_err(|e| StorageError::Failed(e.to_string()))?;
        if !self.store.put_settings(id, text).await? {
            return Ok(false);
        }
        self.update(id, |shop| shop.settings = settings.clone());
        Ok(true)
    }

    /// Answers in a role with another plugin from now on. Calls under way end on the old one.
    pub async fn bind(&self, id: &ShopId, role: Role, binding: Arc<Binding>) -> Result<bool, StorageError> {
        let known = self.get(id).await?.is_some();
        self.update(id, |shop| match role {
            Role::Pricing => shop.bindings.pricing = binding.clone(),
            Role::Detection => shop.bindings.detection = binding.clone(),
            Role::Wording => shop.bindings.wording = binding.clone(),
        });
        Ok(known)
    }

    fn read(&self, row: &Shop) -> Result<ShopState, StorageError> {
        let settings = serde_json::from_str(&row.settings).map_err(|e| {
            StorageError::Failed(format!("the settings of shop {} can't be read: {e}", row.id))
        })?;
        Ok(ShopState {
            id: row.id.clone(),
            name: row.name.clone(),
            settings,
            bindings: Bindings::built_in(&self.engine),
            chat: watch::Sender::new(()),
        })
    }

    fn update(&self, id: &ShopId, change: impl Fn(&mut ShopState)) {
        self.known.rcu(|known| {
            let mut next = HashMap::clone(known);
            if let Some(shop) = next.get_mut(id) {
                change(Arc::make_mut(shop));
            }
            next
        });
    }

    fn put(&self, id: &ShopId, choose: impl Fn(Option<&Arc<ShopState>>) -> Arc<ShopState>) {
        self.known.rcu(|known| {
            let mut next = HashMap::clone(known);
            let shop = choose(known.get(id));
            next.insert(id.clone(), shop);
            next
        });
    }
}
