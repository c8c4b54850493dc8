//! A settings schema draws a form in two languages, and allows what the plugin's own check lets pass.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};
use shopkeeper_domain::roles::{Role, wording::Key};
use shopkeeper_engine::Binding;

use crate::forge::{engine, situation};

/// The built-in plugins, in the order in which the handbook has them.
const ROLES: [Role; 3] = [Role::Pricing, Role::Wording, Role::Detection];

/// Where the check alone refuses something, since a schema can't say it; `-` is any item of a list.
fn beyond_a_schema(role: Role) -> &'static [&'static str] {
    match role {
        Role::Pricing => &[
            // `high` is at least as much as `low`.
            "/table/-/high",
            "/otherwise/high",
            "/operations/-/high",
            // Each is there once.
            "/table/-/complexity",
            "/operations/-/operation",
            "/tags/-/tag",
            "/several/-/from",
            // More off for more pictures, but never so much that one more is cheaper.
            "/several/-/percent",
        ],
        // Each is there once.
        Role::Wording => &["/templates/zh-CN/image-ready/-/label"],
        // Each is there once, and no word accepts the work and finds fault with it.
        Role::Detection => &["/operations/-/name", "/confirm/-", "/agree/-"],
    }
}

/// A pointer with `-` for the number of an item.
fn anywhere(pointer: &str) -> String {
    let part = |part: &str| if part.parse::<usize>().is_ok() { "-".to_owned() } else { part.to_owned() };
    pointer.split('/').map(part).collect::<Vec<_>>().join("/")
}

struct Schema {
    role: Role,
    binding: Binding,
    root: Value,
    validator: Validator,
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    options.with_pattern_options(PatternOptions::regex()).build(schema).expect("a schema")
}

impl Schema {
    fn of(role: Role) -> Self {
        let binding = (**engine().builtin(role)).clone();
        let root: Value = serde_json::from_str(&binding.plugin.description.settings_schema).expect("JSON");
        let validator = validator(&root);
        Self { role, binding, root, validator }
    }

    /// A schema with what it refers to, and what stands beside the reference over that.
    fn resolved(&self, schema: &Value) -> Value {
        let Some(place) = schema["$ref"].as_str() else { return schema.clone() };
        let mut whole = self.root.pointer(place.trim_start_matches('#')).expect("it leads somewhere").clone();
        let over = schema.as_object().expect("an object").clone();
        whole.as_object_mut().expect("an object").extend(over.into_iter().filter(|(key, _)| key != "$ref"));
        whole
    }

    /// What stands under this name in an object, if anything may.
    fn property(&self, schema: &Value, name: &str) -> Option<Value> {
        let below = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        below.is_object().then(|| self.resolved(below))
    }

    /// Every schema that a form draws, with its path.
    fn drawn(&self, path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
        for (name, below) in schema["properties"].as_object().into_iter().flatten() {
            let (path, below) = (format!("{path}/{name}"), self.resolved(below));
            found.push((path.clone(), below.clone()));
            self.drawn(&path, &below, found);
        }
        for (name, below) in [("-", &schema["items"]), ("*", &schema["additionalProperties"])] {
            if below.is_object() {
                self.drawn(&format!("{path}/{name}"), &self.resolved(below), found);
            }
        }
    }

    /// The settings to start from: the defaults, and the schema's own examples.
    fn good(&self) -> Vec<Value> {
        let defaults = serde_json::from_str(&self.binding.settings).expect("JSON");
        let examples = self.root["examples"].as_array().expect("examples of whole settings");
        [vec![defaults], examples.clone()].concat()
    }

    async fn problems(&self, settings: &Value) -> Vec<String> {
        let said = engine().check_settings(&self.binding.plugin, &settings.to_string()).await;
        said.expect("it answers").into_iter().map(|problem| problem.pointer).collect()
    }

