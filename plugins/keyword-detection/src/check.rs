//! Everything that can be wrong with keyword tables, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::{Map, Value};

use crate::settings::{TABLES, parse};
use crate::text::{ELLIPSIS, fold};

/// The longest keyword, in characters.
const LONGEST: usize = 40;
/// The most words in a table.
const MOST: usize = 2000;
/// The most operations.
const OPERATIONS: usize = 50;

/// Finds every problem.
///
/// # Errors
/// The problems, each with a pointer into the settings.
pub fn check(settings: &str) -> Result<(), Vec<Problem>> {
    Checker::run(settings, walk, |text| parse(text).map(drop))
}

fn walk(checker: &mut Checker, value: &Value) {
    let known: Vec<&str> =
        ["second_opinion", "operations"].into_iter().chain(TABLES.iter().copied()).collect();
    let Some(settings) = checker.object(value, &known) else { return };
    checker.field(settings, "second_opinion", |checker, value| {
        if !value.is_boolean() {
            checker.problem("写 true 或者 false");
        }
    });
    checker.field(settings, "operations", |checker, value| {
        let mut names: Vec<String> = Vec::new();
        checker.list(value, 0..=OPERATIONS, |checker, value| {
            operation(checker, value);
            let Some(name) = value["name"].as_str().map(str::to_owned) else { return };
            if names.contains(&name) {
                checker.key("name", |checker| checker.problem("这个操作前面已经有了,把关键词合在一起写"));
            }
            names.push(name);
        });
    });
    for table in TABLES {
        checker.field(settings, table, words);
    }
    contradictions(checker, settings);
}

fn operation(checker: &mut Checker, value: &Value) {
    let Some(row) = checker.object(value, &["name", "keywords", "defects", "topics"]) else { return };
    checker.required(row, "name", |checker, value| {
        let good = |name: &str| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
        };
        if checker.text(value, LONGEST).is_some_and(|name| !good(name)) {
            checker.problem("操作代号只能用小写字母、数字、_ 和 -,例如 enhance");
        }
    });
    for table in ["keywords", "defects", "topics"] {
        checker.field(row, table, words);
    }
}

fn words(checker: &mut Checker, value: &Value) {
    checker.list(value, 0..=MOST, |checker, value| {
        let Some(word) = checker.text(value, LONGEST) else { return };
        let word = word.trim();
        if word.matches(ELLIPSIS).count() > 1 || word.starts_with(ELLIPSIS) || word.ends_with(ELLIPSIS) {
            checker.problem("「…」只能写一个,而且前后都要有字,例如 没…干净");
        } else if word.chars().all(|c| fold(c).is_none()) {
            checker.problem("不能只有看不见的字符");
        }
    });
}

/// A word can't accept the work and find fault with it.
fn contradictions(checker: &mut Checker, settings: &Map<String, Value>) {
    let table = |name: &str| settings.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for accepting in ["confirm", "agree"] {
        for (index, word) in table(accepting).iter().enumerate().take(MOST) {
            let Some(other) =
                ["revise", "redo", "hand_off"].into_iter().find(|name| table(name).contains(word))
            else {
                continue;
            };
            checker.key(accepting, |checker| {
                checker.index(index, |checker| checker.problem(format!("这个词也在 {other} 里,只能留一处")));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEFAULTS, schema};

    fn pointers(settings: &str) -> Vec<String> {
        check(settings).expect_err("wrong").into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn defaults_pass_and_mistakes_are_pointed_at() {
        assert_eq!(check(DEFAULTS), Ok(()));
        // What a form would save that shows every table.
        let schema: Value = serde_json::from_str(&schema()).expect("JSON");
        let tables = schema["properties"].as_object().expect("tables").iter();
        let whole: Map<String, Value> =
            tables.map(|(name, table)| (name.clone(), table["default"].clone())).collect();
        let whole = Value::Object(whole).to_string();
        assert_eq!(check(&whole), Ok(()));
        assert_eq!(parse(&whole), parse(DEFAULTS), "the shipped tables, read");
        let wrong = r#"{"revise":["难看",1,"","…好","太…太…了"],"confirm":["行","难看"],
            "operations":[{"name":"Enhance!","keywords":[]},{"name":"a","words":[]},{"name":"a"}],"mood":[],"second_opinion":1}"#;
        let found = pointers(wrong);
        let expected = [
            "/mood",
            "/second_opinion",
            "/operations/0/name",
            "/operations/1/words",
            "/operations/2/name",
            "/revise/1",
            "/revise/2",
            "/revise/3",
            "/revise/4",
            "/confirm/1",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_schema_describes_every_table_in_two_languages_with_its_defaults() {
        let schema: Value = serde_json::from_str(&schema()).expect("JSON");
        let described = schema["properties"].as_object().expect("properties");
        assert_eq!(described.len(), TABLES.len() + 2);
        for table in TABLES {
            let property = &described[*table];
            for (chinese, english) in [("title", "x-title-en"), ("description", "x-description-en")] {
                assert!(property[chinese].as_str().is_some_and(|text| !text.is_ascii()), "{table}");
                assert!(property[english].as_str().is_some_and(|text| !text.is_empty()), "{table}");
            }
            let words = property["default"].as_array().expect("a table");
            let examples = property["examples"][0].as_array().expect("examples");
            assert!(!examples.is_empty() && examples.iter().all(|word| words.contains(word)), "{table}");
        }
    }
}
