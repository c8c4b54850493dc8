//! The shop that `demo --keep` opens on: customers at every point of an order, a price that was changed, a plugin on trial, and
//! something that could not be sent. All of it is made as customers and people make it, through the API.

use std::{thread, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Callers;
use crate::process;

const SHOP: &str = "/v1/shops/demo";
/// How long each thing may take before this gives up, in looks a quarter of a second apart.
const LOOKS: u32 = 480;
const LOOK: Duration = Duration::from_millis(250);
/// A webhook that nobody answers.
const NOBODY: &str = "http://127.0.0.1:9/chat";

/// What a customer does.
enum Step {
    /// Sends this picture, of this complexity, with these words.
    Send(&'static str, &'static str, &'static str),
    /// Pays so much, in fen.
    Pay(i64),
    Say(&'static str),
    /// The order comes to stand so.
    Until(&'static str),
}
use Step::{Pay, Say, Send, Until};

/// Who comes in, and what they do.
const CUSTOMERS: &[(&str, &str, &[Step])] = &[
    (
        "tb_mocha",
        "摩卡咖啡馆",
        &[
            Send("coffee.jpg", "simple", "菜单上用的,变清晰一点"),
            Pay(1200),
            Until("awaiting-confirm"),
            Say("可以了，发到 menu@example.com"),
            Until("completed"),
            Send("coffee.jpg", "normal", "再来一张,尺寸改成 800x600"),
            Pay(1500),
            Until("awaiting-confirm"),
        ],
    ),
    (
        "tb_huijia",
        "回家的路",
        &[
            Send("old.jpg", "hard", "爷爷的老照片,修复一下"),
            Pay(3000),
            Until("awaiting-confirm"),
            Say("不满意"),
            Until("revision"),
        ],
    ),
    (
        "tb_xiaolu",
        "小鹿",
        &[Send("portrait.jpg", "normal", "照片有点暗,帮我变清晰"), Pay(1500), Until("awaiting-confirm")],
    ),
    ("xy_0755", "闲鱼用户0755", &[Send("photo.jpg", "simple", "帮我把照片变清晰")]),
    ("tb_xingxing", "满天星", &[Send("portrait.jpg", "complex", "把水印去掉"), Pay(2000), Until("failed")]),
    (
        "tb_lvren",
        "旅人",
        &[
            Send("photo.jpg", "normal", "清晰一点"),
            Pay(1500),
            Until("awaiting-confirm"),
            Say("怎么还没原图好看，我要退款"),
        ],
    ),
];

/// Fills the shop.
pub(super) fn fill(callers: &Callers<'_>) -> Result<()> {
    println!("\n(再来几位客户,好让网页上什么都有……)");
    let mut shop = Shop { callers, count: 0 };
    for (id, name, steps) in CUSTOMERS {
        shop.serve(id, name, steps).with_context(|| format!("{name} was not served"))?;
    }
    shop.change_a_price()?;
    shop.lose_a_message()
}

struct Shop<'a> {
    callers: &'a Callers<'a>,
    /// Numbers messages and orders.
    count: u32,
}

impl Shop<'_> {
    fn serve(&mut self, customer: &str, name: &str, steps: &[Step]) -> Result<()> {
        let mut task = String::new();
        for step in steps {
            self.count += 1;
            match *step {
                Send(file, complexity, words) => {
                    task = self.order(customer, name, file, complexity, words)?;
                }
                Pay(fen) => {
                    let payment = json!({
                        "customer_id": customer, "order_id": format!("2026{:04}", self.count),
                        "amount": { "minor": fen, "currency": "CNY" },
                    });
                    self.callers.payments.post(&format!("{SHOP}/payments"), &payment)?;
                }
                Say(words) => self.say(customer, words, &[])?,
                Until(status) => self.until(&task, status)?,
            }
        }
        self.listen()
    }

    fn order(&self, customer: &str, name: &str, file: &str, complexity: &str, words: &str) -> Result<String> {
        let file = process::root().join("tests/fixtures").join(file);
        let image = self.callers.connector.upload(&format!("{SHOP}/images"), &file)?;
        let image = image["image_id"].as_str().context("no picture")?;
        self.say(customer, words, &[image])?;
        let analysis = json!({
            "customer_id": customer, "customer_name": name, "image_id": image, "complexity": complexity,
            "request_text": words,
        });
        let analysed = self.callers.image_ai.post(&format!("{SHOP}/analyses"), &analysis)?;
        Ok(analysed["task"]["id"].as_str().context("no task")?.to_owned())
    }

    fn say(&self, customer: &str, words: &str, images: &[&str]) -> Result<()> {
        let message = json!({
            "message_id": format!("demo-{}-{}", self.count, images.len()), "customer_id": customer,
            "text": words, "image_ids": images,
        });
        self.callers.connector.post(&format!("{SHOP}/messages"), &message).map(drop)
    }

    /// Takes what the shop says, as a connector does.
    fn listen(&self) -> Result<()> {
        let connector = &self.callers.connector;
        let waiting = connector.get(&format!("{SHOP}/outbox"))?;
        for entry in waiting["entries"].as_array().into_iter().flatten() {
            let id = entry["id"].as_str().context("an entry without an id")?;
            connector.post(&format!("{SHOP}/outbox/{id}/ack"), &json!({}))?;
        }
        Ok(())
    }

    fn until(&self, task: &str, status: &str) -> Result<()> {
        look(&format!("the order is {status}"), || {
            self.listen()?;
            let found = self.callers.operator.get(&format!("{SHOP}/tasks/{task}"))?;
            Ok(found["status"] == status)
        })
    }

    /// A simple picture costs two yuan more, and a dearer list is tried in the shadow.
    fn change_a_price(&self) -> Result<()> {
        let operator = &self.callers.operator;
        let live = operator.get(&format!("{SHOP}/plugins/pricing/settings"))?;
        let mut settings = live["settings"].clone();
        settings["table"][0]["low"] = json!(1200);
        operator.put(&format!("{SHOP}/plugins/pricing/settings"), &settings)?;
        settings["minimum"] = json!(1800);
        let trial = json!({ "digest": live["digest"], "settings": settings, "mode": "shadow" });
        operator.post(&format!("{SHOP}/plugins/pricing/activate"), &trial)?;
        for complexity in ["simple", "normal", "simple", "hard"] {
            let asked = json!({ "customer_id": "tb_mocha", "pictures": [{ "complexity": complexity }] });
            self.callers.agent.post(&format!("{SHOP}/quotes"), &asked)?;
        }
        Ok(())
    }

    /// While nobody takes what the shop says, a message is given up: it waits under the dead letters.
    fn lose_a_message(&mut self) -> Result<()> {
        let operator = &self.callers.operator;
        let settings: Value = operator.get(&format!("{SHOP}/settings"))?;
        let mut lost = settings.clone();
        lost["chat_webhook"] = json!(NOBODY);
        operator.put(&format!("{SHOP}/settings"), &lost)?;
        self.count += 1;
        self.say("tb_xiaolu", "不行，重做", &[])?;
        look("a message is given up", || {
            let dead = operator.get(&format!("{SHOP}/outbox/dead"))?;
            Ok(dead["entries"].as_array().is_some_and(|d| !d.is_empty()))
        })?;
        operator.put(&format!("{SHOP}/settings"), &settings).map(drop)
    }
}

fn look(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..LOOKS {
        if is_so()? {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    bail!("it never came that {what}")
}
