//! Everything that can be wrong with templates, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::{Map, Value};

use crate::emoji;
use crate::settings::{KEYS, Slot, parse};
use crate::word::LONGEST;

/// Finds every problem.
///
/// # Errors
/// The problems, each with a pointer into the settings.
pub fn check(settings: &str) -> Result<(), Vec<Problem>> {
    Checker::run(settings, walk, |text| parse(text).map(drop))
}

fn walk(checker: &mut Checker, value: &Value) {
    let Some(settings) = checker.object(value, &["emoji", "templates"]) else { return };
    checker.field(settings, "emoji", |checker, value| {
        if !value.is_boolean() {
            checker.problem("只能填 true(发表情)或 false(不发)");
        }
    });
    let emoji = settings.get("emoji") == Some(&Value::Bool(true));
    checker.field(settings, "templates", |checker, value| {
        let Some(locales) = object(checker, value, 20) else { return };
        let mut seen: Vec<&str> = Vec::new();
        for (locale, texts) in locales {
            checker.key(locale, |checker| {
                if !is_locale(locale) {
                    return checker.problem("语言要写成 zh-CN、zh-TW、en 这样");
                }
                if seen.iter().any(|earlier| earlier.eq_ignore_ascii_case(locale)) {
                    checker.problem("这种语言已经写过了,大小写不算区别");
                }
                seen.push(locale);
                situations(checker, texts, emoji);
            });
        }
    });
}

fn object<'v>(checker: &mut Checker, value: &'v Value, most: usize) -> Option<&'v Map<String, Value>> {
    let Some(object) = value.as_object() else {
        checker.problem("这里要写成对象,例如 {…}");
        return None;
    };
    if object.len() > most {
        checker.problem(format!("最多 {most} 项,现在是 {} 项", object.len()));
        return None;
    }
    Some(object)
}

/// Like `zh-CN`, `zh-Hant-TW` or `en`.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    text.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn situations(checker: &mut Checker, value: &Value, emoji: bool) {
    // How many is no question: only those that there are pass.
    let Some(texts) = object(checker, value, usize::MAX) else { return };
    for (key, wordings) in texts {
        checker.key(key, |checker| match KEYS.iter().find(|(known, _)| known == key) {
            Some((key, slots)) => {
                let situation = Rules { slots, subject: *key == "mail-subject", emoji };
                self::wordings(checker, wordings, &situation);
            }
            None => {
                let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
                checker.problem(format!("没有这个场合,可用的有:{}", known.join("、")));
            }
        });
    }
}

/// What holds for the texts of one situation.
struct Rules<'a> {
    slots: &'a [Slot],
    /// A mail's subject is one line.
    subject: bool,
    emoji: bool,
}

fn wordings(checker: &mut Checker, value: &Value, rules: &Rules<'_>) {
    let mut total = Some(0);
    let mut labels: Vec<&str> = Vec::new();
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows = list.iter();
    checker.list(value, 1..=20, |checker, value| {
        let label = rows.next().and_then(|row| row.get("label")).and_then(Value::as_str);
        let Some(row) = checker.object(value, &["text", "weight", "label"]) else {
            total = None;
            return;
        };
        checker.required(row, "text", |checker, value| text(checker, value, rules));
        let weight = match row.get("weight") {
            None => Some(1),
            Some(value) => checker.key("weight", |checker| checker.integer(value, 0..=100, "")),
        };
        total = total.zip(weight).map(|(total, weight)| total + weight);
        checker.field(row, "label", |checker, value| {
            let Some(label) = checker.text(value, 40) else { return };
            if label.chars().all(|c| c.is_ascii_digit() || c.is_whitespace()) {
                checker.problem("不能只有数字:没有名字的说法是按数字编号的");
            } else if labels.contains(&label) {
                checker.problem("和前面的一项重复了");
            }
        });
        labels.extend(label);
    });
    if total == Some(0) && !list.is_empty() {
        checker.problem("权重不能都是 0,至少要有一种说法会被用到");
    }
}

fn text(checker: &mut Checker, value: &Value, rules: &Rules<'_>) {
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
    // What is left of it where emoji are not sent: without one between them, two words may be a link.
    let sent = if rules.emoji { text.to_owned() } else { emoji::without(text) };
    if rules.subject && sent.contains('\n') {
        checker.problem("邮件标题只能有一行");
    }
    if links(&sent) {
        checker.problem("不能直接写网址或邮箱:只有随消息带来的地址(例如 {address})可以发给客户");
    }
    let Some(pieces) = pieces(&sent) else {
        return checker.problem("花括号要成对,里面写一个名字,例如 {count}");
    };
    for name in pieces.iter().filter_map(|piece| piece.slot) {
        if rules.slots.iter().all(|slot| slot.name() != name) {
            checker.problem(format!("不认识 {{{name}}},{}", known(rules.slots)));
        }
    }
    if sent.match_indices(ADDRESS).any(|(at, _)| joined(&sent[..at], &sent[at + ADDRESS.len()..])) {
        checker.problem("{address} 前后不能紧挨着字母、数字或 . - / ? 这些符号,请加空格:会连成另一个地址");
    }
    if pieces.iter().all(|piece| piece.words.trim().is_empty()) {
        checker.problem("除了花括号和表情,还要写点文字");
    }
}

const ADDRESS: &str = "{address}";

/// Words and the slot that follows them; none at the end.
struct Piece<'a> {
    words: &'a str,
    slot: Option<&'a str>,
}

/// The text in pieces; nothing where a brace is left open or closes nothing.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((words, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        pieces.push(Piece { words, slot: Some(name) });
        rest = behind;
    }
    pieces.push(Piece { words: rest, slot: None });
    let whole =
        |piece: &Piece<'_>| !piece.words.contains('}') && !piece.slot.is_some_and(|name| name.contains('{'));
    pieces.iter().all(whole).then_some(pieces)
}

fn known(slots: &[Slot]) -> String {
    if slots.is_empty() {
        return "这个场合没有可替换的内容".to_owned();
    }
    let names: Vec<_> = slots.iter().map(|slot| format!("{{{}}}", slot.name())).collect();
    format!("可用的有:{}", names.join("、"))
}

/// Whether what stands around an address makes another one of it. The host would not send that.
fn joined(before: &str, after: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "_%+-@/?&=#~{}".contains(c);
    // A dot ends a sentence, unless more of a name follows it.
    let after = after.strip_prefix(['.', ':']).unwrap_or(after);
    before.ends_with(|c| part(c) || c == '.') || after.starts_with(part)
}

/// Whether it holds something like a link or an address. The host sends none that isn't in a slot, so such a text would
/// never reach a customer; better to say so now.
fn links(text: &str) -> bool {
    // A domain's name may be of any script, or come from a slot; what it ends in is not Chinese.
    let named = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '}';
    let dotted = text.match_indices('.').any(|(at, _)| {
        text[..at].ends_with(named) && text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic())
    });
    dotted || text.contains("://") || text.contains('@')
}

#[cfg(test)]
mod tests;
