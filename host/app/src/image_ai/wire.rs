//! One request over the wire: bounded in time and size, and sorted by its status.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::Failure;

/// The largest answer that is read: a picture of 20 MB is 27 MB as base64.
const ANSWER: usize = 40 << 20;
/// No service is waited for longer than this, whatever it says.
const LONGEST: Duration = Duration::from_secs(3600);

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a success; none where it is not what was to be expected.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A status that is no success, for whoever set the service up.
    pub(super) fn complaint(&self, name: &str) -> String {
        let status = self.status.as_u16();
        format!("answered {status} {name}: check the key, the names of the models and base_url")
    }

    /// What a status that is no success means, where the service's own words say nothing else.
    pub(super) fn failure(&self, name: &str, after: Option<Duration>) -> Failure {
        let status = self.status.as_u16();
        let name = if name.is_empty() { String::new() } else { format!(" {name}") };
        match status {
            408 | 429 | 500..=599 => {
                let after = after.or(self.retry_after);
                Failure::Later { problem: format!("the image AI answered {status}{name}"), after }
            }
            _ => Failure::Broke(format!(
                "图片AI拒绝了请求(HTTP {status}{name}),请管理员检查密钥、模型名、接口地址和所在地区。"
            )),
        }
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn send(request: RequestBuilder, time: Duration) -> Result<Answer, Failure> {
    let late = |_| Failure::later(format!("the image AI gave no whole answer within {} s", time.as_secs()));
    tokio::time::timeout(time, exchange(request)).await.map_err(late)?
}

async fn exchange(request: RequestBuilder) -> Result<Answer, Failure> {
    // Their words would name the address, which may be a secret of its own.
    let broken = |e: reqwest::Error| {
        let problem = if e.is_connect() { "can't be reached" } else { "broke the connection" };
        Failure::later(format!("the image AI {problem}"))
    };
    let response = request.send().await.map_err(broken)?;
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(seconds);
    let body = read(response).await.map_err(broken)?;
    let too_large = || Failure::Broke(format!("图片AI的回答超过 {} MB,已停止接收。", ANSWER >> 20));
    Ok(Answer { status, retry_after, body: body.ok_or_else(too_large)? })
}

/// The body; none where it is larger than is read.
async fn read(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// `3.5s` or `3`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.trim().trim_end_matches('s').parse().ok()?;
    Duration::try_from_secs_f64(number).ok().map(|d| d.min(LONGEST))
}

/// The name of an error, such as `RESOURCE_EXHAUSTED`; nothing where it is anything else, such as a key.
pub(super) fn name(text: &str) -> &str {
    let plain = text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if plain { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_bounded_and_nonsense_is_none() {
        assert_eq!(seconds("3.5s"), Some(Duration::from_millis(3500)));
        assert_eq!(seconds("20"), Some(Duration::from_secs(20)));
        assert_eq!(seconds("999999s"), Some(LONGEST));
        for text in ["", "s", "soon", "-1s", "NaN", "1e400s", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_name_is_taken_for_one() {
        assert_eq!(name("RESOURCE_EXHAUSTED"), "RESOURCE_EXHAUSTED");
        assert_eq!(name("API key AIza0 is suspended"), "");
        assert_eq!(name("sk-0123"), "");
    }
}
