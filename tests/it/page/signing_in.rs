//! In, out, and who is kept out.

use reqwest::Method;
use serde_json::json;

use super::browser::Browser;
use crate::app::{SCOPES, TestApp};

#[tokio::test]
async fn an_operator_comes_to_their_shop_and_goes_again() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    browser.get("/s/demo/?status=failed").await.leads_to("/sign-in?next=%2Fs%2Fdemo%2F%3Fstatus%3Dfailed");
    let form = browser.get("/sign-in?next=%2Fs%2Fdemo%2F").await;
    assert!(form.page().contains(r#"name="next" value="/s/demo/""#));
    let wrong = browser.post("/sign-in", &[("key", "sk_wrong")]).await;
    assert_eq!(wrong.status, 401);
    for scope in SCOPES.into_iter().filter(|s| *s != "operator") {
        assert_eq!(browser.sign_in(scope).await.status, 401, "{scope}");
    }
    assert!(browser.cookies.borrow().is_empty());
    app.stop().await;
    // Five failures: a fresh service, where none were made.
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    let key = app.key("operator");
    let entered = browser.post("/sign-in", &[("key", key), ("next", "//evil.example/")]).await;
    entered.leads_to("/");
    let cookie = entered.header("set-cookie");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain HTTP: {cookie}");
    browser.get("/").await.leads_to("/s/demo/");
    browser.get("/s/demo").await.leads_to("/s/demo/");
    let page = browser.get("/s/demo/").await;
    assert!(page.page().contains("演示店"));
    let token = browser.cookies.borrow()["shopkeeper"].clone();
    let stored = app.dump().join("\n");
    assert!(!stored.contains(&token) && !stored.contains(key), "only digests are stored");
    browser.submit("/s/demo/", "/sign-out", &[]).await.leads_to("/sign-in");
    assert!(browser.cookies.borrow().is_empty());
    browser.cookies.borrow_mut().insert("shopkeeper".to_owned(), token);
    browser.get("/s/demo/").await.leads_to("/sign-in?next=%2Fs%2Fdemo%2F");
    app.stop().await;
}

#[tokio::test]
async fn whoever_fails_again_and_again_has_to_wait() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    for _ in 0..5 {
        assert_eq!(browser.post("/sign-in", &[("key", "sk_wrong")]).await.status, 401);
    }
    let refused = browser.sign_in("operator").await;
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    // Behind a proxy on this machine somebody else comes from somewhere else.
    let other = browser.request(Method::POST, "/sign-in").header("x-forwarded-for", "203.0.113.9");
    let other = other.header("content-type", "application/x-www-form-urlencoded");
    browser.see(other.body(format!("key={}", app.key("operator")))).await.leads_to("/");
    app.stop().await;
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let app = TestApp::start_with(&[("SHOPKEEPER_SERVER__PUBLIC_URL", "https://shop.example")]).await;
    let browser = Browser::new(&app);
    // The proxy in front names this host otherwise.
    let request = browser.request(Method::POST, "/sign-in").header("origin", "https://shop.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let entered = browser.see(request.body(format!("key={}", app.key("operator")))).await;
    entered.leads_to("/");
    let cookie = entered.header("set-cookie");
    assert!(cookie.starts_with("__Host-shopkeeper=") && cookie.contains("; Secure"), "{cookie}");
    app.stop().await;
}

#[tokio::test]
async fn nothing_changes_without_the_token_of_the_session() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let another = Browser::signed_in(&app, "operator").await;
    let foreign = another.get("/s/demo/").await.csrf().to_owned();
    for fields in [&[][..], &[("csrf", "")], &[("csrf", foreign.as_str())]] {
        let refused = browser.post("/sign-out-everywhere", fields).await;
        assert_eq!(refused.status, 403, "{fields:?}");
    }
    another.get("/s/demo/").await.page();
    let elsewhere = browser.request(Method::POST, "/sign-in").header("origin", "https://evil.example");
    let elsewhere = elsewhere.header("content-type", "application/x-www-form-urlencoded");
    let elsewhere = browser.see(elsewhere.body(format!("key={}", app.key("operator")))).await;
    assert_eq!(elsewhere.status, 403, "nobody is signed in by another site");
    app.stop().await;
}

