//! Customers, payers, image AIs and persons: what comes in, again and in any order.

use std::sync::LazyLock;

use chrono::TimeDelta;
use shopkeeper_domain::{
    Actor, AttemptToken, Command, FoundAddress, ImageId, Message, Money, NewTask, Outcome, Policy, Quality,
    Specification, Status, TaskId, find_addresses,
    roles::{detection::Intent, pricing::Quote},
};
use uuid::Uuid;

use crate::{
    entries::Standing,
    house::{Natural, Sent, Turn},
    world::{CUSTOMERS, World},
};

/// What somebody sends until it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Inbound {
    pub(crate) who: usize,
    pub(crate) actor: Actor,
    pub(crate) command: Command,
    pub(crate) natural: Natural,
    /// What it was answered first.
    pub(crate) answered: Option<String>,
}

/// A text, the addresses in it, and whether each is typed exactly.
struct Line {
    text: String,
    truth: Vec<(String, bool)>,
    found: Vec<FoundAddress>,
}

/// What each customer may write. Their addresses are their own.
static LINES: LazyLock<Vec<Vec<Line>>> = LazyLock::new(|| {
    let lines = |n: usize| {
        [
            ("可以".to_owned(), vec![]),
            (String::new(), vec![]),
            ("再亮一点".to_owned(), vec![]),
            (format!("a{n}@qq.com"), vec![(format!("a{n}@qq.com"), true)]),
            (format!("发到b{n}@163.com就行"), vec![(format!("b{n}@163.com"), true)]),
            (format!("c{n}@qq.con"), vec![(format!("c{n}@qq.com"), false)]),
            (format!("QQ邮箱是12345{n}"), vec![(format!("12345{n}@qq.com"), false)]),
            (
                format!("d{n}@qq.com或者b{n}@163.com"),
                vec![(format!("d{n}@qq.com"), true), (format!("b{n}@163.com"), true)],
            ),
        ]
        .into_iter()
        .map(|(text, truth)| Line { found: find_addresses(&text), text, truth })
        .collect()
    };
    (0..CUSTOMERS).map(lines).collect()
});

/// The addresses that stand in a text, by whoever wrote it.
pub(crate) fn typed(text: &str) -> Vec<(String, bool)> {
    LINES.iter().flatten().find(|l| l.text == text).map_or_else(Vec::new, |l| l.truth.clone())
}

pub(crate) fn picture(n: u32) -> ImageId {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&n.to_be_bytes());
    ImageId::from_sha256(digest)
}

impl World {
    /// Somebody does something.
    pub(crate) fn act(&mut self) {
        match self.rng.u32(..100) {
            0..4 => self.analysis(),
            4..8 => self.payment(),
            8..20 => self.message(),
            20..23 => self.stray_result(),
            23..26 => self.person(),
            26..28 => self.hold_or_resume(),
            28..30 => self.jump(),
            30..32 => self.policy_changes(),
            32 => self.resend(),
            33 => self.restart(),
            34..60 => self.deliver(),
            60..63 => {
                self.ring();
            }
            63..75 => {
                self.claim();
            }
            75..85 => {
                self.work();
            }
            _ => {
                self.talk();
            }
        }
    }

    fn somebody(&mut self) -> usize {
        self.rng.usize(..CUSTOMERS)
    }

    fn some_task(&mut self, who: usize) -> Option<TaskId> {
        let tasks = &self.store.records[who].tasks;
        if tasks.is_empty() { None } else { Some(tasks[self.rng.usize(..tasks.len())].id) }
    }

    fn comes_in(&mut self, who: usize, actor: Actor, command: Command, natural: Natural) {
        self.inbox.push(Inbound { who, actor, command, natural, answered: None });
    }

    fn analysis(&mut self) {
        let (who, n) = (self.somebody(), self.number());
        let price = |low| Quote {
            low: Money::fen(low),
            high: Money::fen(low + 500),
            hint: String::new(),
            lines: Vec::new(),
            attributes: Vec::new(),
        };
        let quote = (self.rng.u32(..4) > 0).then(|| price(self.rng.i64(1..4) * 500));
        let command = Command::Create(Box::new(NewTask {
            customer_name: None,
            account: None,
            image: picture(n),
            operations: Vec::new(),
            specification: Specification::default(),
            request: String::new(),
            quote,
            offer: true,
        }));
        self.comes_in(who, Actor::Key("vision".to_owned()), command, Natural::Request(n));
    }

    /// Orders come again, also with another amount and from another customer.
    fn payment(&mut self) {
        let who = self.somebody();
        let order = format!("order-{}", self.rng.u32(..10)).parse().expect("an id");
        let amount = (self.rng.u32(..3) == 0).then(|| Money::fen(self.rng.i64(0..4000)));
        let tasks = if self.rng.u32(..4) == 0 { self.some_task(who).map(|t| vec![t]) } else { None };
        let command = Command::Pay { order, amount, tasks };
        self.comes_in(who, Actor::Key("payments".to_owned()), command, Natural::None);
    }

