//! Pictures from URLs: fetched where that is safe, refused with the reason where it isn't.

use axum::{Router, http::header, response::Redirect, routing::get};
use serde_json::{Value, json};

use crate::app::{TestApp, photo};

/// A picture server on a free port of this machine; ends with the test's runtime.
async fn pictures() -> String {
    let router = Router::new()
        .route("/photo.jpg", get(|| async { photo() }))
        .route("/page.jpg", get(|| async { ([(header::CONTENT_TYPE, "image/jpeg")], "<html>") }))
        .route("/large.jpg", get(|| async { vec![0xffu8; 21 << 20] }))
        .route("/inside", get(|| async { Redirect::temporary("http://169.254.169.254/latest/meta-data/") }))
        .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
        .route("/round", get(|| async { Redirect::temporary("/round") }))
        .route("/moved", get(|| async { Redirect::temporary("/photo.jpg") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn analyse(app: &TestApp, url: &str) -> crate::app::Answer {
    let body = json!({ "customer_id": "tb_1", "complexity": "normal", "image_url": url });
    app.post("image-ai", "/analyses", body).await
}

#[tokio::test]
async fn a_picture_is_fetched_from_a_host_that_the_configuration_allows() {
    let server = pictures().await;
    let host = server.trim_start_matches("http://");
    let app = TestApp::start_with(&[("SHOPKEEPER_IMAGES__PRIVATE_HOSTS", host)]).await;
    for path in ["/photo.jpg", "/moved"] {
        let analysed = analyse(&app, &format!("{server}{path}")).await.expect(201);
        let image = analysed["task"]["image_id"].as_str().expect("an id").to_owned();
        let kept = app
            .request("agent", reqwest::Method::GET, &format!("/images/{image}"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(kept.bytes().await.expect("bytes"), photo());
    }
    let before = app.dump();
    for (path, why) in [
        ("/page.jpg", "picture"),
        ("/large.jpg", "larger"),
        ("/inside", "internal"),
        ("/file", "http"),
        ("/round", "redirects"),
        ("/nothing", "404"),
    ] {
        let problem: Value = analyse(&app, &format!("{server}{path}")).await.problem(422);
        assert_eq!(problem["pointer"], "/image_url");
        assert!(problem["detail"].as_str().is_some_and(|d| d.contains(why)), "{path}: {problem}");
    }
    assert_eq!(app.dump(), before, "nothing changed");
    app.stop().await;
}

#[tokio::test]
async fn nothing_inside_is_fetched_otherwise() {
    let server = pictures().await;
    let port = server.rsplit(':').next().expect("a port");
    let app = TestApp::start().await;
    for url in [
        format!("{server}/photo.jpg"),
        format!("http://localhost:{port}/photo.jpg"),
        format!("http://[::ffff:127.0.0.1]:{port}/photo.jpg"),
        "http://169.254.169.254/latest/meta-data/".into(),
        "http://10.0.0.1/x".into(),
        "file:///etc/passwd".into(),
        "not a url".into(),
    ] {
        let problem = analyse(&app, &url).await.problem(422);
        assert_eq!(problem["pointer"], "/image_url", "{url}");
    }
    let task = app.analyse("tb_2").await["task"]["id"].as_str().expect("an id").to_owned();
    let result = json!({ "result_url": format!("{server}/photo.jpg") });
    let problem = app.post("image-ai", &format!("/tasks/{task}/result"), result).await.problem(422);
    assert_eq!(problem["pointer"], "/result_url");
    app.stop().await;
}
