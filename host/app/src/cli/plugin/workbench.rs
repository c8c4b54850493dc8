//! The author's own engine: the same examination and the same limits as a service, without one.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use shopkeeper_domain::{Currency, roles::Role};
use shopkeeper_engine::{
    Allowance, Asked, Binding, CodeCache, Compiler, Engine, EngineConfig, Heard, Library, Limits, Plugin,
    PriceBounds, Report, Shown,
};

use super::remote::{Trial, read_settings};
use crate::{secrets::Secret, service::StartError};

/// An author's shop: in yuan, without a floor or ceiling.
pub(super) const BOUNDS: PriceBounds = PriceBounds { currency: Currency::CNY, floor: None, ceiling: None };

/// A component that was examined and taken.
pub(super) struct Workbench {
    pub(super) engine: Engine,
    pub(super) report: Report,
}

/// Where compiled code is kept between commands.
fn cache() -> PathBuf {
    let folder = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let below = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|h| h.join(".cache")));
    below.unwrap_or_else(std::env::temp_dir).join("shopkeeper")
}

impl Workbench {
    /// Examines a component as an upload would.
    pub(super) async fn examine(wasm: &[u8]) -> Result<Self, StartError> {
        let wasm = wasm.to_vec();
        let work = move || {
            let folder = cache();
            std::fs::create_dir_all(&folder)
                .map_err(|e| StartError::new(format!("{} can't be written: {e}", folder.display())))?;
            let (secret, _) = Secret::load(&folder.join("secret"))
                .map_err(|e| StartError::new(format!("{}: {e}", folder.display())))?;
            let program = std::env::current_exe().map_err(StartError::new)?;
            let library = Library {
                components: folder.join("plugins"),
                cache: CodeCache { dir: folder, key: secret.derive("compiled code") },
                compiler: Compiler::Child { program, allowance: Allowance::default() },
            };
            let config = EngineConfig { library: Some(library), ..EngineConfig::default() };
            let engine = Engine::new(config).map_err(StartError::new)?;
            let report = engine.examine(&wasm).map_err(StartError::new)?;
            Ok(Self { engine, report })
        };
        tokio::task::spawn_blocking(work).await.map_err(StartError::new)?
    }

    /// The same, where only a component that would be taken is of use.
    pub(super) async fn taken(wasm: &[u8]) -> Result<Self, StartError> {
        let bench = Self::examine(wasm).await?;
        if let Some(first) = bench.report.refusals.first() {
            return Err(StartError::new(format!(
                "the component is refused: it {first}; see `shopkeeper plugin check`"
            )));
        }
        Ok(bench)
    }

    /// The component as a plugin of this role, of its first where none is named.
    pub(super) fn plugin(&self, role: Option<Role>) -> Result<Arc<Plugin>, StartError> {
        let roles = &self.report.roles;
        let role = role.or(roles.first().copied()).filter(|r| roles.contains(r));
        let description = self.report.description.as_ref();
        let (Some(role), Some(description)) = (role, description) else {
            let has = roles.iter().map(|r| r.name()).collect::<Vec<_>>().join(", ");
            return Err(StartError::new(format!("the component is a plugin for {has}, for nothing else")));
        };
        let digest: shopkeeper_domain::rollout::Digest =
            self.report.digest.parse().map_err(StartError::new)?;
        Ok(self.engine.plugin(role, digest.bytes(), description))
    }

    /// Bound with settings, which the plugin itself must accept; its defaults where there are none.
    pub(super) async fn bind(
        &self,
        plugin: &Arc<Plugin>,
        settings: Option<&Value>,
    ) -> Result<Binding, StartError> {
        let settings: Arc<str> = match settings {
            Some(settings) => settings.to_string().into(),
            None => plugin.description.default_settings.clone(),
        };
        let problems = self.engine.check_settings(plugin, &settings).await;
        let problems = problems.map_err(|f| StartError::new(format!("check-settings fails: {f}")))?;
        if let Some(first) = problems.first() {
            return Err(StartError::new(format!(
                "the settings do not suit the plugin: at {:?}: {}",
                first.pointer, first.message
            )));
        }
        Ok(Binding { plugin: plugin.clone(), settings, revision: 1 })
    }

