//! What a browser would send of a form that was drawn, read back.

use super::{
    super::typed::{Typed, add},
    *,
};

const SCHEMAS: [&str; 3] = [
    include_str!("../../../../../../../plugins/price-table/src/schema.json"),
    include_str!("../../../../../../../plugins/reply-templates/src/schema.json"),
    include_str!("../../../../../../../plugins/keyword-detection/src/schema.json"),
];

/// The fields of a form as a browser sends them.
fn sent(field: &Field) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if field.optional && field.given || field.removable {
        all.push((format!("has:{}", field.name), "yes".to_owned()));
    }
    let typed = field.value.replace('\n', "\r\n");
    match field.kind {
        "object" | "rows" => all.extend(field.parts.iter().flat_map(sent)),
        "ticks" | "choice" => {
            let chosen = field.choices.iter().filter(|c| c.chosen);
            all.extend(chosen.map(|c| (field.name.clone(), c.value.clone())));
        }
        "json" => all.push((format!("json:{}", field.name), typed)),
        _ => all.push((field.name.clone(), typed)),
    }
    // As the page's forms are read.
    all.retain(|(_, value)| !value.is_empty());
    all
}

fn back(schema: &Schema, settings: &Value) -> Value {
    let drawn = draw(schema, settings, Lang::Zh, &mut [], None);
    Typed::new(sent(&drawn).into_iter()).settings(schema)
}

#[test]
fn the_shipped_plugins_settings_come_back_as_they_were() {
    for text in SCHEMAS {
        let schema = Schema::parse(text).expect("a schema");
        let whole: Value = serde_json::from_str(text).expect("JSON");
        let examples = whole["examples"].as_array().cloned().unwrap_or_default();
        let empty = whole["required"].is_null().then(|| json!({}));
        assert!(!examples.is_empty() || empty.is_some());
        for settings in examples.iter().chain(&empty) {
            assert_eq!(&back(&schema, settings), settings);
        }
    }
}

#[test]
fn whatever_is_stored_comes_back_and_what_fits_no_field_is_json() {
    let schema = Schema::parse(SCHEMAS[0]).expect("a schema");
    for settings in [
        json!({ "table": [], "minmum": 800, "a/b~c": { "d": [null, 1.5, "x"] } }),
        json!({ "table": "none", "otherwise": [1], "minimum": { "x": null }, "rounding": null }),
        json!({ "table": [5, {}, { "complexity": 7, "low": "十元", "high": 1e9, "hint": "一\n二" }] }),
        json!({ "table": [{ "complexity": "a", "more": "\r\n" }], "times": [{ "days": [1, "x", 9] }] }),
        json!({ "table": [{ "complexity": "" }], "returning": {}, "several": [], "tags": [{}] }),
    ] {
        assert_eq!(back(&schema, &settings), settings);
    }
}

#[test]
fn what_was_typed_wrong_is_shown_again_with_what_the_plugin_says() {
    let schema = Schema::parse(SCHEMAS[0]).expect("a schema");
    let typed = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form = [
        typed("has:/table/0", "yes"),
        typed("/table/0/low", "<b>十元"),
        typed("has:/table/3", "yes"),
        typed("/table/3/low", "15"),
        typed("/otherwise/low", "20"),
    ];
    let settings = Typed::new(form.into_iter()).settings(&schema);
    assert_eq!(settings, json!({ "table": [{ "low": "<b>十元" }, { "low": 15 }] }), "rows are counted anew");
    let complaint =
        |pointer: &str| Complaint { pointer: pointer.to_owned(), message: "不行".to_owned(), field: None };
    let mut complaints = ["/table/0/low", "/table/1/nothing", "/table", "", "/elsewhere"].map(complaint);
    let drawn = draw(&schema, &settings, Lang::En, &mut complaints, None).to_string();
    assert!(drawn.contains("&#60;b&#62;十元") && !drawn.contains("<b>"), "{drawn}");
    let shown = complaints.each_ref().map(|c| c.field.as_ref().map(|(_, label)| label.as_str()));
    assert_eq!(shown, [Some("At least"), Some("One complexity 2"), Some("Prices"), None, None]);
    assert_eq!(drawn.matches("class=\"why\"").count(), 3);
}