#[tokio::test]
async fn a_session_survives_a_restart_and_ends_everywhere_or_with_its_key() {
    let app = TestApp::start().await;
    let made = app.post("admin", "/keys", json!({ "scopes": ["operator"] })).await.expect(201);
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let cookies = Browser::signed_in(&app, key).await.cookies;
    let app = app.restart().await;
    let phone = Browser::new(&app);
    *phone.cookies.borrow_mut() = cookies.into_inner();
    phone.get("/s/demo/").await.page();
    let desk = Browser::signed_in(&app, key).await;
    desk.submit("/s/demo/", "/sign-out-everywhere", &[]).await.leads_to("/sign-in");
    assert_eq!(phone.get("/s/demo/").await.status, 303);
    let phone = Browser::signed_in(&app, key).await;
    app.answer(app.request("admin", Method::DELETE, &format!("/keys/{id}"))).await.expect(204);
    assert_eq!(phone.get("/s/demo/").await.status, 303);
    app.stop().await;
}

#[tokio::test]
async fn an_operator_sees_one_shop_and_the_admin_all() {
    let app = TestApp::start().await;
    app.post("admin", "/v1/shops", json!({ "id": "other", "name": "别家" })).await.expect(201);
    let image = app.photo().await;
    let operator = Browser::signed_in(&app, "operator").await;
    for path in ["/s/other/", "/s/nowhere/", "/s/demo/nothing", "/s/Not a shop/"] {
        assert_eq!(operator.get(path).await.status, 404, "{path}");
    }
    assert_eq!(operator.get(&format!("/s/other/images/{image}")).await.status, 404);
    let admin = Browser::signed_in(&app, "admin").await;
    let shops = admin.get("/").await;
    for part in ["/s/demo/", "/s/other/", "别家"] {
        assert!(shops.page().contains(part), "{part}");
    }
    assert!(admin.get("/s/other/").await.page().contains("别家"));
    assert_eq!(admin.get(&format!("/s/other/images/{image}")).await.status, 404, "the picture is demo's");
    app.stop().await;
}

#[tokio::test]
async fn every_answer_carries_its_policy_and_loads_nothing_from_outside() {
    let app = TestApp::start().await;
    let browser = Browser::signed_in(&app, "operator").await;
    let page = browser.get("/s/demo/").await;
    for path in ["/s/demo/", "/sign-in", "/s/other/", "/assets/none.css"] {
        let seen = browser.get(path).await;
        let policy = seen.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        assert_eq!(seen.header("referrer-policy"), "same-origin");
        assert_eq!(seen.header("cache-control"), "no-store", "{path}");
        let text = seen.text.to_ascii_lowercase();
        for inline in ["<style", " style=", "javascript:", " onclick=", "http://", "https://"] {
            assert!(!text.contains(inline), "{path}: {inline}");
        }
        assert_eq!(
            text.matches("<script").count(),
            text.matches(r#"<script type="module" src="/assets/"#).count()
        );
    }
    let mut loaded = 0;
    for asset in page.text.split('"').filter(|a| a.starts_with("/assets/")) {
        let seen = browser.get(asset).await;
        assert!(!seen.page().is_empty());
        assert!(seen.header("cache-control").contains("immutable"), "{asset}");
        loaded += seen.text.len();
    }
    assert!(loaded + page.text.len() < 200_000, "{loaded}");
    app.stop().await;
}

#[tokio::test]
async fn the_page_speaks_chinese_and_english() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    let accept = |accept: &str| {
        browser.see(browser.request(Method::GET, "/sign-in").header("accept-language", accept))
    };
    assert!(accept("en-GB,zh;q=0.5").await.page().contains(r#"<html lang="en">"#));
    assert!(accept("zh-CN,en;q=0.5").await.page().contains("店铺密钥"));
    assert!(accept("fr").await.page().contains("店铺密钥"));
    browser.get("/language/en?next=%2Fsign-in").await.leads_to("/sign-in");
    assert!(accept("zh-CN").await.page().contains("Shop key"), "the choice stands above the browser's");
    browser.get("/language/zh?next=%2F%2Fevil.example").await.leads_to("/");
    assert_eq!(browser.get("/language/fr").await.status, 404);
    app.stop().await;
}
