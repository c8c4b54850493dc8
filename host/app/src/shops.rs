//! The shops in memory: settings and plugin bindings, swapped whole when they change, read without a lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use shopkeeper_domain::{
    ShopId,
    roles::Role,
    rollout::{Bound, Candidate, Rollout, Source, Trial},
};
use shopkeeper_engine::{Binding, Engine, Report};
use shopkeeper_storage::{Shop, Storage, StorageError};
use tokio::sync::{Semaphore, watch};

use crate::{plugins::Health, settings::ShopSettings};

/// How many connectors of a shop stay connected at the same time.
const CONNECTIONS: usize = 32;
/// How many listen to what happens in a shop at the same time: open pages, mostly.
const LISTENERS: usize = 128;

/// A binding that answers or is on trial, and how it fares.
pub(crate) struct Held {
    pub(crate) binding: Arc<Binding>,
    pub(crate) health: Health,
}

/// What answers in one role.
#[derive(Clone)]
pub(crate) struct InRole {
    /// As it is stored.
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) live: Arc<Held>,
    pub(crate) trial: Option<(Trial, Arc<Held>)>,
}

/// What answers in each role.
#[derive(Clone)]
pub(crate) struct Roles {
    pricing: InRole,
    detection: InRole,
    wording: InRole,
}

impl Roles {
    pub(crate) fn of(&self, role: Role) -> &InRole {
        match role {
            Role::Pricing => &self.pricing,
            Role::Detection => &self.detection,
            Role::Wording => &self.wording,
        }
    }

    fn of_mut(&mut self, role: Role) -> &mut InRole {
        match role {
            Role::Pricing => &mut self.pricing,
            Role::Detection => &mut self.detection,
            Role::Wording => &mut self.wording,
        }
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
    pub(crate) roles: Roles,
    /// Rings when something new waits in the chat outbox.
    pub(crate) chat: watch::Sender<()>,
    /// Rings when something has happened: events were stored.
    pub(crate) happened: watch::Sender<()>,
    /// Places for those who listen to what happens.
    pub(crate) listeners: Arc<Semaphore>,
    /// Places for connectors that stay connected.
    pub(crate) connections: Arc<Semaphore>,
}

/// Every shop that was asked for since the start.
pub struct Shops {
    store: Arc<dyn Storage>,
    engine: Engine,
    known: ArcSwap<HashMap<ShopId, Arc<ShopState>>>,
    /// One at a time puts changes of plugins into memory, and never an older one over a newer.
    turning: Mutex<()>,
}

impl Shops {
    pub(crate) fn new(store: Arc<dyn Storage>, engine: Engine) -> Self {
        Self { store, engine, known: ArcSwap::default(), turning: Mutex::default() }
    }

    /// The shop; none where there is no such shop.
    pub async fn get(&self, id: &ShopId) -> Result<Option<Arc<ShopState>>, StorageError> {
        if let Some(shop) = self.known.load().get(id) {
            return Ok(Some(shop.clone()));
        }
        match self.store.shop(id).await? {
            Some(row) => {
                let fresh = Arc::new(self.read(&row).await?);
                self.put(&row.id, |known| known.unwrap_or(&fresh).clone());
                Ok(self.known.load().get(id).cloned())
            }
            None => Ok(None),
        }
    }

    /// The shops in memory to which what is said is pushed.
    pub(crate) fn pushed(&self) -> Vec<ShopId> {
        let known = self.known.load();
        known.values().filter(|s| s.settings.chat_webhook.is_some()).map(|s| s.id.clone()).collect()
    }

    /// Stores new settings and works by them from now on; `false` where there is no such shop.
    pub(crate) async fn put_settings(
        &self,
        id: &ShopId,
        settings: &ShopSettings,
    ) -> Result<bool, StorageError> {
        let text = serde_json::to_string(settings).map_err(|e| StorageError::Failed(e.to_string()))?;
        let before = self.get(id).await?;
        let time = |s: &ShopSettings| (s.patience.clone(), s.opening_hours.clone(), s.utc_offset_minutes);
        let review = before.is_none_or(|shop| time(&shop.settings) != time(settings));
        if !self.store.put_settings(id, text, review.then(crate::workflow::now)).await? {
            return Ok(false);
        }
        self.update(id, |shop| shop.settings = settings.clone());
        Ok(true)
    }

