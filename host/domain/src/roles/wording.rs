//! The wording role: how the shop says it.

use serde::{Deserialize, Serialize};

use super::{Attributes, CustomerNumbers, Moment};

/// What there is to say. Keys and their slots are listed in `wit/README.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The result is with the customer.
    ImageReady,
    /// The hint to the shop's agent in the same moment.
    ImageReadyAgentHint,
    /// Processing gave up; a person looks after it.
    ProcessingDelayed,
    /// What is to be changed?
    AskRevisionDetail,
    /// The work is done again.
    RevisionAccepted,
    /// Where should the picture go?
    AskAddress,
    /// Is this the address?
    ConfirmAddress,
    /// The mail is out.
    WorkMailed,
    /// The mail did not go out.
    MailFailed,
    /// A person takes over.
    HandedOff,
    /// The mail's subject.
    MailSubject,
    /// The mail's text.
    MailBody,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 12] = [
        Self::ImageReady,
        Self::ImageReadyAgentHint,
        Self::ProcessingDelayed,
        Self::AskRevisionDetail,
        Self::RevisionAccepted,
        Self::AskAddress,
        Self::ConfirmAddress,
        Self::WorkMailed,
        Self::MailFailed,
        Self::HandedOff,
        Self::MailSubject,
        Self::MailBody,
    ];

    /// As in the WIT: `image-ready`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageReady => "image-ready",
            Self::ImageReadyAgentHint => "image-ready-agent-hint",
            Self::ProcessingDelayed => "processing-delayed",
            Self::AskRevisionDetail => "ask-revision-detail",
            Self::RevisionAccepted => "revision-accepted",
            Self::AskAddress => "ask-address",
            Self::ConfirmAddress => "confirm-address",
            Self::WorkMailed => "work-mailed",
            Self::MailFailed => "mail-failed",
            Self::HandedOff => "handed-off",
            Self::MailSubject => "mail-subject",
            Self::MailBody => "mail-body",
        }
    }
}

/// The situation a plugin words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// What there is to say.
    pub key: Key,
    /// What can stand in it.
    pub slots: Attributes,
    /// To whom, in numbers.
    pub customer: CustomerNumbers,
    /// When.
    pub now: Moment,
    /// Stays the same for one customer.
    pub bucket: u32,
    /// BCP 47, such as `zh-CN`.
    pub locale: String,
}

/// What the shop says; checked: 1 to 500 characters, no control or bidi characters, no link that isn't in the slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// Which of several wordings this is; empty where there is one only.
    pub label: String,
}
