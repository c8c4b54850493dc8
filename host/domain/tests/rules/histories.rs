//! Random histories: what holds whatever comes in, in whatever order.

use std::collections::{HashMap, HashSet};

use proptest::{prelude::*, sample::Index};
use shopkeeper_domain::{
    AddressKind, AttemptToken, Case, Command, Decision, Effect, EventBody, Money, OutboxId, Outcome, Quality,
    StartReason, Status, TaskId, find_addresses,
    roles::{detection::Intent, wording::Key},
    timers,
};
use uuid::Uuid;

use crate::shop::{Shop, image, message, new_task, picture};

/// What somebody does, without saying to what: that is chosen among what there is.
#[derive(Debug, Clone)]
enum Step {
    Create(Option<i64>),
    Pay {
        order: u8,
        amount: Option<i64>,
        names: Option<Vec<Index>>,
    },
    Claim(Index, bool),
    Finish {
        task: Index,
        token: u8,
        outcome: u8,
    },
    Say {
        intent: u8,
        text: usize,
        images: bool,
        about: Option<Index>,
    },
    Mail {
        task: Index,
        known: bool,
        sent: bool,
    },
    Person {
        what: u8,
        task: Index,
        version: Option<u64>,
    },
    Hold(bool),
    /// So many minutes pass.
    Wait(i64),
    Ring(Index),
    Policy {
        enabled: bool,
        hold_failed_quality: bool,
        free_revisions: u32,
    },
}

const TEXTS: &[&str] = &[
    "可以",
    "",
    "再亮一点",
    "abc@qq.com",
    "发到xyz@163.com就行",
    "abc@qq.con",
    "QQ邮箱是123456",
    "a1@qq.com或者abc@qq.com",
    "邮箱123456@qq.com",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => proptest::option::of(0..3000i64).prop_map(Step::Create),
        4 => (0..6u8, proptest::option::of(0..6000i64), proptest::option::weighted(0.3, proptest::collection::vec(any::<Index>(), 0..3)))
            .prop_map(|(order, amount, names)| Step::Pay { order, amount, names }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(t, good)| Step::Claim(t, good)),
        5 => (any::<Index>(), 0..4u8, 0..5u8).prop_map(|(task, token, outcome)| Step::Finish { task, token, outcome }),
        10 => (0..7u8, 0..TEXTS.len(), any::<bool>(), proptest::option::weighted(0.2, any::<Index>()))
            .prop_map(|(intent, text, images, about)| Step::Say { intent, text, images, about }),
        4 => (any::<Index>(), proptest::bool::weighted(0.9), any::<bool>())
            .prop_map(|(task, known, sent)| Step::Mail { task, known, sent }),
        2 => (0..3u8, any::<Index>(), proptest::option::weighted(0.2, 0..9u64))
            .prop_map(|(what, task, version)| Step::Person { what, task, version }),
        1 => any::<bool>().prop_map(Step::Hold),
        2 => (1..120i64).prop_map(Step::Wait),
        3 => any::<Index>().prop_map(Step::Ring),
        1 => (proptest::bool::weighted(0.8), any::<bool>(), 0..4u32)
            .prop_map(|(enabled, hold_failed_quality, free_revisions)| Step::Policy { enabled, hold_failed_quality, free_revisions }),
    ]
}

