//! Changing what answers: checked first, then stored with its line of history, then swapped in memory.

use serde_json::Value;
use shopkeeper_domain::{
    Alert, AlertKind, OutboxId, ShopId,
    roles::Role,
    rollout::{Change, Digest, NoTurn, Source, Trial, Turned},
};
use shopkeeper_engine::{Capability, Description, Plugin, Report};
use shopkeeper_storage::{NewEntry, StorageError, Turn, Turning, UploadedPlugin};
use std::sync::Arc;
use uuid::Uuid;

use super::{PluginError, Plugins, about, journal::Trip, names};
use crate::{
    shops::ShopState,
    workflow::{ALERT, Payload, now},
};

/// How often a change is made anew because somebody else was faster.
const TRIES: usize = 16;

/// How a plugin is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It answers.
    Live,
    /// Beside the one that answers.
    Try(Trial),
}

/// Which plugin with which settings.
pub(crate) struct Wanted {
    pub(crate) digest: Digest,
    /// Where they are left out: those it is used with, else those of the plugin of the same name, else its defaults.
    pub(crate) settings: Option<Value>,
}

/// A plugin ready to be bound.
pub(crate) struct Ready {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) source: Source,
    /// None where they are the plugin's own defaults.
    pub(crate) settings: Option<String>,
}

