//! Everything that can be wrong with templates, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::Value;

use crate::settings::{KEYS, LOCALE, parse};

/// The longest text that a customer is sent, in characters.
const LONGEST: usize = 500;

/// Finds every problem.
///
/// # Errors
/// The problems, each with a pointer into the settings.
pub fn check(settings: &str) -> Result<(), Vec<Problem>> {
    Checker::run(settings, walk, |text| parse(text).map(drop))
}

fn walk(checker: &mut Checker, value: &Value) {
    let Some(settings) = checker.object(value, &["templates"]) else { return };
    let mut seen: Vec<(String, String)> = Vec::new();
    checker.required(settings, "templates", |checker, value| {
        checker.list(value, 0..=200, |checker, value| template(checker, value, &mut seen));
    });
}

fn template(checker: &mut Checker, value: &Value, seen: &mut Vec<(String, String)>) {
    let Some(row) = checker.object(value, &["key", "locale", "texts"]) else { return };
    let mut slots: Option<&[&str]> = None;
    checker.required(row, "key", |checker, value| {
        slots = KEYS.iter().find(|(key, _)| value.as_str() == Some(key)).map(|(_, slots)| *slots);
        if slots.is_none() {
            let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
            checker.problem(format!("没有这个场合,可用的有:{}", known.join("、")));
        }
    });
    checker.field(row, "locale", |checker, value| {
        let good = |text: &str| {
            (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !value.as_str().is_some_and(good) {
            checker.problem("语言要写成 zh-CN、zh-TW、en 这样");
        }
    });
    let text =
        |name: &str, default: &str| row.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
    let this = (text("key", ""), text("locale", LOCALE));
    if seen.contains(&this) {
        checker.key("key", |checker| checker.problem("这个场合在同一种语言里已经写过了,把说法都放在一起"));
    }
    seen.push(this);
    checker.required(row, "texts", |checker, value| {
        checker.list(value, 1..=20, |checker, value| wording(checker, value, slots));
    });
}

fn wording(checker: &mut Checker, value: &Value, slots: Option<&[&str]>) {
    let Some(text) = value.as_str() else { return checker.problem("这里要填文字,用引号括起来") };
    if text.trim().is_empty() {
        return checker.problem("不能留空");
    }
    if text.chars().count() > LONGEST {
        return checker.problem(format!("太长了,最多 {LONGEST} 个字"));
    }
    if text.chars().any(plugin_kit::hidden) {
        return checker.problem("除了换行,不能有别的控制字符或看不见的字符");
    }
    if links(text) {
        checker.problem("不能直接写网址或邮箱:只有随消息带来的地址(例如 {address})可以发给客户");
    }
    let Some(slots) = slots else { return };
    for name in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
        if !slots.contains(&name) {
            let known = if slots.is_empty() {
                "这个场合没有可替换的内容".to_owned()
            } else {
                format!(
                    "可用的有:{}",
                    slots.iter().map(|s| format!("{{{s}}}")).collect::<Vec<_>>().join("、")
                )
            };
            checker.problem(format!("不认识 {{{name}}},{known}"));
        }
    }
}

/// Whether it holds something like a link or an address. The host sends none that isn't in a slot, so such a text would
/// never reach a customer; better to say so now.
fn links(text: &str) -> bool {
    let dotted = text.as_bytes().windows(3).any(|three| {
        matches!(three, [before, b'.', after] if before.is_ascii_alphanumeric() && after.is_ascii_alphabetic())
    });
    dotted || text.contains("://") || text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DEFAULTS;

    #[test]
    fn defaults_pass_and_mistakes_are_pointed_at() {
        assert_eq!(check(DEFAULTS), Ok(()));
        let wrong = r#"{"templates":[{"key":"ask-address","texts":["发到 {address} 吗"]},{"key":"nope","texts":["x"]},
            {"key":"handed-off","texts":[]},{"key":"handed-off","texts":["好"]},{"key":"image-ready","locale":"中文","texts":[""]}],"tone":1}"#;
        let found: Vec<String> = check(wrong).expect_err("wrong").into_iter().map(|p| p.pointer).collect();
        for pointer in [
            "/templates/0/texts/0",
            "/templates/1/key",
            "/templates/2/texts",
            "/templates/3/key",
            "/templates/4/locale",
            "/templates/4/texts/0",
            "/tone",
        ] {
            assert!(found.iter().any(|p| p == pointer), "{pointer} in {found:?}");
        }
    }
    #[test]
    fn what_the_host_would_not_send_is_refused() {
        for text in ["看 https://x.cn", "example.com", "发到 a@b", "a\u{202e}b", "a\u{7}b"] {
            let settings =
                serde_json::json!({"templates": [{"key": "handed-off", "texts": [text]}]}).to_string();
            let found = check(&settings).expect_err(text);
            assert_eq!(found[0].pointer, "/templates/0/texts/0", "{text}");
        }
        assert_eq!(
            check(r#"{"templates":[{"key":"handed-off","texts":["等1.5小时...好吗。\n谢谢"]}]}"#),
            Ok(())
        );
    }
}
