//! The plugin host: who can be asked, and what is in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak, atomic::Ordering},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use shopkeeper_domain::roles::Role;

use crate::{
    Description, Fault, Library, LoadError, Problem, Report, examine,
    plugin::{Binding, Code, Plugin, World},
    runtime::{Kind, Limits, Runtime, block_on},
};

/// The plugins that are embedded.
const BUILT_IN: [(Role, &[u8]); 3] = [
    (Role::Pricing, include_bytes!(env!("SHOPKEEPER_PRICE_TABLE"))),
    (Role::Detection, include_bytes!(env!("SHOPKEEPER_KEYWORD_DETECTION"))),
    (Role::Wording, include_bytes!(env!("SHOPKEEPER_REPLY_TEMPLATES"))),
];

/// What the engine may take.
#[derive(Clone)]
pub struct EngineConfig {
    /// Where components and compiled code are kept; where there is none, only what is embedded and what is loaded
    /// from memory can be asked.
    pub library: Option<Library>,
    /// What one call may take.
    pub limits: Limits,
    /// Calls at the same time; one more waits.
    pub concurrent_calls: u32,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { library: None, limits: Limits::default(), concurrent_calls: 32 }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime can't be set up so on this machine.
    #[error("the plugin engine can't be set up on this machine: {0}")]
    Setup(String),
    /// An embedded plugin does not load: this program was built wrongly.
    #[error("the built-in {role} plugin does not load: {error}")]
    BuiltIn {
        /// Which.
        role: Role,
        /// Why.
        error: LoadError,
    },
}

/// A plugin's name in the house: role and digest.
type Who = (Role, [u8; 32]);

struct Inner {
    live: Runtime,
    metered: Runtime,
    library: Option<Library>,
    limits: Limits,
    started: Instant,
    /// Everyone who was asked for and is still held by somebody: shops with the same plugin share it.
    known: Mutex<HashMap<Who, Weak<Plugin>>>,
    /// One component is examined at a time: compiling takes all cores.
    examining: Mutex<()>,
}

/// The plugin host. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    built_in: Arc<[Arc<Binding>; 3]>,
}

/// Which way of running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Live,
    Metered,
}

