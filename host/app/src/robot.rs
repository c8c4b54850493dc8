//! The WeChat Work group robot (企业微信消息推送): tells operators what they should see.
//!
//! An answer of it is HTTP 200 with an `errcode`; only that decides. Its key is a credential and is shown nowhere.
//! <https://developer.work.weixin.qq.com/document/path/99110>

use std::{fmt::Write as _, time::Duration};

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use shopkeeper_domain::{Alert, AlertKind};
use url::Url;

use crate::fetch::Fetcher;

/// What can be given.
pub(crate) const EXPECTED: &str = "give the robot's whole address (https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…) or its key alone";
/// Where a key alone leads.
const SERVICE: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send";
/// The longest markdown message, in bytes.
const LONGEST: usize = 4096;
/// How long the robot may take; as in the seed.
const TIME: Duration = Duration::from_secs(10);
/// The errcode of a key that opens nothing.
const GONE: i64 = 93000;
/// It is asked too often.
const TOO_OFTEN: Duration = Duration::from_secs(60);

/// A robot's address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Robot(String);

// The key in the address is a credential.
impl std::fmt::Debug for Robot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Robot(…)")
    }
}

/// Why a robot did not take a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RobotError {
    /// May work later.
    Later(String, Option<Duration>),
    /// Never will, as it is.
    Never(String),
}

impl Robot {
    /// The robot that somebody wrote down: the whole address, or the key alone.
    pub(crate) fn read(given: &str) -> Result<Self, &'static str> {
        let given = given.trim();
        let is_key = |k: &str| {
            (8..=128).contains(&k.len()) && k.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if is_key(given) {
            return Ok(Self(format!("{SERVICE}?key={given}")));
        }
        let url = Url::parse(given).map_err(|_| EXPECTED)?;
        let has_key = url.query_pairs().any(|(name, value)| name == "key" && is_key(&value));
        if matches!(url.scheme(), "http" | "https") && has_key { Ok(Self(url.into())) } else { Err(EXPECTED) }
    }

    /// Whether the robot is there and takes its key. Nothing is shown in the group: a message of no kind is refused, but
    /// a wrong key is refused before that.
    pub(crate) async fn check(&self, fetcher: &Fetcher) -> Result<(), String> {
        match self.post(fetcher, r#"{"msgtype":"none"}"#.to_owned()).await {
            Ok(GONE) => Err("the robot is gone or its key is wrong (errcode 93000)".to_owned()),
            Ok(_) => Ok(()),
            Err(RobotError::Later(problem, _) | RobotError::Never(problem)) => Err(problem),
        }
    }

    /// Sends a markdown message.
    pub(crate) async fn send(&self, fetcher: &Fetcher, markdown: &str) -> Result<(), RobotError> {
        let body = json!({ "msgtype": "markdown", "markdown": { "content": markdown } }).to_string();
        judge(self.post(fetcher, body).await?)
    }

