//! Every page: for everybody, in both languages, narrow and wide, light and dark; and what strangers wrote is text on all of
//! them. Leaves pictures of all pages in `target/screenshots`.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::Chromium;
use crate::app::{TestApp, fixture};

/// Customers with names that would be scripts, if anybody let them.
const NAME: &str = "<script>window.hacked=1</script>";
const PICTURE: &str = "<img src=x onerror=window.hacked=2>";
/// How tall a picture of a page may be.
const TALLEST: u64 = 6000;

/// Every page of a shop, with a task of its own, by the name of its picture.
fn pages(task: &str, stranger: &str) -> Vec<(&'static str, String)> {
    [
        ("today", "/s/demo/"),
        ("task", task),
        ("customers", "/s/demo/customers"),
        ("customer", stranger),
        ("alerts", "/s/demo/alerts"),
        ("plugins", "/s/demo/plugins"),
        ("pricing", "/s/demo/plugins/pricing"),
        ("detection", "/s/demo/plugins/detection"),
        ("wording", "/s/demo/plugins/wording"),
        ("figures", "/s/demo/figures"),
        ("settings", "/s/demo/settings"),
        ("keys", "/s/demo/keys"),
        ("shops", "/"),
        ("nothing", "/s/demo/nothing"),
    ]
    .map(|(name, path)| (name, path.to_owned()))
    .to_vec()
}

/// A shop with customers at several points of their orders; returns the task of the one whose name is a script.
async fn shop(app: &TestApp) -> String {
    let settings =
        json!({ "table": [{ "complexity": "normal", "low": 1500, "high": 2000 }], "minimum": 900 });
    app.send("operator", reqwest::Method::PUT, "/plugins/pricing/settings", settings).await.expect(200);
    let mut stranger = String::new();
    for (customer, name, picture, words) in [
        ("tb_1", "摩卡咖啡馆", "coffee.jpg", "可以了，发到 menu@example.com"),
        ("tb_2", NAME, "portrait.jpg", "还是有点暗，<b>再亮</b>一点"),
        ("tb_3", PICTURE, "photo.jpg", "怎么还没原图好看，我要退款"),
        ("tb_4", "回家的路", "old.jpg", ""),
    ] {
        let image = app.upload(fs::read(fixture(picture)).expect("a picture")).await.expect(201);
        let analysis = json!({
            "customer_id": customer, "customer_name": name, "image_id": image["image_id"], "complexity": "normal",
            "request_text": "变清晰",
        });
        let analysed = app.post("image-ai", "/analyses", analysis).await.expect(201);
        let task = analysed["task"]["id"].as_str().expect("a task").to_owned();
        if words.is_empty() {
            continue;
        }
        let order = json!({ "customer_id": customer, "order_id": format!("o{customer}"), "amount": { "minor": 1500, "currency": "CNY" } });
        app.post("payments", "/payments", order).await.expect(200);
        app.hear_until("好了,你看一下效果,没问题把邮箱发我").await;
        app.say(customer, &format!("m{customer}"), words).await;
        if name == NAME {
            stranger = task;
        }
    }
    stranger
}

async fn checker() -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../target/peers-npm/node_modules/axe-core/axe.min.js");
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}: cargo xtask setup", file.display()))
}

/// What keeps some people from using the page.
async fn barriers(chromium: &Chromium, axe: &str) -> Vec<String> {
    chromium.driver.execute(axe, Vec::new()).await.expect("the checker loads");
    let run = "const done = arguments[0];
        axe.run(document, { resultTypes: ['violations'] }).then(
            (r) => done(r.violations.flatMap((v) => v.nodes.map((n) => [v.impact, v.id, n.target.join(' '), n.failureSummary]))),
            (e) => done([['critical', 'no run', String(e), '']]));";
    let found = chromium.driver.execute_async(run, Vec::new()).await.expect("the checker runs");
    let found: Vec<[String; 4]> = serde_json::from_value(found.json().clone()).expect("its findings");
    let serious = found.into_iter().filter(|[impact, ..]| impact == "serious" || impact == "critical");
    serious.map(|finding| finding.join(": ")).collect()
}

