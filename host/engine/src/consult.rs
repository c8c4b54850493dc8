//! Asking the bound plugin, and whoever answers if it can't.

use std::sync::Arc;

use serde::Serialize;
use shopkeeper_domain::roles::{
    Moment, Refusal,
    detection::{FoundOperation, MessageView, Reading},
    pricing::{Quote, QuoteRequest},
    wording::{Phrase, Situation},
};

use crate::{
    Fault,
    answers::{self, Bad, PriceBounds},
    engine::{Engine, Way},
    journal::{self, CallRecord, Incident, Masked, Worded},
    plugin::{Binding, World},
    runtime::{Ran, Returned, Runtime},
};

/// The plugin that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Its name.
    pub name: Arc<str>,
    /// Its own version.
    pub version: Arc<str>,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// Which of the shop's bindings it was; 0 for the built-in one.
    pub revision: u32,
}

impl From<&Binding> for Answered {
    fn from(binding: &Binding) -> Self {
        let plugin = &binding.plugin;
        let (name, version) = (plugin.description.name.clone(), plugin.description.version.clone());
        Self { name, version, digest: plugin.digest, revision: binding.revision }
    }
}

/// An answer, and how it came about.
#[derive(Debug, Clone)]
pub struct Consultation<T> {
    /// What was answered.
    pub answer: Result<T, Refusal>,
    /// By whom.
    pub by: Answered,
    /// Every call that was made, in order.
    pub calls: Vec<CallRecord>,
    /// Every fault.
    pub incidents: Vec<Incident>,
}

/// One function of a role: how to call it, check its answer, and write it down.
pub(crate) trait Question {
    const FUNCTION: &'static str;
    type Raw;
    type Answer: Serialize;

    fn input(&self) -> String;
    async fn call(&self, runtime: &Runtime, world: &World, settings: &Arc<str>) -> Returned<Self::Raw>;
    fn check(&self, raw: Self::Raw) -> Result<Self::Answer, Bad>;
    /// JSON text, with names and addresses masked.
    fn output(&self, answer: &Self::Answer) -> String;
}

/// A binding's world is that of its role: a plugin is loaded for one role and asked in no other.
macro_rules! in_world {
    ($in:expr, $world:ident) => {
        match $in {
            World::$world(pre) => pre,
            _ => {
                return Ran::fault(Fault::BadAnswer("it was bound in another role than its own".to_owned()));
            }
        }
    };
}

pub(crate) struct Price<'a>(pub(crate) &'a QuoteRequest, pub(crate) &'a PriceBounds);

impl Question for Price<'_> {
    const FUNCTION: &'static str = "price";
    type Raw = crate::bindings::pricing::exports::shopkeeper::pricing::pricing::Quote;
    type Answer = Quote;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, runtime: &Runtime, world: &World, settings: &Arc<str>) -> Returned<Self::Raw> {
        let pre = in_world!(world, Pricing);
        let request = self.0.into();
        runtime
            .run(settings.clone(), self.0.now, async |store| {
                let world = pre.instantiate_async(&mut *store).await?;
                world.shopkeeper_pricing_pricing().call_price(store, &request).await
            })
            .await
    }

    fn check(&self, raw: Self::Raw) -> Result<Quote, Bad> {
        answers::quote(raw, self.1)
    }

    fn output(&self, answer: &Quote) -> String {
        answer.masked()
    }
}

pub(crate) struct ReadIntent<'a>(pub(crate) &'a MessageView);

impl Question for ReadIntent<'_> {
    const FUNCTION: &'static str = "read-intent";
    type Raw = crate::bindings::detection::exports::shopkeeper::detection::detection::Reading;
    type Answer = Reading;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, runtime: &Runtime, world: &World, settings: &Arc<str>) -> Returned<Self::Raw> {
        let pre = in_world!(world, Detection);
        let message = self.0.into();
        runtime
            .run(settings.clone(), self.0.now, async |store| {
                let world = pre.instantiate_async(&mut *store).await?;
                world.shopkeeper_detection_detection().call_read_intent(store, &message).await
            })
            .await
    }

    fn check(&self, raw: Self::Raw) -> Result<Reading, Bad> {
        answers::reading(raw, &self.0.text)
    }

    fn output(&self, answer: &Reading) -> String {
        answer.masked()
    }
}

pub(crate) struct FindOperations<'a>(pub(crate) &'a str);

impl Question for FindOperations<'_> {
    const FUNCTION: &'static str = "find-operations";
    type Raw = Vec<crate::bindings::detection::exports::shopkeeper::detection::detection::Operation>;
    type Answer = Vec<FoundOperation>;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, runtime: &Runtime, world: &World, settings: &Arc<str>) -> Returned<Self::Raw> {
        let pre = in_world!(world, Detection);
        runtime
            .run(settings.clone(), Moment::default(), async |store| {
                let world = pre.instantiate_async(&mut *store).await?;
                world.shopkeeper_detection_detection().call_find_operations(store, self.0).await
            })
            .await
    }

    fn check(&self, raw: Self::Raw) -> Result<Self::Answer, Bad> {
        answers::operations(raw, self.0)
    }

    fn output(&self, answer: &Self::Answer) -> String {
        answer.masked()
    }
}

pub(crate) struct Word<'a>(pub(crate) &'a Situation);

