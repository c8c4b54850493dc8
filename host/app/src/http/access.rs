//! Who may do what: keys, scopes and shops.

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::{Actor, ShopId};
use shopkeeper_storage::{Key, Storage, StorageError};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, page::sessions, problem::Problem};
use crate::{
    secrets::sha256,
    shops::ShopState,
    workflow::{Repeatable, Turn, now},
};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// A chat platform's connector.
    Connector,
    /// The customer-service agent.
    Agent,
    /// Recognises pictures, works on them.
    ImageAi,
    /// Tells of payments.
    Payments,
    /// A person at the shop.
    Operator,
    /// The whole installation; never given to a shop's key.
    #[serde(skip_deserializing)]
    Admin,
}

impl Scope {
    /// Every scope that a shop's key can have.
    pub(crate) const OF_SHOPS: [Self; 5] =
        [Self::Connector, Self::Agent, Self::ImageAi, Self::Payments, Self::Operator];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Agent => "agent",
            Self::ImageAi => "image-ai",
            Self::Payments => "payments",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::OF_SHOPS.into_iter().chain([Self::Admin]).find(|s| s.name() == name)
    }
}

/// Whoever sent the request.
#[derive(Debug)]
pub(super) struct Caller {
    id: Uuid,
    /// The shop the key opens; none for the installation's own.
    shop: Option<ShopId>,
    scopes: Vec<Scope>,
    digest: [u8; 32],
    /// The digest of the session they came by; none where the request carries the key itself.
    session: Option<[u8; 32]>,
}

impl Caller {
    /// The holder of this key.
    fn of(key: Key, session: Option<[u8; 32]>) -> Self {
        let scopes = key.scopes.iter().filter_map(|s| Scope::parse(s)).collect();
        Self { id: key.id, shop: key.shop, scopes, digest: key.digest, session }
    }

    /// Which key it is.
    pub(super) fn key(&self) -> Uuid {
        self.id
    }

    /// The one shop that the key opens; none for the installation's own.
    pub(super) fn shop(&self) -> Option<&ShopId> {
        self.shop.as_ref()
    }

    /// Whether a person at a shop holds the key, or the one who runs the installation.
    pub(super) fn is_person(&self) -> bool {
        self.is_admin() || self.shop.is_some() && self.scopes.contains(&Scope::Operator)
    }

    pub(super) fn is_admin(&self) -> bool {
        self.shop.is_none() && self.scopes.contains(&Scope::Admin)
    }

    /// What tells this caller from others without giving the key away.
    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// The keys that were used since the start.
pub(super) struct Keys {
    store: Arc<dyn Storage>,
    known: RwLock<Known>,
    /// Rings when a key was taken away, for connections that stay.
    taken_away: watch::Sender<()>,
}

#[derive(Default)]
struct Known {
    callers: HashMap<[u8; 32], Arc<Caller>>,
    /// Counts the keys that were taken away: what was read before one of them went may be out of date.
    forgotten: u64,
}

impl Keys {
    pub(super) fn new(store: Arc<dyn Storage>) -> Self {
        Self { store, known: RwLock::default(), taken_away: watch::Sender::new(()) }
    }

    /// Whoever holds the key with this digest.
    pub(super) async fn find(&self, digest: [u8; 32]) -> Result<Option<Arc<Caller>>, StorageError> {
        let forgotten = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(caller) = known.callers.get(&digest) {
                return Ok(Some(caller.clone()));
            }
            known.forgotten
        };
        let Some(key) = self.store.key(digest).await? else { return Ok(None) };
        let caller = Arc::new(Caller::of(key, None));
        self.keep(caller.clone(), forgotten);
        Ok(Some(caller))
    }

    /// Keeps what was read when so many keys had been taken away.
    fn keep(&self, caller: Arc<Caller>, forgotten: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.forgotten == forgotten {
            known.callers.insert(caller.digest, caller);
        }
    }

    /// Whoever is signed in by the session with this digest, and when they were last seen.
    pub(super) async fn signed_in(
        &self,
        digest: [u8; 32],
    ) -> Result<Option<(Arc<Caller>, DateTime<Utc>)>, StorageError> {
        let session = self.store.session(digest).await?.filter(|s| sessions::is_good(s, now()));
        Ok(session.map(|s| (Arc::new(Caller::of(s.key, Some(digest))), s.used_at)))
    }

    /// Whoever holds the key that a request carries.
    async fn bearer(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
        let unauthorized = |detail| Problem::new(StatusCode::UNAUTHORIZED, detail);
        let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = given
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty())
            .ok_or_else(|| unauthorized("send a key: Authorization: Bearer sk_…"))?;
        let caller = self.find(sha256(&[token.as_bytes()])).await?;
        caller.ok_or_else(|| unauthorized("this key opens nothing: it is mistyped or was taken away"))
    }

    /// Lets the holder of the installation's own key pass, and nobody else.
    pub(super) async fn admin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let caller = self.bearer(headers).await?;
        if caller.is_admin() { Ok(()) } else { Err(forbidden(&[Scope::Admin])) }
    }

    /// A key that was taken away opens nothing any more.
    pub(super) fn forget(&self, id: Uuid) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.callers.retain(|_, caller| caller.id != id);
        known.forgotten += 1;
        drop(known);
        self.sessions_ended();
    }

    /// Rings for connections that stay, so that they look whether theirs is among what ended.
    pub(super) fn sessions_ended(&self) {
        self.taken_away.send_replace(());
    }

    /// Rings whenever a key is taken away or a session ends.
    pub(super) fn taken_away(&self) -> watch::Receiver<()> {
        self.taken_away.subscribe()
    }
}