    fn message(&mut self) {
        let (who, n) = (self.somebody(), self.number());
        let intent = match self.rng.u32(..20) {
            0..2 => Intent::None,
            2 => Intent::Question,
            3..6 => Intent::Revise,
            6..17 => Intent::Confirm,
            17 => Intent::WithdrawAddress,
            18 => Intent::HandOff,
            _ => Intent::Other("hm".to_owned()),
        };
        let lines = &LINES[who];
        let line = &lines[self.rng.usize(..lines.len())];
        let images = if self.rng.u32(..10) == 0 { vec![picture(n)] } else { Vec::new() };
        let about = if self.rng.u32(..8) == 0 { self.some_task(who) } else { None };
        let command = Command::Say(Box::new(Message {
            text: line.text.clone(),
            images,
            account: None,
            about,
            intent,
            addresses: line.found.clone(),
        }));
        let id = format!("m{n}").parse().expect("an id");
        self.comes_in(who, Actor::Customer, command, Natural::Message(id));
    }

    /// A result that nobody asked for: without a token, or with that of any attempt there was.
    fn stray_result(&mut self) {
        let who = self.somebody();
        let Some(task) = self.some_task(who) else { return };
        let given: Vec<AttemptToken> =
            self.ledger.processed.get(&task).into_iter().flatten().copied().collect();
        let token = match given.len() {
            0 => self.rng.bool().then_some(AttemptToken(Uuid::from_u128(7))),
            n => (self.rng.u32(..5) > 0).then(|| given[self.rng.usize(..n)]),
        };
        let outcome = self.outcome();
        self.comes_in(who, Actor::Processor, Command::Finish { task, token, outcome }, Natural::None);
    }

    /// How an attempt at a picture ends.
    pub(crate) fn outcome(&mut self) -> Outcome {
        let n = self.number();
        let quality = |passed| Some(Quality { score: 50, passed, issue: "糊".to_owned(), attempts: 2 });
        if self.fault(10) {
            return Outcome::Refused("no".to_owned());
        }
        if self.fault(10) {
            return Outcome::Broke("oh".to_owned());
        }
        let quality = if self.fault(15) { quality(false) } else { quality(true) };
        Outcome::Picture { image: picture(n), quality }
    }

    fn person(&mut self) {
        let who = self.somebody();
        let Some(task) = self.some_task(who) else { return };
        let stored = self.store.records[who].tasks.iter().find(|t| t.id == task).expect("one of them");
        let (status, version) = (stored.status(), stored.version);
        // Mostly what makes sense, and of a version that may be an old one by the time it comes in.
        let version = self.rng.bool().then_some(version);
        let command = match (status, self.rng.u32(..8)) {
            (_, 0) | (Status::Pending, 1) => Command::Cancel { task, version },
            (Status::Failed, _) | (_, 1) => Command::Retry { task, version },
            _ => Command::Approve { task, version },
        };
        self.comes_in(who, Actor::Key("operator".to_owned()), command, Natural::None);
    }

    fn hold_or_resume(&mut self) {
        let who = self.somebody();
        let held = self.store.records[who].customer.hold.is_some();
        let command = if held || self.rng.bool() { Command::Resume } else { Command::Hold };
        self.comes_in(who, Actor::Key("operator".to_owned()), command, Natural::None);
    }

    /// The clock goes wrong, or a long time passes.
    fn jump(&mut self) {
        let minutes = match self.rng.u32(..4) {
            0 => -self.rng.i64(1..90),
            1 => self.rng.i64(60..3000),
            _ => self.rng.i64(1..60),
        };
        self.clock += TimeDelta::minutes(minutes);
        self.tell(|| format!("the clock jumps by {minutes} minutes"));
    }

    fn policy_changes(&mut self) {
        let policy = Policy {
            processing_enabled: self.rng.u32(..4) > 0,
            free_revisions: self.rng.u32(..4),
            hold_failed_quality: self.rng.bool(),
            patience: self.patience(),
            ..self.policy.clone()
        };
        self.set(policy);
    }

    /// A person sends again what was given up.
    pub(crate) fn resend(&mut self) {
        let now = self.clock;
        let dead = self.store.outbox.iter_mut().find(|e| e.standing == Standing::Dead);
        if let Some(entry) = dead {
            (entry.standing, entry.attempts, entry.due) = (Standing::Waiting, 0, now);
            self.note("sent again");
        }
    }

    /// The process dies and starts anew.
    fn restart(&mut self) {
        self.tell(|| "the service starts anew".to_owned());
        self.hands.clear();
        self.store.release();
    }

    /// One of the requests under way comes in; it may come again, and is then answered as before.
    pub(crate) fn deliver(&mut self) {
        if self.inbox.is_empty() {
            return;
        }
        let mut request = self.inbox.swap_remove(self.rng.usize(..self.inbox.len()));
        let turn = Turn::of(request.who, request.actor.clone(), &request.command);
        let sent = self.send(&Turn { natural: &request.natural, ..turn });
        let again = match sent {
            Sent::Answered(answer) => {
                self.look_at_answer(&request, &answer);
                request.answered = Some(answer);
                self.fault(15)
            }
            Sent::Rejected => self.fault(10),
            // Persons look before they try again.
            Sent::Lost => {
                request.natural != Natural::None
                    || matches!(request.command, Command::Pay { .. } | Command::Finish { .. })
            }
        };
        if again {
            self.inbox.push(request);
        }
    }

    fn look_at_answer(&mut self, request: &Inbound, answer: &str) {
        if let Command::Pay { order, .. } = &request.command {
            let first = self.ledger.answers.entry(order.clone()).or_insert_with(|| answer.to_owned()).clone();
            self.demand(first == answer, || format!("order {order} was answered {first}, then {answer}"));
        }
        if request.natural != Natural::None
            && let Some(first) = &request.answered
        {
            self.demand(first == answer, || format!("a repeat was answered {answer}, first {first}"));
        }
    }
}
