//! `shopkeeper plugin push`, `activate` and so on: a shop on a running service, over its HTTP contract.

use std::path::{Path, PathBuf};

use clap::Args;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use shopkeeper_domain::{roles::Role, rollout::Digest};

use super::{ModeName, RoleName, Where};
use crate::{secrets::ApiKey, service::StartError};

/// Which shop on which service, and the key to it.
#[derive(Args)]
pub(in crate::cli) struct Remote {
    /// Where the service is.
    #[arg(long, env = "SHOPKEEPER_SERVER", default_value = "http://127.0.0.1:8787", value_name = "URL")]
    server: String,
    /// Which shop.
    #[arg(long, env = "SHOPKEEPER_SHOP")]
    shop: Option<String>,
    /// A file with a key of scope `operator`, or the admin key. SHOPKEEPER_KEY holds the key itself.
    #[arg(long, env = "SHOPKEEPER_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Which plugin, with which settings.
#[derive(Args)]
pub(in crate::cli) struct Target {
    /// In which role.
    #[arg(value_enum)]
    role: RoleName,
    /// A digest as `push` printed it, a component, or a plugin's folder.
    plugin: String,
    /// A file with settings as JSON; where it is left out, those it has already or its defaults.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Target {
    pub(super) fn new(role: Role, digest: &str) -> Self {
        let role = match role {
            Role::Pricing => RoleName::Pricing,
            Role::Detection => RoleName::Detection,
            Role::Wording => RoleName::Wording,
        };
        Self { role, plugin: digest.to_owned(), settings: None }
    }

    fn digest(&self) -> Result<String, StartError> {
        if self.plugin.parse::<Digest>().is_ok() {
            return Ok(self.plugin.clone());
        }
        let wasm = Where { path: PathBuf::from(&self.plugin) }.read()?;
        Ok(Digest::new(Sha256::digest(wasm).into()).to_string())
    }

