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

    /// The fields of a form as a browser would send them, with these changes; an empty one is one that is not ticked.
    #[track_caller]
    pub(super) fn fields(&self, form: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let attribute = |tag: &str, name: &str| {
            let rest = tag.split_once(&format!(r#" {name}=""#))?.1;
            Some(plain(rest.split('"').next()?))
        };
        let form = self.text.split(form).nth(1).expect("the form");
        let form = form.split("</form>").next().expect("its end");
        let mut sent = Vec::new();
        for tag in form.split("<input").skip(1).map(|rest| rest.split('>').next().expect("a tag")) {
            let (Some(name), value) = (attribute(tag, "name"), attribute(tag, "value")) else { continue };
            let ticks = tag.contains("\"checkbox\"") || tag.contains("\"radio\"");
            if !ticks || tag.contains(" checked") {
                sent.push((name, value.unwrap_or_default()));
            }
        }
        for part in form.split("<select").skip(1) {
            let name = attribute(part, "name").expect("a name");
            let list = part.split("</select>").next().expect("its end");
            let chosen = list.split("<option").find(|o| o.contains(" selected")).expect("one is chosen");
            sent.push((name, attribute(chosen, "value").expect("a value")));
        }
        for part in form.split("<textarea").skip(1) {
            let text = part.split_once('>').expect("a tag").1.split("</textarea>").next().expect("its end");
            let text = plain(text.strip_prefix('\n').unwrap_or(text));
            sent.push((attribute(part, "name").expect("a name"), text.replace('\n', "\r\n")));
        }
        sent.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let changed = changes.iter().filter(|(_, value)| !value.is_empty());
        sent.extend(changed.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        sent
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

/// A text without its marks, as a browser reads it.
fn plain(text: &str) -> String {
    [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (mark, sign)| text.replace(mark, sign))
}
