//! Customers who come, order, change their minds, and go.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    World,
    rng::Rng,
    service::{Answer, Shop, photograph},
};

/// How an order ended, as its customer knows it.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) shop: &'static str,
    pub(crate) customer: String,
    pub(crate) task: String,
    /// Whether the customer waits for nothing: they had their mail.
    pub(crate) mailed: bool,
    /// How often they asked for a change and were told that it is done.
    pub(crate) revisions: u64,
}

/// Someone who orders again and again, each time as somebody new, until the shop closes.
pub(crate) async fn come_and_go(world: Arc<World>, at: usize, mut rng: Rng) -> Vec<End> {
    let mut ends = Vec::new();
    while !world.closing.load(Ordering::SeqCst) {
        let number = world.orders.fetch_add(1, Ordering::SeqCst);
        let order =
            Order { shop: &world.shops[at], customer: format!("tb_{number}"), said: 0, rng: rng.fork() };
        ends.push(order.live().await);
    }
    ends
}

struct Order<'a> {
    shop: &'a Shop,
    customer: String,
    said: u32,
    rng: Rng,
}

impl Order<'_> {
    async fn live(mut self) -> End {
        let early = self.rng.percent(20);
        if early {
            self.pay().await;
        }
        let task = self.order().await;
        if !early {
            self.pay().await;
        }
        let (mut revisions, mut wanted) = (0, self.rng.within(0, 3));
        let leaves = self.rng.percent(10);
        loop {
            let now = self.shop.get(&format!("/tasks/{task}")).await;
            let end = |mailed| End {
                shop: self.shop.id,
                customer: self.customer.clone(),
                task: task.clone(),
                mailed,
                revisions,
            };
            match now["status"].as_str().expect("a status") {
                "completed" => return end(true),
                "awaiting-confirm" if leaves => return end(false),
                "awaiting-confirm" if wanted > 0 => {
                    wanted -= 1;
                    if self.say("不行,再亮一点").await["intent"] == "revise" {
                        revisions += 1;
                    }
                }
                "awaiting-confirm" => {
                    let words = format!("可以,发到{}", self.address());
                    self.say(&words).await;
                }
                "revision" => drop(self.say("头发要黑色,背景再亮一点").await),
                // A person at the shop has it done again; another one may have been faster.
                "failed" => drop(self.twice(&format!("/tasks/{task}/retry"), json!({})).await),
                "pending" => self.pay().await,
                _ => tokio::time::sleep(Duration::from_millis(40)).await,
            }
        }
    }

    /// An address at a server that takes its mail, at once, at the third time, after losing the line, or not at all.
    fn address(&mut self) -> String {
        let local = ["me", "me", "me", "busy2", "drop1", "unknown"][self.rng.within(0, 6) as usize];
        format!("{local}@{}.example.com", self.customer.replace('_', "-"))
    }

    /// Now and then the answer gets lost and the request is sent again.
    async fn twice(&mut self, path: &str, body: Value) -> Answer {
        if self.rng.percent(25) {
            let (first, second) =
                tokio::join!(self.shop.post(path, None, &body), self.shop.post(path, None, &body));
            return if first.status.is_success() { first } else { second };
        }
        self.shop.post(path, None, &body).await
    }

    async fn order(&mut self) -> String {
        let image = self.shop.picture(&photograph()).await;
        let body = json!({ "customer_id": self.customer, "image_id": image, "complexity": "normal" });
        let answer = self.shop.post("/analyses", Some(&self.customer), &body).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.json);
        answer.json["task"]["id"].as_str().expect("an id").to_owned()
    }

    async fn pay(&mut self) {
        let body = json!({ "customer_id": self.customer, "order_id": format!("order of {}", self.customer) });
        let answer = self.twice("/payments", body).await;
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.json);
    }

    async fn say(&mut self, text: &str) -> Value {
        self.said += 1;
        let id = format!("m{}", self.said);
        let body = json!({ "message_id": id, "customer_id": self.customer, "text": text });
        let answer = self.twice("/messages", body).await;
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.json);
        answer.json
    }
}
