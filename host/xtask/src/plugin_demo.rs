//! The examples in three languages against a running service: built, checked, tested, pushed, shadowed, made live,
//! rolled back, and what the customer was told at each step.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{
    plugins::EXAMPLES,
    process,
    service::{Caller, Service},
};

const SHOP: &str = "/v1/shops/demo";
/// How often it is looked whether the shadow has seen a call, each a request.
const LOOKS: usize = 10_000;

pub(crate) fn run(program: &Path) -> Result<()> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let data = process::root().join("target/demo").join(format!("plugins-{started}"));
    let service = Service::start(program, &data, &[])?;
    let key_file = data.join("admin.key");
    let admin = service.caller(&fs::read_to_string(&key_file).context("the admin key is missing")?);
    admin.post("/v1/shops", &json!({ "id": "demo", "name": "演示店" }))?;
    let customer = Customer::with_a_result(&admin)?;
    for (example, role) in EXAMPLES {
        println!("\n== {example} ({role})");
        let folder = process::root().join("plugins/examples").join(example);
        let settings = settings(example, &folder, &data)?;
        Steps {
            program,
            url: &service.url,
            key_file: &key_file,
            folder,
            settings,
            role,
            customer: &customer,
        }
        .run()?;
    }
    println!("\nall three were built, checked, tested, pushed, shadowed, made live and rolled back");
    Ok(())
}

/// What the shop sets for an example, in a file: the sale calendar gets a sale that is on today, whichever day that is.
fn settings(example: &str, folder: &Path, data: &Path) -> Result<PathBuf> {
    let mut settings: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("settings.default.json"))?)?;
    if example == "sale-calendar" {
        let sale = json!({ "label": "周年庆", "from": "2020-01-01T00:00", "to": "2099-01-01T00:00", "percent_off": 20 });
        settings["sales"] = json!([sale]);
    }
    let file = data.join(format!("{example}.settings.json"));
    fs::write(&file, settings.to_string())?;
    Ok(file)
}

/// A customer with a result before them, whom the shop answers.
struct Customer<'a> {
    shop: &'a Caller<'a>,
    messages: std::cell::Cell<u32>,
}

impl<'a> Customer<'a> {
    fn with_a_result(shop: &'a Caller<'a>) -> Result<Self> {
        let photo = process::root().join("tests/fixtures/photo.jpg");
        let image = shop.upload(&format!("{SHOP}/images"), &photo)?["image_id"].clone();
        let analysis = json!({ "customer_id": "tb_linxiaoyu", "image_id": image, "complexity": "normal" });
        let task = shop.post(&format!("{SHOP}/analyses"), &analysis)?["task"]["id"].clone();
        let task = task.as_str().context("no task")?;
        shop.post(&format!("{SHOP}/tasks/{task}/result"), &json!({ "image_id": image }))?;
        Ok(Self { shop, messages: std::cell::Cell::new(0) })
    }

    /// What the customer is told where this role decides it.
    fn told(&self, role: &str) -> Result<String> {
        let text = if role == "pricing" {
            let quote = json!({
                "customer_id": "tb_linxiaoyu",
                "pictures": [{ "complexity": "normal" }, { "complexity": "hard", "operations": ["fix_old_photo"] }],
            });
            self.shop.post(&format!("{SHOP}/quotes"), &quote)?["hint"].clone()
        } else {
            self.messages.set(self.messages.get() + 1);
            let message = json!({
                "message_id": format!("m{}", self.messages.get()), "customer_id": "tb_linxiaoyu", "text": "可以",
            });
            self.shop.post(&format!("{SHOP}/messages"), &message)?["messages"][0]["text"].clone()
        };
        Ok(text.as_str().with_context(|| format!("nothing was said: {text}"))?.to_owned())
    }
}

struct Steps<'a> {
    program: &'a Path,
    url: &'a str,
    key_file: &'a Path,
    folder: PathBuf,
    settings: PathBuf,
    role: &'a str,
    customer: &'a Customer<'a>,
}

impl Steps<'_> {
    fn run(&self) -> Result<()> {
        let (folder, settings) = (self.folder.to_string_lossy(), self.settings.to_string_lossy());
        let before = self.told("before")?;
        self.author(&["build", &folder])?;
        self.author(&["check", &folder])?;
        self.author(&["test", &folder])?;
        self.shop(&["push", &folder])?;
        self.unchanged("pushed", &before)?;
        self.shop(&["activate", self.role, &folder, "--settings", &settings, "--mode", "shadow"])?;
        self.unchanged("in the shadow", &before)?;
        let seen = self.shadow()?;
        println!(
            "   the shadow saw {} call: {} the same, {} different",
            seen["calls"], seen["same"], seen["different"]
        );
        self.shop(&["replay", self.role, &folder])?;
        self.shop(&["activate", self.role, &folder])?;
        let live = self.told("live")?;
        if live == before {
            bail!("the live plugin says what was said before: {live:?}");
        }
        self.shop(&["rollback", self.role])?;
        self.unchanged("rolled back", &before)
    }

    fn told(&self, step: &str) -> Result<String> {
        let told = self.customer.told(self.role)?;
        println!("   {step}: the customer is told 「{told}」");
        Ok(told)
    }

    fn unchanged(&self, step: &str, before: &str) -> Result<()> {
        let told = self.told(step)?;
        if told != before {
            bail!("{step}, the customer should be told as before: {before:?}");
        }
        Ok(())
    }

    fn shadow(&self) -> Result<Value> {
        for _ in 0..LOOKS {
            let roles = self.customer.shop.get(&format!("{SHOP}/plugins"))?["roles"].clone();
            let seen = &roles[self.role]["candidate"]["shadow"];
            if seen["calls"].as_u64() >= Some(1) {
                return Ok(seen.clone());
            }
        }
        bail!("the shadow was never asked")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        println!(
            "$ shopkeeper plugin {}",
            arguments.join(" ").replace(&*process::root().to_string_lossy(), ".")
        );
        let mut command = Command::new(self.program);
        command.arg("plugin").args(arguments);
        command
    }

    fn author(&self, arguments: &[&str]) -> Result<()> {
        process::run(&mut self.command(arguments))
    }

    fn shop(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.command(arguments);
        command.args(["--server", self.url, "--shop", "demo", "--key-file"]).arg(self.key_file);
        process::run(&mut command)
    }
}
