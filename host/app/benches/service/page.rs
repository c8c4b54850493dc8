//! The web page of a shop with a hundred thousand tasks: how long the server takes for each page, how much a first visit
//! brings, how soon an event is there, and what fifty open pages cost the customers' messages.

use std::{
    fs,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::{Bytes, Incoming},
};
use tokio::task::JoinSet;

use super::{Connection, Served, connect, field, full, load, median, prepare, print, send};

const TASKS: u32 = 100_000;
/// How often each page is fetched.
const FETCHED: usize = 50;
/// Pages that stand open, each of which looks again as `live.js` does: after an event, at most so often.
const OPEN: usize = 50;
const AGAIN: Duration = Duration::from_millis(250);
/// How often messages are sent without and with them.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// Every page of a shop, under its address.
const PAGES: [(&str, &str); 12] = [
    ("today", "/"),
    ("today, one status", "/?status=completed"),
    ("a task", "/tasks/{task}"),
    ("customers", "/customers"),
    ("a customer", "/customers/profile?platform=AliWorkbench&id=tb_0"),
    ("alerts", "/alerts"),
    ("plugins", "/plugins"),
    ("pricing", "/plugins/pricing"),
    ("detection", "/plugins/detection"),
    ("wording", "/plugins/wording"),
    ("figures", "/figures"),
    ("settings", "/settings"),
];

/// A GET by whoever has this cookie.
async fn get(connection: &mut Connection, cookie: &str, path: &str) -> hyper::Response<Incoming> {
    let request = Request::builder().uri(path).header("host", "shop").header("cookie", cookie);
    let request = request.body(Full::new(Bytes::new())).expect("a request");
    connection.ready().await.expect("the connection is there");
    let answer = connection.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer
}

async fn whole(connection: &mut Connection, cookie: &str, path: &str) -> String {
    let body = get(connection, cookie, path).await.into_body().collect().await.expect("a whole answer");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}

/// Signs in; the session's cookie.
async fn sign_in(connection: &mut Connection, key: &str) -> String {
    let request = Request::post("/sign-in")
        .header("host", "shop")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(format!("key={key}").into()))
        .expect("a request");
    connection.ready().await.expect("the connection is there");
    let answer = connection.send_request(request).await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    answer.into_body().collect().await.expect("a whole answer");
    cookie.split(';').next().expect("a cookie").to_owned()
}

/// What a first visit brings without its pictures: the page, its style and its scripts, in bytes.
async fn first_visit(connection: &mut Connection, cookie: &str, page: &str) -> usize {
    let mut bytes = page.len();
    let mut assets: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assets.sort_unstable();
    assets.dedup();
    for asset in assets {
        bytes += whole(connection, cookie, asset).await.len();
    }
    bytes
}

/// A page that stands open: it listens, and looks again when something happened.
async fn stand_open(address: String, cookie: String) {
    let mut line = connect(&address).await;
    let mut events = get(&mut line, &cookie, "/s/demo/events").await.into_body();
    let mut looks = connect(&address).await;
    loop {
        let chunk = events.frame().await.expect("the line stands").expect("an event");
        if chunk.data_ref().is_some_and(|data| String::from_utf8_lossy(data).contains("event: happened")) {
            whole(&mut looks, &cookie, "/s/demo/").await;
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Milliseconds from the moment an analysis is sent until its event is there.
async fn event(
    connection: &mut Connection,
    key: &str,
    image: &str,
    events: &mut Incoming,
    number: usize,
) -> f64 {
    let body = format!(r#"{{"customer_id":"page_{number}","image_id":"{image}","complexity":"normal"}}"#);
    let started = Instant::now();
    let path = "/v1/shops/demo/analyses";
    assert_eq!(send(connection, key, "POST", path, "application/json", body.into()).await.0, 201);
    loop {
        let frame = events.frame().await.expect("the line stands").expect("an event");
        let data = frame.into_data().unwrap_or_default();
        if String::from_utf8_lossy(&data).contains(&format!("page_{number}")) {
            return started.elapsed().as_secs_f64() * 1e3;
        }
    }
}

/// The page's figures.
pub(crate) async fn pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Served::start(folder.path());
    let key = fs::read_to_string(folder.path().join("admin.key")).expect("the key").trim().to_owned();
    prepare(&service.address, &key).await;
    load(&service.address, &key, Duration::from_secs(1), None).await;
    drop(service);
    full::fill(&folder.path().join("shopkeeper.sqlite"), TASKS);
    let service = Served::start(folder.path());
    let mut connection = connect(&service.address).await;
    let cookie = sign_in(&mut connection, &key).await;
    let json = "application/json";
    let path = "/v1/shops/demo/tasks?customer_id=tb_0";
    let tasks = send(&mut connection, &key, "GET", path, json, Bytes::new()).await.1;
    let (task, image) = (field(&tasks, "/tasks/0/id"), field(&tasks, "/tasks/0/image_id"));
    let mut heaviest = (0, "");
    for (name, path) in PAGES {
        let path = format!("/s/demo{}", path.replace("{task}", &task));
        let mut took = Vec::with_capacity(FETCHED);
        let mut page = String::new();
        for _ in 0..FETCHED {
            let started = Instant::now();
            page = whole(&mut connection, &cookie, &path).await;
            took.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let took = median(took);
        print(&format!("page, 10⁵ tasks: {name}"), &format!("{took:.2} ms"), took, "≤ 50 ms");
        heaviest = heaviest.max((first_visit(&mut connection, &cookie, &page).await, name));
    }
    let kilobytes = heaviest.0 as f64 / 1e3;
    let figure = format!("{kilobytes:.0} kB ({})", heaviest.1);
    print("… a first visit without pictures, the heaviest", &figure, kilobytes, "≤ 200 kB");

    let mut line = connect(&service.address).await;
    let mut events = get(&mut line, &cookie, "/s/demo/events").await.into_body();
    let mut took = Vec::with_capacity(FETCHED);
    for number in 0..FETCHED {
        took.push(event(&mut connection, &key, &image, &mut events, number).await);
    }
    let took = median(took);
    print(
        "… an event is there after its request, commit included",
        &format!("{took:.2} ms"),
        took,
        "≤ 200 ms",
    );
    drop((events, line));

    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (open, rates) in [0, OPEN].into_iter().zip(&mut rates) {
            let mut pages = JoinSet::new();
            for _ in 0..open {
                pages.spawn(stand_open(service.address.clone(), cookie.clone()));
            }
            let started = Instant::now();
            let sent = load(&service.address, &key, ROUND, None).await.len();
            rates.push(sent as f64 / started.elapsed().as_secs_f64());
            pages.shutdown().await;
        }
    }
    let [without, with] = rates.map(median);
    let figure = format!("{:.2} × ({without:.0} → {with:.0} /s)", with / without);
    print("messages a second with 50 pages open", &figure, with / without, "unchanged");
}
