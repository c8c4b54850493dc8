//! One order through the real service, from analysis to mailbox: nothing here is pretended.

mod shop;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{
    process,
    service::{Caller, Service},
};

/// What the customer says, in turn.
const REQUEST: &str = "这张照片太模糊了，帮我变清晰一点";
const COMPLAINT: &str = "还是有点暗，不满意";
const DETAIL: &str = "再亮一点就好";
const ACCEPTANCE: &str = "可以了，发到 linxiaoyu@example.com 吧";
/// How long each thing may take before the demo gives up, in pulls of 30 seconds.
const PATIENCE: u32 = 10;

pub(crate) fn run(program: &Path, keep: bool) -> Result<()> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let folder = process::root().join("target/demo").join(started.to_string());
    let data = folder.join("data");
    fs::create_dir_all(&folder)?;
    let photo = process::root().join("tests/fixtures/photo.jpg");
    fs::copy(&photo, folder.join("0-original.jpg")).context("the demo's photograph is missing")?;
    // What nobody takes is given up soon enough to be seen, and the webhook of that is on this machine.
    let hasty = [("SHOPKEEPER_OUTBOX__TRIES", "2"), ("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "200")];
    let service = Service::start(program, &data, if keep { &hasty } else { &[] })?;
    let admin = fs::read_to_string(data.join("admin.key")).context("the admin key is missing")?;
    let admin = service.caller(&admin);
    admin.post("/v1/shops", &json!({ "id": "demo", "name": "演示店" }))?;
    let callers = Callers::new(&service, &admin)?;
    let task = Order { callers: &callers, folder: &folder, messages: 0 }.run(&photo)?;
    let status = task["status"].as_str().unwrap_or("");
    if status != "completed" {
        bail!("the order ended as {status:?}, not completed");
    }
    let mail = only_file(&data.join("mail"))?;
    println!("\n订单完成: {} ({})", task["id"].as_str().unwrap_or(""), task["label"].as_str().unwrap_or(""));
    println!("pictures  {}", folder.display());
    println!("mail      {}", mail.display());
    println!("service   {}  (API: /openapi.json, health: /readyz)", service.url);
    if keep {
        shop::fill(&callers)?;
        println!("admin key {}", data.join("admin.key").display());
        println!(
            "\n网页 {}/s/demo/\n用这把密钥登录: {}\nthe service stays up: Ctrl-C ends it",
            service.url,
            callers.operator.key()
        );
        service.wait()?;
    }
    Ok(())
}

/// The parties to an order, each with a key of their own.
struct Callers<'a> {
    connector: Caller<'a>,
    image_ai: Caller<'a>,
    agent: Caller<'a>,
    payments: Caller<'a>,
    operator: Caller<'a>,
}

impl<'a> Callers<'a> {
    fn new(service: &'a Service, admin: &Caller<'_>) -> Result<Self> {
        let key = |scope: &str| -> Result<Caller<'a>> {
            let made = admin.post("/v1/shops/demo/keys", &json!({ "scopes": [scope] }))?;
            Ok(service.caller(made["key"].as_str().context("no key")?))
        };
        Ok(Self {
            connector: key("connector")?,
            image_ai: key("image-ai")?,
            agent: key("agent")?,
            payments: key("payments")?,
            operator: key("operator")?,
        })
    }
}

struct Order<'a> {
    callers: &'a Callers<'a>,
    folder: &'a Path,
    messages: u32,
}

impl Order<'_> {
    fn run(&mut self, photo: &Path) -> Result<Value> {
        let shop = "/v1/shops/demo";
        let image = self.callers.connector.upload(&format!("{shop}/images"), photo)?;
        let image = image["image_id"].as_str().context("no picture")?.to_owned();
        self.say(REQUEST, &[&image])?;
        let analysis = json!({
            "customer_id": "tb_linxiaoyu", "customer_name": "林小雨", "account_id": "demo-shop-01",
            "image_id": image, "complexity": "normal", "request_text": REQUEST, "prompt": "让照片更清晰",
        });
        let analysed = self.callers.image_ai.post(&format!("{shop}/analyses"), &analysis)?;
        let task = analysed["task"]["id"].as_str().context("no task")?.to_owned();
        let taken = self
            .callers
            .agent
            .post(&format!("{shop}/customers/tb_linxiaoyu/pending-analysis/take"), &json!({}))?;
        println!("客服: {}", taken["price_hint"].as_str().unwrap_or("(报价需人工)"));
        let payment = json!({
            "customer_id": "tb_linxiaoyu", "order_id": "20240001", "amount": { "minor": 1500, "currency": "CNY" },
        });
        let paid = self.callers.payments.post(&format!("{shop}/payments"), &payment)?;
        println!("(付款 ¥15.00: {})", paid["outcome"].as_str().unwrap_or(""));
        self.hear("image-ready", Some("1-first-result"))?;
        self.say(COMPLAINT, &[])?;
        self.hear("ask-revision-detail", None)?;
        self.say(DETAIL, &[])?;
        self.hear("revision-accepted", None)?;
        self.hear("image-ready", Some("2-second-result"))?;
        self.say(ACCEPTANCE, &[])?;
        self.hear("work-mailed", None)?;
        self.callers.operator.get(&format!("{shop}/tasks/{task}"))
    }

    /// The customer writes.
    fn say(&mut self, text: &str, images: &[&str]) -> Result<()> {
        self.messages += 1;
        println!("客户: {text}{}", "[图片]".repeat(images.len()));
        let message = json!({
            "message_id": format!("m{}", self.messages), "customer_id": "tb_linxiaoyu",
            "account_id": "demo-shop-01", "text": text, "image_ids": images,
        });
        self.callers.connector.post("/v1/shops/demo/messages", &message).map(drop)
    }

    /// The customer hears the next text, and sees the picture before it where one is due.
    fn hear(&self, what: &str, picture: Option<&str>) -> Result<()> {
        let connector = &self.callers.connector;
        let mut due = picture;
        for _ in 0..PATIENCE {
            let waiting = connector.get("/v1/shops/demo/outbox?wait=30")?;
            for entry in waiting["entries"].as_array().into_iter().flatten() {
                let id = entry["id"].as_str().context("an entry without an id")?;
                connector.post(&format!("/v1/shops/demo/outbox/{id}/ack"), &json!({}))?;
                if let Some(image) = entry["image_id"].as_str() {
                    let name = due.take().with_context(|| format!("a picture came where {what} was due"))?;
                    println!("店铺: [图片 {}]", self.save(image, name)?.display());
                } else {
                    println!("店铺: {}", entry["text"].as_str().unwrap_or(""));
                    return if due.is_none() {
                        Ok(())
                    } else {
                        bail!("the text came before the picture: {entry}")
                    };
                }
            }
        }
        bail!("nothing was said where {what} was due")
    }

    fn save(&self, image: &str, name: &str) -> Result<PathBuf> {
        let bytes = self.callers.connector.download(&format!("/v1/shops/demo/images/{image}"))?;
        let extension = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" };
        let path = self.folder.join(format!("{name}.{extension}"));
        fs::write(&path, bytes)?;
        Ok(path)
    }
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))?;
    match (files.next().transpose()?, files.next()) {
        (Some(file), None) => Ok(file.path()),
        _ => bail!("{} should hold exactly one mail", folder.display()),
    }
}
