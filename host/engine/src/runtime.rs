//! wasmtime, set up so that a call is fresh, bounded, and repeatable.

use std::{sync::Arc, thread, time::Duration};

use sha2::{Digest, Sha256};
use shopkeeper_domain::roles::Role;
use tokio::sync::Semaphore;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline,
    component::{Component, HasSelf, Linker},
};

use crate::{
    CodeCache, Fault, answers,
    bindings::{
        common::types,
        detection::DetectionPluginPre,
        pricing::{PricingPlugin, PricingPluginPre},
        wording::WordingPluginPre,
    },
    contract,
    fault::OverDeadline,
    host::{Call, LogLine},
    plugin::{Binding, Description, LoadError, Plugin, Problem, World},
};

/// How often the clock of deadlines ticks.
const TICK: Duration = Duration::from_millis(5);
/// A plugin's own stack.
const STACK: usize = 512 << 10;
/// Memory that stays with a slot of the pool between calls, so that it need not be asked for again.
const KEEP_RESIDENT: usize = 2 << 20;
/// Core instances that one component may hold: Python's and JavaScript's hold many.
const INSTANCES: u32 = 32;
/// Memories that one component may hold.
const MEMORIES: u32 = 4;
/// Tables that one component may hold.
const TABLES: u32 = 8;

/// The plugins that are embedded.
const BUILT_IN: [(Role, &[u8]); 3] = [
    (Role::Pricing, include_bytes!(env!("SHOPKEEPER_PRICE_TABLE"))),
    (Role::Detection, include_bytes!(env!("SHOPKEEPER_KEYWORD_DETECTION"))),
    (Role::Wording, include_bytes!(env!("SHOPKEEPER_REPLY_TEMPLATES"))),
];

/// What the engine may take.
#[derive(Clone)]
pub struct EngineConfig {
    /// Where compiled code is kept; nowhere where none.
    pub cache: Option<CodeCache>,
    /// How long a call may take.
    pub deadline: Duration,
    /// What a call's memories and tables may hold together, in bytes.
    pub memory_bytes: usize,
    /// What a call may return and log, in bytes.
    pub output_bytes: usize,
    /// Calls at the same time; one more waits.
    pub concurrent_calls: u32,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache: None,
            deadline: Duration::from_millis(50),
            memory_bytes: 64 << 20,
            output_bytes: 1 << 20,
            concurrent_calls: 32,
        }
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

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<Call>,
    config: EngineConfig,
    slots: Semaphore,
}

/// The plugin host. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    built_in: Arc<[Arc<Binding>; 3]>,
}

/// What came back from a call.
pub(crate) struct Returned<T> {
    pub(crate) answer: Result<Result<T, types::Refusal>, Fault>,
    pub(crate) log: Vec<LogLine>,
}

impl<T> Returned<T> {
    pub(crate) fn fault(fault: Fault) -> Self {
        Self { answer: Err(fault), log: Vec::new() }
    }
}

impl Engine {
    /// Sets wasmtime up and loads the built-in plugins. Blocks; quick where their compiled code is cached.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let setup = |e: wasmtime::Error| EngineError::Setup(e.to_string());
        let wasmtime = wasmtime::Engine::new(&settings(&config)).map_err(setup)?;
        start_clock(&wasmtime).map_err(|e| EngineError::Setup(e.to_string()))?;
        let mut linker = Linker::new(&wasmtime);
        PricingPlugin::add_to_linker::<_, HasSelf<Call>>(&mut linker, |call| call).map_err(setup)?;
        let slots = Semaphore::new(config.concurrent_calls as usize);
        let inner = Inner { wasmtime, linker, config, slots };
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

    /// Loads a component as a plugin of this role. Blocks, for seconds where it must be compiled.
    pub fn load(&self, role: Role, wasm: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        self.inner.load(role, wasm)
    }

    /// What a plugin says of settings; empty where they suit it.
    pub async fn check_settings(&self, plugin: &Plugin, settings: &str) -> Result<Vec<Problem>, Fault> {
        self.inner.check_settings(plugin, settings).await
    }

    /// Runs one call in a fresh instance.
    pub(crate) async fn run<T>(
        &self,
        settings: &Arc<str>,
        call: impl AsyncFnOnce(&mut Store<Call>) -> wasmtime::Result<Result<T, types::Refusal>>,
    ) -> Returned<T> {
        let (answer, log) = self.inner.run(settings.clone(), call).await;
        Returned { answer, log }
    }
}

impl Inner {
    fn load(&self, role: Role, wasm: &[u8]) -> Result<Arc<Plugin>, LoadError> {
        let problems = contract::problems(role, wasm);
        if !problems.is_empty() {
            return Err(LoadError::Refused(problems));
        }
        let refused = |e: wasmtime::Error| LoadError::Refused(vec![plain_words(&e)]);
        let digest: [u8; 32] = Sha256::digest(wasm).into();
        let component = self.compile(&digest, wasm).map_err(refused)?;
        let pre = self.linker.instantiate_pre(&component).map_err(refused)?;
        let world = match role {
            Role::Pricing => PricingPluginPre::new(pre).map(World::Pricing),
            Role::Detection => DetectionPluginPre::new(pre).map(World::Detection),
            Role::Wording => WordingPluginPre::new(pre).map(World::Wording),
        };
        let world = world.map_err(refused)?;
        let description = block_on(self.describe(&world)).map_err(LoadError::Describe)?;
        Ok(Arc::new(Plugin { role, digest, description, world }))
    }