    /// What could be put in place of this value, each right or wrong as the schema says.
    fn others(&self, schema: &Value, value: &Value) -> Vec<Value> {
        let mut others =
            vec![Value::Null, json!(1.5), json!("No Such"), json!([[]]), json!({ "No Such": 1 })];
        let bound = |name: &str| schema[name].as_i64();
        match value {
            Value::Number(_) => {
                let bounds = [bound("minimum"), bound("maximum")].into_iter().flatten();
                others.extend(bounds.flat_map(|edge| [edge - 1, edge, edge + 1]).map(Value::from));
            }
            Value::String(text) => {
                others.extend(["", " ", "9"].map(Value::from));
                for length in [0, 1].map(|more| bound("maxLength").map(|longest| longest + more)) {
                    let missing = length.unwrap_or(0) - text.chars().count() as i64;
                    others.push(format!("{text}{}", "好".repeat(missing.max(0) as usize)).into());
                }
            }
            Value::Array(list) => {
                others.push(json!([]));
                let first = list.first().expect("examples are not empty");
                others.push([vec![first.clone()], list.clone()].concat().into());
                if let Some(most) = schema["maxItems"].as_u64() {
                    others.extend([0, 1].map(|more| Value::from(vec![first.clone(); most as usize + more])));
                }
            }
            Value::Object(object) => {
                let mut more = object.clone();
                more.insert("No Such".to_owned(), object.values().next().cloned().unwrap_or_default());
                others.push(more.into());
                for name in object.keys() {
                    let mut less: Map<_, _> = object.clone();
                    less.remove(name);
                    others.push(less.into());
                }
            }
            Value::Bool(_) => others.push(json!(0)),
            Value::Null => {}
        }
        others
    }

    /// Every place of these settings, with its schema.
    fn places(&self, at: &str, schema: &Value, value: &Value, found: &mut Vec<(String, Value)>) {
        found.push((at.to_owned(), schema.clone()));
        for (name, below) in value.as_object().into_iter().flatten() {
            let schema = self.property(schema, name).expect("an example has only what there is");
            let name = name.replace('~', "~0").replace('/', "~1");
            self.places(&format!("{at}/{name}"), &schema, below, found);
        }
        for (index, below) in value.as_array().into_iter().flatten().enumerate() {
            self.places(&format!("{at}/{index}"), &self.resolved(&schema["items"]), below, found);
        }
    }
}

