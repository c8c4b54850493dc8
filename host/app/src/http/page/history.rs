//! The event log in words.

use fluent_bundle::FluentValue;
use shopkeeper_domain::{Actor, Event, EventBody, HoldReason, ImageId, Note, StartReason, Timer, Withheld};

use super::{
    frame::Frame,
    show::{Moment, money},
};
use crate::workflow::now;

/// A line of the log.
pub(super) struct Step {
    pub(super) position: i64,
    pub(super) at: Moment,
    pub(super) who: String,
    pub(super) what: String,
    /// What somebody said about it: the customer's wish, a processor's reason.
    pub(super) words: Option<String>,
}

/// How an attempt ended.
pub(super) struct Attempt {
    /// Which it was.
    pub(super) label: String,
    pub(super) at: Moment,
    pub(super) image: Option<ImageId>,
    /// Of 100.
    pub(super) score: Option<String>,
    /// Why there is no picture, or why it was not shown.
    pub(super) why: Option<String>,
}

/// A line in the visitor's language.
pub(super) fn step(frame: &Frame, position: i64, event: &Event) -> Step {
    let (what, words) = told(frame, &event.body);
    Step { position, at: frame.shown().at(event.at, now()), who: who(frame, &event.actor), what, words }
}

/// The attempts that ended, oldest first.
pub(super) fn attempts(frame: &Frame, events: &[(i64, Event)]) -> Vec<Attempt> {
    let mut current = 0;
    let mut ended = Vec::new();
    for (_, event) in events {
        let (image, score, why) = match &event.body {
            EventBody::ProcessingStarted { attempt, .. } => {
                current = *attempt;
                continue;
            }
            EventBody::ResultReceived { image, withheld, score } => {
                (Some(image.clone()), *score, withheld.map(|w| frame.t(withheld_word(w))))
            }
            EventBody::ProcessingFailed { reason } => (None, None, Some(reason.clone())),
            _ => continue,
        };
        let score = score.map(|s| frame.with("score", "n", s));
        let label = frame.with("attempt", "n", current);
        ended.push(Attempt { label, at: frame.shown().at(event.at, now()), image, score, why });
    }
    ended
}

/// Why a result waits.
pub(super) fn withheld_word(withheld: Withheld) -> &'static str {
    match withheld {
        Withheld::Quality => "withheld-quality",
        Withheld::Conversation => "withheld-conversation",
    }
}

/// Why a person looks after a conversation.
pub(super) fn hold_word(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::CustomerAsked => "hold-customer-asked",
        HoldReason::RevisionsUsedUp => "hold-revisions-used-up",
        HoldReason::ProcessingOff => "hold-processing-off",
        HoldReason::TakenOver => "hold-taken-over",
    }
}

fn who(frame: &Frame, actor: &Actor) -> String {
    match actor {
        Actor::Customer => frame.t("actor-customer"),
        Actor::Processor => frame.t("actor-processor"),
        Actor::Mailer => frame.t("actor-mailer"),
        Actor::Clock => frame.t("actor-clock"),
        Actor::Key(name) => key_name(frame, name),
    }
}

/// A key is named by its scopes and its id: the end of the id tells two apart.
pub(super) fn key_name(frame: &Frame, name: &str) -> String {
    let (scopes, id) = name.split_once(' ').unwrap_or((name, ""));
    let short = id.get(id.len().saturating_sub(4)..).unwrap_or("");
    let values = [("scopes", FluentValue::from(scopes)), ("id", short.into())];
    frame.lang.with("actor-key", &values)
}

/// What happened, and the words that came with it.
fn told(frame: &Frame, body: &EventBody) -> (String, Option<String>) {
    let t = |id: &str| (frame.t(id), None);
    let said = |id: &str, words: &str| (frame.t(id), Some(words.to_owned()).filter(|w| !w.is_empty()));
    let noted = |id: &str, note: &Note| said(id, &note.text);
    match body {
        EventBody::TaskCreated { request, .. } => said("event-created", request),
        EventBody::PaymentReceived { payment } => {
            let amount = payment.amount.map(money).unwrap_or_default();
            let values = [("order", FluentValue::from(payment.order.as_str())), ("amount", amount.into())];
            (frame.lang.with("event-payment", &values), None)
        }
        EventBody::PaymentSettled { payment } => {
            (frame.with("event-payment-settled", "order", payment.order.as_str()), None)
        }
        EventBody::TaskPaid { order } => (frame.with("event-paid", "order", order.as_str()), None),
        EventBody::ProcessingStarted { attempt, why, .. } => {
            let id = match why {
                StartReason::Payment(_) => "event-started-payment",
                StartReason::Revision => "event-started-revision",
                StartReason::Retry => "event-started-retry",
            };
            (frame.with(id, "n", *attempt), None)
        }
        EventBody::JobClaimed => t("event-claimed"),
        EventBody::ResultReceived { withheld, .. } => {
            (frame.t("event-result"), withheld.map(|w| frame.t(withheld_word(w))))
        }
        EventBody::ProcessingFailed { reason } => said("event-processing-failed", reason),
        EventBody::ResultReleased => t("event-released"),
        EventBody::RevisionAsked { note } => noted("event-revision", note),
        EventBody::NoteKept { note } => noted("event-note", note),
        EventBody::PaymentAwaited => t("event-payment-awaited"),
        EventBody::RevisionDropped => t("event-revision-dropped"),
        EventBody::AddressRemembered { candidate } => said("event-address", &candidate.address.to_string()),
        EventBody::AddressesDropped => t("event-addresses-dropped"),
        EventBody::DeliveryStarted { address, .. } => said("event-mail", &address.to_string()),
        EventBody::Delivered => t("event-delivered"),
        EventBody::DeliveryFailed { reason } => said("event-mail-failed", reason),
        EventBody::TaskCancelled => t("event-cancelled"),
        EventBody::ConversationHeld { reason } => (frame.t("event-held"), Some(frame.t(hold_word(*reason)))),
        EventBody::ConversationResumed => t("event-resumed"),
        EventBody::TimerRang { timer } => t(match timer {
            Timer::Unconfirmed(_) => "event-reminded",
            Timer::Stuck(_) => "event-stuck",
            Timer::NotStarted(_) | Timer::Expired(_) | Timer::Review => "event-waited",
        }),
        EventBody::TagsChanged { tags } => {
            let tags: Vec<&str> = tags.iter().map(|t| t.label()).collect();
            said("event-tags", &tags.join("、"))
        }
    }
}