fn command(shop: &Shop, step: Step) -> Option<Command> {
    let ids: Vec<TaskId> = shop.case.tasks.iter().map(|t| t.id).collect();
    let pick = |index: &Index| (!ids.is_empty()).then(|| ids[index.index(ids.len())]);
    let wrong = AttemptToken(Uuid::from_u128(7));
    Some(match step {
        Step::Create(low) => new_task(low),
        Step::Pay { order, amount, names } => Command::Pay {
            order: format!("order-{order}").parse().ok()?,
            amount: amount.map(Money::fen),
            tasks: names.map(|n| n.iter().filter_map(pick).collect()),
        },
        Step::Claim(task, good) => {
            let task = pick(&task)?;
            Command::Claim { task, token: if good { shop.token(task)? } else { wrong } }
        }
        Step::Finish { task, token, outcome } => {
            let task = pick(&task)?;
            let token = match token {
                0 => None,
                1 => Some(wrong),
                _ => shop.token(task),
            };
            let quality = |passed| Quality { score: 50, passed, issue: "糊".into(), attempts: 2 };
            let outcome = match outcome {
                0 => Outcome::Refused("no".into()),
                1 => Outcome::Broke("oh".into()),
                2 => Outcome::Picture { image: image(3), quality: Some(quality(false)) },
                3 => Outcome::Picture { image: image(4), quality: Some(quality(true)) },
                n => picture(n),
            };
            Command::Finish { task, token, outcome }
        }
        Step::Say { intent, text, images, about } => {
            let intent = match intent {
                0 => Intent::None,
                1 => Intent::Question,
                2 => Intent::Revise,
                3 | 4 => Intent::Confirm,
                5 => Intent::WithdrawAddress,
                _ if text == 0 => Intent::HandOff,
                _ => Intent::Other("hm".into()),
            };
            let mut command = message(intent, TEXTS[text]);
            if let Command::Say(m) = &mut command {
                m.about = about.as_ref().and_then(pick);
                m.images = if images { vec![image(9)] } else { Vec::new() };
            }
            command
        }
        Step::Mail { task, known, sent } => {
            let mail = if known { shop.mail(pick(&task)?)? } else { OutboxId(Uuid::from_u128(7)) };
            if sent { Command::MailSent { mail } } else { Command::MailFailed { mail, reason: "550".into() } }
        }
        Step::Person { what, task, version } => {
            let task = pick(&task)?;
            match what {
                0 => Command::Retry { task, version },
                1 => Command::Cancel { task, version },
                _ => Command::Approve { task, version },
            }
        }
        Step::Hold(true) => Command::Hold,
        Step::Hold(false) => Command::Resume,
        Step::Ring(timer) => {
            let timers = timers(&shop.case, &shop.policy);
            (!timers.is_empty()).then(|| Command::Ring(timers[timer.index(timers.len())].0.clone()))?
        }
        Step::Policy { .. } | Step::Wait(_) => return None,
    })
}

/// Every way from one status to another.
const WAYS: &[(Status, Status)] = {
    use Status::*;
    &[
        (Pending, Processing),
        (Pending, AwaitingConfirm),
        (Pending, Cancelled),
        (Processing, AwaitingConfirm),
        (Processing, Failed),
        (Processing, Cancelled),
        (AwaitingConfirm, Revision),
        (AwaitingConfirm, Delivering),
        (AwaitingConfirm, Cancelled),
        (Revision, AwaitingConfirm),
        (Revision, Processing),
        (Revision, Pending),
        (Revision, Cancelled),
        (Delivering, Completed),
        (Delivering, AwaitingConfirm),
        (Delivering, Cancelled),
        (Failed, Processing),
        (Failed, Cancelled),
    ]
};

/// What the customer typed and was last told, kept apart from the code under test.
#[derive(Default)]
struct Customer {
    typed: HashSet<String>,
    exact: HashSet<String>,
    last_told: Option<(Key, String)>,
}

impl Customer {
    fn writes(&mut self, text: &str) {
        for found in find_addresses(text) {
            if found.kind == AddressKind::Exact {
                self.exact.insert(found.address.to_string());
            }
            self.typed.insert(found.address.to_string());
        }
    }

