//! An order, followed live.

use serde_json::json;

use super::{Chromium, Key};
use crate::app::TestApp;

#[tokio::test]
async fn an_order_is_followed_live_from_pending_to_completed() {
    let app = TestApp::start().await;
    let task = app.analyse("tb_1").await["task"]["id"].as_str().expect("an id").to_owned();
    let chromium = Chromium::signed_in(&app, "operator").await;
    chromium.go(&format!("/s/demo/tasks/{task}")).await;
    assert!(chromium.text("#standing").await.contains("等付款"));
    // Whatever comes now comes into this very page.
    chromium.ask("window.samePage = true").await;
    let payment =
        json!({ "customer_id": "tb_1", "order_id": "1001", "amount": { "minor": 1500, "currency": "CNY" } });
    app.post("payments", "/payments", payment).await.expect(200);
    let badge = |word: &str| format!("document.querySelector('#standing .badge').textContent == '{word}'");
    chromium.until("the result", &badge("等待客户确认")).await;
    chromium.until("the picture", "document.querySelector('.compare.laid input[type=range]')").await;

    let slider = chromium.find(".compare input[type=range]").await;
    let split = "getComputedStyle(document.querySelector('.compare')).getPropertyValue('--split')";
    assert_eq!(chromium.ask(split).await, "50%");
    slider.focus().await.expect("it takes the focus");
    slider.send_keys(Key::Left + Key::Left + Key::Left).await.expect("keys");
    assert_eq!(chromium.ask(split).await, "47%");
    let place = "document.querySelector('.compare input').getBoundingClientRect()";
    let width = chromium.ask(&format!("{place}.width")).await.as_f64().expect("a width");
    let chain = chromium.driver.action_chain();
    let pulled = chain.click_and_hold_element(&slider).move_by_offset((width / 4.0) as i64, 0).release();
    pulled.perform().await.expect("the pointer moves");
    let at = chromium.ask("Number(document.querySelector('.compare input').value)").await.as_f64();
    assert!(at.is_some_and(|at| (70.0..=80.0).contains(&at)), "{at:?}");
    let shown = "getComputedStyle(document.querySelector('.compare figure img')).clipPath";
    assert!(chromium.ask(shown).await.as_str().is_some_and(|clip| clip.starts_with("inset(0px 2")));

    app.say("tb_1", "m1", "还是有点暗，不满意").await;
    chromium.until("the complaint", &badge("修改中")).await;
    app.say("tb_1", "m2", "再亮一点就好").await;
    chromium.until("the wish", "document.querySelector('#wishes')?.textContent.includes('再亮一点')").await;
    chromium.until("the second attempt", "document.querySelectorAll('#attempts li').length == 2").await;
    chromium.until("the second result", &badge("等待客户确认")).await;
    assert!(chromium.text(".talk").await.contains("再亮一点"), "the conversation too");
    app.say("tb_1", "m3", "可以了，发到 linxiaoyu@example.com").await;
    chromium.until("the end", &badge("已完成")).await;
    assert_eq!(chromium.ask("window.samePage").await, true, "the page was never opened again");
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
    chromium.close().await;
    app.stop().await;
}

#[tokio::test]
async fn today_shows_what_comes_and_what_becomes_of_it() {
    let app = TestApp::start().await;
    let chromium = Chromium::signed_in(&app, "operator").await;
    chromium.go("/s/demo/").await;
    assert!(chromium.text("main").await.contains("这里还没有订单"));
    let task = app.paid("tb_1").await;
    let card = format!("document.querySelector('#t-{task} .badge')");
    chromium.until("the order", &card).await;
    chromium.until("its result", &format!("{card}.textContent == '等待客户确认'")).await;
    chromium.click(&format!("#t-{task} a")).await;
    chromium.until("its page", "document.querySelector('#standing')").await;
    chromium.close().await;
    app.stop().await;
}
