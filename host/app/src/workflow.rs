//! The one way through the house: load → read (plugin) → decide (pure) → word (plugin) → commit (one transaction).
//!
//! No plugin is called with a transaction open or a lock held. If somebody changed the case meanwhile, the
//! commit is refused and the whole is done again on what there is now.

mod express;
mod prepare;

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, SubsecRound, Utc};
use shopkeeper_domain::{
    Actor, Command, Context, CustomerKey, Decision, FoundAddress, Ids, MessageId, OrderId, Rejection, TaskId,
    decide,
    roles::{
        Refusal,
        detection::Reading,
        pricing::{Picture, Quote, QuoteRequest},
    },
    timers,
};
use shopkeeper_engine::{Answered, Consultation};
use shopkeeper_storage::{
    AnswerKey, Commit, InboundMessage, Named, NewEntry, RememberedAnswer, Settle, Storage, StorageError,
};
use uuid::Uuid;

use crate::{
    metrics::{Metrics, Step},
    plugins::{Journal, Plugins},
    shops::ShopState,
    wake::Wake,
};
pub(crate) use express::{AGENT, ALERT, MAIL, Payload};
pub(crate) use prepare::{AnalysisRequest, MessageRequest, picture};

/// How often a decision is made anew because somebody else was faster.
const TRIES: usize = 32;

/// Why a request did not go through. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkflowError {
    /// There is no such task in this shop.
    #[error("there is no task {0} in this shop")]
    NoTask(TaskId),
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The order is another customer's, or one's who was erased.
    #[error("order {0} was already paid, by another customer or by one who was erased")]
    ForeignOrder(OrderId),
    /// The same idempotency key came with another request.
    #[error("this Idempotency-Key was used for another request")]
    OtherRequest,
    /// Too many at once on one customer.
    #[error("too many requests about this customer at the same time: try again")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for WorkflowError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// A request with an idempotency key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeatable {
    pub(crate) key: AnswerKey,
    pub(crate) request: [u8; 32],
}

impl Repeatable {
    /// What is remembered of the answer.
    pub(crate) fn answer(&self, status: u16, body: String) -> RememberedAnswer {
        RememberedAnswer { key: self.key, request: self.request, status, body, at: now() }
    }
}

/// Whose case it is.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// This customer's, with these tasks of theirs.
    Customer(CustomerKey, Vec<TaskId>),
    /// That of the customer whose task this is.
    Task(TaskId),
}

/// What is to happen.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    /// Exactly this.
    Command(Command),
    /// A payment: a command that repeats by its order.
    Pay(Command, OrderId),
    /// A picture was analysed; pricing and detection have a word in it.
    Analysis(Box<AnalysisRequest>),
    /// The customer wrote; detection has a word in it.
    Message(Box<MessageRequest>),
}

impl Request {
    fn order(&self) -> Option<OrderId> {
        match self {
            Self::Pay(_, order) => Some(order.clone()),
            _ => None,
        }
    }

    fn message(&self) -> Option<MessageId> {
        match self {
            Self::Message(m) => Some(m.id.clone()),
            _ => None,
        }
    }
}

/// One request on its way through.
pub(crate) struct Turn {
    pub(crate) shop: Arc<ShopState>,
    pub(crate) actor: Actor,
    pub(crate) repeatable: Option<Repeatable>,
    /// The outbox entry whose work this is.
    pub(crate) settle: Option<Settle>,
    /// The HTTP status of success.
    pub(crate) status: u16,
}

/// What plugins and host read before the decision.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) reading: Option<Reading>,
    pub(crate) addresses: Vec<FoundAddress>,
    pub(crate) quoted_by: Option<Answered>,
    pub(crate) refusal: Option<Refusal>,
}

/// What happened, for the answer.
pub(crate) struct Done<'a> {
    pub(crate) decision: &'a Decision,
    pub(crate) read: &'a Read,
    pub(crate) entries: &'a [NewEntry],
}

/// An answer: the first one, also when the request comes again.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// JSON text.
    pub(crate) body: String,
}

/// The workflow of every shop.
pub(crate) struct Workflow {
    pub(crate) store: Arc<dyn Storage>,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) wake: Arc<Wake>,
    pub(crate) processing_enabled: bool,
}

