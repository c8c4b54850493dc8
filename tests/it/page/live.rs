//! What happens, as it happens.

use reqwest::{Method, Response};
use serde_json::Value;

use super::browser::Browser;
use crate::app::TestApp;

/// An event stream, read event by event.
struct Line {
    response: Response,
    text: String,
}

impl Line {
    fn new(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event: its name, its id, its data; none where the line ended.
    async fn next(&mut self) -> Option<(String, i64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
                if let (Some(name), Some(id), Some(data)) = (field("event"), field("id"), field("data")) {
                    let data = serde_json::from_str(data).expect("JSON");
                    return Some((name.to_owned(), id.parse().expect("a position"), data));
                }
                continue;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    async fn happened(&mut self) -> (i64, Value) {
        let (name, id, data) = self.next().await.expect("an event");
        assert_eq!(name, "happened");
        (id, data)
    }
}

#[tokio::test]
async fn events_come_as_they_happen_and_nothing_is_missed_after_a_cut() {
    let app = TestApp::start().await;
    app.analyse("tb_before").await;
    let listen = || app.request("operator", Method::GET, "/events");
    let mut line = Line::new(listen().send().await.expect("a line"));
    let (name, begin, _) = line.next().await.expect("an event");
    assert_eq!(name, "cursor");
    let task = app.analyse("tb_1").await["task"]["id"].clone();
    let (first, event) = line.happened().await;
    assert!(first > begin);
    assert_eq!(
        (&event["event"], &event["task_id"], &event["customer_id"]),
        (&"task-created".into(), &task, &"tb_1".into())
    );
    drop(line);
    app.analyse("tb_2").await;
    let again = listen().header("last-event-id", first.to_string()).send().await.expect("a line");
    let mut again = Line::new(again);
    assert_eq!(again.next().await.expect("an event").1, first);
    let (second, event) = again.happened().await;
    assert_eq!(event["customer_id"], "tb_2");
    let mut after =
        Line::new(app.request("operator", Method::GET, "/events?after=0").send().await.expect("a line"));
    after.next().await.expect("the cursor");
    assert_eq!(after.happened().await.1["customer_id"], "tb_before");
    assert_eq!(after.happened().await.0, first);
    assert_eq!(after.happened().await.0, second);
    app.get("agent", "/events").await.problem(403);
    app.answer(listen().header("last-event-id", "x")).await.problem(422);
    // Going down does not wait for listeners.
    let (_, ended) = tokio::join!(app.stop(), again.next());
    assert!(ended.is_none());
}

#[tokio::test]
async fn a_page_listens_by_its_session_until_that_ends() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get("/s/demo/").await;
    assert!(page.page().contains(r#"data-events="/s/demo/events" data-after="0""#));
    let task = app.analyse("tb_1").await["task"]["id"].clone();
    let mut line =
        Line::new(browser.request(Method::GET, "/s/demo/events?after=0").send().await.expect("a line"));
    line.next().await.expect("the cursor");
    assert_eq!(line.happened().await.1["task_id"], task);
    let same = Browser::signed_in(&app, "operator").await;
    same.submit("/s/demo/", "/sign-out-everywhere", &[]).await.leads_to("/sign-in");
    while line.next().await.is_some() {}
    assert_eq!(browser.get("/s/other/events").await.status, 303);
    app.stop().await;
}
