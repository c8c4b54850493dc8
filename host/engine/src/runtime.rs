//! wasmtime, set up so that a call is fresh, bounded, and repeatable.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use shopkeeper_domain::roles::{Moment, Role};
use tokio::sync::Semaphore;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline,
    component::{Component, HasSelf, Linker},
};

use crate::{
    Fault, answers,
    bindings::{
        common::types,
        detection::DetectionPluginPre,
        pricing::{PricingPlugin, PricingPluginPre},
        wording::WordingPluginPre,
    },
    fault::OverDeadline,
    host::{Call, LogLine},
    plugin::{Description, Problem, World},
    wasi,
};

/// How often the clock of deadlines ticks.
const TICK: Duration = Duration::from_millis(5);
/// A plugin's own stack.
const STACK: usize = 512 << 10;
/// Memory that stays with a slot of the pool between calls, so that it need not be asked for again.
const KEEP_RESIDENT: usize = 2 << 20;
/// Core instances that one component may hold: Python's and JavaScript's hold many.
const INSTANCES: u32 = 64;
/// Memories that one component may hold.
const MEMORIES: u32 = 4;
/// Tables that one component may hold.
const TABLES: u32 = 8;
/// How much longer a metered call may take: counting costs time, and nobody waits for it.
const METERED: u32 = 4;

/// What a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long.
    pub deadline: Duration,
    /// What its memories and tables may hold together, in bytes.
    pub memory_bytes: usize,
    /// What it may return and log, in bytes.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_millis(50), memory_bytes: 64 << 20, output_bytes: 1 << 20 }
    }
}

/// What a call took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// From asking for an instance to having its answer.
    pub took: Duration,
    /// What its memories and tables held together, in bytes.
    pub memory_bytes: usize,
    /// Instructions, as wasmtime's fuel counts them: the same for the same call on every machine. Only where the call
    /// was metered.
    pub instructions: Option<u64>,
}

/// How calls are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For customers: so many at a time, from a pool.
    Live { calls: u32 },
    /// For tools: instructions are counted.
    Metered,
}

/// One way of running plugins.
pub(crate) struct Runtime {
    pub(crate) wasmtime: wasmtime::Engine,
    linker: Linker<Call>,
    limits: Limits,
    slots: Semaphore,
    metered: bool,
}

/// What came back from a call.
pub(crate) struct Ran<T> {
    pub(crate) answer: Result<T, Fault>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) cost: Cost,
}

impl<T> Ran<T> {
    pub(crate) fn and_then<U>(self, check: impl FnOnce(T) -> Result<U, Fault>) -> Ran<U> {
        Ran { answer: self.answer.and_then(check), log: self.log, cost: self.cost }
    }

    pub(crate) fn fault(fault: Fault) -> Self {
        Self { answer: Err(fault), log: Vec::new(), cost: Cost::default() }
    }
}

/// An answer of a role's function: what it returns, or its refusal.
pub(crate) type Returned<T> = Ran<Result<T, types::Refusal>>;

impl Runtime {
    pub(crate) fn new(kind: Kind, limits: Limits) -> wasmtime::Result<Self> {
        let wasmtime = wasmtime::Engine::new(&settings(kind, &limits))?;
        start_clock(&wasmtime)?;
        let mut linker = Linker::new(&wasmtime);
        PricingPlugin::add_to_linker::<_, HasSelf<Call>>(&mut linker, |call| call)?;
        wasi::add_to_linker(&mut linker)?;
        let metered = kind == Kind::Metered;
        let slots = Semaphore::new(match kind {
            Kind::Live { calls } => calls as usize,
            Kind::Metered => thread::available_parallelism().map_or(1, usize::from),
        });
        let deadline = limits.deadline.saturating_mul(if metered { METERED } else { 1 });
        Ok(Self { wasmtime, linker, limits: Limits { deadline, ..limits }, slots, metered })
    }

    /// Compiles. Blocks, for seconds where the component is large.
    pub(crate) fn compile(&self, wasm: &[u8]) -> wasmtime::Result<Vec<u8>> {
        self.wasmtime.precompile_component(wasm)
    }

    /// Code that was compiled by this process a moment ago.
    pub(crate) fn fresh(&self, code: &[u8]) -> wasmtime::Result<Component> {
        crate::cache::deserialize(&self.wasmtime, code)
    }

    /// The component linked and type-checked against the role's world.
    pub(crate) fn world(&self, role: Role, component: &Component) -> wasmtime::Result<World> {
        let pre = self.linker.instantiate_pre(component)?;
        match role {
            Role::Pricing => PricingPluginPre::new(pre).map(World::Pricing),
            Role::Detection => DetectionPluginPre::new(pre).map(World::Detection),
            Role::Wording => WordingPluginPre::new(pre).map(World::Wording),
        }
    }

