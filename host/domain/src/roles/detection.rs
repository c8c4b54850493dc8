//! The detection role: what a customer's message asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Attributes, CustomerNumbers, Moment};
use crate::Operation;

/// A customer's message as a plugin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// As the customer typed it.
    pub text: String,
    /// Pictures sent with it.
    pub images: u32,
    /// Where the customer's work stands: `none` or a status.
    pub phase: String,
    /// How many e-mail addresses the host read in the text.
    pub addresses: u32,
    /// Who writes, in numbers.
    pub customer: CustomerNumbers,
    /// When.
    pub now: Moment,
    /// Room to grow.
    pub attributes: Attributes,
}

/// The half-open range `[start, end)` of Unicode scalar values in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// Why: the rule that matched, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule's name.
    pub rule: String,
    /// Lies within the text.
    pub span: Span,
}

/// What the message wants of the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Nothing for the workflow: someone else answers.
    None,
    /// A question.
    Question,
    /// The work is not right yet.
    Revise,
    /// The work is accepted.
    Confirm,
    /// Refund, complaint, or a wish to speak to a person.
    HandOff,
    /// Do not use the address that was given.
    WithdrawAddress,
    /// A word of the plugin's own, which the workflow leaves to someone else.
    Other(String),
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Question => "question",
            Self::Revise => "revise",
            Self::Confirm => "confirm",
            Self::HandOff => "hand-off",
            Self::WithdrawAddress => "withdraw-address",
            Self::Other(word) => word,
        })
    }
}

/// What the plugin read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What the message wants.
    pub intent: Intent,
    /// 0 to 100.
    pub confidence: u8,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Room to grow.
    pub attributes: Attributes,
}

/// An operation the text asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundOperation {
    /// Which.
    pub name: Operation,
    /// Why.
    pub evidence: Evidence,
}
