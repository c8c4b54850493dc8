//! The shop owner's plugins, by hand.

use serde_json::json;
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{CNY, named, prices};

use super::Chromium;
use crate::app::TestApp;

/// What a simple picture costs at least.
async fn quote(app: &TestApp) -> i64 {
    let body = json!({ "customer_id": "tb_1", "pictures": [{ "complexity": "simple" }] });
    app.post("agent", "/quotes", body).await.expect(200)["low"]["minor"].as_i64().expect("a price")
}

#[tokio::test]
async fn a_price_is_changed_in_the_form_tried_replayed_made_live_and_taken_back() {
    let app = TestApp::start().await;
    assert_eq!(quote(&app).await, 1000);
    let chromium = Chromium::signed_in(&app, "operator").await;
    chromium.go("/s/demo/plugins").await;
    chromium.click("#role-pricing h2 a").await;
    chromium.until("the form", "document.querySelector('#bench')").await;
    let price = "[name='/table/0/low']";
    chromium.write(price, "1234").await;
    let money = "document.querySelector(\"[name='/table/0/low']\").parentElement.querySelector('[data-money]').textContent";
    assert_eq!(chromium.ask(money).await, "¥12.34", "an amount is shown as it will be read");
    chromium.click("#do-try").await;
    chromium.until("the answer", "document.querySelector('#tried')").await;
    assert!(chromium.text("#tried").await.contains("¥12.34–¥15.00"));
    chromium.click("#do-replay").await;
    chromium.until("the replay", "document.querySelector('#replayed table')").await;
    let row = chromium.text("#replayed tbody").await;
    assert!(row.contains("¥10.00–¥15.00") && row.contains("¥12.34–¥15.00"), "{row}");
    assert_eq!(quote(&app).await, 1000, "nothing is live yet");

    chromium.write(price, "十元").await;
    chromium.click("#do-live").await;
    chromium.until("the refusal", "document.querySelector('#note[role=alert] a')").await;
    chromium.click("#note a").await;
    let focused = "document.querySelector(location.hash.replaceAll('.', '\\\\.')).name";
    assert_eq!(chromium.ask(focused).await, "/table/0/low", "the problem leads to its field");
    assert_eq!(quote(&app).await, 1000);

    chromium.write(price, "1234").await;
    chromium.click("[value='add:/table']").await;
    chromium.until("a row more", "document.activeElement.name == '/table/4/complexity'").await;
    chromium.click("[value='remove:/table/4']").await;
    chromium.until("a row less", "!document.querySelector(\"[name='/table/4/complexity']\")").await;
    chromium.click("#do-live").await;
    chromium.until("the news", "document.querySelector('#note[role=status]')").await;
    assert!(chromium.text("#note").await.contains("已经启用"));
    assert_eq!(quote(&app).await, 1234);
    chromium.click("#roll-back").await;
    chromium.until("the way back", "document.querySelector('#note')?.textContent.includes('已经退回')").await;
    assert_eq!(quote(&app).await, 1000);
    chromium.close().await;
    app.stop().await;
}

#[tokio::test]
async fn a_refused_component_says_why_and_a_taken_one_can_be_set_up() {
    let app = TestApp::start().await;
    let chromium = Chromium::signed_in(&app, "operator").await;
    let folder = tempfile::tempdir().expect("a folder");
    let send = async |wasm: Vec<u8>| {
        let file = folder.path().join("plugin.wasm");
        std::fs::write(&file, wasm).expect("written");
        chromium.go("/s/demo/plugins").await;
        chromium.find("#component").await.send_keys(file.display().to_string()).await.expect("a file");
        chromium.click("#upload").await;
    };
    let wat = r#"(component
        (import "wasi:sockets/tcp@0.2.0" (instance)) (import "wasi:http/types@0.2.0" (instance))
        (instance (export "shopkeeper:pricing/pricing@2.0.0")))"#;
    send(wat::parse_str(wat).expect("it parses")).await;
    chromium.until("the reasons", "document.querySelectorAll('#refused li').length >= 4").await;
    let reasons = chromium.text("#refused").await;
    assert!(reasons.contains("imports wasi:sockets/tcp: plugins get no network"), "{reasons}");
    // A name that would be a tag, if anybody let it.
    send(named(Role::Pricing, "<script", &prices(1, 2), CNY)).await;
    chromium.until("an answer", "document.querySelector('#refused, #bench')").await;
    let page = chromium.text("main").await;
    assert!(page.contains("<script"), "the name is text: {page}");
    send(shopkeeper_forge::fixed_price("seven77", 777, 888)).await;
    chromium.until("the workbench", "document.querySelector('#bench')").await;
    assert!(chromium.text("#note").await.contains("检查通过"));
    chromium.click("#do-try").await;
    chromium.until("the answer", "document.querySelector('#tried')?.textContent.includes('¥7.77')").await;
    chromium.close().await;
    app.stop().await;
}
