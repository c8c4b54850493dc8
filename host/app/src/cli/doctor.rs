//! `shopkeeper doctor`: what is configured, writable and ready. No secrets are printed.

use std::{process::ExitCode, time::Duration};

use chrono::TimeDelta;
use serde_json::json;
use shopkeeper_domain::{ShopId, roles::Role};
use shopkeeper_engine::{Engine, EngineConfig};
use shopkeeper_storage::{Queue, Storage};

use super::{Common, load};
use crate::{
    config::{Config, Transport},
    fetch::Fetcher,
    image_ai::ImageAi,
    mailer::SmtpMailer,
    robot::Robot,
    service::{DataFolder, StartError},
    settings::{Processor, ShopSettings},
};

/// How long somebody outside may take to answer.
const REACH: Duration = Duration::from_secs(5);
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
    let fetcher = config.as_ref().ok().and_then(|c| Fetcher::new(&c.images).ok());
    let data = DataFolder::open(&common.data);
    note(
        &mut found,
        "data folder",
        data.as_ref().map(|_| format!("{} can be written to", common.data.display())),
    );
    if let Ok(data) = &data {
        database(&mut found, data, fetcher.as_ref()).await;
        let key = data.join("admin.key");
        let admin = if key.exists() {
            "admin.key is there"
        } else {
            "admin.key is not there: made at the first start, or kept elsewhere"
        };
        note(&mut found, "admin key", Ok::<_, &StartError>(admin.to_owned()));
    }
    if let Ok(config) = &config {
        configured(&mut found, config, fetcher.as_ref()).await;
        note(&mut found, "mail", mail(config).await);
        image_ais(&mut found, config).await;
    }
    found
}

fn note<E: std::fmt::Display>(found: &mut Vec<Finding>, what: &'static str, result: Result<String, E>) {
    found.push(Finding { what, result: result.map_err(|e| e.to_string()) });
}

/// The database, the outbox and each shop's ways out.
async fn database(found: &mut Vec<Finding>, data: &DataFolder, fetcher: Option<&Fetcher>) {
    let store = match data.storage() {
        Ok(store) => store,
        Err(error) => return note(found, "database", Err(error)),
    };
    let shops = match store.check().await {
        Ok(()) => store.shops().await,
        Err(error) => Err(error),
    };
    note(found, "database", shops.as_ref().map(|s| format!("can be written to; {} shops", s.len())));
    match store.queues(None).await {
        Ok(queues) => note(found, "outbox", outbox(&queues)),
        Err(error) => note(found, "outbox", Err(error)),
    }
    for shop in shops.unwrap_or_default() {
        match serde_json::from_str::<ShopSettings>(&shop.settings) {
            Ok(settings) => ways_out(found, &shop.id, &settings, fetcher).await,
            Err(error) => {
                note(found, "shop", Err(format!("the settings of {} can't be read: {error}", shop.id)))
            }
        }
    }
}

/// How long something may wait before it is behind.
const BEHIND: TimeDelta = TimeDelta::minutes(10);

/// What waits, since when, and what was given up.
fn outbox(queues: &[Queue]) -> Result<String, String> {
    let now = crate::workflow::now();
    let age = |queue: &Queue| queue.oldest.map_or(TimeDelta::zero(), |since| now - since);
    let line = |queue: &Queue| {
        let mut line = format!("{} {}", queue.waiting, queue.kind);
        if queue.waiting > 0 {
            line.push_str(&format!(" (the oldest for {} min)", age(queue).num_minutes()));
        }
        if queue.dead > 0 {
            line.push_str(&format!(", {} given up", queue.dead));
        }
        line
    };
    let lines: Vec<String> = queues.iter().map(line).collect();
    let all =
        if lines.is_empty() { "nothing waits".to_owned() } else { format!("waiting: {}", lines.join("; ")) };
    if queues.iter().any(|q| q.dead > 0) {
        return Err(format!(
            "{all}: look at GET outbox/dead, mend the cause, then POST outbox/{{id}}/resend"
        ));
    }
    if queues.iter().any(|q| age(q) > BEHIND) {
        return Err(format!("{all}: is whoever takes it up and connected?"));
    }
    Ok(all)
}

/// Where a shop's messages go, and whether somebody answers there.
async fn ways_out(
    found: &mut Vec<Finding>,
    shop: &ShopId,
    settings: &ShopSettings,
    fetcher: Option<&Fetcher>,
) {
    let chat = settings.chat_webhook.as_deref();
    let agent = settings.agent.as_ref().map(|a| a.url.as_str());
    for (what, url) in [("chat webhook", chat), ("agent", agent)] {
        let (Some(url), Some(fetcher)) = (url, fetcher) else { continue };
        // What follows the host may be a secret.
        let host =
            url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        let reached = fetcher.reach(url, REACH).await;
        note(
            found,
            what,
            reached.map(|()| format!("{shop}: {host} answers")).map_err(|e| format!("{shop}: {host}: {e}")),
        );
    }
    if let (Some(given), Some(fetcher)) = (&settings.alert_webhook, fetcher) {
        note(
            found,
            "alerts",
            robot(given, fetcher)
                .await
                .map(|()| format!("{shop}: its robot answers"))
                .map_err(|e| format!("{shop}: {e}")),
        );
    }
}

/// Whether the robot that somebody wrote down is there.
async fn robot(given: &str, fetcher: &Fetcher) -> Result<(), String> {
    Robot::read(given)?.check(fetcher).await
}

async fn configured(found: &mut Vec<Finding>, config: &Config, fetcher: Option<&Fetcher>) {
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
    match (config.alerts.webhook.as_str(), fetcher) {
        ("", _) => note(
            found,
            "alerts",
            fine("written to the log, but for shops with a robot of their own".to_owned()),
        ),
        (given, Some(fetcher)) => {
            let checked = robot(given, fetcher).await;
            note(found, "alerts", checked.map(|()| "the installation's robot answers".to_owned()));
        }
        _ => {}
    }
}

/// Where mail goes, and whether the server is there and takes the login.
async fn mail(config: &Config) -> Result<String, String> {
    let from = &config.mail.from_address;
    if config.mail.transport == Transport::File {
        return Ok(format!("written into the data folder, from {from}"));
    }
    let mailer = SmtpMailer::new(&config.mail)?;
    mailer.test().await.map_err(|e| e.to_string())?;
    let login = if config.mail.username.is_empty() { "without a login" } else { "the login is taken" };
    let links = if config.server.public_url.is_empty() {
        "; pictures that are too large for a mail can't go as links: server.public_url is empty"
    } else {
        ""
    };
    Ok(format!("sent through {}, {login}, from {from}{links}", mailer.server()))
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
