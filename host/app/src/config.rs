//! The installation's configuration: the embedded default, then a file, then the environment.
//!
//! An unknown key is an error that names it: a misspelt key must not quietly keep its default.

mod mail;
mod models;

use std::{collections::HashMap, fmt, net::SocketAddr, path::Path, time::Duration};

use config::{Environment, File, FileFormat};
use serde::Deserialize;

pub use mail::{Mail, Security, Transport};
pub use models::Model;

/// Every key, documented, with its default.
pub const DEFAULT: &str = include_str!("shopkeeper.default.toml");

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration can't be used: {0}")]
pub struct ConfigError(String);

/// The whole configuration. Each key is documented in [`DEFAULT`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each key is documented where people read it, in the embedded default")]
pub struct Config {
    pub server: Server,
    pub images: Images,
    pub processing: Processing,
    pub gemini: Model,
    pub openai: Model,
    pub mail: Mail,
    pub outbox: Outbox,
    pub alerts: Alerts,
    pub plugins: Plugins,
    pub journal: Journal,
    pub retention: Retention,
    pub log: Log,
    /// The program that runs as the child that compiles; this one where there is none. Not from a file: for tests, which
    /// are another program.
    #[serde(skip)]
    pub program: Option<std::path::PathBuf>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub concurrent_requests: usize,
    pub open_metrics: bool,
}

/// `[images]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Images {
    pub max_bytes: usize,
    pub max_pixels: u64,
    pub fetch_seconds: u64,
    #[serde(deserialize_with = "list")]
    pub private_hosts: Vec<String>,
}

/// `[processing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Processing {
    pub enabled: bool,
    pub concurrency: u32,
    pub lease_seconds: u32,
}

/// `[outbox]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Outbox {
    pub tries: u32,
    pub first_wait_ms: u64,
    pub longest_wait_seconds: u64,
}

/// `[alerts]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Alerts {
    pub webhook: String,
}

// The key in the address is a credential.
impl std::fmt::Debug for Alerts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alerts").field("webhook", &if self.webhook.is_empty() { "" } else { "…" }).finish()
    }
}

/// `[plugins]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Plugins {
    pub deadline_ms: u64,
    pub memory_mib: usize,
    pub output_kib: usize,
    pub concurrent_calls: u32,
    pub compile_seconds: u64,
    pub compile_mib: u64,
    pub idle_minutes: u64,
}

impl Plugins {
    /// What one call may take.
    pub fn limits(&self) -> shopkeeper_engine::Limits {
        shopkeeper_engine::Limits {
            deadline: Duration::from_millis(self.deadline_ms),
            memory_bytes: self.memory_mib << 20,
            output_bytes: self.output_kib << 10,
        }
    }
}

/// `[journal]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Journal {
    pub days: u32,
    pub calls: u64,
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Retention {
    pub customers_days: u32,
    pub unused_pictures_days: u32,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A password or a key: never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// What it is, for whom it is meant; empty where there is none.
    pub fn reveal(&self) -> &str {
        self.0.trim()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// A list, or, as it comes from the environment, one text with commas.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::List(list) => list,
        Given::Text(text) => {
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        }
    })
}