    /// The errcode of an answer.
    async fn post(&self, fetcher: &Fetcher, body: String) -> Result<i64, RobotError> {
        let posted = fetcher.post(&self.0, HeaderMap::new(), body, TIME).await;
        // The error of a request can hold its address, and so the key: it says only what happened.
        let posted =
            posted.map_err(|e| RobotError::Later(format!("the robot can't be reached: {e}"), None))?;
        if !posted.status.is_success() {
            return Err(RobotError::Later(
                format!("the robot answered HTTP {}", posted.status),
                posted.retry_after,
            ));
        }
        match serde_json::from_slice::<Answer>(&posted.body) {
            Ok(answer) => Ok(answer.errcode),
            Err(_) => Err(RobotError::Later("the robot's answer can't be read".to_owned(), None)),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
}

fn judge(errcode: i64) -> Result<(), RobotError> {
    match errcode {
        0 => Ok(()),
        -1 => Err(RobotError::Later("the robot is busy (errcode -1)".to_owned(), None)),
        45009 => {
            Err(RobotError::Later("the robot is asked too often (errcode 45009)".to_owned(), Some(TOO_OFTEN)))
        }
        GONE => Err(RobotError::Never("the robot is gone or its key is wrong (errcode 93000)".to_owned())),
        other => Err(RobotError::Never(format!("the robot does not take the message (errcode {other})"))),
    }
}

/// Alerts of one kind in one message, as much of them as fits.
pub(crate) fn markdown(shop: &str, alerts: &[Alert]) -> String {
    let Some(first) = alerts.first() else { return String::new() };
    let mut text = format!("**{}**", first.kind.title());
    if alerts.len() > 1 {
        let _ = write!(text, " × {}", alerts.len());
    }
    let _ = write!(text, "\n> 店铺: {}", escaped(shop, 100));
    for (at, alert) in alerts.iter().enumerate() {
        let section = section(alert);
        // Room for the line that says how many are left out.
        if text.len() + section.len() > LONGEST - 64 {
            let _ = write!(text, "\n\n还有 {} 条,请到后台查看", alerts.len() - at);
            break;
        }
        text.push_str(&section);
    }
    text
}

fn section(alert: &Alert) -> String {
    let mut text = String::from("\n");
    let mut row = |name: &str, value: &str| {
        let _ = write!(text, "\n> {name}: {value}");
    };
    if let Some(customer) = &alert.customer {
        row("客户", &escaped(customer.id.as_str(), 100));
    }
    if let Some(account) = &alert.account {
        row("账号", &escaped(account.as_str(), 100));
    }
    if let Some(order) = &alert.order {
        row("订单", &escaped(order.as_str(), 100));
    }
    if let Some(task) = alert.task {
        row("任务", &task.to_string());
    }
    match &alert.kind {
        AlertKind::AmountTooLow { paid, wanted } => {
            row("金额", &format!("实付 {}，报价最低 {}", yuan(paid.minor), yuan(wanted.minor)));
        }
        AlertKind::QualityFailed { score, attempts, held } => {
            let then = if *held { "，已暂停发送，等待人工确认" } else { "，已照常发送" };
            row("质检", &format!("{score} 分，尝试 {attempts} 次{then}"));
        }
        AlertKind::PluginQuarantined { role, plugin } | AlertKind::CanaryStopped { role, plugin } => {
            row("插件", &format!("{} ({role})", escaped(plugin, 100)));
        }
        AlertKind::DeadLetter { queue } => row("队列", &escaped(queue, 40)),
        _ => {}
    }
    if !alert.reason.is_empty() {
        row("原因", &escaped(&alert.reason, 200));
    }
    text
}

fn yuan(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor.unsigned_abs() % 100)
}

/// What somebody else wrote, on one line, with nothing in it that markdown or the robot takes for its own: a customer
/// must not be able to mention the whole group, or to make a link.
fn escaped(text: &str, longest: usize) -> String {
    let plain = |c: char| match c {
        '<' => '＜',
        '>' => '＞',
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '`' => '｀',
        '#' => '＃',
        '@' => '＠',
        c if c.is_control() || shopkeeper_engine::is_hidden(c) => ' ',
        c => c,
    };
    let mut cut: String = text.chars().take(longest).map(plain).collect();
    if text.chars().count() > longest {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(reason: &str) -> Alert {
        Alert {
            kind: AlertKind::ProcessingRefused,
            customer: None,
            account: None,
            task: None,
            order: None,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn the_whole_address_and_the_key_are_the_same_robot() {
        let key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
        let whole = Robot::read(&format!(" {SERVICE}?key={key}\n")).expect("an address");
        assert_eq!(Robot::read(key).expect("a key"), whole);
        assert!(!format!("{whole:?}").contains(key), "the key is shown nowhere");
        for wrong in [
            "",
            "hello",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
            "ftp://x/?key=12345678",
            "key=12345678",
        ] {
            assert!(Robot::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_message_fits_whatever_is_in_it_and_says_what_is_left_out() {
        let alerts: Vec<Alert> = (0..40).map(|n| alert(&format!("{n}{}", "字".repeat(500)))).collect();
        let text = markdown("演示店", &alerts);
        assert!(text.len() <= LONGEST, "{} bytes", text.len());
        assert!(text.starts_with("**作图失败** × 40\n") && text.contains("条,请到后台查看"), "{text}");
    }

    #[test]
    fn what_a_customer_wrote_is_no_markdown() {
        let text = markdown("店", &[alert("<@all> [点我](http://x.example) **重要**\n# 标题")]);
        let reason = text.lines().last().expect("a line");
        assert_eq!(reason, "> 原因: ＜＠all＞ ［点我］(http://x.example) ＊＊重要＊＊ ＃ 标题");
    }

    #[test]
    fn the_errcode_decides() {
        assert_eq!(judge(0), Ok(()));
        assert!(matches!(judge(45009), Err(RobotError::Later(_, Some(_)))));
        assert!(matches!(judge(-1), Err(RobotError::Later(_, None))));
        assert!(matches!(judge(93000), Err(RobotError::Never(_))));
        assert!(matches!(judge(40058), Err(RobotError::Never(_))));
    }
}
