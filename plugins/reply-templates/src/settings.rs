//! What a shop can set, read without copying a string.

use plugin_kit::{List, Text};
use serde::Deserialize;

/// The settings a shop starts with: the seed's texts.
pub const DEFAULTS: &str = include_str!("defaults.json");

/// JSON Schema of the settings.
pub const SCHEMA: &str = include_str!("schema.json");

/// Where no template of the customer's locale fits.
pub(crate) const LOCALE: &str = "zh-CN";

/// Every situation, and the slots that can stand in its texts.
pub const KEYS: [(&str, &[&str]); 12] = [
    ("image-ready", &["operations"]),
    ("image-ready-agent-hint", &["operations"]),
    ("processing-delayed", &[]),
    ("ask-revision-detail", &[]),
    ("revision-accepted", &["count"]),
    ("ask-address", &[]),
    ("confirm-address", &["address"]),
    ("work-mailed", &["address"]),
    ("mail-failed", &["address"]),
    ("handed-off", &[]),
    ("mail-subject", &["name", "count", "operations"]),
    ("mail-body", &["name", "count", "operations"]),
];

/// A table of templates with one wording each.
macro_rules! shipped {
    ($($key:literal => $text:literal,)*) => {
        Settings {
            templates: List::Shipped(&[
                $(Template { key: Text::of($key), locale: None, texts: List::Shipped(&[Text::of($text)]) },)*
            ]),
        }
    };
}

/// [`DEFAULTS`], read already.
const SHIPPED: Settings<'static> = shipped! {
    "image-ready" => "好了,你看一下效果,没问题把邮箱发我",
    "image-ready-agent-hint" => "【图片已处理完成并发给客户】请用自然口吻告诉客户图发好了,让他看一下效果,没问题把邮箱发过来,你来发给他。不超过1句话。",
    "processing-delayed" => "您好,图片正在处理中,稍后发您,请稍等",
    "ask-revision-detail" => "好,你说一下哪里要改,或者发图告诉我",
    "revision-accepted" => "好的,重新给你做",
    "ask-address" => "没问题的话把邮箱发我,我给你发原图",
    "confirm-address" => "是发到 {address} 吗?",
    "work-mailed" => "发到您邮箱了,注意查收哈",
    "mail-failed" => "邮件发送失败了,您再发一次邮箱试试",
    "handed-off" => "好的,马上让同事来跟您沟通,请稍等",
    "mail-subject" => "您的照片处理好了({count}张)",
    "mail-body" => "{name},您好!\n\n您的照片已经处理好了,共{count}张,见附件。\n\n感谢您的信任,欢迎再来!",
};

/// Reads settings that `check` let pass.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    // Reading takes longer than all the rest of a call: a shop that changed nothing is spared it.
    if plugin_kit::same(text, DEFAULTS) {
        return Ok(SHIPPED);
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A shop's templates.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Settings<'a> {
    /// In any order.
    #[serde(borrow)]
    pub templates: List<'a, Template<'a>>,
}

/// What is said in one situation, in one locale.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Template<'a> {
    /// The situation.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// BCP 47; `zh-CN` where it is left out.
    #[serde(borrow, default)]
    pub locale: Option<Text<'a>>,
    /// At least one.
    #[serde(borrow)]
    pub texts: List<'a, Text<'a>>,
}

impl Template<'_> {
    pub(crate) fn locale(&self) -> &str {
        self.locale.as_deref().unwrap_or(LOCALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_written_twice_to_be_the_same() {
        assert_eq!(serde_json::from_str(DEFAULTS).ok(), Some(SHIPPED));
    }
}
