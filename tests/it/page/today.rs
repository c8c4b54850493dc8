//! Today's list.

use serde_json::json;

use super::browser::Browser;
use crate::app::TestApp;

#[tokio::test]
async fn tasks_stand_by_status_with_pictures_prices_and_whom_they_wait_for() {
    let app = TestApp::start_with(&[("SHOPKEEPER_PROCESSING__ENABLED", "false")]).await;
    let shown = app.shown("tb_shown").await;
    let pending = app.analyse("tb_pending").await["task"]["id"].as_str().expect("an id").to_owned();
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get("/s/demo/").await;
    let text = page.page();
    for part in [
        &shown,
        &pending,
        "待处理 <b>1</b>",
        "等待客户确认 <b>1</b>",
        "全部 <b>2</b>",
        "等付款",
        "等客户",
        "¥",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let few = browser.get("/s/demo/?status=pending").await;
    assert!(few.page().contains(&pending) && !few.text.contains(&shown));
    let one = browser.get("/s/demo/?status=&customer_id=tb_shown").await;
    assert!(one.page().contains(&shown) && !one.text.contains(&pending));
    app.post("connector", "/customers/tb_shown/hold", json!({})).await.expect(200);
    assert!(browser.get("/s/demo/?customer_id=tb_shown").await.page().contains("等您处理"));
    for bad in ["status=done", "cursor=x", "colour=red"] {
        assert_eq!(browser.get(&format!("/s/demo/?{bad}")).await.status, 422, "{bad}");
    }
    let small = text.split('"').find(|a| a.ends_with("?w=320")).expect("a picture");
    let small = browser.get(small).await;
    assert_eq!((small.status.as_u16(), small.header("content-type")), (200, "image/jpeg"));
    Browser::new(&app)
        .get("/s/demo/images/00?w=320")
        .await
        .leads_to("/sign-in?next=%2Fs%2Fdemo%2Fimages%2F00%3Fw%3D320");
    app.stop().await;
}

#[tokio::test]
async fn older_tasks_come_page_by_page() {
    let app = TestApp::start().await;
    for n in 0..26 {
        app.analyse(&format!("tb_{n}")).await;
    }
    let browser = Browser::signed_in(&app, "operator").await;
    let first = browser.get("/s/demo/?status=pending").await;
    let cards = |text: &str| text.matches(r#"<li id="t-"#).count();
    assert_eq!(cards(first.page()), 24);
    let older =
        first.text.split('"').find(|a| a.contains("cursor=")).expect("there is more").replace("&amp;", "&");
    let older = older.replace("&#38;", "&");
    let second = browser.get(&older).await;
    assert_eq!(cards(second.page()), 2);
    assert!(
        second.text.contains("tb_0<") && second.text.contains("tb_1<") && !second.text.contains("cursor=")
    );
    app.stop().await;
}

#[tokio::test]
async fn what_a_customer_is_called_is_text() {
    let app = TestApp::start().await;
    let image = app.photo().await;
    let name = r#"<script>alert(1)</script>"><img src=x onerror=alert(1)>"#;
    let analysis = json!({
        "customer_id": "\"><script>", "customer_name": name, "image_id": image, "complexity": "<b>hard</b>",
        "request_text": "<i>变清晰</i>",
    });
    let task = app.post("image-ai", "/analyses", analysis).await.expect(201);
    let browser = Browser::signed_in(&app, "operator").await;
    let id = task["task"]["id"].as_str().expect("an id");
    for path in [
        "/s/demo/".to_owned(),
        "/s/demo/?customer_id=%22%3E%3Cscript%3E".to_owned(),
        format!("/s/demo/tasks/{id}"),
    ] {
        let page = browser.get(&path).await;
        let text = page.page();
        assert!(text.contains("script&#62;"), "{text}");
        for markup in ["<script>", "<img src=x", "<b>hard", "<i>变"] {
            assert!(!text.contains(markup), "{path}: {markup}");
        }
    }
    app.stop().await;
}
