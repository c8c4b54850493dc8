//! The last recorded calls once more, under another plugin or other settings: what would have been different?

use shopkeeper_domain::{roles::Role, rollout::Digest};
use shopkeeper_engine::{Asked, Binding, Heard, Shown};
use shopkeeper_storage::{CallFilter, CallMode};
use tokio::time::{Duration, Instant};

use super::{PluginError, Plugins, changes::Wanted, shadow::same};
use crate::shops::ShopState;

/// How long a replay may take.
const TIME: Duration = Duration::from_secs(20);
/// How many calls are read from the journal at a time.
const PAGE: u32 = 200;

/// A recorded call that would be answered otherwise.
pub(crate) struct Different {
    pub(crate) function: String,
    pub(crate) input: String,
    /// What was answered; none where the plugin of that time failed.
    pub(crate) old: Option<String>,
    /// What would be answered; or the fault.
    pub(crate) new: Result<String, String>,
}

/// What a replay found.
pub(crate) struct Replayed {
    pub(crate) name: String,
    pub(crate) digest: Digest,
    /// Recorded calls that were asked again.
    pub(crate) calls: u64,
    pub(crate) same: u64,
    pub(crate) different: Vec<Different>,
    pub(crate) faults: Vec<Different>,
    /// Of each call, sorted.
    pub(crate) instructions: Vec<u64>,
    /// Whether its time was over before it was through.
    pub(crate) cut: bool,
}

impl Plugins {
    /// Asks a plugin one thing, counting instructions; records nothing.
    pub(crate) async fn try_out(
        &self,
        shop: &ShopState,
        role: Role,
        wanted: Option<Wanted>,
        asked: &Asked,
    ) -> Result<(Binding, Heard), PluginError> {
        let binding = self.candidate(shop, role, wanted).await?;
        let heard = self.engine.measure(&binding, asked, Shown::Plain).await;
        self.metrics.measured(role, asked.function(), &binding, &heard);
        Ok((binding, heard))
    }

    /// What is wanted, as a binding that nobody else sees; the live one where nothing is.
    async fn candidate(
        &self,
        shop: &ShopState,
        role: Role,
        wanted: Option<Wanted>,
    ) -> Result<Binding, PluginError> {
        let Some(wanted) = wanted else { return Ok(Binding::clone(&shop.roles.of(role).live.binding)) };
        let ready = self.ready(shop, role, wanted).await?;
        let settings = match ready.settings {
            Some(settings) => settings.into(),
            None => ready.plugin.description.default_settings.clone(),
        };
        Ok(Binding { plugin: ready.plugin, settings, revision: 0 })
    }

    /// Asks the last recorded calls again.
    pub(crate) async fn replay(
        &self,
        shop: &ShopState,
        role: Role,
        wanted: Wanted,
        last: u32,
    ) -> Result<Replayed, PluginError> {
        let digest = wanted.digest;
        let binding = self.candidate(shop, role, Some(wanted)).await?;
        let mut found = Replayed {
            name: binding.plugin.description.name.to_string(),
            digest,
            calls: 0,
            same: 0,
            different: Vec::new(),
            faults: Vec::new(),
            instructions: Vec::new(),
            cut: false,
        };
        let until = Instant::now() + TIME;
        let (mut before, mut left) = (None, last);
        while left > 0 {
            let filter = CallFilter { role, mode: None, logged: false, before, limit: PAGE };
            let page = self.store.calls(&shop.id, filter).await?;
            for (_, call) in &page.rows {
                // What answered customers, not what stood in for it or ran beside it.
                if left == 0 || !matches!(call.mode, CallMode::Live | CallMode::Canary) {
                    continue;
                }
                if Instant::now() > until {
                    found.cut = true;
                    return Ok(found.sorted());
                }
                let bounds = shop.settings.bounds();
                // What an older host wrote differently, or what was too long to keep, can't be asked again.
                let Ok(asked) = Asked::recorded(role, &call.function, &call.input, bounds) else { continue };
                left -= 1;
                let heard = self.engine.measure(&binding, &asked, Shown::Masked).await;
                found.take(&call.function, &call.input, call.output.clone(), heard);
            }
            before = page.rows.last().map(|(seq, _)| *seq);
            if !page.more {
                break;
            }
        }
        Ok(found.sorted())
    }
}

impl Replayed {
    fn take(&mut self, function: &str, input: &str, old: Option<String>, heard: Heard) {
        self.calls += 1;
        self.instructions.extend(heard.cost.instructions);
        let new = heard.output.map_err(|fault| fault.to_string());
        if let (Some(old), Ok(new)) = (&old, &new)
            && same(old, new)
        {
            self.same += 1;
            return;
        }
        let list = if new.is_ok() { &mut self.different } else { &mut self.faults };
        list.push(Different { function: function.to_owned(), input: input.to_owned(), old, new });
    }

    fn sorted(mut self) -> Self {
        self.instructions.sort_unstable();
        self
    }
}
