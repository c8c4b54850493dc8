//! `[gemini]` and `[openai]`: image AIs that are called over HTTP.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::Hidden;

/// `[gemini]`, `[openai]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each key is documented where people read it, in the embedded default")]
pub struct Model {
    pub base_url: String,
    pub key: Hidden,
    pub model: String,
    pub quality_model: String,
    /// Of Gemini alone.
    #[serde(default)]
    pub image_size: String,
    pub timeout_seconds: u64,
    pub concurrency: u32,
}

impl Model {
    /// Whether it can be asked at all.
    pub(crate) fn is_configured(&self) -> bool {
        !self.key.reveal().is_empty()
    }

    /// How many workers it has; one where there is no key, which gives to a person what waits from before.
    pub(crate) fn workers(&self) -> u32 {
        if self.is_configured() { self.concurrency } else { 1 }
    }

    /// How long one request may take in all.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// The address of one of its services.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }

    /// What can't be said in the types: one line that names the key, and never the secret.
    pub(super) fn check(&self, section: &str, sizes: &[&str]) -> Result<(), String> {
        let url = Url::parse(&self.base_url).map_err(|e| format!("{section}.base_url is not a URL: {e}"))?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
            return Err(format!(
                "{section}.base_url is an address such as https://relay.example.com, without user, query or #"
            ));
        }
        let path = url.path().trim_end_matches('/');
        if ["/v1", "/v1beta"].iter().any(|version| path.ends_with(version)) {
            return Err(format!("{section}.base_url ends before the version: leave {path} out, it is added"));
        }
        let names = [("model", &self.model), ("quality_model", &self.quality_model)];
        for (key, name) in names {
            let good = |c: char| c.is_ascii_alphanumeric() || "._-:/".contains(c);
            if name.is_empty() || name.len() > 100 || !name.chars().all(good) {
                return Err(format!("{section}.{key} is no name of a model: {name:?}"));
            }
        }
        if !self.key.reveal().chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("{section}.key holds characters that no key has"));
        }
        if !self.image_size.is_empty() && !sizes.contains(&self.image_size.as_str()) {
            return Err(match sizes {
                [] => format!("{section} has no image_size: the size follows from the picture's proportions"),
                _ => format!("{section}.image_size is empty or one of {}", sizes.join(", ")),
            });
        }
        if !(1..=600).contains(&self.timeout_seconds) {
            let given = self.timeout_seconds;
            return Err(format!("{section}.timeout_seconds is 1 to 600, not {given}"));
        }
        if !(1..=64).contains(&self.concurrency) {
            return Err(format!("{section}.concurrency is 1 to 64, not {}", self.concurrency));
        }
        Ok(())
    }
}
