//! Mail through a real server: encrypted, to the right receiver, once, and what happens when the server won't.

mod server;

use std::process::Command;

use mail_parser::{Message, MessageParser, MimeHeaders};
use reqwest::Method;
use serde_json::json;

use self::server::{LOGIN, MailServer, PASSWORD};
use crate::{
    app::{TestApp, photo, program},
    process::{Served, admin},
};

const MAILED: &str = "发到您邮箱了,注意查收哈";
const FAILED: &str = "邮件发送失败了,您再发一次邮箱试试";

async fn service(server: &MailServer, more: &[(&str, &str)]) -> TestApp {
    let settings = server.settings();
    let mut environment: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    environment.extend_from_slice(more);
    TestApp::start_with(&environment).await
}

/// What `doctor` says about mail: whether it is fine, and the line.
fn doctor(server: &MailServer, more: &[(&str, &str)]) -> (bool, String) {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program());
    command.arg("doctor").arg("--data").arg(data.path()).envs(server.settings()).envs(more.iter().copied());
    let said = String::from_utf8(command.output().expect("it runs").stdout).expect("text");
    assert!(!said.contains(PASSWORD), "{said}");
    let line = said.lines().find(|l| l.contains(" mail: ")).expect("a line about mail");
    (line.starts_with("ok"), line.to_owned())
}

fn parse(mail: &[u8]) -> Message<'_> {
    MessageParser::default().parse(mail).expect("an RFC 5322 message")
}

async fn events(app: &TestApp, task: &str) -> String {
    app.get("operator", &format!("/tasks/{task}/events")).await.expect(200).to_string()
}

