//! A browser as far as requests go: it keeps its cookies and finds the tokens of forms.

use std::{cell::RefCell, collections::BTreeMap};

use reqwest::{Client, Method, StatusCode, header::HeaderMap, redirect::Policy};

use crate::app::TestApp;

/// A page, or what came instead.
pub(super) struct Seen {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// The token of the forms on this page.
    #[track_caller]
    pub(super) fn csrf(&self) -> &str {
        let rest = self.text.split_once(r#"name="csrf" value=""#).expect("a form").1;
        rest.split('"').next().expect("a token")
    }

    /// The text of a page that must be there.
    #[track_caller]
    pub(super) fn page(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.text);
        &self.text
    }

    /// That it sends the browser there.
    #[track_caller]
    pub(super) fn leads_to(&self, path: &str) {
        assert_eq!((self.status.as_u16(), self.header("location")), (303, path), "{}", self.text);
    }
}

pub(super) struct Browser<'a> {
    app: &'a TestApp,
    client: Client,
    pub(super) cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { app, client, cookies: RefCell::default() }
    }

    /// One that is signed in with the key of this scope.
    pub(super) async fn signed_in(app: &'a TestApp, who: &str) -> Self {
        let browser = Self::new(app);
        browser.sign_in(who).await.leads_to("/");
        browser
    }

    pub(super) async fn sign_in(&self, who: &str) -> Seen {
        self.post("/sign-in", &[("key", self.app.key(who))]).await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(n, v)| format!("{n}={v}")).collect();
        self.client.request(method, self.app.url(&format!("!{path}"))).header("cookie", cookies.join("; "))
    }

    pub(super) async fn see(&self, request: reqwest::RequestBuilder) -> Seen {
        let response = request.send().await.expect("the service answers");
        for set in response.headers().get_all("set-cookie") {
            let (pair, rest) = set.to_str().expect("text").split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a cookie");
            if rest.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Seen { status, headers, text: response.text().await.expect("a whole answer") }
    }

    pub(super) async fn get(&self, path: &str) -> Seen {
        self.see(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.see(request.body(form.finish())).await
    }

    /// Sends a form of the page at `from`, with its token.
    pub(super) async fn submit(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let page = self.get(from).await;
        let fields = [&[("csrf", page.csrf())], fields].concat();
        self.post(path, &fields).await
    }
}
