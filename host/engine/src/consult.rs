//! Asking the bound plugin, and whoever answers if it can't.

use std::{sync::Arc, time::Instant};

use shopkeeper_domain::roles::{
    Refusal,
    detection::{FoundOperation, MessageView, Reading},
    pricing::{Quote, QuoteRequest},
    wording::{Phrase, Situation},
};

use crate::{
    Fault,
    answers::{self, Bad, PriceBounds},
    host::LogLine,
    journal::{self, CallRecord, Incident, Masked, Worded},
    plugin::{Binding, World},
    runtime::{Engine, Returned},
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
}

impl From<&Binding> for Answered {
    fn from(binding: &Binding) -> Self {
        let plugin = &binding.plugin;
        let (name, version) = (plugin.description.name.clone(), plugin.description.version.clone());
        Self { name, version, digest: plugin.digest }
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
    /// What the plugins wrote into their logs.
    pub log: Vec<LogLine>,
}

/// One function of a role: how to call it, check its answer, and write it down.
trait Question {
    const FUNCTION: &'static str;
    type Raw;
    type Answer;

    fn input(&self) -> String;
    async fn call(&self, engine: &Engine, binding: &Binding) -> Returned<Self::Raw>;
    fn check(&self, raw: Self::Raw) -> Result<Self::Answer, Bad>;
    fn output(&self, answer: &Self::Answer) -> String;
}

/// A binding's world is that of its role: a plugin is loaded for one role and asked in no other.
macro_rules! in_world {
    ($binding:expr, $world:ident) => {
        match &$binding.plugin.world {
            World::$world(pre) => pre,
            _ => {
                return Returned::fault(Fault::BadAnswer(
                    "it was bound in another role than its own".to_owned(),
                ))
            }
        }
    };
}

struct Price<'a>(&'a QuoteRequest, &'a PriceBounds);

impl Question for Price<'_> {
    const FUNCTION: &'static str = "price";
    type Raw = crate::bindings::pricing::exports::shopkeeper::pricing::pricing::Quote;
    type Answer = Quote;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, engine: &Engine, binding: &Binding) -> Returned<Self::Raw> {
        let pre = in_world!(binding, Pricing);
        let request = self.0.into();
        engine
            .run(&binding.settings, async |store| {
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

struct ReadIntent<'a>(&'a MessageView);

impl Question for ReadIntent<'_> {
    const FUNCTION: &'static str = "read-intent";
    type Raw = crate::bindings::detection::exports::shopkeeper::detection::detection::Reading;
    type Answer = Reading;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, engine: &Engine, binding: &Binding) -> Returned<Self::Raw> {
        let pre = in_world!(binding, Detection);
        let message = self.0.into();
        engine
            .run(&binding.settings, async |store| {
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

struct FindOperations<'a>(&'a str);

impl Question for FindOperations<'_> {
    const FUNCTION: &'static str = "find-operations";
    type Raw = Vec<crate::bindings::detection::exports::shopkeeper::detection::detection::Operation>;
    type Answer = Vec<FoundOperation>;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, engine: &Engine, binding: &Binding) -> Returned<Self::Raw> {
        let pre = in_world!(binding, Detection);
        engine
            .run(&binding.settings, async |store| {
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

struct Word<'a>(&'a Situation);

impl Question for Word<'_> {
    const FUNCTION: &'static str = "word";
    type Raw = crate::bindings::wording::exports::shopkeeper::wording::wording::Phrase;
    type Answer = Phrase;

    fn input(&self) -> String {
        self.0.masked()
    }

    async fn call(&self, engine: &Engine, binding: &Binding) -> Returned<Self::Raw> {
        let pre = in_world!(binding, Wording);
        let situation = self.0.into();
        engine
            .run(&binding.settings, async |store| {
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
    /// It failed; where the shop's own bounds are the reason, what to tell a person.
    Fault(Option<String>),
}

impl Engine {
    /// What pieces of work cost, priced together.
    pub async fn price(
        &self,
        binding: &Binding,
        request: &QuoteRequest,
        bounds: &PriceBounds,
    ) -> Consultation<Quote> {
        self.consult(binding, &Price(request, bounds)).await
    }

    /// What a customer's message wants.
    pub async fn read_intent(&self, binding: &Binding, message: &MessageView) -> Consultation<Reading> {
        self.consult(binding, &ReadIntent(message)).await
    }

    /// What is to be done to a picture, in the order asked for.
    pub async fn find_operations(&self, binding: &Binding, text: &str) -> Consultation<Vec<FoundOperation>> {
        self.consult(binding, &FindOperations(text)).await
    }

    /// How the shop says it.
    pub async fn word(&self, binding: &Binding, situation: &Situation) -> Consultation<Phrase> {
        self.consult(binding, &Word(situation)).await
    }

    /// Asks the bound plugin; where it fails or has no answer of its own, the built-in one.
    async fn consult<Q: Question>(&self, binding: &Binding, question: &Q) -> Consultation<Q::Answer> {
        let input = question.input();
        let by = Answered::from(binding);
        let answer = Err(Refusal::Other(String::new()));
        let mut made =
            Consultation { answer, by, calls: Vec::with_capacity(1), incidents: Vec::new(), log: Vec::new() };
        let mut taken = self.ask(binding, question, &input, &mut made).await;
        let built_in = self.builtin(binding.plugin.role);
        let elsewhere =
            !Arc::ptr_eq(&binding.plugin, &built_in.plugin) || binding.settings != built_in.settings;
        let unanswered =
            matches!(&taken, Taken::Fault(_) | Taken::Refusal(Refusal::Unsupported(_) | Refusal::Other(_)));
        if elsewhere && unanswered {
            made.by = Answered::from(&**built_in);
            taken = self.ask(built_in, question, &input, &mut made).await;
        }
        made.answer = match taken {
            Taken::Answer(answer) => Ok(answer),
            Taken::Refusal(refusal) => Err(refusal),
            Taken::Fault(Some(reason)) => Err(Refusal::NeedsPerson(reason)),
            Taken::Fault(None) => Err(Refusal::Other("no plugin could answer".to_owned())),
        };
        made
    }

    async fn ask<Q: Question>(
        &self,
        binding: &Binding,
        question: &Q,
        input: &str,
        made: &mut Consultation<Q::Answer>,
    ) -> Taken<Q::Answer> {
        let started = Instant::now();
        let returned = question.call(self, binding).await;
        let took = started.elapsed();
        made.log.extend(returned.log);
        let mut for_person = None;
        let outcome = match returned.answer {
            Ok(Ok(raw)) => question.check(raw).map(Ok).map_err(|bad| {
                if let Bad::OutOfBounds(reason) = &bad {
                    for_person = Some(reason.clone());
                }
                Fault::BadAnswer(bad.into_sentence())
            }),
            Ok(Err(refusal)) => Ok(Err(Refusal::from(refusal))),
            Err(fault) => Err(fault),
        };
        let written = match &outcome {
            Ok(Ok(answer)) => Ok(Ok(question.output(answer))),
            Ok(Err(refusal)) => Ok(Err(refusal)),
            Err(fault) => Err(fault),
        };
        made.calls.push(journal::record(Q::FUNCTION, binding, input, written, took));
        match outcome {
            Ok(Ok(answer)) => Taken::Answer(answer),
            Ok(Err(refusal)) => Taken::Refusal(refusal),
            Err(fault) => {
                made.incidents.push(Incident {
                    role: binding.plugin.role,
                    digest: binding.plugin.digest,
                    function: Q::FUNCTION,
                    backtrace: fault.backtrace().map(str::to_owned),
                    fault,
                    input: input.to_owned(),
                });
                Taken::Fault(for_person)
            }
        }
    }
}