impl Config {
    /// Reads the file, if there is one, and the environment over the default.
    pub fn load(file: Option<&Path>, environment: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULT, FileFormat::Toml));
        if let Some(path) = file {
            let text =
                std::fs::read_to_string(path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
        }
        // Only SHOPKEEPER_SECTION__KEY is ours: other programs of the same name may set what they like.
        let ours = environment
            .iter()
            .filter(|(name, _)| name.starts_with("SHOPKEEPER_") && name.contains("__"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        // Texts stay texts until the key says what they are: a password of digits keeps its zeros.
        let source =
            Environment::with_prefix("SHOPKEEPER").prefix_separator("_").separator("__").source(Some(ours));
        let mut config: Self = builder
            .add_source(source)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|e| ConfigError(e.to_string()))?;
        if !(1..=1_000_000).contains(&config.server.concurrent_requests) {
            let given = config.server.concurrent_requests;
            return Err(ConfigError(format!("server.concurrent_requests is 1 to 1000000, not {given}")));
        }
        if let Some(value) = environment.get("WECHAT_WEBHOOK").filter(|v| !v.trim().is_empty()) {
            config.alerts.webhook.clone_from(value);
        }
        if !config.alerts.webhook.is_empty() {
            crate::robot::Robot::read(&config.alerts.webhook)
                .map_err(|why| ConfigError(format!("alerts.webhook (WECHAT_WEBHOOK): {why}")))?;
        }
        if !(1..=1000).contains(&config.outbox.tries) {
            return Err(ConfigError(format!("outbox.tries is 1 to 1000, not {}", config.outbox.tries)));
        }
        config.mail.check().map_err(ConfigError)?;
        config.gemini.check("gemini", &["512", "1K", "2K", "4K"]).map_err(ConfigError)?;
        config.openai.check("openai", &[]).map_err(ConfigError)?;
        if let Some(value) = environment.get("IMAGE_MODULE_ENABLED").filter(|v| !v.is_empty()) {
            config.processing.enabled = match value.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => true,
                "0" | "false" | "no" | "off" => false,
                _ => return Err(ConfigError("IMAGE_MODULE_ENABLED must be true or false".to_owned())),
            };
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shopkeeper.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).expect("written");
        }
        Config::load(file.map(|_| path.as_path()), &environment)
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = Some("[server]\nlisten = \"127.0.0.1:1\"\n[journal]\ndays = 3\n");
        let config = load(file, &[("SHOPKEEPER_SERVER__LISTEN", "127.0.0.1:2")]).expect("loads");
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.journal.days, 3);
        assert_eq!(config.plugins.deadline_ms, 50);
    }

    #[test]
    fn a_list_comes_from_the_environment_too() {
        let config = load(None, &[("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", "a:1,b")]).expect("loads");
        assert_eq!(config.images.private_hosts, ["a:1", "b"]);
    }

    #[test]
    fn figures_switches_and_texts_come_from_the_environment_as_what_they_are() {
        let given = [
            ("SHOPKEEPER_JOURNAL__DAYS", "3"),
            ("SHOPKEEPER_SERVER__OPEN_METRICS", "false"),
            ("SHOPKEEPER_MAIL__FROM_NAME", "0571"),
        ];
        let config = load(None, &given).expect("loads");
        assert_eq!((config.journal.days, config.server.open_metrics), (3, false));
        assert_eq!(config.mail.from_name, "0571");
        assert!(load(None, &[("SHOPKEEPER_JOURNAL__DAYS", "few")]).is_err());
    }

    #[test]
    fn an_unknown_key_is_named() {
        let refused = load(Some("[server]\nlissten = \"x\"\n"), &[]).expect_err("refused");
        assert!(refused.to_string().contains("lissten"), "{refused}");
        let refused = load(None, &[("SHOPKEEPER_SERVER__PORT", "1")]).expect_err("refused");
        assert!(refused.to_string().contains("port"), "{refused}");
    }

    #[test]
    fn the_switch_of_old_works() {
        assert!(!load(None, &[("IMAGE_MODULE_ENABLED", "false")]).expect("loads").processing.enabled);
        assert!(load(None, &[("IMAGE_MODULE_ENABLED", "")]).expect("loads").processing.enabled);
        assert!(load(None, &[("IMAGE_MODULE_ENABLED", "perhaps")]).is_err());
    }

    #[test]
    fn a_key_is_taken_as_it_is_and_never_printed() {
        let config = load(None, &[("SHOPKEEPER_GEMINI__KEY", "00123456789")]).expect("loads");
        assert_eq!(config.gemini.key.reveal(), "00123456789");
        assert!(config.gemini.is_configured() && !config.openai.is_configured());
        assert!(!format!("{config:?}").contains("123456789"));
        let refused =
            load(None, &[("SHOPKEEPER_OPENAI__KEY", "sk-secret\nx")]).expect_err("refused").to_string();
        assert!(refused.contains("openai.key") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn an_image_ai_that_could_not_be_called_is_refused_with_the_key_that_is_wrong() {
        for (name, value) in [
            ("SHOPKEEPER_GEMINI__BASE_URL", "generativelanguage.googleapis.com"),
            ("SHOPKEEPER_GEMINI__BASE_URL", "file:///etc/passwd"),
            ("SHOPKEEPER_OPENAI__BASE_URL", "https://user@relay.example.com"),
            ("SHOPKEEPER_OPENAI__BASE_URL", "https://relay.example.com/v1/"),
            ("SHOPKEEPER_GEMINI__MODEL", "a model"),
            ("SHOPKEEPER_OPENAI__QUALITY_MODEL", ""),
            ("SHOPKEEPER_GEMINI__IMAGE_SIZE", "3K"),
            ("SHOPKEEPER_OPENAI__IMAGE_SIZE", "2K"),
            ("SHOPKEEPER_GEMINI__TIMEOUT_SECONDS", "0"),
            ("SHOPKEEPER_OPENAI__CONCURRENCY", "65"),
        ] {
            let refused = load(None, &[(name, value)]).expect_err(name).to_string();
            let key = name.trim_start_matches("SHOPKEEPER_").to_ascii_lowercase();
            let key = key.split("__").nth(1).expect("a key");
            assert!(refused.contains(key) && !refused.contains('\n'), "{refused}");
        }
    }

    #[test]
    fn a_figure_that_the_service_could_not_work_with_is_refused() {
        for value in ["0", "9223372036854775807"] {
            let refused = load(None, &[("SHOPKEEPER_SERVER__CONCURRENT_REQUESTS", value)]).expect_err(value);
            assert!(refused.to_string().contains("concurrent_requests"), "{refused}");
        }
    }
}
