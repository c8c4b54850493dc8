//! The plugins' page: a price is changed, tried, replayed, made live and taken back; what is refused says why.

use reqwest::{Method, StatusCode, multipart};
use serde_json::json;
use shopkeeper_domain::roles::Role;
use shopkeeper_forge::{component, fixed_price, named, prices, says};

use super::browser::{Browser, Seen};
use crate::app::TestApp;

const PRICING: &str = "/s/demo/plugins/pricing";
const BENCH: &str = r#"id="bench""#;

/// What a simple picture costs at least.
async fn simple(app: &TestApp) -> i64 {
    let body = json!({ "customer_id": "tb_1", "pictures": [{ "complexity": "simple" }] });
    let quote = app.post("agent", "/quotes", body).await.expect(200);
    quote["low"]["minor"].as_i64().expect("a price")
}

/// Sends the workbench's form of this page, with these changes, by this button.
async fn press(browser: &Browser<'_>, page: &Seen, button: &str, changes: &[(&str, &str)]) -> Seen {
    let changes = [changes, &[("do", button)]].concat();
    let sent = page.fields(BENCH, &changes);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(PRICING, &sent).await
}

async fn upload(browser: &Browser<'_>, wasm: Vec<u8>) -> Seen {
    let csrf = browser.get("/s/demo/plugins").await.csrf().to_owned();
    let file = multipart::Part::bytes(wasm).file_name("plugin.wasm");
    let form = multipart::Form::new().text("csrf", csrf).part("file", file);
    browser.see(browser.request(Method::POST, "/s/demo/plugins").multipart(form)).await
}

