//! What the operator is told. An alert never blocks the work that raised it.

use serde::{Deserialize, Serialize};

use crate::{AccountId, CustomerKey, Money, OrderId, TaskId, roles::Role};

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AlertKind {
    /// Paid while automatic processing is off.
    PaidWhileOff,
    /// Paid, and there is no picture.
    PaidWithoutPicture,
    /// Paid less than the quotes' low sum, or in another currency.
    AmountTooLow {
        /// What came.
        paid: Money,
        /// What was quoted at the least.
        wanted: Money,
    },
    /// The result did not pass its quality check.
    QualityFailed {
        /// 0 to 100.
        score: u8,
        /// How often the processor tried.
        attempts: u32,
        /// Whether it waits for a person.
        held: bool,
    },
    /// The processor said no.
    ProcessingRefused,
    /// The processor broke.
    ProcessingError,
    /// The mail could not be sent.
    MailFailed,
    /// A person must take the conversation over.
    HandOff,
    /// An attempt or a mail does not come to its end.
    Stuck,
    /// Paid a while ago, and nothing was started.
    PaidNotStarted,
    /// Paid long ago, and there was never a picture.
    PaymentExpired,
    /// Something could not be sent, however often it was tried.
    DeadLetter {
        /// Which queue it waited in.
        queue: String,
    },
    /// A plugin failed too often and no longer answers.
    PluginQuarantined {
        /// In which role.
        role: Role,
        /// Which.
        plugin: String,
    },
    /// A canary failed and answers nobody any more.
    CanaryStopped {
        /// In which role.
        role: Role,
        /// Which.
        plugin: String,
    },
}

impl AlertKind {
    /// The heading, as in the seed.
    pub fn title(&self) -> &'static str {
        match self {
            Self::PaidWhileOff => "付款触发但已暂停自动作图",
            Self::PaidWithoutPicture => "付款但无图片",
            Self::AmountTooLow { .. } => "付款金额低于报价",
            Self::QualityFailed { .. } => "图片质检未通过",
            Self::ProcessingRefused => "作图失败",
            Self::ProcessingError => "处理异常",
            Self::MailFailed => "邮件发送失败",
            Self::HandOff => "客户需要人工",
            Self::Stuck => "任务卡住",
            Self::PaidNotStarted => "已付款未开始",
            Self::PaymentExpired => "付款长期无图片",
            Self::DeadLetter { .. } => "消息多次发送失败",
            Self::PluginQuarantined { .. } => "插件连续出错已停用",
            Self::CanaryStopped { .. } => "灰度插件出错已停止",
        }
    }
}

/// Something a person should see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What.
    #[serde(flatten)]
    pub kind: AlertKind,
    /// With whom; none where it is about the shop.
    pub customer: Option<CustomerKey>,
    /// In which of the shop's accounts.
    pub account: Option<AccountId>,
    /// About which task.
    pub task: Option<TaskId>,
    /// About which order.
    pub order: Option<OrderId>,
    /// Why, in a sentence or in the other side's words.
    pub reason: String,
}