    fn hears(&mut self, decision: &Decision) {
        for effect in &decision.effects {
            let (key, slots) = match effect {
                Effect::Say { key, slots, .. } => (*key, slots),
                Effect::Ready { slots, .. } => (Key::ImageReady, slots),
                _ => continue,
            };
            let address = slots.iter().find(|(n, _)| n == "address").map_or("", |(_, v)| v);
            self.last_told = Some((key, address.to_owned()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in(steps in proptest::collection::vec(step(), 1..60)) {
        let mut shop = Shop::new();
        let mut customer = Customer::default();
        for step in steps {
            if let Step::Policy { enabled, hold_failed_quality, free_revisions } = step {
                shop.policy.processing_enabled = enabled;
                shop.policy.hold_failed_quality = hold_failed_quality;
                shop.policy.free_revisions = free_revisions;
                continue;
            }
            if let Step::Wait(minutes) = step {
                shop.wait(minutes);
                continue;
            }
            let Some(command) = command(&shop, step) else { continue };
            let before = shop.case.clone();
            if let Command::Say(m) = &command {
                customer.writes(&m.text);
            }
            let Ok(decision) = shop.send(command.clone()) else {
                prop_assert_eq!(&shop.case, &before, "a rejection changes nothing");
                continue;
            };
            check_mail(&customer, &command, &decision)?;
            check_silence(&before, &command, &decision)?;
            check_timer(&shop, &before, &command, &decision)?;
            customer.hears(&decision);
            for event in &decision.events {
                if let (Some(from), Some(to)) = (event.from, event.to) {
                    prop_assert!(WAYS.contains(&(from, to)), "{} → {}", from, to);
                }
            }
            for task in before.tasks.iter().filter(|t| t.status().is_final()) {
                prop_assert_eq!(shop.case.task(task.id), Some(task), "a final task changed");
            }
            for task in &shop.case.tasks {
                prop_assert!(task.status() != Status::Processing || task.paid_by.is_some(), "processed unpaid");
            }
        }
        check_history(&shop)?;
    }
}

/// A mail goes only to an address that the customer typed and, unless exact, confirmed just now.
fn check_mail(customer: &Customer, command: &Command, decision: &Decision) -> Result<(), TestCaseError> {
    for effect in &decision.effects {
        let Effect::Mail { to, .. } = effect else { continue };
        prop_assert!(customer.typed.contains(to.as_str()), "{} was never typed", to);
        let confirms = matches!(command, Command::Say(m) if m.intent == Intent::Confirm);
        let asked =
            customer.last_told.as_ref().is_some_and(|(k, a)| *k == Key::ConfirmAddress && a == to.as_str());
        prop_assert!(
            customer.exact.contains(to.as_str()) || (confirms && asked),
            "{} was never confirmed",
            to
        );
    }
    Ok(())
}

/// While a person has the conversation, nothing automatic is said or shown.
fn check_silence(before: &Case, command: &Command, decision: &Decision) -> Result<(), TestCaseError> {
    if before.customer.hold.is_some() && !matches!(command, Command::Resume | Command::Approve { .. }) {
        let spoken = decision
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Say { .. } | Effect::Ready { .. } | Effect::Show { .. }));
        prop_assert!(!spoken, "spoke into a held conversation");
    }
    Ok(())
}

/// A timer that is due does its work once; one that is not does nothing.
fn check_timer(
    shop: &Shop,
    before: &Case,
    command: &Command,
    decision: &Decision,
) -> Result<(), TestCaseError> {
    let Command::Ring(timer) = command else { return Ok(()) };
    let due =
        |case: &Case| timers(case, &shop.policy).iter().any(|(t, due)| t == timer && *due <= shop.now());
    if due(before) {
        prop_assert!(!decision.events.is_empty(), "{:?} is due, and nothing happened", timer);
        prop_assert!(
            !timers(&shop.case, &shop.policy).iter().any(|(t, _)| t == timer),
            "{:?} would ring again",
            timer
        );
    } else {
        prop_assert!(decision.events.is_empty() && decision.effects.is_empty(), "{:?} rang early", timer);
    }
    Ok(())
}

fn check_history(shop: &Shop) -> Result<(), TestCaseError> {
    let replayed = Case::replay(shop.case.customer.key.clone(), &shop.events);
    prop_assert_eq!(&replayed, &shop.case, "the events don't give the state");
    let written = serde_json::to_string(&shop.events).expect("events are written");
    let read: Vec<shopkeeper_domain::Event> = serde_json::from_str(&written).expect("and read again");
    prop_assert_eq!(&read, &shop.events);
    let mut starts: HashMap<(TaskId, String), u32> = HashMap::new();
    for task in &shop.case.tasks {
        let of = |wanted: fn(&EventBody) -> bool| {
            shop.events.iter().filter(|e| e.task == Some(task.id) && wanted(&e.body)).count()
        };
        prop_assert_eq!(of(|b| matches!(b, EventBody::RevisionAsked { .. })), task.revision_count as usize);
        prop_assert_eq!(of(|b| matches!(b, EventBody::ProcessingStarted { .. })), task.attempt as usize);
        let paid_starts =
            of(|b| matches!(b, EventBody::ProcessingStarted { why: StartReason::Payment(_), .. }));
        prop_assert!(paid_starts <= 1, "paid for twice");
    }
    for event in &shop.events {
        if let (Some(task), EventBody::ProcessingStarted { why: StartReason::Payment(order), .. }) =
            (event.task, &event.body)
        {
            let count = starts.entry((task, order.to_string())).or_default();
            *count += 1;
            prop_assert_eq!(*count, 1, "one payment started a task twice");
        }
    }
    Ok(())
}
