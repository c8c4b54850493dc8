//! What one call of a plugin costs: medians over batches, each line one figure as JSON.
//!
//! The floor is wasmtime's own: a store, an instance, a call and a drop of an empty component, in an engine set up
//! the same way. Everything above it is the plugin and this host.

use std::{hint::black_box, time::Instant};

use shopkeeper_domain::{
    Currency,
    roles::{
        CustomerNumbers, Moment, Role,
        detection::MessageView,
        pricing::{Picture, QuoteRequest},
        wording::{Key, Situation},
    },
};
use shopkeeper_engine::{Engine, EngineConfig, PriceBounds};
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

const BATCHES: usize = 60;
const CALLS: u32 = 400;

/// The median of the batches' means, in microseconds.
async fn median(mut call: impl AsyncFnMut()) -> f64 {
    let mut batches = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let started = Instant::now();
        for _ in 0..CALLS {
            call().await;
        }
        batches.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
    }
    batches.sort_by(f64::total_cmp);
    batches[BATCHES / 2]
}

fn print(name: &str, microseconds: f64, goal: &str) {
    println!(
        "{{\"name\":\"{name}\",\"figure\":\"{microseconds:.2} µs\",\"value\":{microseconds},\"goal\":\"{goal}\"}}"
    );
}

/// wasmtime's own fresh call of an empty component.
async fn floor() -> f64 {
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
    median(async || {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1_000_000);
        let instance = pre.instantiate_async(&mut store).await.expect("an instance");
        let function = instance.get_typed_func::<(), ()>(&mut store, "f").expect("the function");
        function.call_async(&mut store, ()).await.expect("a call");
    })
    .await
}

async fn run() {
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
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
    let floor = floor().await;
    print("floor: wasmtime's fresh call of an empty component", floor, "");
    let pricing = engine.builtin(Role::Pricing);
    let whole = median(async || {
        black_box(engine.price(pricing, &request, &bounds).await.answer.expect("a price"));
    })
    .await;
    // The call alone, as the journal has it: from asking for an instance to having its answer.
    let mut calls = Vec::new();
    for _ in 0..BATCHES as u32 * CALLS {
        calls.push(engine.price(pricing, &request, &bounds).await.calls[0].took.as_secs_f64() * 1e6);
    }
    calls.sort_by(f64::total_cmp);
    print("price-table: fresh, isolated call", calls[calls.len() / 2], "≤ 10 µs");
    print("price-table: the same with checks and journal", whole, "");
    let detection = engine.builtin(Role::Detection);
    let read = median(async || {
        black_box(engine.read_intent(detection, &message).await.answer.expect("a reading"));
    })
    .await;
    print("keyword-detection: read-intent with checks and journal", read, "");
    let wording = engine.builtin(Role::Wording);
    let word = median(async || {
        black_box(engine.word(wording, &situation).await.answer.expect("words"));
    })
    .await;
    print("reply-templates: word with checks and journal", word, "");
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(run());
}
