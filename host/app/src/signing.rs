//! Signed webhooks, as Standard Webhooks has them: HMAC-SHA256 over id, time and body.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderValue};
use sha2::Sha256;
use shopkeeper_domain::ShopId;
use uuid::Uuid;

use crate::secrets::Secret;

/// The key that a shop's webhooks are signed with: made from the installation's secret, so that nobody has to store it.
pub(crate) struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    pub(crate) fn of(secret: &Secret, shop: &ShopId) -> Self {
        Self(secret.derive(&format!("webhooks of {shop}")))
    }

    /// As the receiver needs it: `whsec_…`.
    pub(crate) fn shown(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// The headers of a message: the same id in every repeat.
    pub(crate) fn headers(&self, id: Uuid, at: DateTime<Utc>, body: &str) -> HeaderMap {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{}.{body}", at.timestamp()).as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", id.to_string()),
            ("webhook-timestamp", at.timestamp().to_string()),
            ("webhook-signature", signature),
        ] {
            headers.insert(name, HeaderValue::try_from(value).expect("plain ASCII"));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed apart from this code, with Python's hmac module.
    #[test]
    fn a_signature_is_what_the_standard_says() {
        let headers = WebhookSecret([7; 32]).headers(
            Uuid::from_u128(1),
            DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
            r#"{"a":1}"#,
        );
        assert_eq!(headers["webhook-id"], "00000000-0000-0000-0000-000000000001");
        assert_eq!(headers["webhook-timestamp"], "1700000000");
        assert_eq!(headers["webhook-signature"], "v1,bKTjXeW4/FfHUdgUFtK4EGb4fgyxUpIT8jfGNxWYR6Q=");
    }
}
