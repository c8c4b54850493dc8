//! `shopkeeper doctor`: what is configured, writable and ready. No secrets are printed.

use std::{process::ExitCode, time::Duration};

use serde_json::json;
use shopkeeper_domain::roles::Role;
use shopkeeper_engine::{Engine, EngineConfig};
use shopkeeper_storage::Storage;

use super::{Common, load};
use crate::{
    config::Config,
    image_ai::ImageAi,
    service::{DataFolder, StartError},
    settings::Processor,
};

/// How long an image AI may take to answer.
const PROBE: Duration = Duration::from_secs(10);

/// One thing that was looked at.
pub(super) struct Finding {
    what: &'static str,
    result: Result<String, String>,
}

/// Looks at everything; a problem in one place doesn't hide the others.
pub(super) async fn run(common: &Common) -> Vec<Finding> {
    let mut found = Vec::new();
    let config = load(common);
    let source = common.config.as_ref().map_or("the defaults".to_owned(), |p| p.display().to_string());
    note(&mut found, "configuration", config.as_ref().map(|_| source));
    let data = DataFolder::open(&common.data);
    note(
        &mut found,
        "data folder",
        data.as_ref().map(|_| format!("{} can be written to", common.data.display())),
    );
    if let Ok(data) = &data {
        database(&mut found, data).await;
        let key = data.join("admin.key");
        let admin = if key.exists() {
            "admin.key is there"
        } else {
            "admin.key is not there: made at the first start, or kept elsewhere"
        };
        note(&mut found, "admin key", Ok::<_, &StartError>(admin.to_owned()));
    }
    if let Ok(config) = &config {
        configured(&mut found, config);
        image_ais(&mut found, config).await;
    }
    found
}

fn note<E: std::fmt::Display>(found: &mut Vec<Finding>, what: &'static str, result: Result<String, E>) {
    found.push(Finding { what, result: result.map_err(|e| e.to_string()) });
}

async fn database(found: &mut Vec<Finding>, data: &DataFolder) {
    let store = match data.storage() {
        Ok(store) => store,
        Err(error) => return note(found, "database", Err(error)),
    };
    let shops = match store.check().await {
        Ok(()) => store.shops().await,
        Err(error) => Err(error),
    };
    note(found, "database", shops.map(|s| format!("can be written to; {} shops", s.len())));
    let waiting = store.count_waiting().await.map(|queues| {
        let lines: Vec<String> = queues.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        if lines.is_empty() { "nothing waits".to_owned() } else { format!("waiting: {}", lines.join(", ")) }
    });
    note(found, "outbox", waiting);
}

fn configured(found: &mut Vec<Finding>, config: &Config) {
    let engine = Engine::new(EngineConfig {
        library: None,
        limits: config.plugins.limits(),
        concurrent_calls: config.plugins.concurrent_calls,
    });
    let names = engine.map(|engine| {
        let name = |role| {
            let plugin = &engine.builtin(role).plugin;
            format!("{} {} {}", role, plugin.description.name, plugin.description.version)
        };
        Role::ALL.map(name).join(", ")
    });
    note(found, "built-in plugins", names);
    let state = |on| if on { "on" } else { "off: payments are parked and a person is told" };
    let fine = |text: String| Ok::<_, StartError>(text);
    note(found, "image processing", fine(state(config.processing.enabled).to_owned()));
    note(found, "mail", fine(format!("written into the data folder, from {}", config.mail.from_address)));
    note(found, "alerts", fine("written to the log: no robot is configured".to_owned()));
}

async fn image_ais(found: &mut Vec<Finding>, config: &Config) {
    let image_ai = match ImageAi::new(config) {
        Ok(image_ai) => image_ai,
        Err(error) => return note(found, "image AIs", Err(error)),
    };
    for (what, processor) in [("gemini", Processor::Gemini), ("openai", Processor::OpenAi)] {
        let result = match image_ai.of(processor) {
            Some(model) => match tokio::time::timeout(PROBE, model.probe()).await {
                Ok(result) => result,
                Err(_) => Err(format!("no answer within {} s", PROBE.as_secs())),
            },
            None => Ok(format!("not configured: no shop can have the processor \"{what}\"")),
        };
        note(found, what, result);
    }
}

/// Prints what was found; fails where something is wrong.
pub(super) fn print(found: &[Finding], as_json: bool) -> ExitCode {
    if as_json {
        let row = |f: &Finding| json!({ "what": f.what, "ok": f.result.is_ok(), "detail": f.result.as_ref().unwrap_or_else(|e| e) });
        println!("{}", json!({ "findings": found.iter().map(row).collect::<Vec<_>>() }));
    } else {
        for finding in found {
            match &finding.result {
                Ok(detail) => println!("ok      {}: {detail}", finding.what),
                Err(problem) => println!("PROBLEM {}: {problem}", finding.what),
            }
        }
    }
    if found.iter().all(|f| f.result.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