#[test]
fn rows_and_parts_are_added_and_taken_away() {
    let schema = Schema::parse(SCHEMAS[0]).expect("a schema");
    let mut settings = json!({ "table": [{ "complexity": "simple" }] });
    assert_eq!(add(&mut settings, &schema, "/table", None).as_deref(), Some("/table/1"));
    assert_eq!(add(&mut settings, &schema, "/times", None).as_deref(), Some("/times/0"));
    assert_eq!(settings, json!({ "table": [{ "complexity": "simple" }, {}], "times": [{}] }));
    let mut typed = Typed::new(sent(&draw(&schema, &settings, Lang::Zh, &mut [], None)).into_iter());
    typed.remove("/table/0");
    assert_eq!(typed.settings(&schema), json!({ "table": [{}], "times": [{}] }));
    for nowhere in ["", "/minimum", "/table/0/low", "/nothing/at/all", "table"] {
        assert_eq!(add(&mut settings, &schema, nowhere, Some("x")), None, "{nowhere}");
    }

    let schema = Schema::parse(SCHEMAS[1]).expect("a schema");
    let mut settings = json!({});
    assert_eq!(add(&mut settings, &schema, "/templates", Some(" a/b ")).as_deref(), Some("/templates/a~1b"));
    assert_eq!(add(&mut settings, &schema, "/templates", Some(" ")), None);
    let there = add(&mut settings, &schema, "/templates/a~1b/image-ready", None);
    assert_eq!(there.as_deref(), Some("/templates/a~1b/image-ready/0"));
    assert_eq!(settings, json!({ "templates": { "a/b": { "image-ready": [{}] } } }));
    assert_eq!(back(&schema, &settings), settings);
}

#[test]
fn a_schema_that_goes_on_for_ever_has_a_form_that_ends() {
    let text = r##"{
        "type": "object", "$ref": "#/$defs/a",
        "$defs": { "a": {
            "properties": { "a": { "type": "object", "$ref": "#/$defs/a" }, "b": { "type": "object", "$ref": "#/$defs/a" } }
        } }
    }"##;
    let schema = Schema::parse(text).expect("a schema");
    let drawn = draw(&schema, &json!({}), Lang::Zh, &mut [], None).to_string();
    assert!(drawn.len() < 4 << 20, "{}", drawn.len());
    // A thousand parts, each of a thousand parts, all of them required, with much to say and to choose from.
    let name = |n: usize| format!("p{n}");
    let long = "长".repeat(1_000);
    let parts: Map<String, Value> = (0..1000)
        .map(|n| (name(n), json!({ "type": "object", "$ref": "#/$defs/a", "title": long })))
        .collect();
    let required: Vec<String> = (0..1000).map(name).collect();
    let many: Vec<usize> = (0..10_000).collect();
    let text = json!({
        "type": "object", "properties": { "a": { "type": "object", "$ref": "#/$defs/a" }, "rows": { "type": "array", "items": {
            "type": "object", "properties": { "one": { "enum": many }, "of": { "enum": many[..200] } }
        } } },
        "required": ["a"], "$defs": { "a": { "properties": parts, "required": required } },
    });
    let wide = Schema::parse(&text.to_string()).expect("a schema");
    let rows = json!({ "rows": vec![json!({ "one": 1, "of": 2 }); 2000] });
    for settings in [json!({}), rows.clone()] {
        let drawn = draw(&wide, &settings, Lang::Zh, &mut [], None).to_string();
        assert!(drawn.len() < 8 << 20, "{}", drawn.len());
    }
    assert_eq!(Typed::default().settings(&wide), json!({ "a": {} }));
    assert_eq!(back(&wide, &rows)["rows"], rows["rows"]);
    let mut deep = json!({ "x": 1 });
    for _ in 0..30 {
        deep = json!({ "a": deep });
    }
    assert_eq!(back(&schema, &deep), deep);
}
