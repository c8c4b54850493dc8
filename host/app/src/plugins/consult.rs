//! A customer's question: who is asked, and what is noted of it.

use std::sync::Arc;

use shopkeeper_domain::{
    CustomerKey,
    roles::{
        Role,
        detection::{FoundOperation, MessageView, Reading},
        pricing::{Quote, QuoteRequest},
        wording::{Phrase, Situation},
    },
    rollout::{Change, Digest, Rollout, Trial},
};
use shopkeeper_engine::{Asked, Binding, Consultation, PriceBounds};
use shopkeeper_storage::{CallMode, Incident};

use super::{
    Journal, Plugins, health,
    journal::{self, Trip},
    shadow::Job,
};
use crate::{
    shops::{Held, ShopState},
    workflow::{bucket, now},
};

/// One call in so many is made again afterwards to count its instructions.
const METERED: u64 = 256;

/// Who answers this customer.
struct Chain<'a> {
    canary: Option<&'a Arc<Held>>,
    live: &'a Arc<Held>,
}

impl<'a> Chain<'a> {
    fn held(&self) -> impl Iterator<Item = (CallMode, &'a Arc<Held>)> {
        let canary = self.canary.map(|h| (CallMode::Canary, h));
        canary.into_iter().chain([(CallMode::Live, self.live)])
    }

    async fn ask<T>(&self, call: impl AsyncFnOnce(&[&Binding]) -> Consultation<T>) -> Consultation<T> {
        match self.canary {
            Some(canary) => call(&[&canary.binding, &self.live.binding]).await,
            None => call(&[&self.live.binding]).await,
        }
    }
}

impl Plugins {
    /// What pieces of work cost, for this customer where there is one.
    pub(crate) async fn price(
        &self,
        shop: &ShopState,
        customer: Option<&CustomerKey>,
        request: &QuoteRequest,
        journal: &mut Journal,
    ) -> Consultation<Quote> {
        let bounds: PriceBounds = shop.settings.bounds();
        let engine = &self.engine;
        let chain = chain(shop, Role::Pricing, customer);
        let made = chain.ask(async |b| engine.price(b, request, &bounds).await).await;
        self.note(shop, &chain, customer, made, journal, || Asked::Price(request.clone(), bounds))
    }

    /// What a customer's message wants.
    pub(crate) async fn read_intent(
        &self,
        shop: &ShopState,
        customer: &CustomerKey,
        message: &MessageView,
        journal: &mut Journal,
    ) -> Consultation<Reading> {
        let engine = &self.engine;
        let chain = chain(shop, Role::Detection, Some(customer));
        let made = chain.ask(async |b| engine.read_intent(b, message).await).await;
        self.note(shop, &chain, Some(customer), made, journal, || Asked::ReadIntent(message.clone()))
    }

    /// What is to be done to a picture.
    pub(crate) async fn find_operations(
        &self,
        shop: &ShopState,
        customer: Option<&CustomerKey>,
        text: &str,
        journal: &mut Journal,
    ) -> Consultation<Vec<FoundOperation>> {
        let engine = &self.engine;
        let chain = chain(shop, Role::Detection, customer);
        let made = chain.ask(async |b| engine.find_operations(b, text).await).await;
        self.note(shop, &chain, customer, made, journal, || Asked::FindOperations(text.to_owned()))
    }

    /// How the shop says it.
    pub(crate) async fn word(
        &self,
        shop: &ShopState,
        customer: &CustomerKey,
        situation: &Situation,
        journal: &mut Journal,
    ) -> Consultation<Phrase> {
        let engine = &self.engine;
        let chain = chain(shop, Role::Wording, Some(customer));
        let made = chain.ask(async |b| engine.word(b, situation).await).await;
        self.note(shop, &chain, Some(customer), made, journal, || Asked::Word(situation.clone()))
    }

    fn note<T>(
        &self,
        shop: &ShopState,
        chain: &Chain<'_>,
        customer: Option<&CustomerKey>,
        mut made: Consultation<T>,
        journal: &mut Journal,
        asked: impl FnOnce() -> Asked,
    ) -> Consultation<T> {
        let now = now();
        let role = chain.live.binding.plugin.role;
        for call in &made.calls {
            self.metrics.consulted(call, self.engine.builtin(role).plugin.digest == call.digest);
            let Some((mode, held)) = chain.held().nth(call.place) else { continue };
            let tripped = held.health.note(call, now);
            let Some(fault) = &call.fault else { continue };
            let revision = held.binding.revision;
            let change = match mode {
                CallMode::Canary if health::counts(fault) => Change::StopCanary(revision),
                CallMode::Live if tripped && revision > 0 => Change::Quarantine(revision),
                _ => continue,
            };
            journal.trips.push(Trip { role, held: held.clone(), change, reason: fault.to_string() });
        }
        for incident in made.incidents.drain(..) {
            tracing::warn!(
                shop = %shop.id,
                role = role.name(),
                function = incident.function,
                kind = incident.fault.kind(),
                "a plugin failed; another answered"
            );
            journal.incidents.push(Incident {
                at: now,
                role,
                function: incident.function.to_owned(),
                digest: Digest::new(incident.digest),
                settings_revision: incident.settings_revision,
                fault: incident.fault.to_string(),
                backtrace: incident.backtrace,
                input: incident.input,
            });
        }
        self.follow(shop, chain, customer, &made, asked);
        let keep = |call: shopkeeper_engine::CallRecord| {
            let mode = chain.held().nth(call.place).map_or(CallMode::BuiltIn, |(mode, _)| mode);
            journal::kept(call, mode, now)
        };
        journal.calls.extend(made.calls.drain(..).map(keep));
        made
    }

    /// What is done beside, once the customer has their answer: a shadow is asked, a call's instructions are counted.
    fn follow<T>(
        &self,
        shop: &ShopState,
        chain: &Chain<'_>,
        customer: Option<&CustomerKey>,
        made: &Consultation<T>,
        asked: impl FnOnce() -> Asked,
    ) {
        let live = &chain.live;
        let in_role = shop.roles.of(live.binding.plugin.role);
        if let Some((Trial::Shadow, shadow)) = &in_role.trial {
            let customer = customer.cloned();
            let used = made.calls.last().and_then(|c| c.output.clone());
            let job =
                Job::Shadow { shop: shop.id.clone(), held: shadow.clone(), customer, asked: asked(), used };
            self.beside.push(job);
        } else if live.binding.revision > 0 && live.health.calls() % METERED == 1 {
            self.beside.push(Job::Meter { held: (*live).clone(), asked: asked() });
        }
    }

    /// Stores what calls left behind that belong to no commit, and does what follows from them.
    pub(crate) async fn conclude(
        &self,
        shop: &ShopState,
        customer: Option<CustomerKey>,
        mut journal: Journal,
    ) {
        let trips = std::mem::take(&mut journal.trips);
        if !journal.calls.is_empty() {
            let stored = self.store.record(&shop.id, customer, journal.calls, journal.incidents).await;
            if let Err(error) = stored {
                tracing::error!(shop = %shop.id, %error, "calls of plugins could not be kept");
            }
        }
        self.act(shop, trips).await;
    }
}

fn chain<'a>(shop: &'a ShopState, role: Role, customer: Option<&CustomerKey>) -> Chain<'a> {
    let in_role = shop.roles.of(role);
    let canary = match (&in_role.trial, customer) {
        (Some((Trial::Canary(percent), held)), Some(key)) if Rollout::in_canary(*percent, bucket(key)) => {
            Some(held)
        }
        _ => None,
    };
    Chain { canary, live: &in_role.live }
}
