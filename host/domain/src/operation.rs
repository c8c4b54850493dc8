//! What can be done to a picture. The vocabulary is open: a shop's plugin may name operations of its own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An operation's name, `[a-z0-9_-]{1,40}`, such as `enhance`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Operation(String);

impl Operation {
    /// Make it clearer: what a picture gets where nothing else was asked for.
    pub fn enhance() -> Self {
        Self("enhance".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a customer or shop owner calls it; the name itself where it is a word of the shop's own.
    pub fn label(&self) -> &str {
        match self.as_str() {
            "enhance" => "变清晰",
            "remove_bg" => "抠图",
            "resize" => "改尺寸",
            "fix_old_photo" => "老照片修复",
            "layered" => "分层",
            "watermark_removal" => "去水印",
            "inpaint" => "去掉多余的人或物",
            "colorize" => "上色",
            "retouch" => "人像精修",
            "compose" => "合成",
            own => own,
        }
    }
}

impl TryFrom<String> for Operation {
    type Error = InvalidOperation;

    fn try_from(text: String) -> Result<Self, InvalidOperation> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text))
        } else {
            Err(InvalidOperation)
        }
    }
}

/// The name is not `[a-z0-9_-]{1,40}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operation's name is 1 to 40 of the characters a-z, 0-9, _ and -, such as \"enhance\"")]
pub struct InvalidOperation;

impl FromStr for Operation {
    type Err = InvalidOperation;

    fn from_str(text: &str) -> Result<Self, InvalidOperation> {
        Self::try_from(text.to_owned())
    }
}

impl From<Operation> for String {
    fn from(operation: Operation) -> String {
        operation.0
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
