//! What every page stands in: the visitor, their language, the navigation.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Path, Query, Request},
    http::{HeaderMap, HeaderValue, Uri, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use fluent_bundle::FluentValue;
use serde::Deserialize;
use shopkeeper_domain::CustomerKey;

use super::{
    App, Problem, assets,
    sessions::SignedIn,
    show::Shown,
    words::{COOKIE, Lang},
};
use crate::{
    http::access::{InShop, Operator},
    shops::ShopState,
};

/// The parts of a shop's page, as the navigation shows them: a word, and where it lies under `/s/{shop}`. A new part is a
/// line here.
const PARTS: &[(&str, &str)] = &[
    ("nav-today", "/"),
    ("nav-customers", "/customers"),
    ("nav-alerts", ALERTS),
    ("nav-plugins", "/plugins"),
    ("nav-figures", "/figures"),
    ("nav-settings", "/settings"),
];
/// The part that only the admin has.
const KEYS: (&str, &str) = ("nav-keys", "/keys");
/// The part that counts what could not be sent.
const ALERTS: &str = "/alerts";
/// How long a chosen language is remembered, in seconds.
const A_YEAR: u32 = 31_536_000;

/// An entry of the navigation.
pub(super) struct Entry {
    pub(super) href: String,
    pub(super) label: String,
    pub(super) current: bool,
    /// How much there waits for somebody to look; 0 where nothing is counted.
    pub(super) count: u64,
}

/// What every page stands in. Every page's template extends `layout.html` and has it in the field `frame`.
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// Path and query of this page, to come back to.
    pub(super) here: String,
    pub(super) visitor: Option<SignedIn>,
    pub(super) shop: Option<Arc<ShopState>>,
    /// The position in the shop's log that the page shows: what comes after it is looked at live.
    pub(super) live: Option<i64>,
    /// How much could not be sent.
    pub(super) dead: u64,
}

impl Frame {
    /// For whoever is not signed in, or not known to be.
    pub(super) fn outside(request: &Request) -> Self {
        Self::new(request.headers(), request.uri())
    }

    fn new(headers: &HeaderMap, uri: &Uri) -> Self {
        let here = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Self { lang: Lang::of(headers), here, visitor: None, shop: None, live: None, dead: 0 }
    }

    /// The word of this id.
    pub(super) fn t(&self, id: &str) -> String {
        self.lang.t(id)
    }

    /// The word of this id, with one value put in.
    pub(super) fn with<'a>(&self, id: &str, name: &'a str, value: impl Into<FluentValue<'a>>) -> String {
        self.lang.with(id, &[(name, value.into())])
    }

    /// How money and times are shown to this visitor.
    pub(super) fn shown(&self) -> Shown {
        Shown { lang: self.lang, offset: self.shop.as_ref().map_or(480, |s| s.settings.utc_offset_minutes) }
    }

    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The token that every form carries.
    pub(super) fn csrf(&self) -> &str {
        self.visitor.as_ref().map_or("", |v| &v.csrf)
    }

    /// An address under this shop's page.
    pub(super) fn at(&self, path: &str) -> String {
        self.shop.as_ref().map_or_else(|| "/".to_owned(), |s| format!("/s/{}{path}", s.id))
    }

    /// A customer's page. Their id is no part of the path, since `..` may be one.
    pub(super) fn customer(&self, key: &CustomerKey) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("platform", key.platform.as_str()).append_pair("id", key.id.as_str());
        self.at(&format!("/customers/profile?{}", query.finish()))
    }

    pub(super) fn nav(&self) -> Vec<Entry> {
        let path = self.here.split('?').next().unwrap_or("");
        let entry = |(word, under): &(&str, &str)| {
            let href = self.at(under);
            // Today's tasks have their own addresses.
            let current = path == href
                || *under != "/" && path.starts_with(&format!("{href}/"))
                || *under == "/" && path.starts_with(&self.at("/tasks/"));
            let count = if *under == ALERTS { self.dead } else { 0 };
            Entry { href, label: self.t(word), current, count }
        };
        let own = Some(&KEYS).filter(|_| self.is_admin());
        if self.shop.is_some() { PARTS.iter().chain(own).map(entry).collect() } else { Vec::new() }
    }

    /// Whether the visitor may choose among shops.
    pub(super) fn is_admin(&self) -> bool {
        self.visitor.as_ref().is_some_and(|v| v.caller.is_admin())
    }

    /// Where the other language is chosen.
    pub(super) fn switch(&self) -> (String, String) {
        let other = self.lang.other();
        let back: String = form_urlencoded::byte_serialize(self.here.as_bytes()).collect();
        (format!("/language/{}?next={back}", other.name()), other.t("language"))
    }
}

/// Somebody who looks at a shop that they may look at: what a page's handler asks for.
pub(super) struct Visit {
    /// As a handler of the API has it.
    pub(super) access: InShop<Operator>,
    pub(super) frame: Frame,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let access = InShop::from_request_parts(parts, app).await?;
        let mut frame = Frame::new(&parts.headers, &parts.uri);
        frame.visitor = parts.extensions.get().cloned();
        frame.shop = Some(access.shop.clone());
        frame.dead = app.service.workflow.store.count_dead(&access.shop.id).await?;
        Ok(Self { access, frame })
    }
}

impl Visit {
    /// Has the page look again when something happens after what it shows. Called before anything is read.
    pub(super) async fn goes_live(&mut self, app: &App) -> Result<(), Problem> {
        let latest = app.service.workflow.store.latest_event(&self.access.shop.id).await?;
        self.frame.live = Some(latest);
        Ok(())
    }
}

/// A page as an answer.
pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => super::super::problem::unavailable(&error).into_response(),
    }
}

/// A problem as a page.
#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct ProblemPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) detail: String,
    /// Where to go on.
    pub(super) back: String,
}

/// Where to go on: a path of this site, whatever a link says.
pub(super) fn local(next: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        path.starts_with('/')
            && !path[1..].starts_with(['/', '\\'])
            && path.bytes().all(|b| b.is_ascii_graphic())
    };
    next.filter(is_ours).unwrap_or("/")
}

#[derive(Deserialize)]
pub(super) struct Next {
    pub(super) next: Option<String>,
}

pub(super) async fn choose_language(
    Path(language): Path<String>,
    Query(query): Query<Next>,
) -> Result<Response, Problem> {
    let lang = Lang::parse(&language).ok_or_else(|| Problem::not_found("there is no such language"))?;
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={A_YEAR}", lang.name());
    let cookie = HeaderValue::try_from(cookie).expect("plain ASCII");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local(query.next.as_deref()))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_nowhere_else() {
        assert_eq!(local(Some("/s/demo/?status=failed")), "/s/demo/?status=failed");
        for foreign in ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nb", "/ "] {
            assert_eq!(local(Some(foreign)), "/", "{foreign:?}");
        }
    }
}