#[tokio::test]
async fn an_order_arrives_encrypted_and_as_it_was_meant() {
    for security in ["tls", "starttls"] {
        let mut server = MailServer::start(security);
        let app = service(&server, &[]).await;
        let analysis = json!({
            "customer_id": "tb_1", "customer_name": "林小雨", "image_id": app.photo().await,
            "complexity": "normal", "request_text": "变清晰",
        });
        let analysed = app.post("image-ai", "/analyses", analysis).await.expect(201);
        let task = analysed["task"]["id"].as_str().expect("an id").to_owned();
        app.post("payments", "/payments", json!({ "customer_id": "tb_1", "order_id": "1" }))
            .await
            .expect(200);
        app.hear_until("好了,你看一下效果,没问题把邮箱发我").await;
        app.say("tb_1", "m1", "可以了，发到lin+work@example.com").await;
        app.hear_until(MAILED).await;

        let seen = server.until("closed").await;
        let way = match security {
            "tls" => vec!["EHLO", "AUTH", "MAIL", "RCPT", "DATA"],
            _ => vec!["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"],
        };
        assert_eq!(seen[..way.len()], way, "the login and the mail come after the encryption");
        assert_eq!(seen[way.len()], format!("kept from {LOGIN} to lin+work@example.com"));

        let bytes = server.kept();
        let mail = parse(&bytes);
        assert_eq!(mail.subject(), Some("您的照片处理好了(1张)"));
        let (from, to) = (mail.from().and_then(|a| a.first()), mail.to().and_then(|a| a.first()));
        assert_eq!(from.and_then(|a| a.name()), Some("掌柜"));
        assert_eq!(to.and_then(|a| a.name()), Some("林小雨"));
        assert_eq!(mail.text_body_count(), 1);
        let (text, html) = (mail.body_text(0).expect("a text"), mail.body_html(0).expect("a page"));
        assert!(text.contains("共1张") && html.contains("共1张") && html.contains("<p>"), "{text} {html}");
        assert!(mail.date().is_some());
        let picture = mail.attachment(0).expect("a picture");
        assert_eq!((mail.attachment_count(), picture.attachment_name()), (1, Some("变清晰-1.jpg")));
        let result = app.task(&task).await["result_image_id"].as_str().expect("an id").to_owned();
        let request = app.request("operator", Method::GET, &format!("/images/{result}"));
        let shown = request.send().await.expect("an answer").bytes().await.expect("bytes");
        assert_eq!(picture.contents(), &shown[..], "what was shown is what arrives");
        app.stop().await;
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_the_customer_has_one_mail() {
    let mut server = MailServer::start("tls");
    let app = service(&server, &[("SHOPKEEPER_MAIL__TIMEOUT_SECONDS", "3")]).await;
    for (trouble, address) in
        [("busy", "busy1@example.com"), ("drop", "drop1@example.com"), ("hang", "hang1@example.com")]
    {
        let task = app.shown(trouble).await;
        app.say(trouble, &format!("{trouble}-m1"), &format!("可以，{address}")).await;
        app.hear_until(MAILED).await;
        server.until(&format!("{trouble} from")).await;
        server.until(&format!("kept from {LOGIN} to {address}")).await;
        assert_eq!(app.task(&task).await["status"], "completed");
    }
    let mails = server.mails();
    let outcomes: Vec<&str> = mails.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["busy", "kept", "drop", "kept", "hang", "kept"]);
    for pair in mails.chunks(2) {
        let (first, second) = (parse(&pair[0].1), parse(&pair[1].1));
        assert!(first.message_id().is_some_and(|id| id.ends_with("@example.com")));
        assert_eq!((first.message_id(), first.date()), (second.message_id(), second.date()), "the same mail");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_mail_that_a_kill_cut_off_goes_out_again_as_the_same_mail() {
    let mut server = MailServer::start("tls");
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Served::start_with(folder.path(), server.settings());
    let key = admin(folder.path());
    let (task, image) = service.analyse(&key).await;
    service.post(&key, &format!("/tasks/{task}/result"), json!({ "image_id": image })).await;
    let message = json!({ "message_id": "m1", "customer_id": "tb_1", "text": "可以，hang1@example.com" });
    service.post(&key, "/messages", message).await;
    server.until("hang from").await;
    service.kill();
    let service = Served::start_with(folder.path(), server.settings());
    service.hear(&key, MAILED, &mut Vec::new()).await;
    let mails = server.mails();
    let same: Vec<_> = mails.iter().map(|(_, bytes)| parse(bytes).message_id().map(str::to_owned)).collect();
    assert!(same.len() == 2 && same[0].is_some() && same[0] == same[1], "{same:?}");
}

#[tokio::test]
async fn a_refused_mail_is_told_to_the_customer_and_the_task_waits_for_another_address() {
    let server = MailServer::start("starttls");
    let app = service(&server, &[("SHOPKEEPER_MAIL__MAX_BYTES", "1000")]).await;
    for (customer, code) in [("unknown", "550 "), ("full", "552 ")] {
        let task = app.shown(customer).await;
        app.say(customer, &format!("{customer}-m1"), &format!("可以，{customer}@example.com")).await;
        app.hear_until(FAILED).await;
        assert_eq!(app.task(&task).await["status"], "awaiting-confirm");
        let profile = app.get("operator", &format!("/customers/{customer}")).await.expect(200);
        assert_eq!(profile["email_status"], "failed");
        let events = events(&app, &task).await;
        let reason = events.split("\"reason\":").find(|r| r.contains(code)).expect("the server's reason");
        assert!(!reason.contains(&format!("{customer}@")), "no address in {reason}");
        // They are larger than one mail should be, and without a public address there are no links.
        assert!(reason.contains("server.public_url"), "{reason}");
    }
    app.say("unknown", "again", "发到 known@example.com").await;
    app.hear_until(MAILED).await;
    server.kept();
    app.stop().await;
}

#[tokio::test]
async fn a_server_without_encryption_hears_nothing() {
    let mut server = MailServer::start("none");
    let app = service(&server, &[]).await;
    let task = app.shown("tb_1").await;
    app.say("tb_1", "m1", "可以，abc@example.com").await;
    for _ in 0..2 {
        assert_eq!(server.until("closed").await, ["EHLO", "closed"], "neither login nor mail");
    }
    assert_eq!(app.task(&task).await["status"], "delivering", "it is the operator's to mend");
    app.stop().await;
    let (fine, line) = doctor(&server, &[]);
    assert!(!fine && line.contains("STARTTLS"), "{line}");
    let wrong = [("SHOPKEEPER_MAIL__SECURITY", "tls")];
    assert!(!doctor(&server, &wrong).0, "nor is it taken for an encrypted one");
}

#[tokio::test]
async fn a_refused_login_bounces_nobodys_mail() {
    let mut server = MailServer::start("tls");
    let app = service(&server, &[("SHOPKEEPER_MAIL__PASSWORD", "00-wrong")]).await;
    let task = app.shown("tb_1").await;
    app.say("tb_1", "m1", "可以，abc@example.com").await;
    for _ in 0..2 {
        assert_eq!(server.until("closed").await, ["EHLO", "AUTH", "closed"]);
    }
    assert_eq!(app.task(&task).await["status"], "delivering");
    app.stop().await;
}

#[test]
fn doctor_says_whether_the_server_takes_the_login() {
    let server = MailServer::start("tls");
    let (fine, line) = doctor(&server, &[]);
    assert!(fine && line.contains("the login is taken"), "{line}");
    for (key, value, word) in [
        ("SHOPKEEPER_MAIL__PASSWORD", "00-wrong", "535"),
        ("SHOPKEEPER_MAIL__CA_FILE", "", "certificate"),
        ("SHOPKEEPER_MAIL__HOST", "127.0.0.1", "certificate"),
        ("SHOPKEEPER_MAIL__PORT", "1", "refused"),
        ("SHOPKEEPER_MAIL__CA_FILE", "/nowhere.pem", "mail.ca_file"),
        ("SHOPKEEPER_MAIL__CA_FILE", file!(), "mail.ca_file"),
    ] {
        let (fine, line) = doctor(&server, &[(key, value)]);
        assert!(!fine && line.contains(word) && !line.contains("00-wrong"), "{key}={value}: {line}");
    }
}

#[tokio::test]
async fn a_name_with_a_line_break_is_no_header() {
    let server = MailServer::start("tls");
    let app = service(&server, &[]).await;
    let task = json!({
        "customer_id": "tb_1", "customer_name": "张三\r\nBcc: spy@example.com\r\n\r\n", "image_id": app.photo().await,
        "complexity": "normal", "request_text": "变清晰",
    });
    let analysed = app.post("image-ai", "/analyses", task).await.expect(201);
    let task = analysed["task"]["id"].as_str().expect("an id").to_owned();
    let result = json!({ "image_id": app.photo().await });
    app.post("image-ai", &format!("/tasks/{task}/result"), result).await.expect(200);
    app.say("tb_1", "m1", "可以，abc@example.com").await;
    app.hear_until(MAILED).await;
    let bytes = server.kept();
    let mail = parse(&bytes);
    let to: Vec<_> = mail.to().expect("receivers").iter().map(|a| (a.name(), a.address())).collect();
    assert_eq!(to, [(Some("张三Bcc: spy@example.com"), Some("abc@example.com"))]);
    assert!(mail.bcc().is_none() && mail.cc().is_none());
    assert_eq!(mail.attachment_count(), 1);
    app.stop().await;
}

#[tokio::test]
async fn what_a_mail_has_no_room_for_goes_as_a_link_that_opens_without_a_key() {
    let server = MailServer::start("tls");
    let size = photo().len();
    // Room for one picture and a half.
    let room = (size + size / 2).to_string();
    let more = [
        ("SHOPKEEPER_MAIL__MAX_BYTES", room.as_str()),
        ("SHOPKEEPER_SERVER__PUBLIC_URL", "https://shop.example.com/"),
    ];
    let app = service(&server, &more).await;
    app.shown("tb_1").await;
    app.shown("tb_1").await;
    app.say("tb_1", "m1", "两张都可以，abc@example.com").await;
    app.hear_until(MAILED).await;
    let bytes = server.kept();
    let mail = parse(&bytes);
    assert_eq!(mail.attachment_count(), 1, "what there is room for is attached");
    let text = mail.body_text(0).expect("a text");
    let link = text.lines().find(|l| l.starts_with("https://")).expect("a link");
    assert!(text.contains("7天") && text.contains("变清晰-2.jpg"), "{text}");
    let path = link.trim().strip_prefix("https://shop.example.com").expect("where the service is reached");
    let page = mail.body_html(0).expect("a page");
    assert!(page.contains(&path.replace('&', "&amp;")), "{page}");
    let answer = app.request("", Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.expect("bytes"), photo());
    app.get("", &path.replace("signature=", "signature=a")).await.problem(401);
    app.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_gone_is_told_at_once() {
    let server = MailServer::start("tls");
    let app = service(&server, &[]).await;
    let task = app.shown("tb_1").await;
    std::fs::remove_dir_all(app.data.path().join("images/demo")).expect("removed");
    app.say("tb_1", "m1", "可以，abc@example.com").await;
    app.hear_until(FAILED).await;
    assert!(events(&app, &task).await.contains("picture is gone"));
    assert_eq!(server.mails(), [], "no mail without its picture");
    app.stop().await;
}

#[tokio::test]
async fn a_server_that_hangs_does_not_keep_the_other_mails() {
    let mut server = MailServer::start("tls");
    let more = [("SHOPKEEPER_MAIL__TIMEOUT_SECONDS", "300"), ("SHOPKEEPER_MAIL__CONCURRENCY", "2")];
    let app = service(&server, &more).await;
    let stuck = app.shown("tb_1").await;
    app.say("tb_1", "m1", "可以，hang@example.com").await;
    server.until("hang from").await;
    app.shown("tb_2").await;
    app.say("tb_2", "m2", "可以，abc@example.com").await;
    app.hear_until(MAILED).await;
    assert_eq!(app.task(&stuck).await["status"], "delivering");
    server.kept();
    // Its connection breaks, so that the service need not wait for it.
    drop(server);
    app.stop().await;
}
