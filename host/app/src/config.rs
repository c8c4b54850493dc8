//! The installation's configuration: the embedded default, then a file, then the environment.
//!
//! An unknown key is an error that names it: a misspelt key must not quietly keep its default.

mod models;

use std::{collections::HashMap, net::SocketAddr, path::Path, time::Duration};

use config::{Environment, File, FileFormat};
use serde::Deserialize;

pub use models::{Hidden, Model};

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
    pub plugins: Plugins,
    pub journal: Journal,
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

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Mail {
    pub from_name: String,
    pub from_address: String,
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
            .map(|(name, value)| (name.clone(), value.clone()));
        // A secret that looks like a number is none.
        let (secrets, ours) = ours.partition(|(name, _)| name.ends_with("__KEY"));
        let source = |variables| {
            Environment::with_prefix("SHOPKEEPER")
                .prefix_separator("_")
                .separator("__")
                .source(Some(variables))
        };
        let parsed =
            source(ours).try_parsing(true).list_separator(",").with_list_parse_key("images.private_hosts");
        let mut config: Self = builder
            .add_source(parsed)
            .add_source(source(secrets))
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|e| ConfigError(e.to_string()))?;
        if !(1..=1_000_000).contains(&config.server.concurrent_requests) {
            let given = config.server.concurrent_requests;
            return Err(ConfigError(format!("server.concurrent_requests is 1 to 1000000, not {given}")));
        }
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
