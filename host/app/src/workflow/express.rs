//! From effects to outbox entries: the wording plugin finds the words, the state never depends on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{
    Alert, AttemptToken, Decision, Effect, EmailAddress, ImageId, OutboxId, Slots, TaskId,
    roles::{
        Moment,
        wording::{Key, Situation},
    },
};
use shopkeeper_storage::NewEntry;
use uuid::Uuid;

use super::{Turn, Workflow, bucket};
use crate::{plugins::Journal, shops::ShopState};

/// What an outbox entry carries, queue by queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Payload {
    /// A chat text.
    Text(String),
    /// A chat picture.
    Image(ImageId),
    /// A picture to be worked on.
    Job {
        /// The attempt it is for.
        token: AttemptToken,
    },
    /// A mail.
    Mail { to: EmailAddress, tasks: Vec<TaskId>, subject: String, body: String },
    /// A result was shown: what the agent is told, and what the customer is told where the agent has no answer.
    Notice { hint: String, otherwise: String },
    /// Something the operator should see.
    Alert(Alert),
}

impl Payload {
    /// Reads it back; none where it was written by another version or is damaged.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The queue that mails wait in.
pub(crate) const MAIL: &str = "mail";
/// The queue that alerts wait in.
pub(crate) const ALERT: &str = "alert";
/// The queue that notices to a shop's agent wait in.
pub(crate) const AGENT: &str = "agent";

/// Effects, ready to be stored.
#[derive(Default)]
pub(super) struct Expressed {
    pub(super) entries: Vec<NewEntry>,
    pub(super) offers: Vec<TaskId>,
}

/// The moment as plugins see it.
pub(super) fn moment(shop: &ShopState, now: DateTime<Utc>) -> Moment {
    Moment { unix_milliseconds: now.timestamp_millis(), utc_offset_minutes: shop.settings.utc_offset_minutes }
}

impl Workflow {
    pub(super) async fn express(
        &self,
        turn: &Turn,
        decision: &Decision,
        now: DateTime<Utc>,
        journal: &mut Journal,
    ) -> Expressed {
        let mut expressed = Expressed::default();
        for effect in &decision.effects {
            let mut add = |id: Option<OutboxId>, kind, task, account, payload: &Payload| {
                let id = id.unwrap_or_else(|| OutboxId(Uuid::now_v7()));
                let payload = serde_json::to_string(payload).expect("a payload is plain data");
                expressed.entries.push(NewEntry { id, kind, task, account, payload });
            };
            match effect {
                Effect::Say { task, account, key, slots } => {
                    let text = self.words(turn, decision, now, *key, slots, journal).await;
                    add(None, "text", *task, account.clone(), &Payload::Text(text));
                }
                Effect::Ready { task, account, slots } => {
                    let text = self.words(turn, decision, now, Key::ImageReady, slots, journal).await;
                    if turn.shop.settings.agent.is_none() {
                        add(None, "text", Some(*task), account.clone(), &Payload::Text(text));
                        continue;
                    }
                    let hint =
                        self.words(turn, decision, now, Key::ImageReadyAgentHint, slots, journal).await;
                    let notice = Payload::Notice { hint, otherwise: text };
                    add(None, AGENT, Some(*task), account.clone(), &notice);
                }
                Effect::Show { task, account, image } => {
                    add(None, "image", Some(*task), account.clone(), &Payload::Image(image.clone()));
                }
                Effect::Process { task, token } => {
                    let queue = turn.shop.settings.processor.queue();
                    add(None, queue, Some(*task), None, &Payload::Job { token: *token });
                }
                Effect::Mail { id, to, tasks, slots } => {
                    let subject = self.words(turn, decision, now, Key::MailSubject, slots, journal).await;
                    let body = self.words(turn, decision, now, Key::MailBody, slots, journal).await;
                    let payload = Payload::Mail { to: to.clone(), tasks: tasks.clone(), subject, body };
                    add(Some(*id), MAIL, tasks.last().copied(), None, &payload);
                }
                Effect::Alert(alert) => {
                    add(None, ALERT, alert.task, alert.account.clone(), &Payload::Alert(alert.clone()));
                }
                Effect::Offer { task } => expressed.offers.push(*task),
            }
        }
        expressed
    }

    async fn words(
        &self,
        turn: &Turn,
        decision: &Decision,
        now: DateTime<Utc>,
        key: Key,
        slots: &Slots,
        journal: &mut Journal,
    ) -> String {
        let customer = &decision.after.customer;
        let situation = Situation {
            key,
            slots: slots.clone(),
            customer: customer.numbers(),
            now: moment(&turn.shop, now),
            bucket: bucket(&customer.key),
            locale: turn.shop.settings.locale.clone(),
        };
        let worded = self.plugins.word(&turn.shop, &customer.key, &situation, journal).await;
        match worded.answer {
            Ok(phrase) => phrase.text,
            Err(refusal) => {
                // The built-in plugin words every key; if even that fails, the customer still hears something.
                tracing::error!(key = key.name(), %refusal, "no plugin had words for this");
                "您好,请稍等,马上回复您".to_owned()
            }
        }
    }
}