/// Finds out who sent the request. A signed link to a picture needs no key.
pub(super) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let signed = !request.headers().contains_key(header::AUTHORIZATION)
        && request.uri().query().is_some_and(|q| q.contains("signature="));
    if !signed {
        let caller = app.keys.bearer(request.headers()).await?;
        request.extensions_mut().insert(caller);
    }
    Ok(next.run(request).await)
}

/// Which scopes open a path.
pub(super) trait Allow: Send + Sync {
    const SCOPES: &'static [Scope];
}

macro_rules! allow {
    ($($(#[$doc:meta])* $name:ident: $($scope:ident),+;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl Allow for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
        }
    )+};
}

allow! {
    Anyone: Connector, Agent, ImageAi, Payments, Operator;
    Connector: Connector;
    ConnectorOrAgent: Connector, Agent;
    ConnectorOrOperator: Connector, Operator;
    Agent: Agent;
    AgentOrOperator: Agent, Operator;
    ImageAi: ImageAi;
    /// A person can mark a payment too.
    Paying: Payments, Agent, Operator;
    Operator: Operator;
    Admin: Admin;
}

/// A caller who may do this in this shop.
pub(super) struct InShop<A> {
    pub(super) shop: Arc<ShopState>,
    caller: Arc<Caller>,
    repeatable: Option<Repeatable>,
    allowed: PhantomData<A>,
}

impl<A> InShop<A> {
    /// The request on its way through the workflow, with this status when it succeeds.
    pub(super) fn turn(&self, status: StatusCode) -> Turn {
        Turn {
            shop: self.shop.clone(),
            actor: Actor::Key(self.who()),
            repeatable: self.repeatable,
            settle: None,
            status: status.as_u16(),
        }
    }

    /// The name of the key that was used.
    pub(super) fn who(&self) -> String {
        let scopes: Vec<&str> = self.caller.scopes.iter().map(|s| s.name()).collect();
        format!("{} {}", scopes.join("+"), self.caller.id)
    }

    /// A request that only passes on what the customer did.
    pub(super) fn turn_of_customer(&self, status: StatusCode) -> Turn {
        Turn { actor: Actor::Customer, ..self.turn(status) }
    }

    pub(super) fn repeatable(&self) -> Option<Repeatable> {
        self.repeatable
    }

    /// The same caller's next request on a connection that stays: with the shop as it is now, and none where the key
    /// was taken away.
    pub(super) async fn renewed(&self, app: &App) -> Result<Option<Self>, StorageError> {
        let known = match self.caller.session {
            Some(session) => app.keys.signed_in(session).await?.map(|(caller, _)| caller),
            None => app.keys.find(self.caller.digest).await?,
        };
        if known.is_none() {
            return Ok(None);
        }
        let shop = app.service.shops.get(&self.shop.id).await?;
        let same = |shop| Self { shop, caller: self.caller.clone(), repeatable: None, allowed: PhantomData };
        Ok(shop.map(same))
    }
}

fn caller(parts: &Parts) -> Result<Arc<Caller>, Problem> {
    let found = parts.extensions.get::<Arc<Caller>>().cloned();
    found.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "send a key: Authorization: Bearer sk_…"))
}

fn forbidden(scopes: &[Scope]) -> Problem {
    let names: Vec<&str> = scopes.iter().map(|s| s.name()).collect();
    Problem::new(StatusCode::FORBIDDEN, format!("this key lacks the scope for this: {}", names.join(" or ")))
}

impl<A: Allow> FromRequestParts<App> for InShop<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = caller(parts)?;
        let shop = shop_in_path(parts, app).await?;
        // Another shop's things are not there, whatever the key may do at home.
        let shop = shop.filter(|s| caller.is_admin() || caller.shop.as_ref() == Some(&s.id));
        let shop = shop.ok_or_else(|| Problem::not_found("this key sees no such shop"))?;
        if !caller.is_admin() && !A::SCOPES.iter().any(|s| caller.scopes.contains(s)) {
            return Err(forbidden(A::SCOPES));
        }
        let repeatable = parts.extensions.get::<Repeatable>().copied();
        Ok(Self { shop, caller, repeatable, allowed: PhantomData })
    }
}

/// The shop that the path names, whoever asks.
pub(super) async fn shop_in_path(parts: &mut Parts, app: &App) -> Result<Option<Arc<ShopState>>, Problem> {
    let params = RawPathParams::from_request_parts(parts, app).await;
    let named =
        params.ok().and_then(|p| p.iter().find(|(name, _)| *name == "shop").map(|(_, v)| v.to_owned()));
    match named.and_then(|n| n.parse::<ShopId>().ok()) {
        Some(id) => Ok(app.service.shops.get(&id).await?),
        None => Ok(None),
    }
}

/// Whoever holds the installation's own key.
pub(super) struct AsAdmin {
    pub(super) repeatable: Option<Repeatable>,
}

impl FromRequestParts<App> for AsAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        if !caller(parts)?.is_admin() {
            return Err(forbidden(&[Scope::Admin]));
        }
        Ok(Self { repeatable: parts.extensions.get().copied() })
    }
}

#[cfg(test)]
mod tests {
    use shopkeeper_storage::Sqlite;

    use super::*;

    #[tokio::test]
    async fn a_key_that_is_taken_away_while_it_is_looked_up_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("db")).expect("a database");
        let keys = Keys::new(Arc::new(store));
        let caller = Arc::new(Caller {
            id: Uuid::nil(),
            shop: None,
            scopes: vec![Scope::Admin],
            digest: [1; 32],
            session: None,
        });
        keys.keep(caller.clone(), 0);
        assert!(keys.find([1; 32]).await.expect("read").is_some());
        // Read from the database before, kept after it was taken away.
        keys.forget(caller.id);
        keys.keep(caller, 0);
        assert!(keys.find([1; 32]).await.expect("read").is_none());
    }
}
