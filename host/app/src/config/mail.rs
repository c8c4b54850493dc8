//! `[mail]`: how finished pictures leave the house.

use std::{path::PathBuf, str::FromStr, time::Duration};

use serde::Deserialize;
use shopkeeper_domain::EmailAddress;

use super::Hidden;

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Config")]
pub struct Mail {
    pub transport: Transport,
    pub from_name: String,
    pub from_address: String,
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub username: String,
    pub password: Hidden,
    pub ca_file: PathBuf,
    pub timeout_seconds: u64,
    pub concurrency: u32,
    pub max_bytes: usize,
    pub link_days: u32,
}

/// Where mails go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Into a folder.
    File,
    /// To a server.
    Smtp,
}

/// How the way to the server is encrypted; there is no way without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte.
    Tls,
    /// After a greeting in the clear, and before anything else.
    Starttls,
}

impl Security {
    /// As it is written in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
        }
    }
}

impl Mail {
    /// How long one mail may take in all.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// What can't be said in the types.
    pub(super) fn check(&self) -> Result<(), String> {
        // A mail must be given up before its entry in the outbox is due again, or it goes out twice.
        for (key, value, most) in [
            ("timeout_seconds", self.timeout_seconds, 300),
            ("concurrency", self.concurrency.into(), 64),
            ("link_days", self.link_days.into(), 365),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("mail.{key} is 1 to {most}, not {value}"));
            }
        }
        if self.transport == Transport::File {
            return Ok(());
        }
        if self.host.is_empty() {
            return Err(
                "mail.host is empty: name the server to send through, such as \"smtp.qq.com\"".to_owned()
            );
        }
        if self.port == 0 {
            return Err(
                "mail.port is 0: it is 465 for \"tls\" and 587 for \"starttls\" nearly everywhere".to_owned()
            );
        }
        if EmailAddress::from_str(&self.from_address).is_err() {
            let given = &self.from_address;
            return Err(format!(
                "mail.from_address {given:?} is no address to send from: QQ and 163 want the login's"
            ));
        }
        match (self.username.is_empty(), self.password.reveal().is_empty()) {
            (false, true) => {
                Err("mail.password is empty: set SHOPKEEPER_MAIL__PASSWORD in the environment".to_owned())
            }
            (true, false) => Err("mail.username is empty, but there is a password".to_owned()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::config::{Config, ConfigError};

    fn smtp(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut environment: HashMap<String, String> = HashMap::new();
        let usual = [
            ("TRANSPORT", "smtp"),
            ("HOST", "smtp.example.com"),
            ("FROM_ADDRESS", "shop@example.com"),
            ("USERNAME", "shop@example.com"),
            ("PASSWORD", "00700"),
        ];
        for (key, value) in usual.iter().chain(changes) {
            environment.insert(format!("SHOPKEEPER_MAIL__{key}"), (*value).to_owned());
        }
        Config::load(None, &environment)
    }

    #[test]
    fn what_can_not_send_is_refused_with_the_key_that_is_wrong() {
        assert!(smtp(&[]).is_ok());
        assert!(smtp(&[("PORT", "465"), ("SECURITY", "starttls")]).is_ok(), "a server may do it so");
        assert!(smtp(&[("USERNAME", ""), ("PASSWORD", "")]).is_ok(), "a relay may want no login");
        for (key, value, named) in [
            ("HOST", "", "mail.host"),
            ("PORT", "0", "mail.port"),
            ("FROM_ADDRESS", "shop@localhost", "mail.from_address"),
            ("FROM_ADDRESS", "邮箱是abc@qq.com谢谢", "mail.from_address"),
            ("PASSWORD", "", "SHOPKEEPER_MAIL__PASSWORD"),
            ("USERNAME", "", "mail.username"),
            ("TIMEOUT_SECONDS", "0", "mail.timeout_seconds"),
            ("TIMEOUT_SECONDS", "3600", "mail.timeout_seconds"),
            ("CONCURRENCY", "0", "mail.concurrency"),
            ("LINK_DAYS", "0", "mail.link_days"),
            ("SECURITY", "none", "none"),
            ("TRANSPORT", "pigeon", "pigeon"),
        ] {
            let refused = smtp(&[(key, value)]).expect_err(value).to_string();
            assert!(refused.contains(named) && refused.lines().count() == 1, "{refused}");
        }
    }

    #[test]
    fn the_password_keeps_its_zeros_and_is_never_printed() {
        let config = smtp(&[]).expect("loads");
        assert_eq!(config.mail.password.reveal(), "00700");
        assert!(!format!("{config:?}").contains("00700"));
    }
}