impl Workflow {
    /// Takes a request through the house and answers it.
    pub(crate) async fn handle(
        &self,
        turn: &Turn,
        subject: Subject,
        request: Request,
        view: &(dyn Fn(&Done<'_>) -> String + Sync),
    ) -> Result<Reply, WorkflowError> {
        for _ in 0..TRIES {
            match self.attempt(turn, &subject, &request, view).await {
                Err(WorkflowError::Storage(StorageError::Stale)) => self.metrics.decided_again(),
                Err(WorkflowError::Storage(StorageError::Exists)) => {
                    // A twin of this request was faster: its answer is this one's too.
                    if let Some(reply) = self.answered_before(turn).await? {
                        return Ok(reply);
                    }
                }
                other => return other,
            }
        }
        Err(WorkflowError::Busy)
    }

    async fn answered_before(&self, turn: &Turn) -> Result<Option<Reply>, WorkflowError> {
        let Some(repeatable) = turn.repeatable else { return Ok(None) };
        match self.store.answer(repeatable.key).await? {
            Some(first) if first.request == repeatable.request => {
                Ok(Some(Reply { status: first.status, body: first.body }))
            }
            Some(_) => Err(WorkflowError::OtherRequest),
            None => Ok(None),
        }
    }

    async fn attempt(
        &self,
        turn: &Turn,
        subject: &Subject,
        request: &Request,
        view: &(dyn Fn(&Done<'_>) -> String + Sync),
    ) -> Result<Reply, WorkflowError> {
        let now = now();
        let mut clock = StepClock { metrics: &self.metrics, last: Instant::now() };
        let (key, loaded) = self.load(turn, subject, request).await?;
        clock.step(Step::Load);
        if let Some(body) = loaded.message_answer {
            return Ok(Reply { status: turn.status, body });
        }
        let mut journal = Journal::default();
        let (command, read) = self.prepare(turn, &loaded.case, request, now, &mut journal).await;
        clock.step(Step::Read);
        let context = Context {
            now,
            actor: turn.actor.clone(),
            policy: turn.shop.settings.policy(self.processing_enabled),
            ids: Ids::from_seed(Uuid::now_v7()),
        };
        let decision = decide(&loaded.case, command, &context)?;
        clock.step(Step::Decide);
        let expressed = self.express(turn, &decision, now, &mut journal).await;
        clock.step(Step::Word);
        let body = view(&Done { decision: &decision, read: &read, entries: &expressed.entries });
        let message = match request {
            Request::Message(m) => Some(InboundMessage {
                id: m.id.clone(),
                text: m.text.clone(),
                images: m.images.clone(),
                answer: body.clone(),
            }),
            _ => None,
        };
        let mut rings = expressed.entries.iter().map(|e| e.kind).collect::<Vec<_>>();
        let Decision { after, events, .. } = decision;
        if loaded.case.customer.hold.is_some() && after.customer.hold.is_none() {
            // What waited while a person had the conversation may go out now.
            rings.extend(["text", AGENT]);
        }
        let due = timers(&after, &context.policy);
        // One that rang may have been stored under other settings: then it is replaced, too.
        let rang = matches!(request, Request::Command(Command::Ring(_)));
        let due = (rang || due != timers(&loaded.case, &context.policy)).then_some(due);
        let something_happened = !events.is_empty();
        let commit = Commit {
            shop: turn.shop.id.clone(),
            before: loaded.case,
            after,
            now,
            events,
            outbox: expressed.entries,
            offers: expressed.offers,
            settle: turn.settle.map(|s| Settle { now, ..s }),
            timers: due,
            calls: std::mem::take(&mut journal.calls),
            incidents: std::mem::take(&mut journal.incidents),
            message,
            answer: turn.repeatable.map(|r| r.answer(turn.status, body.clone())),
        };
        let committed = self.store.commit(commit).await;
        // Also where the commit did not stand: the plugin failed all the same.
        self.plugins.conclude(&turn.shop, None, journal).await;
        committed?;
        clock.step(Step::Commit);
        self.wake.ring(&turn.shop, &rings);
        if something_happened {
            turn.shop.happened.send_replace(());
        }
        tracing::debug!(shop = %turn.shop.id, platform = %key.platform, "committed");
        Ok(Reply { status: turn.status, body })
    }

    async fn load(
        &self,
        turn: &Turn,
        subject: &Subject,
        request: &Request,
    ) -> Result<(CustomerKey, shopkeeper_storage::Loaded), WorkflowError> {
        match subject {
            Subject::Customer(key, tasks) => {
                let named =
                    Named { tasks: tasks.clone(), order: request.order(), message: request.message() };
                let loaded = self.store.load(&turn.shop.id, key, named).await?;
                if let Some(order) = request.order()
                    && loaded.case.payment(&order).is_none()
                    && self.store.order_is_taken(&turn.shop.id, key, &order).await?
                {
                    return Err(WorkflowError::ForeignOrder(order));
                }
                Ok((key.clone(), loaded))
            }
            Subject::Task(id) => {
                let found = self.store.load_by_task(&turn.shop.id, *id).await?;
                let found = found.ok_or(WorkflowError::NoTask(*id))?;
                Ok((found.key, shopkeeper_storage::Loaded { case: found.case, message_answer: None }))
            }
        }
    }

    /// A price without a task.
    pub(crate) async fn quote(
        &self,
        shop: &ShopState,
        pictures: Vec<Picture>,
        key: Option<CustomerKey>,
    ) -> Result<Consultation<Quote>, WorkflowError> {
        let customer = match &key {
            Some(key) => self.store.customer(&shop.id, key).await?.map(|c| c.numbers()).unwrap_or_default(),
            None => Default::default(),
        };
        let now = express::moment(shop, now());
        let request = QuoteRequest { pictures, customer, now, attributes: Vec::new() };
        let mut journal = Journal::default();
        let consultation = self.plugins.price(shop, key.as_ref(), &request, &mut journal).await;
        self.plugins.conclude(shop, key, journal).await;
        Ok(consultation)
    }
}

/// Where a request's time goes.
struct StepClock<'a> {
    metrics: &'a Metrics,
    last: Instant,
}

impl StepClock<'_> {
    fn step(&mut self, step: Step) {
        let now = Instant::now();
        self.metrics.step(step, now - self.last);
        self.last = now;
    }
}

/// The number that stays the same for one customer, by which wordings are chosen.
pub(crate) fn bucket(key: &CustomerKey) -> u32 {
    let digest =
        crate::secrets::sha256(&[key.platform.as_str().as_bytes(), b"\n", key.id.as_str().as_bytes()]);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// UTC now, as the workflow sees it, for callers that settle entries by themselves.
pub(crate) fn now() -> DateTime<Utc> {
    // Whole microseconds, which is what is stored: a time is the same wherever it is shown.
    Utc::now().trunc_subsecs(6)
}
