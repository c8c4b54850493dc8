//! The contract with plugins holds: published WIT never changes, and components compiled against it are served for good.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wit_parser::{Resolve, WorldId};

use crate::app::TestApp;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The compiled component of a role, as it was on the day of its contract.
fn frozen(role: &str) -> Vec<u8> {
    std::fs::read(here("contract/1.0.0").join(format!("{role}.wasm"))).expect("it is kept for good")
}

/// What was published, by content. A change of one of these files needs a new version beside it instead.
const PUBLISHED: [(&str, &str); 4] = [
    ("common/common.wit", "5210b437bfa758d41528b9db03a6bcb51f55ddea4abc08eebdb75cf3254ffcd4"),
    ("detection/detection.wit", "eb5e846441dfe2bdec0f18f0eece8032728c6113feaab7e4abcb7ab254c256f9"),
    ("pricing/pricing.wit", "8c9811e384eea5edc7ea9077f706868b3f98e1e466ab36e7e69eb73adc2af405"),
    ("wording/wording.wit", "53cd714c8f0a25a5e99cfbe8b235202ddbe6c584a738f5c6af7f47600c9bdd25"),
];

#[test]
fn what_is_published_never_changes() {
    for (name, digest) in PUBLISHED {
        let text = std::fs::read(here("../wit").join(name)).expect("it is there");
        let found: String = Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(found, digest, "{name} was published: add a new interface or version beside it");
    }
}

#[tokio::test]
async fn components_of_the_first_contract_are_served() {
    let app = TestApp::start().await;
    let asked = [
        (
            "pricing",
            json!({ "pictures": [{ "complexity": "normal" }] }),
            "/ok/low",
            json!({ "minor": 1500, "currency": "CNY" }),
        ),
        ("detection", json!({ "text": "可以了,没问题" }), "/ok/intent", json!("confirm")),
        (
            "wording",
            json!({ "key": "revision-accepted", "slots": [["count", "2"]] }),
            "/ok/text",
            json!("好的,这是第2次修改,重新给您做"),
        ),
    ];
    for (role, input, pointer, answer) in asked {
        let taken = app
            .answer(
                app.request("operator", reqwest::Method::POST, "/plugins")
                    .header("content-type", "application/wasm")
                    .body(frozen(role)),
            )
            .await
            .expect(201);
        assert_eq!(taken["roles"], json!([role]));
        let body = json!({ "digest": taken["digest"] });
        app.post("operator", &format!("/plugins/{role}/activate"), body).await.expect(200);
        let tried = app
            .post("operator", &format!("/plugins/{role}/try"), json!({ "input": input }))
            .await
            .expect(200);
        assert_eq!(tried["output"].pointer(pointer), Some(&answer), "{role}: {tried}");
        let path = format!("/plugins/{role}/settings");
        let unsuitable = app.send("operator", reqwest::Method::PUT, &path, json!({ "x": 1 })).await;
        let problems = unsuitable.problem(422)["problems"].clone();
        assert!(
            problems.as_array().is_some_and(|p| p.iter().any(|p| p["pointer"] == "/x")),
            "{role}: {problems}"
        );
    }
    let find = json!({ "function": "find-operations", "input": { "text": "抠图" } });
    let found = app.post("operator", "/plugins/detection/try", find).await.expect(200);
    assert_eq!(found["output"]["ok"][0]["name"], "remove_bg");
    let quote = json!({ "pictures": [{ "complexity": "hard" }] });
    let quote = app.post("agent", "/quotes", quote).await.expect(200);
    assert_eq!(
        (&quote["plugin"]["name"], &quote["low"]["minor"]),
        (&json!("contract-pricing"), &json!(2500))
    );
    assert_eq!(app.post("operator", "/plugins/pricing/rollback", Value::Null).await.status, 200);
    app.stop().await;
}

/// A change of a WIT file: what it is, where, what it replaces by what, and whether a component that was compiled
/// before it still fits.
type Change = (&'static str, &'static str, &'static str, &'static str, bool);

const CHANGES: [Change; 12] = [
    ("a comment", "pricing", "/// What a piece of work costs.", "/// Costs.", true),
    (
        "a new function in an imported interface",
        "common",
        "write: func(level: level, message: string);",
        "write: func(level: level, message: string);\n    flush: func();",
        true,
    ),
    (
        "a new imported interface",
        "common",
        "/// Imported: a line in",
        "interface clock {\n    tick: func() -> u64;\n}\n\n/// Imported: a line in",
        true,
    ),
    (
        "a new function in an exported interface",
        "pricing",
        "price: func(request: quote-request) -> result<quote, refusal>;",
        "price: func(request: quote-request) -> result<quote, refusal>;\n    refund: func() -> bool;",
        false,
    ),
    (
        "a function gone from an imported interface",
        "common",
        "get: func() -> string;",
        "fetch: func() -> string;",
        false,
    ),
    ("a function gone from an exported interface", "pricing", "price: func(", "cost: func(", false),
    (
        "a new field of a record that goes in",
        "pricing",
        "subject: string,",
        "subject: string,\n        colour: string,",
        false,
    ),
    (
        "a new field of a record that comes out",
        "pricing",
        "hint: string,",
        "hint: string,\n        note: string,",
        false,
    ),
    ("a field of another type", "common", "minor: s64,", "minor: s32,", false),
    (
        "a new case of a variant",
        "common",
        "needs-person(string),",
        "needs-person(string),\n        later(string),",
        false,
    ),
    (
        "a case of an enum gone",
        "common",
        "enum level { debug, info, warn, error }",
        "enum level { info, warn, error }",
        false,
    ),
    (
        "a new exported interface",
        "pricing",
        "export pricing;",
        "export pricing;\n    export extra: interface {\n        f: func();\n    }",
        false,
    ),
];

fn world(role: &str, (_, package, old, new, _): &Change) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let mut last = None;
    for name in ["common", role] {
        let path = here("../wit").join(name).join(format!("{name}.wit"));
        let text = std::fs::read_to_string(&path).expect("it is there");
        let changed = if name == *package { text.replacen(old, new, 1) } else { text.clone() };
        assert_eq!(name == *package, changed != text, "{old} stands in {name}");
        last = Some(resolve.push_str(&path, &changed).expect("it parses"));
    }
    let package = last.expect("two packages");
    let world = resolve.select_world(&[package], Some(&format!("{role}-plugin"))).expect("the world");
    (resolve, world)
}

#[test]
fn what_a_change_of_the_contract_breaks() {
    for change in &CHANGES {
        let (resolve, world) = world("pricing", change);
        let fits = wit_component::targets(&resolve, world, &frozen("pricing"));
        assert_eq!(fits.is_ok(), change.4, "{}: {fits:?}", change.0);
    }
}