impl Engine {
    /// Sets wasmtime up and loads the built-in plugins. Blocks; quick where their compiled code is cached.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let setup = |e: wasmtime::Error| EngineError::Setup(examine::chain(&e));
        let kind = Kind::Live { calls: config.concurrent_calls };
        let inner = Inner {
            live: Runtime::new(kind, config.limits).map_err(setup)?,
            metered: Runtime::new(Kind::Metered, config.limits).map_err(setup)?,
            library: config.library,
            limits: config.limits,
            started: Instant::now(),
            known: Mutex::default(),
            examining: Mutex::default(),
        };
        let built_in = BUILT_IN.map(|(role, wasm)| {
            let plugin = inner.load(role, wasm).map_err(|error| EngineError::BuiltIn { role, error })?;
            let settings = plugin.description.default_settings.clone();
            Ok::<_, EngineError>(Arc::new(Binding { plugin, settings, revision: 0 }))
        });
        let [pricing, detection, wording] = built_in;
        let built_in = Arc::new([pricing?, detection?, wording?]);
        Ok(Self { inner: Arc::new(inner), built_in })
    }

    /// The built-in plugin of a role, with its default settings.
    pub fn builtin(&self, role: Role) -> &Arc<Binding> {
        match role {
            Role::Pricing => &self.built_in[0],
            Role::Detection => &self.built_in[1],
            Role::Wording => &self.built_in[2],
        }
    }

    /// What one live call may take.
    pub fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// Compiles and loads a component from memory as a plugin of this role, in this process: for components that are
    /// trusted. Blocks, for seconds where it is large.
    pub fn load(&self, role: Role, wasm: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        self.inner.load(role, wasm)
    }

    /// Examines a component, and keeps it where it is taken. Blocks, for seconds where it is large.
    pub fn examine(&self, wasm: &[u8]) -> Result<Report, LoadError> {
        let inner = &self.inner;
        let _turn = inner.examining.lock().unwrap_or_else(PoisonError::into_inner);
        inner.library()?.examine(&inner.live, &inner.metered, inner.limits, wasm)
    }

    /// A plugin that was kept. Its code is loaded when it is first asked.
    pub fn plugin(&self, role: Role, digest: [u8; 32], description: &Description) -> Arc<Plugin> {
        let mut known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = known.get(&(role, digest)).and_then(Weak::upgrade) {
            return plugin;
        }
        known.retain(|_, plugin| plugin.strong_count() > 0);
        let (live, metered) = (Code::default(), Code::default());
        let plugin = Arc::new(Plugin { role, digest, description: description.clone(), live, metered });
        known.insert((role, digest), Arc::downgrade(&plugin));
        plugin
    }

    /// Loads a plugin's code ahead of its first call.
    pub async fn warm(&self, plugin: &Arc<Plugin>) -> Result<(), Fault> {
        self.world(plugin, Way::Live).await.map(drop)
    }

    /// Lets go of the code of plugins that were not asked for so long; returns of how many. The next call loads it
    /// again, calls under way end on what they have.
    pub fn unload_idle(&self, idle: Duration) -> usize {
        let since = self.clock().saturating_sub(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        let unload = |plugin: Arc<Plugin>| [plugin.live.unload(since), plugin.metered.unload(since)];
        known.values().filter_map(Weak::upgrade).flat_map(unload).filter(|gone| *gone).count()
    }

    /// How many plugins' code is in memory, the built-in ones not counted.
    pub fn loaded(&self) -> usize {
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().filter_map(Weak::upgrade).filter(|p| p.is_loaded()).count()
    }

    /// What a plugin says of settings; empty where they suit it.
    pub async fn check_settings(&self, plugin: &Arc<Plugin>, settings: &str) -> Result<Vec<Problem>, Fault> {
        let world = self.world(plugin, Way::Live).await?;
        self.runtime(Way::Live).check_settings(&world, settings).await.answer
    }

    pub(crate) fn runtime(&self, way: Way) -> &Runtime {
        match way {
            Way::Live => &self.inner.live,
            Way::Metered => &self.inner.metered,
        }
    }

    /// Milliseconds since the start, in whole seconds' worth: what `used` is told in.
    fn clock(&self) -> u64 {
        u64::try_from(self.inner.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The plugin's code, loaded where it is not in memory.
    pub(crate) async fn world(&self, plugin: &Arc<Plugin>, way: Way) -> Result<Arc<World>, Fault> {
        let code = match way {
            Way::Live => &plugin.live,
            Way::Metered => &plugin.metered,
        };
        if code.pinned
            && let Some(world) = code.world.load_full()
        {
            return Ok(world);
        }
        // Told in seconds, so that busy callers do not write to it in turn.
        let now = self.clock() / 1000 * 1000;
        if code.used.load(Ordering::Relaxed) != now {
            code.used.store(now, Ordering::Relaxed);
        }
        if let Some(world) = code.world.load_full() {
            return Ok(world);
        }
        let _turn = code.loading.lock().await;
        if let Some(world) = code.world.load_full() {
            return Ok(world);
        }
        let (inner, plugin) = (self.inner.clone(), plugin.clone());
        let load = move || inner.world(&plugin, way);
        let loaded =
            tokio::task::spawn_blocking(load).await.map_err(|e| Fault::Unavailable(e.to_string()))?;
        let world = Arc::new(loaded.map_err(|e| Fault::Unavailable(e.to_string()))?);
        code.world.store(Some(world.clone()));
        Ok(world)
    }
}

impl Inner {
    fn library(&self) -> Result<&Library, LoadError> {
        self.library.as_ref().ok_or_else(|| LoadError::Compiler("this engine keeps no components".to_owned()))
    }

    fn load(&self, role: Role, wasm: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        let problems = match crate::contract::Contract::read(wasm) {
            Ok(contract) => contract.problems(Some(role)),
            Err(problem) => vec![problem],
        };
        if !problems.is_empty() {
            return Err(LoadError::Refused(problems));
        }
        let digest: [u8; 32] = Sha256::digest(wasm).into();
        let live = self.world_of(&self.live, role, &digest, wasm)?;
        let described = block_on(self.live.describe(&live)).answer;
        let description = described.map_err(|f| LoadError::Refused(vec![examine::at_describe(&f)]))?;
        // Compiled for metering when it is first metered: the built-in plugins of a running service hardly ever are.
        let metered = Code::default();
        Ok(Arc::new(Plugin { role, digest, description, live: Code::pinned(live), metered }))
    }

    fn world_of(
        &self,
        runtime: &Runtime,
        role: Role,
        digest: &[u8; 32],
        wasm: &[u8],
    ) -> Result<World, LoadError> {
        let refused = |e: wasmtime::Error| {
            let what = format!("does not fit its world: {}", examine::chain(&e));
            LoadError::Refused(vec![examine::Finding::new(what, "see wit/README.md")])
        };
        let cache = self.library.as_ref().map(|l| &l.cache);
        let cached = cache.and_then(|c| c.load(&runtime.wasmtime, digest));
        let component = match cached {
            Some(component) => component,
            None => {
                let code = runtime.compile(wasm).map_err(refused)?;
                if let Some(cache) = cache {
                    cache.store(&runtime.wasmtime, digest, &code);
                }
                runtime.fresh(&code).map_err(refused)?
            }
        };
        runtime.world(role, &component).map_err(refused)
    }

    /// Loads a plugin's code. Blocks.
    fn world(&self, plugin: &Plugin, way: Way) -> Result<World, LoadError> {
        let runtime = match way {
            Way::Live => &self.live,
            Way::Metered => &self.metered,
        };
        if let Some((role, wasm)) = BUILT_IN.iter().find(|(role, _)| *role == plugin.role)
            && plugin.digest == <[u8; 32]>::from(Sha256::digest(wasm))
        {
            return self.world_of(runtime, *role, &plugin.digest, wasm);
        }
        let component =
            self.library()?.component(&self.live, &self.metered, self.limits, runtime, &plugin.digest)?;
        let refused = |e: wasmtime::Error| {
            LoadError::Refused(vec![examine::Finding::new(examine::chain(&e), "upload it again")])
        };
        runtime.world(plugin.role, &component).map_err(refused)
    }
}