    /// One fresh instance, bounded in time, memory and output; gone afterwards.
    pub(crate) async fn run<T>(
        &self,
        settings: Arc<str>,
        now: Moment,
        call: impl AsyncFnOnce(&mut Store<Call>) -> wasmtime::Result<T>,
    ) -> Ran<T> {
        let started = Instant::now();
        let _slot = self.slots.acquire().await.expect("the semaphore is never closed");
        let limits = &self.limits;
        let ticks = u32::try_from(limits.deadline.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX).max(1);
        let mut store = Store::new(&self.wasmtime, Call::new(settings, now, limits.memory_bytes, ticks));
        store.limiter(|call| &mut call.limits);
        store.set_hostcall_fuel(limits.output_bytes);
        store.set_epoch_deadline(1);
        // Ticks are counted while the plugin runs, so that a busy machine is not held against it.
        store.epoch_deadline_callback(|mut store| {
            let call = store.data_mut();
            call.ticks = call.ticks.checked_sub(1).ok_or(OverDeadline)?;
            Ok(UpdateDeadline::Yield(1))
        });
        if self.metered {
            store.set_fuel(u64::MAX).expect("this engine meters");
        }
        // The clock above stops the guest; this one stops whatever else might hang.
        let limit = limits.deadline.saturating_mul(20);
        let answer = match tokio::time::timeout(limit, call(&mut store)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Fault::of(&error)),
            Err(_) => Err(Fault::Deadline),
        };
        let instructions =
            if self.metered { store.get_fuel().ok().map(|left| u64::MAX - left) } else { None };
        let call = store.into_data();
        let memory_bytes = limits.memory_bytes - call.limits.left;
        Ran {
            answer,
            cost: Cost { took: started.elapsed(), memory_bytes, instructions },
            log: call.into_log(),
        }
    }

    /// Asks a component who it is.
    pub(crate) async fn describe(&self, world: &World) -> Ran<Description> {
        macro_rules! describe {
            ($pre:ident) => {{
                let call = async |store: &mut Store<Call>| {
                    let world = $pre.instantiate_async(&mut *store).await?;
                    let said = world.shopkeeper_common_lifecycle().call_describe(store).await?;
                    Ok(Description {
                        name: said.name.into(),
                        version: said.version.into(),
                        summary: said.summary,
                        settings_schema: said.settings_schema,
                        default_settings: said.default_settings.into(),
                    })
                };
                self.run("{}".into(), Moment::default(), call).await
            }};
        }
        let said = match world {
            World::Pricing(pre) => describe!(pre),
            World::Detection(pre) => describe!(pre),
            World::Wording(pre) => describe!(pre),
        };
        said.and_then(|said| match answers::description_problem(&said) {
            Some(problem) => Err(Fault::BadAnswer(problem)),
            None => Ok(said),
        })
    }

    /// What a component says of settings; empty where they suit it.
    pub(crate) async fn check_settings(&self, world: &World, settings: &str) -> Ran<Vec<Problem>> {
        macro_rules! check {
            ($pre:ident) => {{
                let call = async |store: &mut Store<Call>| {
                    let world = $pre.instantiate_async(&mut *store).await?;
                    let said =
                        world.shopkeeper_common_lifecycle().call_check_settings(store, settings).await?;
                    let problems = said.err().unwrap_or_default().into_iter();
                    Ok(problems.map(|p| Problem::said(&p.pointer, &p.message)).collect())
                };
                self.run(settings.into(), Moment::default(), call).await
            }};
        }
        match world {
            World::Pricing(pre) => check!(pre),
            World::Detection(pre) => check!(pre),
            World::Wording(pre) => check!(pre),
        }
    }
}

fn settings(kind: Kind, limits: &Limits) -> Config {
    let mut settings = Config::new();
    settings
        .epoch_interruption(true)
        .consume_fuel(kind == Kind::Metered)
        .max_wasm_stack(STACK)
        .async_stack_size(STACK * 2)
        // The same input gives the same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false);
    if let Kind::Live { calls } = kind {
        settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(calls, limits)));
    }
    settings
}

fn pool(calls: u32, limits: &Limits) -> PoolingAllocationConfig {
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
        .max_memory_size(limits.memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .max_unused_warm_slots(calls)
        .pagemap_scan(Enabled::Auto);
    pool
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
pub(crate) fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime without I/O needs nothing from the machine").block_on(future)
        };
        // A thread of its own: the caller's may belong to a runtime, in which blocking is refused.
        scope.spawn(run).join().expect("the call does not panic")
    })
}
