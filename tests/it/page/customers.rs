//! Customers: found, shown, taken over, erased.

use reqwest::Method;
use serde_json::json;

use super::browser::{Browser, Seen};
use crate::app::{TestApp, photo};

const OFF: [(&str, &str); 1] = [("SHOPKEEPER_PROCESSING__ENABLED", "false")];

fn profile(id: &str) -> String {
    format!("/s/demo/customers/profile?platform=AliWorkbench&id={id}")
}

fn who(id: &str) -> [(&str, &str); 2] {
    [("platform", "AliWorkbench"), ("id", id)]
}

/// What stands in a row of a table that begins so.
#[track_caller]
fn row(page: &Seen, label: &str) -> String {
    let (_, rest) = page.page().split_once(label).unwrap_or_else(|| panic!("{label} in {}", page.text));
    let (_, rest) = rest.split_once(r#"<td class="number">"#).expect("a number");
    rest.split('<').next().expect("a number").to_owned()
}

#[tokio::test]
async fn a_customer_is_found_and_shown_with_orders_and_pictures_and_taken_over() {
    let app = TestApp::start_with(&OFF).await;
    let task = app.shown("tb_1").await;
    app.analyse("tb_2").await;
    app.analyse("tb_1").await;
    app.say("other_3", "m1", "在吗").await;
    let browser = Browser::signed_in(&app, "operator").await;
    let all = browser.get("/s/demo/customers").await;
    let at =
        |id: &str| all.page().find(&format!("id={id}")).unwrap_or_else(|| panic!("{id} in {}", all.text));
    assert!(at("tb_1") < at("tb_2"), "whoever ordered last comes first");
    assert_eq!(all.text.matches("id=tb_1").count(), 1);
    let found = browser.get("/s/demo/customers?id=other").await;
    assert!(found.page().contains("id=other_3") && !found.text.contains("id=tb_1"), "{}", found.text);
    assert!(browser.get("/s/demo/customers?id=nobody").await.page().contains("没有找到客户"));
    assert!(browser.get(&profile("other_3")).await.page().contains("只发过消息"));

    let page = browser.get(&profile("tb_1")).await;
    for part in [&task, "等待客户确认", "?w=320", "我来接待", "完成的订单"] {
        assert!(page.page().contains(part), "{part} in {}", page.text);
    }
    let act = async |action: &str, id: &str| {
        let path = format!("/s/demo/customers/profile/{action}");
        browser.submit("/s/demo/customers", &path, &who(id)).await
    };
    act("take-over", "tb_1").await.leads_to(&profile("tb_1"));
    assert!(app.get("operator", "/customers/tb_1").await.expect(200)["hold"].is_object());
    assert!(browser.get(&profile("tb_1")).await.page().contains("交还自动接待"));
    assert!(browser.get("/s/demo/customers").await.page().contains("人工接待中"));
    act("give-back", "tb_1").await.leads_to(&profile("tb_1"));
    assert!(app.get("operator", "/customers/tb_1").await.expect(200)["hold"].is_null());
    assert_eq!(act("take-over", "nobody").await.status, 404);
    assert_eq!(browser.get(&profile("nobody")).await.status, 404);
    app.stop().await;
}

#[tokio::test]
async fn erasing_says_first_what_goes_and_what_stays_and_then_it_is_gone() {
    let app = TestApp::start_with(&OFF).await;
    let own = app.upload([photo(), b"mine".to_vec()].concat()).await.expect(201)["image_id"].clone();
    let analysis = json!({ "customer_id": "..", "customer_name": "要走的人", "image_id": own,
        "complexity": "normal", "request_text": "变清晰" });
    app.post("image-ai", "/analyses", analysis).await.expect(201);
    app.analyse("..").await;
    app.analyse("tb_stays").await;
    app.say("..", "m1", "在吗").await;
    let payment =
        json!({ "customer_id": "..", "order_id": "order-1", "amount": { "minor": 1500, "currency": "CNY" } });
    app.post("payments", "/payments", payment).await.expect(200);

    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get(&profile("..")).await;
    assert!(page.page().contains("/customers/profile/erase"));
    let asks = browser.get("/s/demo/customers/profile/erase?platform=AliWorkbench&id=..").await;
    for (label, count) in [
        ("订单(修图任务)", "2"),
        ("图片(别的客户也在用的不删)", "1"),
        ("客户发来的消息", "1"),
        ("付款记录", "1"),
    ] {
        assert_eq!(row(&asks, label), count, "{label}");
    }
    assert!(asks.text.contains("还有 2 单没有完成"), "{}", asks.text);
    let path = "/s/demo/customers/profile/erase";
    assert_eq!(browser.post(path, &who("..")).await.status, 403, "no token");
    browser.get(&profile("..")).await.page();
    browser.submit("/s/demo/customers", path, &who("..")).await.leads_to("/s/demo/customers?erased=yes");
    let left = browser.get("/s/demo/customers?erased=yes").await;
    assert!(left.page().contains("已经全部删除") && left.text.contains("tb_stays"));
    assert!(!left.text.contains("要走的人"));
    assert_eq!(browser.get(&profile("..")).await.status, 404);
    assert_eq!(browser.submit("/s/demo/customers", path, &who("..")).await.status, 404);
    let gone = browser.get(&format!("/s/demo/images/{}", own.as_str().expect("an id"))).await;
    assert_eq!(gone.status, 404);
    assert!(!app.dump().join("\n").contains("要走的人"));
    app.stop().await;
}

#[tokio::test]
async fn what_is_said_to_go_is_what_goes() {
    let app = TestApp::start_with(&OFF).await;
    app.shown("tb_1").await;
    app.say("tb_1", "m1", "可以").await;
    app.shown("tb_2").await;
    let browser = Browser::signed_in(&app, "operator").await;
    let asks = browser.get("/s/demo/customers/profile/erase?platform=AliWorkbench&id=tb_1").await;
    let went = app.answer(app.request("operator", Method::DELETE, "/customers/tb_1")).await.expect(200);
    for (label, field) in [
        ("订单(修图任务)", "tasks"),
        ("客户发来的消息", "messages"),
        ("回复、图片、通知", "entries"),
        ("操作记录", "events"),
        ("插件的调用", "calls"),
    ] {
        assert_eq!(row(&asks, label), went[field].to_string(), "{field}");
    }
    assert_eq!(went["pictures"], 0, "the other customer has the same photo");
    assert!(!asks.text.contains("别的客户也在用的不删"), "what is nothing is not listed");
    app.stop().await;
}

#[tokio::test]
async fn another_shops_customers_are_not_there_and_a_name_is_text() {
    let app = TestApp::start_with(&OFF).await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let name = r#"<script>alert(1)</script>"><img src=x onerror=alert(1)>"#;
    let image = app.photo().await;
    let analysis = json!({ "customer_id": "\"><script>", "customer_name": name, "image_id": image,
        "complexity": "normal", "request_text": "<i>变清晰</i>" });
    app.post("image-ai", "/analyses", analysis).await.expect(201);
    let id = "%22%3E%3Cscript%3E";
    let browser = Browser::signed_in(&app, "operator").await;
    for path in [
        "/s/demo/customers".to_owned(),
        format!("/s/demo/customers?id={id}"),
        profile(id),
        format!("/s/demo/customers/profile/erase?platform=AliWorkbench&id={id}"),
    ] {
        let page = browser.get(&path).await;
        assert!(page.page().contains("script&#62;"), "{}", page.text);
        for markup in ["<script>", "<img src=x", "<i>变"] {
            assert!(!page.text.contains(markup), "{path}: {markup}");
        }
    }
    let made = app.post("admin", "/v1/shops/other/keys", json!({ "scopes": ["operator"] })).await.expect(201);
    let other = Browser::signed_in(&app, made["key"].as_str().expect("a key")).await;
    let mine = |path: &str| path.replace("/s/demo/", "/s/other/");
    for path in [profile(id), mine(&profile(id)), "/s/demo/customers".to_owned()] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
    let fields = [("platform", "AliWorkbench"), ("id", "\"><script>")];
    for shop in ["demo", "other"] {
        let path = format!("/s/{shop}/customers/profile/erase");
        assert_eq!(other.submit("/s/other/customers", &path, &fields).await.status, 404);
    }
    browser.get(&profile(id)).await.page();
    app.stop().await;
}

#[tokio::test]
async fn customers_come_page_by_page() {
    let app = TestApp::start_with(&OFF).await;
    // Who came again stands where they came last, and nowhere else.
    app.analyse("tb_25").await;
    for n in 0..26 {
        app.analyse(&format!("tb_{n}")).await;
    }
    let browser = Browser::signed_in(&app, "operator").await;
    let first = browser.get("/s/demo/customers").await;
    let people = |text: &str| text.matches(r#"<li id="c-"#).count();
    assert_eq!(people(first.page()), 24);
    let older = first.text.split('"').find(|a| a.contains("cursor=")).expect("there is more");
    let second = browser.get(older).await;
    assert_eq!(people(second.page()), 2);
    assert!(second.text.contains("id=tb_0\"") && second.text.contains("id=tb_1\""), "{}", second.text);
    assert!(browser.get("/s/demo/customers?id=tb_").await.page().contains("符合的客户太多"));
    app.stop().await;
}
