//! What went wrong, and sending it again.

use reqwest::Method;
use serde_json::json;

use super::browser::Browser;
use crate::{
    app::TestApp,
    double::{Double, broken, ok},
};

#[tokio::test]
async fn what_could_not_be_sent_is_counted_shown_with_its_reason_and_sent_again() {
    let connector = Double::scripted(vec![broken, broken, broken, ok]).await;
    let app = TestApp::start_with(&[
        ("SHOPKEEPER_OUTBOX__TRIES", "3"),
        ("SHOPKEEPER_OUTBOX__FIRST_WAIT_MS", "1"),
        ("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", &connector.host),
    ])
    .await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get("/s/demo/alerts").await;
    assert!(page.page().contains("都发出去了") && page.text.contains("还没有需要提醒的事"));
    app.send("operator", Method::PUT, "/settings", json!({ "chat_webhook": connector.url }))
        .await
        .expect(200);
    app.shown("<b>tb_1").await;
    // The picture is given up, then the text comes.
    for _ in 0..4 {
        connector.next().await;
    }
    for path in ["/s/demo/", "/s/demo/customers"] {
        let page = browser.get(path).await;
        assert!(page.page().contains(r#"<b class="count">1</b>"#), "{}", page.text);
    }
    assert!(browser.get("/s/demo/").await.page().contains("有 1 条没能发出去"));
    let page = browser.get("/s/demo/alerts").await;
    for part in ["发给客户的图片", "502", "试了 3 次", "id=%3Cb%3Etb_1", "多次发送都没成功", "再发一次"]
    {
        assert!(page.page().contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("<b>tb_1"));
    let letter = app.get("operator", "/outbox/dead").await.expect(200)["entries"][0]["id"].clone();
    let resend = format!("/s/demo/alerts/{}/resend", letter.as_str().expect("an id"));
    assert!(page.text.contains(&resend));
    assert_eq!(browser.post(&resend, &[]).await.status, 403);
    let foreign = resend.replace("/demo/", "/other/");
    assert_eq!(browser.submit("/s/demo/alerts", &foreign, &[]).await.status, 404);
    browser.submit("/s/demo/alerts", &resend, &[]).await.leads_to("/s/demo/alerts");
    assert_eq!(connector.next().await.json()["data"]["id"], letter);
    let page = browser.get("/s/demo/alerts").await;
    assert!(page.page().contains("都发出去了") && !page.text.contains("class=\"count\""));
    assert_eq!(browser.submit("/s/demo/alerts", &resend, &[]).await.status, 404, "it is none any more");
    app.stop().await;
}

#[tokio::test]
async fn what_the_shop_was_alerted_about_is_told_in_its_language() {
    let app = TestApp::start().await;
    let payment = json!({ "customer_id": "<script>tb", "order_id": "order-7" });
    app.post("payments", "/payments", payment).await.expect(200);
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get("/s/demo/alerts").await;
    for part in ["客户付款了,但没有图片", "订单 order-7", "没有设置企业微信群机器人", "id=%3Cscript%3Etb"]
    {
        assert!(page.page().contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("<script>tb"));
    browser.get("/language/en?next=/").await;
    assert!(browser.get("/s/demo/alerts").await.page().contains("Paid, and there is no picture"));
    for n in 0..30 {
        let payment = json!({ "customer_id": format!("tb_{n}"), "order_id": format!("o-{n}") });
        app.post("payments", "/payments", payment).await.expect(200);
    }
    let first = browser.get("/s/demo/alerts").await;
    assert!(!first.page().contains("order-7"));
    let older = first.text.split('"').find(|a| a.contains("?cursor=")).expect("there is more");
    assert!(browser.get(older).await.page().contains("order-7"));
    assert_eq!(browser.get("/s/demo/alerts?cursor=x").await.status, 422);
    app.stop().await;
}
