//! What one call of a plugin costs: medians over batches, each line one figure as JSON.
//!
//! The floor is wasmtime's own: a store, an instance, a call and a drop of an empty component, in an engine set up
//! the same way. Everything above it is the plugin and this host.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use shopkeeper_domain::{
    Currency,
    roles::{
        CustomerNumbers, Moment, Role,
        detection::MessageView,
        pricing::{Picture, QuoteRequest},
        wording::{Key, Situation},
    },
};
use shopkeeper_engine::{Binding, Engine, EngineConfig, PriceBounds};
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, InstancePre, Linker},
};

/// Every series takes its turn in each round, so that what else the machine does touches them all alike.
const ROUNDS: usize = 150;
const CALLS: u32 = 100;

/// One figure: the means of its batches, in microseconds.
struct Series {
    name: &'static str,
    goal: &'static str,
    batches: Vec<f64>,
}

impl Series {
    const fn new(name: &'static str, goal: &'static str) -> Self {
        Self { name, goal, batches: Vec::new() }
    }

    async fn batch(&mut self, mut call: impl AsyncFnMut()) {
        let started = Instant::now();
        for _ in 0..CALLS {
            call().await;
        }
        self.batches.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
    }

    fn median(&mut self) -> f64 {
        self.batches.sort_by(f64::total_cmp);
        self.batches[self.batches.len() / 2]
    }

    /// Prints the median.
    fn print(mut self) {
        let (name, goal, median) = (self.name, self.goal, self.median());
        println!(
            "{{\"name\":\"{name}\",\"figure\":\"{median:.2} µs\",\"value\":{median},\"goal\":\"{goal}\"}}"
        );
    }
}

/// wasmtime's own engine with an empty component.
fn empty() -> (wasmtime::Engine, InstancePre<()>) {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(32).linear_memory_keep_resident(2 << 20).pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .concurrency_support(false);
    let engine = wasmtime::Engine::new(&config).expect("an engine");
    let empty = r#"(component
        (core module $m (memory 1) (func (export "f")))
        (core instance $i (instantiate $m))
        (func (export "f") (canon lift (core func $i "f"))))"#;
    let component = Component::new(&engine, wat::parse_str(empty).expect("it parses")).expect("it compiles");
    let pre = Linker::<()>::new(&engine).instantiate_pre(&component).expect("it links");
    (engine, pre)
}

async fn call_empty(engine: &wasmtime::Engine, pre: &InstancePre<()>) {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(1_000_000);
    let instance = pre.instantiate_async(&mut store).await.expect("an instance");
    let function = instance.get_typed_func::<(), ()>(&mut store, "f").expect("the function");
    function.call_async(&mut store, ()).await.expect("a call");
}

/// An example plugin, as `cargo xtask bench` has built it.
fn example(engine: &Engine, role: Role, name: &str) -> Binding {
    let path = format!("{}/../../plugins/examples/{name}/plugin.wasm", env!("CARGO_MANIFEST_DIR"));
    let wasm = std::fs::read(&path).expect("built: `cargo xtask bench` does it");
    let plugin = engine.load(role, &wasm).expect("it loads");
    let settings = plugin.description.default_settings.clone();
    Binding { plugin, settings, revision: 1 }
}

async fn run() {
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let rust = example(&engine, Role::Pricing, "sale-calendar");
    let python = example(&engine, Role::Pricing, "customer-discounts");
    let javascript = example(&engine, Role::Wording, "playful-wording");
    let now = Moment { unix_milliseconds: 1_700_000_000_000, utc_offset_minutes: 480 };
    let picture = Picture {
        complexity: "normal".into(),
        operations: vec!["enhance".parse().expect("a name")],
        aspect_ratio: "1:1".into(),
        perspective: "no".into(),
        process: String::new(),
        subject: String::new(),
        quality: String::new(),
        attributes: Vec::new(),
    };
    let request = QuoteRequest {
        pictures: vec![picture],
        customer: CustomerNumbers::default(),
        now,
        attributes: Vec::new(),
    };
    let bounds = PriceBounds { currency: Currency::CNY, floor: None, ceiling: None };
    let message = MessageView {
        text: "颜色不对，头发要黑色".into(),
        images: 0,
        phase: "awaiting-confirm".into(),
        addresses: 0,
        customer: CustomerNumbers::default(),
        now,
        attributes: Vec::new(),
    };
    let situation = Situation {
        key: Key::AskAddress,
        slots: Vec::new(),
        customer: CustomerNumbers::default(),
        now,
        bucket: 7,
        locale: "zh-CN".into(),
    };
    let (empty_engine, empty) = empty();
    let pricing = engine.builtin(Role::Pricing);
    // The same price list with another minimum: these settings are read in every call.
    let settings = pricing.settings.replacen('{', r#"{"minimum":100,"#, 1).into();
    let own_prices = Binding { plugin: pricing.plugin.clone(), settings, revision: 1 };
    let (detection, wording) = (engine.builtin(Role::Detection), engine.builtin(Role::Wording));

    let mut floor = Series::new("floor: wasmtime's fresh call of an empty component", "");
    let mut price = Series::new("price-table: fresh, isolated call", "≤ 10 µs");
    let mut own = Series::new("price-table: the same with a shop's own settings", "");
    let mut whole = Series::new("price-table: with checks and journal", "");
    let mut read = Series::new("keyword-detection: read-intent with checks and journal", "");
    let mut word = Series::new("reply-templates: word with checks and journal", "");
    let mut sale = Series::new("sale-calendar (Rust): fresh, isolated call", "");
    let mut discounts = Series::new("customer-discounts (Python): fresh, isolated call", "≤ 800 µs");
    let mut playful = Series::new("playful-wording (JavaScript): fresh, isolated call", "≤ 500 µs");
    for _ in 0..ROUNDS {
        floor.batch(async || call_empty(&empty_engine, &empty).await).await;
        // The call alone, as the journal has it: from asking for an instance to having its answer.
        for (series, binding) in
            [(&mut price, &**pricing), (&mut own, &own_prices), (&mut sale, &rust), (&mut discounts, &python)]
        {
            let mut took = Duration::ZERO;
            for _ in 0..CALLS {
                took += engine.price(&[binding], &request, &bounds).await.calls[0].cost.took;
            }
            series.batches.push(took.as_secs_f64() * 1e6 / f64::from(CALLS));
        }
        let mut took = Duration::ZERO;
        for _ in 0..CALLS {
            let worded = engine.word(&[&javascript], &situation).await;
            assert!(worded.incidents.is_empty(), "{:?}", worded.incidents);
            took += worded.calls[0].cost.took;
        }
        playful.batches.push(took.as_secs_f64() * 1e6 / f64::from(CALLS));
        whole
            .batch(async || {
                black_box(engine.price(&[pricing], &request, &bounds).await.answer.expect("a price"));
            })
            .await;
        read.batch(async || {
            black_box(engine.read_intent(&[detection], &message).await.answer.expect("a reading"));
        })
        .await;
        word.batch(async || {
            black_box(engine.word(&[wording], &situation).await.answer.expect("words"));
        })
        .await;
    }
    let over = price.median() - floor.median();
    println!(
        "{{\"name\":\"price-table: over the floor\",\"figure\":\"{over:.2} µs\",\"value\":{over},\"goal\":\"≤ 5 µs\"}}"
    );
    for series in [floor, price, own, sale, discounts, playful, whole, read, word] {
        series.print();
    }
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(run());
}