impl Question for Word<'_> {
    const FUNCTION: &'static str = "word";
    type Raw = crate::bindings::wording::exports::shopkeeper::wording::wording::Phrase;
    type Answer = Phrase;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, runtime: &Runtime, world: &World, settings: &Arc<str>) -> Returned<Self::Raw> {
        let pre = in_world!(world, Wording);
        let situation = self.0.into();
        runtime
            .run(settings.clone(), self.0.now, async |store| {
                let world = pre.instantiate_async(&mut *store).await?;
                world.shopkeeper_wording_wording().call_word(store, &situation).await
            })
            .await
    }

    fn check(&self, raw: Self::Raw) -> Result<Phrase, Bad> {
        answers::phrase(raw, self.0)
    }

    fn output(&self, answer: &Phrase) -> String {
        Worded(answer, self.0).masked()
    }
}

/// How one plugin took a question.
enum Taken<T> {
    Answer(T),
    Refusal(Refusal),
    Fault(Fault),
}

impl Engine {
    /// What pieces of work cost, priced together. Of `bindings`, the first is asked, and each further one where those
    /// before it have no answer.
    pub async fn price(
        &self,
        bindings: &[&Binding],
        request: &QuoteRequest,
        bounds: &PriceBounds,
    ) -> Consultation<Quote> {
        self.consult(bindings, &Price(request, bounds)).await
    }

    /// What a customer's message wants; bindings as in [`Engine::price`].
    pub async fn read_intent(&self, bindings: &[&Binding], message: &MessageView) -> Consultation<Reading> {
        self.consult(bindings, &ReadIntent(message)).await
    }

    /// What is to be done to a picture, in the order asked for; bindings as in [`Engine::price`].
    pub async fn find_operations(
        &self,
        bindings: &[&Binding],
        text: &str,
    ) -> Consultation<Vec<FoundOperation>> {
        self.consult(bindings, &FindOperations(text)).await
    }

    /// How the shop says it; bindings as in [`Engine::price`].
    pub async fn word(&self, bindings: &[&Binding], situation: &Situation) -> Consultation<Phrase> {
        self.consult(bindings, &Word(situation)).await
    }

    /// Asks the bound plugins in turn; where none has an answer of its own, the built-in one.
    async fn consult<Q: Question>(&self, bindings: &[&Binding], question: &Q) -> Consultation<Q::Answer> {
        let first = bindings.first().copied().expect("a role is always bound");
        let input = question.input();
        let mut made = Consultation {
            answer: Err(Refusal::Other("no plugin could answer".to_owned())),
            by: Answered::from(first),
            calls: Vec::with_capacity(1),
            incidents: Vec::new(),
        };
        let built_in: &Binding = self.builtin(first.plugin.role);
        let is_built_in =
            |b: &Binding| Arc::ptr_eq(&b.plugin, &built_in.plugin) && b.settings == built_in.settings;
        let last = Some(built_in).filter(|_| !bindings.iter().any(|b| is_built_in(b)));
        for (place, binding) in bindings.iter().copied().chain(last).enumerate() {
            made.by = Answered::from(binding);
            match self.ask_one(binding, place, question, &input, &mut made).await {
                Taken::Answer(answer) => {
                    made.answer = Ok(answer);
                    break;
                }
                Taken::Refusal(refusal) => {
                    let answers = matches!(refusal, Refusal::InvalidInput(_) | Refusal::NeedsPerson(_));
                    made.answer = Err(refusal);
                    if answers {
                        break;
                    }
                }
                // The shop's own bounds are the reason: that is for a person to hear.
                Taken::Fault(Fault::OutOfBounds(why)) => made.answer = Err(Refusal::NeedsPerson(why)),
                Taken::Fault(_) => {}
            }
        }
        made
    }

    async fn ask_one<Q: Question>(
        &self,
        binding: &Binding,
        place: usize,
        question: &Q,
        input: &str,
        made: &mut Consultation<Q::Answer>,
    ) -> Taken<Q::Answer> {
        let ran = self.call(Way::Live, binding, question).await;
        let written = written(question, &ran.answer);
        made.calls.push(journal::record(Q::FUNCTION, binding, place, input, written, ran.cost, ran.log));
        match ran.answer {
            Ok(Ok(answer)) => Taken::Answer(answer),
            Ok(Err(refusal)) => Taken::Refusal(refusal),
            Err(fault) => {
                made.incidents.push(Incident {
                    role: binding.plugin.role,
                    digest: binding.plugin.digest,
                    settings_revision: binding.revision,
                    function: Q::FUNCTION,
                    backtrace: fault.backtrace().map(str::to_owned),
                    fault: fault.clone(),
                    input: input.to_owned(),
                });
                Taken::Fault(fault)
            }
        }
    }

    /// One call: run, and its answer checked.
    pub(crate) async fn call<Q: Question>(
        &self,
        way: Way,
        binding: &Binding,
        question: &Q,
    ) -> Ran<Result<Q::Answer, Refusal>> {
        let world = match self.world(&binding.plugin, way).await {
            Ok(world) => world,
            Err(fault) => return Ran::fault(fault),
        };
        let ran = question.call(self.runtime(way), &world, &binding.settings).await;
        ran.and_then(|returned| match returned {
            Ok(raw) => question.check(raw).map(Ok).map_err(Fault::from),
            Err(refusal) => Ok(Err(refusal.into())),
        })
    }
}

/// An outcome as the journal has it.
pub(crate) fn written<'a, Q: Question>(
    question: &Q,
    outcome: &'a Result<Result<Q::Answer, Refusal>, Fault>,
) -> Result<String, &'a Fault> {
    match outcome {
        Ok(Ok(answer)) => Ok(format!("{{\"ok\":{}}}", question.output(answer))),
        Ok(Err(refusal)) => Ok(format!("{{\"refused\":{}}}", refusal.masked())),
        Err(fault) => Err(fault),
    }
}