    fn body(&self) -> Result<Value, StartError> {
        let mut body = json!({ "digest": self.digest()? });
        if let Some(file) = &self.settings {
            body["settings"] = read_settings(file)?;
        }
        Ok(body)
    }
}

/// What is to be asked.
pub(super) struct Trial {
    pub(super) input: String,
    pub(super) function: Option<String>,
    pub(super) settings: Option<PathBuf>,
    pub(super) role: Option<Role>,
}

/// A file with settings.
pub(super) fn read_settings(file: &Path) -> Result<Value, StartError> {
    let problem = |e: &dyn std::fmt::Display| StartError::new(format!("{}: {e}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| problem(&e))?;
    serde_json::from_str(&text).map_err(|e| problem(&e))
}

impl Remote {
    /// Whether a shop was named.
    pub(super) fn is_named(&self) -> bool {
        self.shop.is_some()
    }

    fn key(&self) -> Result<String, StartError> {
        let given = match &self.key_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|e| StartError::new(format!("{}: {e}", file.display())))?,
            None => std::env::var("SHOPKEEPER_KEY").unwrap_or_default(),
        };
        match ApiKey::read(&given) {
            Some(key) => Ok(key.0),
            None => Err(StartError::new(
                "no key: name a file with --key-file (such as data/admin.key), or set SHOPKEEPER_KEY",
            )),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, StartError> {
        let shop = self.shop.as_deref().ok_or_else(|| StartError::new("which shop? name it with --shop"))?;
        let url = format!("{}/v1/shops/{shop}/plugins{path}", self.server.trim_end_matches('/'));
        let client = Client::builder().build().map_err(StartError::new)?;
        Ok(client.request(method, url).bearer_auth(self.key()?))
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, StartError> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.answer(request).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, StartError> {
        let unreachable = |e: reqwest::Error| {
            StartError::new(format!("{} can't be reached: {e}; is the service running?", self.server))
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() { Ok(value) } else { Err(refusal(status.as_u16(), &value)) }
    }

    /// Uploads a component; its digest.
    pub(super) async fn push(&self, wasm: Vec<u8>, as_json: bool) -> Result<String, StartError> {
        let request = self.request(Method::POST, "")?.header("content-type", "application/wasm").body(wasm);
        let taken = self.answer(request).await?;
        if as_json {
            println!("{taken}");
        }
        Ok(taken["digest"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn activate(
        &self,
        target: &Target,
        mode: ModeName,
        percent: Option<u8>,
        as_json: bool,
    ) -> Result<bool, StartError> {
        let mut body = target.body()?;
        body["mode"] = json!(match mode {
            ModeName::Live => "live",
            ModeName::Shadow => "shadow",
            ModeName::Canary => "canary",
        });
        if let Some(percent) = percent {
            body["percent"] = json!(percent);
        }
        let role = Role::from(target.role);
        let changed = self.send(Method::POST, &format!("/{role}/activate"), Some(&body)).await?;
        show_role(role, &changed, as_json);
        Ok(true)
    }

    pub(super) async fn roll_back(&self, role: Role, as_json: bool) -> Result<bool, StartError> {
        let changed = self.send(Method::POST, &format!("/{role}/rollback"), None).await?;
        show_role(role, &changed, as_json);
        Ok(true)
    }

    pub(super) async fn settings(
        &self,
        role: Role,
        file: Option<&Path>,
        as_json: bool,
    ) -> Result<bool, StartError> {
        let path = format!("/{role}/settings");
        match file {
            Some(file) => {
                let changed = self.send(Method::PUT, &path, Some(&read_settings(file)?)).await?;
                show_role(role, &changed, as_json);
            }
            None => {
                let live = self.send(Method::GET, &path, None).await?;
                let shown = if as_json { &live } else { &live["settings"] };
                println!("{}", serde_json::to_string_pretty(shown).map_err(StartError::new)?);
            }
        }
        Ok(true)
    }

    pub(super) async fn status(&self, as_json: bool) -> Result<bool, StartError> {
        let all = self.send(Method::GET, "", None).await?;
        if as_json {
            println!("{all}");
            return Ok(true);
        }
        for role in Role::ALL {
            show_role(role, &all["roles"][role.name()], false);
        }
        for plugin in all["plugins"].as_array().into_iter().flatten() {
            let text = |name: &str| plugin[name].as_str().unwrap_or("").to_owned();
            println!("uploaded   {} {} {}", text("name"), text("version"), text("digest"));
        }
        Ok(true)
    }

    pub(super) async fn try_out(&self, trial: Trial) -> Result<bool, StartError> {
        let role =
            trial.role.ok_or_else(|| StartError::new("which of the shop's plugins? name it with --role"))?;
        let input: Value = serde_json::from_str(&trial.input)
            .map_err(|e| StartError::new(format!("--input is no JSON: {e}")))?;
        let mut body = json!({ "input": input });
        if let Some(function) = trial.function {
            body["function"] = json!(function);
        }
        if let Some(file) = &trial.settings {
            body["settings"] = read_settings(file)?;
        }
        let tried = self.send(Method::POST, &format!("/{role}/try"), Some(&body)).await?;
        println!("{}", serde_json::to_string_pretty(&tried).map_err(StartError::new)?);
        Ok(tried["fault"].is_null())
    }

    pub(super) async fn replay(&self, target: &Target, last: u32, as_json: bool) -> Result<bool, StartError> {
        let mut body = target.body()?;
        body["last"] = json!(last);
        let role = Role::from(target.role);
        let found = self.send(Method::POST, &format!("/{role}/replay"), Some(&body)).await?;
        if as_json {
            println!("{found}");
            return Ok(true);
        }
        for one in found["different"].as_array().into_iter().flatten() {
            let (old, new) = (said(&one["old"]), said(&one["new"]));
            println!("{old} → {}", if old == new { "the same, with other lines" } else { &new });
        }
        for one in found["failed"].as_array().into_iter().flatten() {
            println!("{} → fault: {}", said(&one["old"]), one["fault"].as_str().unwrap_or(""));
        }
        let count = |name: &str| found[name].as_u64().unwrap_or(0);
        println!(
            "{} calls: {} the same, {} different, {} faults; {} instructions at the median",
            count("calls"),
            count("same"),
            found["different"].as_array().map_or(0, Vec::len),
            count("faults"),
            found["instructions"]["median"]
        );
        Ok(true)
    }
}

/// An answer in a few words.
fn said(output: &Value) -> String {
    let ok = &output["ok"];
    if let Some(low) = ok["low"]["minor"].as_i64() {
        let high = ok["high"]["minor"].as_i64().unwrap_or(low);
        let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
        return format!("¥{}–{} {}", yuan(low), yuan(high), ok["hint"]);
    }
    for field in ["text", "intent"] {
        if !ok[field].is_null() {
            return ok[field].to_string();
        }
    }
    output.to_string()
}

/// A refusal with every reason.
fn refusal(status: u16, problem: &Value) -> StartError {
    let detail = problem["detail"].as_str().unwrap_or("the service gave no reason");
    let mut text = format!("{status}: {detail}");
    for one in problem["problems"].as_array().into_iter().flatten() {
        let part = |name: &str| one[name].as_str().map(str::to_owned);
        let pointer = part("pointer").map(|p| format!("{p}: ")).unwrap_or_default();
        text.push_str(&format!("\n  - {pointer}{}", part("message").unwrap_or_default()));
        if let Some(hint) = part("hint") {
            text.push_str(&format!("\n    hint: {hint}"));
        }
    }
    StartError::new(text)
}

fn show_role(role: Role, state: &Value, as_json: bool) {
    if as_json {
        println!("{state}");
        return;
    }
    let line = |bound: &Value| {
        format!(
            "{} {} revision {} ({} calls, {} faults)",
            bound["name"].as_str().unwrap_or(""),
            bound["version"].as_str().unwrap_or(""),
            bound["settings_revision"],
            bound["calls"],
            bound["faults"]
        )
    };
    println!("{:<10} live: {}", role.name(), line(&state["live"]));
    let candidate = &state["candidate"];
    match (candidate["mode"].as_str(), candidate["percent"].as_u64()) {
        (Some(mode), Some(percent)) => println!("{:<10} {mode} {percent} %: {}", "", line(candidate)),
        (Some(mode), None) => {
            let seen = &candidate["shadow"];
            let (same, different) = (&seen["same"], &seen["different"]);
            println!("{:<10} {mode}: {}; {same} the same, {different} different", "", line(candidate));
        }
        _ => {}
    }
}
