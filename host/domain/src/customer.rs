//! What the shop knows of a customer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, CustomerKey, EmailAddress, ImageId, Operation, OrderId, OutboxId, Specification, State,
    TagThresholds, Task, TaskId,
    roles::{CustomerNumbers, pricing::Quote},
};

/// How many requirements and complexities are remembered.
pub(crate) const HISTORY: usize = 50;

/// How the last mail to an address went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmailStatus {
    /// Not used yet, or on its way.
    Pending,
    /// The last mail went out.
    Sent,
    /// The last mail did not go out.
    Failed,
}

/// The address that mail went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileEmail {
    /// Typed by the customer.
    pub address: EmailAddress,
    /// How that went.
    pub status: EmailStatus,
}

/// An address that may be used once the customer says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Typed by the customer, in some form.
    pub address: EmailAddress,
    /// Typed exactly and alone: may be used on any confirmation.
    pub certain: bool,
    /// The last thing the shop asked was whether this is the address.
    pub asked: bool,
}

/// Why a person looks after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    /// The customer asked for a person, a refund, or complained.
    CustomerAsked,
    /// The free revisions are used up.
    RevisionsUsedUp,
    /// A revision is wanted while automatic processing is off.
    ProcessingOff,
    /// A person took over.
    TakenOver,
}

/// A conversation in which nothing is automatic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What is known of the last picture, enough to make its task again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPicture {
    /// Its task.
    pub task: TaskId,
    /// The picture.
    pub image: ImageId,
    /// What was to be done.
    pub operations: Vec<Operation>,
    /// In what way.
    pub specification: Specification,
    /// For how much.
    pub quote: Option<Quote>,
}

/// What the shop calls a kind of customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tag {
    /// First order.
    #[serde(rename = "新客")]
    New,
    /// Came back.
    #[serde(rename = "回头客")]
    Returning,
    /// Many orders.
    #[serde(rename = "大客户")]
    Big,
    /// Often wants changes.
    #[serde(rename = "常改稿")]
    Revising,
    /// Often brings hard pictures.
    #[serde(rename = "高难度")]
    Demanding,
}

impl Tag {
    /// In Chinese, as the shop owner and plugins read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "新客",
            Self::Returning => "回头客",
            Self::Big => "大客户",
            Self::Revising => "常改稿",
            Self::Demanding => "高难度",
        }
    }
}

/// The order whose picture was mailed last, so that its other pictures don't count as orders of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOrder {
    /// Its number; none where nothing was paid for.
    pub order: Option<OrderId>,
    /// The mail: pictures that nobody paid for are one order where they are mailed together.
    pub mail: OutboxId,
    /// Whether one of its pictures was changed on the customer's wish.
    pub revised: bool,
}

/// A customer of one shop on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Who.
    pub key: CustomerKey,
    /// Their name, where one was given.
    pub name: Option<String>,
    /// The shop's account they write to.
    pub account: Option<AccountId>,
    /// Where their work was mailed.
    pub email: Option<ProfileEmail>,
    /// An address waiting for their word.
    pub candidate: Option<Candidate>,
    /// Orders delivered, each once however many pictures it has.
    pub completed_orders: u32,
    /// … of which with at least one revision.
    pub revised_orders: u32,
    /// The last of them.
    #[serde(default)]
    pub last_order: Option<LastOrder>,
    /// Revisions asked for, over all orders.
    pub revisions: u32,
    /// What they asked for, oldest first, the last 50.
    pub requirements: Vec<String>,
    /// How hard their pictures were, oldest first, the last 50.
    pub complexities: Vec<String>,
    /// The picture that came in last.
    pub last: Option<LastPicture>,
    /// What kind of customer that makes.
    pub tags: Vec<Tag>,
    /// Set while a person looks after the conversation.
    pub hold: Option<Hold>,
    /// Counts the events of this customer and all their tasks; 0 for someone never heard of.
    pub version: u64,
}

impl Customer {
    /// Someone never heard of.
    pub fn new(key: CustomerKey) -> Self {
        Self {
            key,
            name: None,
            account: None,
            email: None,
            candidate: None,
            completed_orders: 0,
            revised_orders: 0,
            last_order: None,
            revisions: 0,
            requirements: Vec::new(),
            complexities: Vec::new(),
            last: None,
            tags: Vec::new(),
            hold: None,
            version: 0,
        }
    }

    /// What a plugin may know.
    pub fn numbers(&self) -> CustomerNumbers {
        CustomerNumbers {
            completed_orders: self.completed_orders,
            revisions: self.revisions,
            tags: self.tags.iter().map(|t| t.label().to_owned()).collect(),
            attributes: Vec::new(),
        }
    }

    /// Counts the order of a task whose mail went out.
    pub(crate) fn count_delivered(&mut self, task: &Task) {
        let State::Delivering { mail, .. } = task.state else { return };
        let same = |last: &&mut LastOrder| match &last.order {
            Some(order) => task.paid_by.as_ref() == Some(order),
            None => task.paid_by.is_none() && last.mail == mail,
        };
        let revised = task.revision_count > 0;
        match self.last_order.as_mut().filter(same) {
            Some(last) => {
                self.revised_orders += u32::from(revised && !last.revised);
                last.revised |= revised;
            }
            None => {
                self.completed_orders += 1;
                self.revised_orders += u32::from(revised);
                self.last_order = Some(LastOrder { order: task.paid_by.clone(), mail, revised });
            }
        }
    }

    /// Something else was said meanwhile: the customer's next word doesn't answer whether this is the address.
    pub(crate) fn forget_asking(&mut self) {
        if let Some(candidate) = &mut self.candidate {
            candidate.asked = false;
        }
    }

    /// The tags that the figures earn (the seed's `auto_compute_tags`).
    pub(crate) fn earned_tags(&self, at: &TagThresholds) -> Vec<Tag> {
        let recent = self.complexities.iter().rev().take(at.recent_pictures as usize);
        let (hard, all) = recent
            .fold((0, 0), |(hard, all), c| (hard + usize::from(c == "complex" || c == "hard"), all + 1));
        [
            (Tag::New, self.completed_orders == 1),
            (Tag::Returning, self.completed_orders >= at.returning_orders),
            (Tag::Big, self.completed_orders >= at.big_orders),
            (
                Tag::Revising,
                self.completed_orders >= at.revising_orders
                    && self.revised_orders.saturating_mul(2) >= self.completed_orders,
            ),
            (Tag::Demanding, all > 0 && hard * 2 >= all),
        ]
        .into_iter()
        .filter_map(|(tag, earned)| earned.then_some(tag))
        .collect()
    }
}

/// Appends to a history that forgets its oldest entry.
pub(crate) fn remember(history: &mut Vec<String>, entry: String) {
    if history.len() >= HISTORY {
        history.remove(0);
    }
    history.push(entry);
}