    fn compile(&self, digest: &[u8; 32], wasm: &[u8]) -> wasmtime::Result<Component> {
        if let Some(cache) = &self.config.cache {
            if let Some(component) = cache.load(&self.wasmtime, digest) {
                return Ok(component);
            }
            let component = Component::from_binary(&self.wasmtime, wasm)?;
            cache.store(&self.wasmtime, digest, &component);
            return Ok(component);
        }
        Component::from_binary(&self.wasmtime, wasm)
    }

    /// One fresh instance, bounded in time, memory and output; gone afterwards.
    async fn run<T>(
        &self,
        settings: Arc<str>,
        call: impl AsyncFnOnce(&mut Store<Call>) -> wasmtime::Result<T>,
    ) -> (Result<T, Fault>, Vec<LogLine>) {
        let _slot = self.slots.acquire().await.expect("the semaphore is never closed");
        let ticks =
            u32::try_from(self.config.deadline.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX).max(1);
        let mut store = Store::new(&self.wasmtime, Call::new(settings, self.config.memory_bytes, ticks));
        store.limiter(|call| &mut call.limits);
        store.set_hostcall_fuel(self.config.output_bytes);
        store.set_epoch_deadline(1);
        // Ticks are counted while the plugin runs, so that a busy machine is not held against it.
        store.epoch_deadline_callback(|mut store| {
            let call = store.data_mut();
            call.ticks = call.ticks.checked_sub(1).ok_or(OverDeadline)?;
            Ok(UpdateDeadline::Yield(1))
        });
        // The clock above stops the guest; this one stops whatever else might hang.
        let limit = self.config.deadline.saturating_mul(20);
        let result = match tokio::time::timeout(limit, call(&mut store)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Fault::of(&error)),
            Err(_) => Err(Fault::Deadline),
        };
        (result, store.into_data().log)
    }

    async fn describe(&self, world: &World) -> Result<Description, Fault> {
        macro_rules! describe {
            ($pre:ident) => {{
                let call = async |store: &mut Store<Call>| {
                    let world = $pre.instantiate_async(&mut *store).await?;
                    world.shopkeeper_common_lifecycle().call_describe(store).await
                };
                let said = self.run("{}".into(), call).await.0?;
                (said.name, said.version, said.summary, said.settings_schema, said.default_settings)
            }};
        }
        let (name, version, summary, settings_schema, default_settings) = match world {
            World::Pricing(pre) => describe!(pre),
            World::Detection(pre) => describe!(pre),
            World::Wording(pre) => describe!(pre),
        };
        let description = Description {
            name: name.into(),
            version: version.into(),
            summary,
            settings_schema,
            default_settings: default_settings.into(),
        };
        match answers::description_problem(&description) {
            Some(problem) => Err(Fault::BadAnswer(problem)),
            None => Ok(description),
        }
    }

    async fn check_settings(&self, plugin: &Plugin, settings: &str) -> Result<Vec<Problem>, Fault> {
        macro_rules! check {
            ($pre:ident) => {{
                let call = async |store: &mut Store<Call>| {
                    let world = $pre.instantiate_async(&mut *store).await?;
                    world.shopkeeper_common_lifecycle().call_check_settings(store, settings).await
                };
                let said = self.run(settings.into(), call).await.0?;
                let problems = said.err().unwrap_or_default();
                problems.into_iter().map(|p| Problem { pointer: p.pointer, message: p.message }).collect()
            }};
        }
        Ok(match &plugin.world {
            World::Pricing(pre) => check!(pre),
            World::Detection(pre) => check!(pre),
            World::Wording(pre) => check!(pre),
        })
    }
}

/// The innermost reason: that is where wasmtime says what does not fit.
fn plain_words(error: &wasmtime::Error) -> String {
    let words: Vec<String> = error.chain().map(ToString::to_string).collect();
    format!("does not fit its world: {}", words.join(": "))
}

fn settings(config: &EngineConfig) -> Config {
    let calls = config.concurrent_calls;
    let mut pool = PoolingAllocationConfig::new();
    // Totals are calls times what one component may hold: whoever gets past the semaphore finds a place, and
    // a full pool is never taken for a plugin's fault.
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(INSTANCES))
        .total_memories(calls.saturating_mul(MEMORIES))
        .total_tables(calls.saturating_mul(TABLES))
        .total_stacks(calls)
        .max_core_instances_per_component(INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .max_memory_size(config.memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(calls)
        .pagemap_scan(Enabled::Auto);
    let mut settings = Config::new();
    settings
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .async_stack_size(STACK * 2)
        // The same input gives the same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false);
    settings
}

/// Ticks as long as the engine lives.
fn start_clock(engine: &wasmtime::Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("plugin-clock".to_owned()).spawn(tick).map(drop)
}

/// Runs a call to its end on this thread: for loading, which blocks anyway.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime without I/O needs nothing from the machine").block_on(future)
        };
        // A thread of its own: the caller's may belong to a runtime, in which blocking is refused.
        scope.spawn(run).join().expect("the call does not panic")
    })
}