async fn picture(chromium: &Chromium, name: &str, width: u32) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&folder).expect("a folder");
    let height = chromium.ask("document.documentElement.scrollHeight").await.as_u64().expect("a height");
    chromium.tall(width, height.min(TALLEST)).await;
    chromium.until("its pictures", "[...document.images].every((i) => i.complete)").await;
    chromium.driver.screenshot(&folder.join(format!("{name}.png"))).await.expect("a picture");
}

#[tokio::test]
async fn every_page_is_for_everybody_at_every_width_and_shows_strangers_words_as_text() {
    let app = TestApp::start().await;
    let task = shop(&app).await;
    let axe = checker().await;
    let chromium = Chromium::signed_in(&app, "admin").await;
    let task = format!("/s/demo/tasks/{task}");
    chromium.go("/s/demo/customers").await;
    let profile =
        chromium.ask("document.querySelector(\"main a[href$='id=tb_2']\").getAttribute('href')").await;
    let stranger = profile.as_str().expect("an address");
    let mut wrong: Vec<String> = Vec::new();
    for (lang, dark_when_wide) in [("zh", false), ("en", true)] {
        chromium.go(&format!("/language/{lang}?next=/")).await;
        for (name, path) in pages(&task, stranger) {
            for (width, dark) in [(390, false), (1280, dark_when_wide), (1920, false)] {
                let what = format!("{name} {lang} {width}{}", if dark { " dark" } else { "" });
                chromium.size(width).await;
                chromium.dark(dark).await;
                chromium.go(&path).await;
                chromium.until("the page", "document.readyState == 'complete'").await;
                let wide = chromium.ask("document.scrollingElement.scrollWidth").await;
                if wide.as_u64() > Some(u64::from(width)) {
                    wrong.push(format!("{what}: is {wide} wide"));
                }
                if chromium.ask("Boolean(window.hacked)").await == true {
                    wrong.push(format!("{what}: ran what a stranger wrote"));
                }
                let elsewhere = "performance.getEntriesByType('resource').map((r) => r.name).filter((n) => !n.startsWith(location.origin + '/'))";
                if chromium.ask(elsewhere).await != json!([]) {
                    wrong.push(format!("{what}: asks elsewhere"));
                }
                if width == 1920 {
                    continue;
                }
                // Light where it is narrow and dark where it is wide: once each, since it takes its time.
                if (lang == "zh") == (width == 390) {
                    wrong.extend(barriers(&chromium, &axe).await.into_iter().map(|b| format!("{what}: {b}")));
                }
                picture(&chromium, &format!("{name}-{lang}-{width}"), width).await;
            }
            let complaints = chromium.complaints().await;
            // The one page that is not there is told to the browser as that.
            let expected = |line: &String| name == "nothing" && line.contains("404");
            wrong.extend(
                complaints.into_iter().filter(|c| !expected(c)).map(|c| format!("{name} {lang}: {c}")),
            );
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
    // The name is there, as text.
    chromium.go("/s/demo/customers").await;
    assert!(chromium.text("main").await.contains("<script>window.hacked=1</script>"));
    let first: Value =
        chromium.ask("document.querySelectorAll('main script, main img[onerror]').length").await;
    assert_eq!(first, 0);
    chromium.close().await;
    app.stop().await;
}

#[tokio::test]
async fn the_sign_in_page_is_for_everybody_too() {
    let app = TestApp::start().await;
    let axe = checker().await;
    let chromium = Chromium::open(&app).await;
    for (lang, dark) in [("zh", false), ("en", true)] {
        chromium.size(390).await;
        chromium.dark(dark).await;
        chromium.go(&format!("/language/{lang}?next=/sign-in")).await;
        assert_eq!(barriers(&chromium, &axe).await, Vec::<String>::new());
        assert_eq!(chromium.ask("document.scrollingElement.scrollWidth").await, 390);
        picture(&chromium, &format!("sign-in-{lang}-390"), 390).await;
    }
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
    chromium.close().await;
    app.stop().await;
}