    /// Answers as a change of plugins that was stored says. Calls under way end on what they have.
    pub(crate) async fn apply(&self, id: &ShopId, role: Role, rollout: Rollout) -> Result<(), StorageError> {
        let Some(shop) = self.get(id).await? else { return Ok(()) };
        let rollout = Arc::new(rollout);
        let (live, trial) = self.hold(id, role, &rollout, Some(shop.roles.of(role))).await?;
        let _turn = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        self.update(id, |shop| {
            let in_role = shop.roles.of_mut(role);
            if in_role.rollout.version < rollout.version {
                *in_role = InRole { rollout: rollout.clone(), live: live.clone(), trial: trial.clone() };
            }
        });
        Ok(())
    }

    /// The bindings of a rollout; those that are held already are kept, with how they fared.
    async fn hold(
        &self,
        shop: &ShopId,
        role: Role,
        rollout: &Rollout,
        before: Option<&InRole>,
    ) -> Result<(Arc<Held>, Option<(Trial, Arc<Held>)>), StorageError> {
        let held = before.map(|b| [Some(b.live.clone()), b.trial.as_ref().map(|(_, h)| h.clone())]);
        let held: Vec<Arc<Held>> = held.into_iter().flatten().flatten().collect();
        let live = self.hold_one(shop, role, &rollout.live, &held).await?;
        let trial = match &rollout.candidate {
            Some(Candidate { trial, bound }) => {
                Some((*trial, self.hold_one(shop, role, bound, &held).await?))
            }
            None => None,
        };
        Ok((live, trial))
    }

    async fn hold_one(
        &self,
        shop: &ShopId,
        role: Role,
        bound: &Bound,
        held: &[Arc<Held>],
    ) -> Result<Arc<Held>, StorageError> {
        if let Some(known) = held.iter().find(|h| h.binding.revision == bound.revision) {
            return Ok(known.clone());
        }
        let built_in = self.engine.builtin(role);
        let plugin = match bound.source {
            Source::BuiltIn => built_in.plugin.clone(),
            Source::Uploaded(digest) => {
                let row = self.store.plugin(shop, digest).await?;
                let report = row.and_then(|r| serde_json::from_str::<Report>(&r.report).ok());
                match report.and_then(|r| r.description) {
                    Some(description) => self.engine.plugin(role, digest.bytes(), &description),
                    None => {
                        // An order must not wait for somebody to mend a plugin.
                        tracing::error!(%shop, role = role.name(), %digest, "a plugin is lost: the built-in one answers");
                        let binding =
                            Arc::new(Binding { revision: bound.revision, ..Binding::clone(built_in) });
                        return Ok(Arc::new(Held { binding, health: Health::default() }));
                    }
                }
            }
        };
        let settings = match &bound.settings {
            Some(settings) => settings.as_str().into(),
            None => plugin.description.default_settings.clone(),
        };
        let binding = Arc::new(Binding { plugin, settings, revision: bound.revision });
        Ok(Arc::new(Held { binding, health: Health::default() }))
    }

    async fn read(&self, row: &Shop) -> Result<ShopState, StorageError> {
        let settings = serde_json::from_str(&row.settings).map_err(|e| {
            StorageError::Failed(format!("the settings of shop {} can't be read: {e}", row.id))
        })?;
        let mut stored: HashMap<Role, Rollout> = self.store.rollouts(&row.id).await?.into_iter().collect();
        let mut in_role = async |role| {
            let rollout = Arc::new(stored.remove(&role).unwrap_or_default());
            let (live, trial) = self.hold(&row.id, role, &rollout, None).await?;
            Ok::<_, StorageError>(InRole { rollout, live, trial })
        };
        let roles = Roles {
            pricing: in_role(Role::Pricing).await?,
            detection: in_role(Role::Detection).await?,
            wording: in_role(Role::Wording).await?,
        };
        let chat = watch::Sender::new(());
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(ShopState {
            id: row.id.clone(),
            name: row.name.clone(),
            settings,
            roles,
            chat,
            happened: watch::Sender::new(()),
            listeners: Arc::new(Semaphore::new(LISTENERS)),
            connections,
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
