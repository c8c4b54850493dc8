//! The crash test: random orders of many customers over flaky doubles, and `kill -9` at random moments. Afterwards every
//! accepted order is final or waits for its customer, everything said and mailed has arrived, and the events replay.
//!
//! `cargo xtask chaos --kills 200 --seed 7`. The seed decides what everybody does and when the service is killed; what the
//! machine makes of that is its own affair.

mod check;
mod customer;
mod doubles;
#[path = "../it/mail/server.rs"]
#[allow(dead_code, reason = "the tests of mails look closer")]
mod mail_server;
mod rng;
mod service;
mod studio;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rng::Rng;
use service::Shop;

/// Customers at the same time, in each shop.
const CUSTOMERS: usize = 6;
/// How long the orders may take to come to their end once nothing is killed any more.
const PATIENCE: Duration = Duration::from_secs(300);

/// The value after an argument.
fn argument(name: &str) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|a| a != name).skip(1);
    arguments.next().map(|v| v.parse().unwrap_or_else(|_| panic!("{name} takes a number, not {v:?}")))
}

/// What goes on while the service is killed.
struct World {
    shops: Vec<Shop>,
    /// No new orders are begun.
    closing: AtomicBool,
    orders: AtomicU64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let kills = argument("--kills").unwrap_or(20);
    let seed = argument("--seed").unwrap_or_else(|| u64::from(std::process::id()));
    println!("chaos: {kills} kills, seed {seed}");
    let started = Instant::now();
    let mut rng = Rng::new(seed);
    let doubles = doubles::Doubles::start(rng.fork()).await;
    let mails = mail_server::MailServer::start("tls");
    let mut environment = mails.settings();
    environment.push(("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", doubles.hosts()));
    let mut service = service::Service::start(environment).await;
    let world = Arc::new(World {
        shops: service.shops(&doubles).await,
        closing: AtomicBool::new(false),
        orders: AtomicU64::new(0),
    });

    let mut people = tokio::task::JoinSet::new();
    for (at, _) in world.shops.iter().enumerate() {
        for _ in 0..CUSTOMERS {
            people.spawn(customer::come_and_go(world.clone(), at, rng.fork()));
        }
    }
    let studio = tokio::spawn(studio::work(world.clone(), rng.fork()));
    for kill in 1..=kills {
        tokio::time::sleep(Duration::from_millis(rng.within(5, 700))).await;
        service.kill_and_start();
        if kill % 20 == 0 {
            let orders = world.orders.load(Ordering::SeqCst);
            println!("  {kill} kills, {orders} orders begun, {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    world.closing.store(true, Ordering::SeqCst);
    let ended = tokio::time::timeout(PATIENCE, async {
        let mut ends = Vec::new();
        while let Some(end) = people.join_next().await {
            ends.extend(end.expect("no customer meets nonsense"));
        }
        check::quiet(&service).await;
        ends
    })
    .await;
    let ends =
        ended.unwrap_or_else(|_| panic!("not everything came to its end in {PATIENCE:?}; seed {seed}"));
    studio.abort();
    service.stop().await;
    let figures = check::everything(&world, &service, &doubles, &mails, &ends).await;
    println!("{figures}");
    println!(
        "chaos: all is well after {kills} kills in {:.0} s (seed {seed})",
        started.elapsed().as_secs_f64()
    );
}