#[tokio::test]
async fn a_price_is_changed_tried_replayed_made_live_and_taken_back() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    assert_eq!(simple(&app).await, 1000);
    let before = app.get("operator", "/plugins/pricing/settings").await.expect(200)["settings"].clone();
    let page = browser.get(PRICING).await;
    assert!(page.page().contains("price-table") && page.text.contains(">¥10.00<"), "{}", page.text);

    let price = [("/table/0/low", "1200")];
    let tried = press(&browser, &page, "try", &price).await;
    assert!(tried.page().contains("¥12.00–¥15.00 · 12-15元,这张比较简单"), "{}", tried.text);
    assert!(tried.text.contains(r#"name="/table/0/low" value="1200""#), "what was typed stays");
    let replayed = press(&browser, &tried, "replay", &[]).await;
    let row =
        replayed.page().split("<tbody>").nth(1).and_then(|t| t.split("</tbody>").next()).expect("a row");
    assert!(row.contains("¥10.00–¥15.00") && row.contains("¥12.00–¥15.00"), "{row}");
    assert!(replayed.text.contains("重放 1 次:一样 0,不一样 1,出错 0"));
    let settings = || app.get("operator", "/plugins/pricing/settings");
    assert_eq!(settings().await.expect(200)["settings"], before, "nothing is live yet");

    press(&browser, &replayed, "live", &[]).await.leads_to("/s/demo/plugins/pricing?done=live");
    let mut wanted = before.clone();
    wanted["table"][0]["low"] = json!(1200);
    assert_eq!(settings().await.expect(200)["settings"], wanted, "one number changed, and nothing else");
    assert_eq!(simple(&app).await, 1200);
    let page = browser.get("/s/demo/plugins/pricing?done=live").await;
    for shown in ["已经启用。", "改了设置", "/table/0/low</code> <del>1000</del> → <ins>1200</ins>"]
    {
        assert!(page.page().contains(shown), "{shown}: {}", page.text);
    }
    browser
        .submit(PRICING, "/s/demo/plugins/pricing/roll-back", &[])
        .await
        .leads_to("/s/demo/plugins/pricing?done=roll-back");
    assert_eq!(settings().await.expect(200)["settings"], before);
    app.stop().await;
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_nothing_changes() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let before = app.dump();
    let page = browser.get(PRICING).await;
    let wrong = [("/table/0/low", "<b>十元"), ("/table/1/high", "-5"), ("/table/2/hint", "20元整")];
    for button in ["check", "try", "replay", "live", "shadow", "canary"] {
        let refused = press(&browser, &page, button, &wrong).await;
        assert_eq!(refused.status, 422, "{button}");
        for (name, _) in wrong {
            let id = format!("set{}", name.replace('/', "."));
            let link = format!("<a href=\"#{id}\">");
            assert!(refused.text.contains(&link), "{button}: {link} in {}", refused.text);
            let field = refused.text.split(&format!("id=\"{id}\"")).nth(1).expect("the field");
            let field = field.split("</div>\n<div class=\"field").next().expect("its end");
            assert!(
                field.contains("aria-invalid=\"true\"") && field.contains("class=\"why\""),
                "{button}: {field}"
            );
        }
        assert!(!refused.text.contains("<b>十元"));
        let (_, again) = refused
            .fields(BENCH, &[])
            .into_iter()
            .find(|(name, _)| name == "/table/0/low")
            .expect("the field");
        assert_eq!(again, "<b>十元");
    }
    let percent = press(&browser, &page, "canary", &[("percent", "101")]).await;
    assert!(percent.status == 422 && percent.text.contains("0 到 100"));
    // The journal of tries and checks is empty: nothing was recorded.
    assert_eq!(app.dump(), before);
    app.stop().await;
}

#[tokio::test]
async fn rows_are_added_and_taken_away_and_json_is_the_same_settings() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get(PRICING).await;
    let rows = |page: &Seen| page.text.matches("name=\"has:/table/").count();
    let count = rows(&page);
    let added = press(&browser, &page, "add:/table", &[]).await;
    assert_eq!(rows(&added), count + 1);
    let fields = [("has:/times", "yes")];
    let added = press(&browser, &added, "add:/times", &fields).await;
    assert!(added.page().contains("autofocus") && added.text.contains(r#"name="/times/0/percent""#));
    let fewer = press(&browser, &added, &format!("remove:/table/{count}"), &[]).await;
    assert_eq!(rows(&fewer), count);
    let typed =
        [("/times/0/label", "双十一"), ("/times/0/percent", "-20"), ("/times/0/first_day", "2026-11-11")];
    let json = press(&browser, &fewer, "json", &typed).await;
    let text = json.fields(BENCH, &[]).into_iter().find(|(name, _)| name == "json").expect("the text").1;
    let mut settings: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(settings["times"], json!([{ "label": "双十一", "percent": -20, "first_day": "2026-11-11" }]));
    settings["minimum"] = json!(900);
    let text = settings.to_string();
    let form = press(&browser, &json, "form", &[("json", &text)]).await;
    assert!(form.page().contains(r#"name="/minimum" value="900""#) && form.text.contains("双十一"));
    let broken = press(&browser, &json, "live", &[("json", "{\"table\": [")]).await;
    assert_eq!(broken.status, 422);
    assert!(
        broken.text.contains("不是合法的 JSON") && broken.text.contains("line 1 column 11"),
        "{}",
        broken.text
    );
    press(&browser, &json, "live", &[("json", &text)]).await.leads_to("/s/demo/plugins/pricing?done=live");
    assert_eq!(app.get("operator", "/plugins/pricing/settings").await.expect(200)["settings"], settings);
    app.stop().await;
}

#[tokio::test]
async fn a_change_is_not_made_over_somebody_elses() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get(PRICING).await;
    press(&browser, &page, "live", &[("/table/0/low", "1100")])
        .await
        .leads_to("/s/demo/plugins/pricing?done=live");
    let late = press(&browser, &page, "live", &[("/table/0/low", "900")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("有人改过这个插件") && late.text.contains(r#"value="900""#));
    assert_eq!(simple(&app).await, 1100);
    press(&browser, &late, "live", &[]).await.leads_to("/s/demo/plugins/pricing?done=live");
    assert_eq!(simple(&app).await, 900);
    app.stop().await;
}

#[tokio::test]
async fn an_uploaded_plugin_is_tried_in_the_shadow_then_for_some_then_ended() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let taken = upload(&browser, fixed_price("seven77", 777, 888)).await;
    let there = taken.header("location").to_owned();
    assert!(
        there.starts_with("/s/demo/plugins/pricing?plugin=") && there.ends_with("&done=upload"),
        "{there}"
    );
    let page = browser.get(&there).await;
    assert!(page.page().contains("seven77") && page.text.contains("还没有启用"), "{}", page.text);
    let tried = press(&browser, &page, "try", &[]).await;
    assert!(tried.page().contains("¥7.77–¥8.88"), "{}", tried.text);
    press(&browser, &page, "shadow", &[]).await.header("location");
    assert_eq!(app.quoted("tb_1").await.1, "price-table");
    let page = browser.get(&there).await;
    assert!(page.page().contains("旁听,不回答客户"));
    press(&browser, &page, "canary", &[("percent", "100")]).await;
    assert_eq!(app.quoted("tb_1").await.1, "seven77");
    let cards = browser.get("/s/demo/plugins").await;
    assert!(cards.page().contains("灰度:100% 的客户"), "{}", cards.text);
    browser
        .submit(PRICING, "/s/demo/plugins/pricing/end-trial", &[])
        .await
        .leads_to("/s/demo/plugins/pricing?done=end-trial");
    assert_eq!(app.quoted("tb_1").await.1, "price-table");
    let nothing = browser.submit(PRICING, "/s/demo/plugins/pricing/end-trial", &[]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT);
    app.stop().await;
}

#[tokio::test]
async fn a_refused_component_shows_every_reason() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let before = app.dump();
    let wat = r#"(component
        (import "wasi:sockets/tcp@0.2.0" (instance)) (import "wasi:http/types@0.2.0" (instance))
        (instance (export "shopkeeper:pricing/pricing@2.0.0")))"#;
    let refused = upload(&browser, wat::parse_str(wat).expect("it parses")).await;
    assert_eq!(refused.status, 422);
    for reason in [
        "exports shopkeeper:pricing@2.0.0; this host serves 1.x",
        "imports wasi:sockets/tcp: plugins get no network",
        "imports wasi:http/types: plugins get no network",
        "does not export shopkeeper:common/lifecycle@1.x",
    ] {
        assert!(refused.text.contains(reason), "{reason} in {}", refused.text);
    }
    let nothing = upload(&browser, Vec::new()).await;
    assert!(nothing.status == 422 && nothing.text.contains("请先选一个 .wasm 文件"));
    assert_eq!(app.dump(), before);
    app.stop().await;
}

#[tokio::test]
async fn what_a_plugin_calls_itself_and_says_is_text() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let (body, extra) = says("<script>alert(1)</script>");
    let wasm = named(Role::Wording, "hostile", &body, &extra);
    let there = upload(&browser, wasm).await.header("location").to_owned();
    let page = browser.get(&there).await;
    let tried = page.fields(BENCH, &[("do", "try")]);
    let tried: Vec<(&str, &str)> = tried.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let tried = browser.post("/s/demo/plugins/wording", &tried).await;
    assert!(tried.page().contains("&#60;script&#62;alert(1)"), "{}", tried.text);
    assert!(!tried.text.contains("<script>"), "{}", tried.text);
    app.stop().await;
}

#[tokio::test]
async fn the_plugins_of_a_shop_are_its_own() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let browser = Browser::signed_in(&app, "operator").await;
    let taken = component(Role::Pricing, &prices(1, 2), shopkeeper_forge::CNY);
    let there = upload(&browser, taken).await.header("location").to_owned();
    assert_eq!(browser.get("/s/other/plugins").await.status, 404);
    assert_eq!(browser.get(&there.replace("demo", "other")).await.status, 404);
    let admin = Browser::signed_in(&app, "admin").await;
    assert_eq!(admin.get(&there.replace("demo", "other")).await.status, 404, "uploaded to another shop");
    assert_eq!(admin.get("/s/other/plugins/mailing").await.status, 404);
    for path in ["", "/roll-back", "/end-trial"] {
        assert_eq!(browser.post(&format!("{PRICING}{path}"), &[("do", "live")]).await.status, 403);
    }
    browser.get("/language/en?next=/").await;
    let page = browser.get(PRICING).await;
    for shown in ["At least", "Use it now", "Nothing was changed so far"] {
        assert!(page.page().contains(shown), "{shown}");
    }
    app.stop().await;
}
