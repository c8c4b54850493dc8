//! Figures as pictures, and as numbers for whoever would rather have those.

use serde_json::json;

use super::browser::Browser;
use crate::app::TestApp;

/// What follows a word in the page, up to the end of its section.
#[track_caller]
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!(r#"aria-labelledby="{id}-title""#)).expect("a section");
    rest.split("</section>").next().expect("its end")
}

#[tokio::test]
async fn every_chart_has_its_numbers_as_text() {
    let app = TestApp::start_with(&[("SHOPKEEPER_PROCESSING__ENABLED", "false")]).await;
    let browser = Browser::signed_in(&app, "operator").await;
    let empty = browser.get("/s/demo/figures").await;
    assert_eq!(empty.page().matches("<svg").count(), 4, "{}", empty.text);
    assert!(empty.text.contains("最近 30 天一共 0 单") && empty.text.contains("还没有数据"));
    for n in 0..3 {
        app.analyse(&format!("tb_{n}")).await;
    }
    let quote = app.analyse("tb_3").await["task"]["quote"].clone();
    let page = browser.get("/s/demo/figures").await;
    let text = page.page();
    assert!(!text.contains("style="), "the policy forbids it");
    for id in ["orders", "quotes", "deliveries", "latencies"] {
        let part = section(text, id);
        assert!(part.contains(r#"role="img""#) && part.contains("aria-label="), "{part}");
        let table = part.split_once("<details>").expect("a text alternative").1;
        assert!(table.contains("<table>") && table.contains(r#"<th scope="col""#), "{table}");
    }
    let orders = section(text, "orders");
    assert!(orders.contains("最近 30 天一共 4 单"), "{orders}");
    let (_, table) = orders.split_once("<tbody>").expect("a table");
    assert_eq!(table.matches("<tr>").count(), 30);
    let today = table.split("</tr>").next().expect("the newest day");
    assert!(today.contains(r#"<td class="number">4</td>"#), "{today}");
    let (low, high) = (quote["low"]["minor"].as_i64(), quote["high"]["minor"].as_i64());
    let middle = (low.expect("a price") + high.expect("a price")) / 2;
    let quotes = section(text, "quotes");
    assert!(quotes.contains(&format!("¥{}.{:02}", middle / 100, middle % 100)), "{quotes}");
    assert!(quotes.contains(r#"<td class="number">4</td>"#), "{quotes}");
    assert!(section(text, "latencies").contains("报价"));
    browser.get("/language/en?next=/").await;
    assert!(browser.get("/s/demo/figures").await.page().contains("4 orders in the last 30 days."));
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    assert_eq!(browser.get("/s/other/figures").await.status, 404);
    app.stop().await;
}