    /// What calls may take.
    pub(super) fn limits(&self) -> Limits {
        self.engine.limits()
    }
}

/// A length for a person.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// `shopkeeper plugin check`.
pub(super) async fn check(wasm: &[u8], as_json: bool) -> Result<bool, StartError> {
    let bench = Workbench::examine(wasm).await;
    let report = match bench {
        Ok(bench) => bench.report,
        Err(error) => return Err(error),
    };
    let fine = report.refusals.is_empty();
    if as_json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(StartError::new)?);
        return Ok(fine);
    }
    let names = |list: &[&str]| if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
    println!("digest    {}", report.digest);
    println!("size      {}", size(report.bytes as u64));
    println!("roles     {}", names(&report.roles.iter().map(|r| r.name()).collect::<Vec<_>>()));
    println!("asks for  {}", names(&report.capabilities.iter().map(|c| c.name()).collect::<Vec<_>>()));
    if let Some(description) = &report.description {
        println!("is        {} {}: {}", description.name, description.version, description.summary);
    }
    if let Some(cost) = report.first_call {
        let instructions = cost.instructions.unwrap_or(0);
        println!("describe  {instructions} instructions, {} of memory", size(cost.memory_bytes as u64));
    }
    for finding in &report.refusals {
        println!("refused   it {}\n          hint: {}", finding.what, finding.hint);
    }
    println!("{}", if fine { "it would be taken" } else { "it would be refused" });
    Ok(fine)
}

/// What one call took, against its limits.
pub(super) fn cost(heard: &Heard, limits: Limits) -> String {
    let out = heard.output.as_ref().map_or(0, String::len);
    format!(
        "{} instructions, {} of {} memory, {} of {} output",
        heard.cost.instructions.unwrap_or(0),
        size(heard.cost.memory_bytes as u64),
        size(limits.memory_bytes as u64),
        size(out as u64),
        size(limits.output_bytes as u64)
    )
}

/// `shopkeeper plugin try` without a shop.
pub(super) async fn try_out(wasm: &[u8], trial: Trial, as_json: bool) -> Result<bool, StartError> {
    let bench = Workbench::taken(wasm).await?;
    let plugin = bench.plugin(trial.role)?;
    let input: Value = serde_json::from_str(&trial.input)
        .map_err(|e| StartError::new(format!("--input is no JSON: {e}")))?;
    let asked = Asked::parse(plugin.role, trial.function.as_deref(), &input, BOUNDS)
        .map_err(|wrong| StartError::new(format!("--input at {:?}: {}", wrong.pointer, wrong.message)))?;
    let settings = trial.settings.as_deref().map(read_settings).transpose()?;
    let binding = bench.bind(&plugin, settings.as_ref()).await?;
    let heard = bench.engine.measure(&binding, &asked, Shown::Plain).await;
    let output = heard.output.as_deref().unwrap_or("null");
    let value: Value = serde_json::from_str(output).unwrap_or_default();
    if as_json {
        let fault = heard.output.as_ref().err().map(ToString::to_string);
        println!("{}", json!({ "output": value, "fault": fault, "cost": heard.cost, "log": heard.log }));
        return Ok(heard.output.is_ok());
    }
    match &heard.output {
        Ok(_) => println!("{}", serde_json::to_string_pretty(&value).map_err(StartError::new)?),
        Err(fault) => println!("fault: {fault}\n{}", fault.backtrace().unwrap_or("")),
    }
    println!("{}", cost(&heard, bench.limits()));
    for line in &heard.log {
        println!("log {:?}: {}", line.level, line.message);
    }
    Ok(heard.output.is_ok())
}