impl Plugins {
    /// Examines a component and keeps it where it is taken; activates nothing.
    pub(crate) async fn upload(
        &self,
        shop: &ShopState,
        by: &str,
        wasm: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Report, PluginError> {
        let _place = self.uploads.try_acquire().map_err(|_| PluginError::Busy)?;
        let engine = self.engine.clone();
        let examined = tokio::task::spawn_blocking(move || engine.examine(wasm.as_ref())).await;
        let report = examined.map_err(|e| StorageError::Failed(e.to_string()))??;
        if !report.refusals.is_empty() {
            return Err(PluginError::Refused(report.refusals));
        }
        let digest = report.digest.parse().map_err(|_| StorageError::Failed("no digest".to_owned()))?;
        let row = UploadedPlugin {
            digest,
            report: serde_json::to_string(&report).map_err(|e| StorageError::Failed(e.to_string()))?,
            by: by.to_owned(),
            at: now(),
        };
        self.store.add_plugin(&shop.id, row).await?;
        Ok(report)
    }

    /// A plugin that this shop may use in this role, and the settings that it would have.
    pub(crate) async fn offered(
        &self,
        shop: &ShopState,
        role: Role,
        digest: Digest,
    ) -> Result<(Arc<Plugin>, Source, String), PluginError> {
        let built_in = self.engine.builtin(role);
        let (plugin, source) = if built_in.plugin.digest == digest.bytes() {
            (built_in.plugin.clone(), Source::BuiltIn)
        } else {
            let description = self.uploaded(shop, role, digest).await?;
            (self.engine.plugin(role, digest.bytes(), &description), Source::Uploaded(digest))
        };
        let settings = settings_to_keep(shop, role, &plugin);
        Ok((plugin, source, settings))
    }

    /// A plugin that this shop may use in this role, with settings that suit it.
    pub(crate) async fn ready(
        &self,
        shop: &ShopState,
        role: Role,
        wanted: Wanted,
    ) -> Result<Ready, PluginError> {
        let (plugin, source, kept) = self.offered(shop, role, wanted.digest).await?;
        let settings = wanted.settings.map_or(kept, |settings| settings.to_string());
        self.check(&plugin, &settings).await?;
        let own = Some(settings).filter(|s| **s != *plugin.description.default_settings);
        Ok(Ready { plugin, source, settings: own })
    }

    async fn uploaded(
        &self,
        shop: &ShopState,
        role: Role,
        digest: Digest,
    ) -> Result<Description, PluginError> {
        let row = self.store.plugin(&shop.id, digest).await?.ok_or(PluginError::Unknown(digest))?;
        let damaged = |e: String| PluginError::Storage(StorageError::Failed(e));
        let report: Report = serde_json::from_str(&row.report).map_err(|e| damaged(e.to_string()))?;
        let description = report.description.ok_or_else(|| damaged("it was never described".to_owned()))?;
        let name = description.name.to_string();
        if !report.roles.contains(&role) {
            let has = report.roles.iter().map(|r| r.name()).collect::<Vec<_>>().join(" and ");
            return Err(PluginError::OtherRole { name, has, role });
        }
        let denied: Vec<Capability> = report
            .capabilities
            .into_iter()
            .filter(|c| !shop.settings.plugin_capabilities.contains(c))
            .collect();
        if !denied.is_empty() {
            return Err(PluginError::NotAllowed { name, asks: names(&denied) });
        }
        Ok(description)
    }

    async fn check(&self, plugin: &Arc<Plugin>, settings: &str) -> Result<(), PluginError> {
        let name = || plugin.description.name.to_string();
        match self.engine.check_settings(plugin, settings).await {
            Ok(problems) if problems.is_empty() => Ok(()),
            Ok(problems) => Err(PluginError::Settings { name: name(), problems }),
            Err(fault) => Err(PluginError::Failed { name: name(), fault }),
        }
    }

    /// Uses a plugin from now on.
    pub(crate) async fn activate(
        &self,
        shop: &ShopState,
        role: Role,
        by: &str,
        mode: Mode,
        wanted: Wanted,
    ) -> Result<Turned, PluginError> {
        let Ready { source, settings, .. } = self.ready(shop, role, wanted).await?;
        let change = match mode {
            Mode::Live => Change::Live(source, settings),
            Mode::Try(trial) => Change::Try(trial, source, settings),
        };
        self.turn(&shop.id, role, by, change, None).await
    }

    /// Gives the live plugin other settings from now on.
    pub(crate) async fn put_settings(
        &self,
        shop: &ShopState,
        role: Role,
        by: &str,
        settings: Value,
    ) -> Result<Turned, PluginError> {
        let live = &shop.roles.of(role).live.binding.plugin;
        let wanted = Wanted { digest: Digest::new(live.digest), settings: Some(settings) };
        self.activate(shop, role, by, Mode::Live, wanted).await
    }

    /// Makes a change that needs no plugin checked: a roll-back, the end of a trial.
    pub(crate) async fn change(
        &self,
        shop: &ShopState,
        role: Role,
        by: &str,
        change: Change,
    ) -> Result<Turned, PluginError> {
        self.turn(&shop.id, role, by, change, None).await
    }

    async fn turn(
        &self,
        shop: &ShopId,
        role: Role,
        by: &str,
        change: Change,
        why: Option<(&str, AlertKind)>,
    ) -> Result<Turned, PluginError> {
        for _ in 0..TRIES {
            let stored = self.store.rollouts(shop).await?;
            let before = stored.into_iter().find(|(r, _)| *r == role).map(|(_, r)| r).unwrap_or_default();
            let now = now();
            let (after, turned) = before.turn(change.clone(), now)?;
            let turning = Turning {
                shop: shop.clone(),
                role,
                after: after.clone(),
                turn: Turn {
                    at: now,
                    actor: by.to_owned(),
                    reason: why.as_ref().map(|(reason, _)| (*reason).to_owned()),
                    turned: turned.clone(),
                },
                alert: why.as_ref().map(|(reason, kind)| alert(kind.clone(), reason)),
            };
            match self.store.turn(turning).await {
                Ok(()) => {
                    self.shops.apply(shop, role, after).await?;
                    tracing::info!(role = about(shop, role), action = turned.action, "a plugin was changed");
                    return Ok(turned);
                }
                Err(StorageError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PluginError::Contended)
    }

    /// Does what follows from plugins that failed once too often.
    pub(crate) async fn act(&self, shop: &ShopState, trips: Vec<Trip>) {
        for trip in trips {
            let description = &trip.held.binding.plugin.description;
            let plugin = format!("{} {}", description.name, description.version);
            let kind = match trip.change {
                Change::StopCanary(_) => AlertKind::CanaryStopped { role: trip.role, plugin },
                _ => AlertKind::PluginQuarantined { role: trip.role, plugin },
            };
            let why = Some((trip.reason.as_str(), kind));
            match self.turn(&shop.id, trip.role, "shopkeeper", trip.change, why).await {
                Ok(_) => self.wake.ring(shop, &[ALERT]),
                // Somebody changed it already.
                Err(PluginError::NoTurn(NoTurn::Gone)) => {}
                Err(error) => {
                    tracing::error!(role = about(&shop.id, trip.role), %error, "a failing plugin could not be taken away");
                }
            }
        }
    }
}

/// The settings that a plugin is to have where none are given.
fn settings_to_keep(shop: &ShopState, role: Role, plugin: &Plugin) -> String {
    let in_role = shop.roles.of(role);
    let used = in_role.trial.iter().map(|(_, h)| h).chain([&in_role.live]).map(|h| &h.binding);
    let same = used.clone().find(|b| b.plugin.digest == plugin.digest);
    let earlier = used.clone().find(|b| b.plugin.description.name == plugin.description.name);
    let settings = same.or(earlier).map_or(&plugin.description.default_settings, |b| &b.settings);
    settings.to_string()
}

fn alert(kind: AlertKind, reason: &str) -> NewEntry {
    let reason = reason.chars().take(200).collect();
    let alert = Alert { kind, customer: None, account: None, task: None, order: None, reason };
    NewEntry {
        id: OutboxId(Uuid::now_v7()),
        kind: ALERT,
        task: None,
        account: None,
        payload: serde_json::to_string(&Payload::Alert(alert)).expect("a payload is plain data"),
    }
}