#[test]
fn every_setting_is_described_in_two_languages_and_bounded() {
    for schema in ROLES.map(Schema::of) {
        let mut drawn = vec![(String::new(), schema.root.clone())];
        schema.drawn("", &schema.root, &mut drawn);
        for (path, setting) in drawn {
            let said = |name: &str| setting[name].as_str().unwrap_or_default().trim().to_owned();
            let place = format!("{} {path}", schema.role);
            for (chinese, english) in [("title", "x-title-en"), ("description", "x-description-en")] {
                assert!(!said(chinese).is_ascii(), "{place}: {chinese}");
                assert!(!said(english).is_empty(), "{place}: {english}");
            }
            let bounded: &[&str] = match setting["type"].as_str().expect("a type") {
                "integer" => &["minimum", "maximum"],
                "array" => &["items", "maxItems"],
                "string" if setting.get("enum").is_none() && setting.get("maxLength").is_none() => {
                    &["pattern"]
                }
                "object" => &["additionalProperties"],
                "string" | "boolean" => &[],
                other => panic!("{place} is drawn as a {other}"),
            };
            assert!(bounded.iter().all(|name| setting.get(name).is_some()), "{place}: {bounded:?}");
            let shown = ["examples", "default", "enum", "properties", "items"];
            assert!(shown.iter().any(|name| setting.get(name).is_some()), "{place} shows nothing to go by");
            let mut below = setting.clone();
            below["$defs"] = schema.root.get("$defs").cloned().unwrap_or(json!({}));
            let own = validator(&below);
            let examples = setting["examples"].as_array().into_iter().flatten();
            for value in examples.chain(setting.get("default")) {
                assert!(own.is_valid(value), "{place}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn examples_show_every_setting_and_are_settings() {
    for schema in ROLES.map(Schema::of) {
        let mut shown = Vec::new();
        for settings in schema.good() {
            assert!(schema.validator.is_valid(&settings), "{}: {settings}", schema.role);
            assert_eq!(schema.problems(&settings).await, [""; 0], "{}: {settings}", schema.role);
            let mut places = Vec::new();
            schema.places("", &schema.root, &settings, &mut places);
            shown.extend(places.into_iter().map(|(_, schema)| schema["title"].clone()));
        }
        let mut drawn = Vec::new();
        schema.drawn("", &schema.root, &mut drawn);
        for (path, setting) in drawn {
            assert!(shown.contains(&setting["title"]), "{} {path}: no example has it", schema.role);
        }
    }
}

#[tokio::test]
async fn the_check_refuses_what_the_schema_refuses_and_nothing_else() {
    for schema in ROLES.map(Schema::of) {
        let (mut allowed, mut refused) = (0, 0);
        for settings in schema.good() {
            let mut places = Vec::new();
            schema.places("", &schema.root, &settings, &mut places);
            for (at, below) in places {
                let value = settings.pointer(&at).expect("a place");
                for other in schema.others(&below, value) {
                    let mut changed = settings.clone();
                    *changed.pointer_mut(&at).expect("a place") = other.clone();
                    let problems = schema.problems(&changed).await;
                    let place = format!("{} at {at:?} with {other}: {problems:?}", schema.role);
                    if schema.validator.is_valid(&changed) {
                        allowed += 1;
                        let beyond =
                            |p: &String| beyond_a_schema(schema.role).contains(&anywhere(p).as_str());
                        assert!(problems.iter().all(beyond), "the schema allows {place}");
                    } else {
                        refused += 1;
                        // An item that is there already is refused where it comes again.
                        let list = at.rsplit_once('/').filter(|(_, last)| last.parse::<usize>().is_ok());
                        let near = list.map_or(&*at, |(list, _)| list);
                        assert!(problems.iter().any(|p| p.starts_with(near)), "the schema refuses {place}");
                    }
                }
            }
        }
        assert!(allowed > 50 && refused > 200, "{}: {allowed} allowed, {refused} refused", schema.role);
    }
}

#[tokio::test]
async fn what_a_shop_owner_reads_can_be_copied() {
    let handbook = include_str!("../../../../plugins/README.md");
    let blocks: Vec<_> =
        handbook.split("```json").skip(1).filter_map(|rest| rest.split_once("```")).collect();
    assert_eq!(blocks.len(), ROLES.len());
    for (schema, (settings, _)) in ROLES.map(Schema::of).iter().zip(blocks) {
        let settings = serde_json::from_str(settings).expect("JSON");
        assert!(schema.validator.is_valid(&settings), "{}: {settings}", schema.role);
        assert_eq!(schema.problems(&settings).await, [""; 0], "{}", schema.role);
    }
}

/// A text that the host would not send costs the customer the shop's own words: better refused when it is set.
#[tokio::test]
async fn a_text_that_is_taken_is_sent() {
    const PARTS: [&str; 16] =
        ["好", "a", ".", "com", "@", "://", "www", " ", "/", ":", "{address}", "-", "1", "?", "😊", "。"];
    let wording = Schema::of(Role::Wording).binding;
    let (mut taken, mut refused) = (0, 0);
    for number in 0..PARTS.len().pow(3) * 2 {
        let part = |place: u32| PARTS[number / 2 / PARTS.len().pow(place) % PARTS.len()];
        let text = format!("{}{}{}", part(0), part(1), part(2));
        let settings =
            json!({ "templates": { "zh-CN": { "confirm-address": [{ "text": text }] } } }).to_string();
        let problems = engine().check_settings(&wording.plugin, &settings).await.expect("it answers");
        if !problems.is_empty() {
            refused += 1;
            continue;
        }
        taken += 1;
        let own = Binding { settings: settings.into(), ..wording.clone() };
        let asked = situation(Key::ConfirmAddress, &[("address", "abc@qq.com")]);
        let worded = engine().word(&[&own], &asked).await;
        assert!(worded.incidents.is_empty(), "{text}: {:?}", worded.incidents);
    }
    assert!(taken > 1000 && refused > 1000, "{taken} taken, {refused} refused");
}
