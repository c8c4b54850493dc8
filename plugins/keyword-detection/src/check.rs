//! Everything that can be wrong with keyword tables, each with its place.

use plugin_kit::{Checker, Problem};
use serde_json::Value;

use crate::settings::parse;

const TABLES: [&str; 8] =
    ["operations", "hand_off", "withdraw_address", "revise", "question", "confirm", "traps", "negators"];
/// The longest keyword, in characters.
const LONGEST: usize = 40;

/// Finds every problem.
///
/// # Errors
/// The problems, each with a pointer into the settings.
pub fn check(settings: &str) -> Result<(), Vec<Problem>> {
    Checker::run(settings, walk, |text| parse(text).map(drop))
}

fn walk(checker: &mut Checker, value: &Value) {
    let Some(settings) = checker.object(value, &TABLES) else { return };
    checker.field(settings, "operations", |checker, value| {
        checker.list(value, 0..=50, |checker, value| {
            let Some(row) = checker.object(value, &["name", "keywords"]) else { return };
            checker.required(row, "name", |checker, value| {
                let good = |name: &str| {
                    name.bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
                };
                if checker.text(value, LONGEST).is_some_and(|name| !good(name)) {
                    checker.problem("操作代号只能用小写字母、数字、_ 和 -,例如 enhance");
                }
            });
            checker.required(row, "keywords", words);
        });
    });
    for table in &TABLES[1..] {
        checker.field(settings, table, words);
    }
}

fn words(checker: &mut Checker, value: &Value) {
    checker.list(value, 0..=500, |checker, value| {
        checker.text(value, LONGEST);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFAULTS;

    #[test]
    fn defaults_pass_and_mistakes_are_pointed_at() {
        assert_eq!(check(DEFAULTS), Ok(()));
        let wrong = r#"{"revise":["不好",1,""],"operations":[{"name":"Enhance!","keywords":[]}],"mood":[]}"#;
        let found: Vec<String> = check(wrong).expect_err("wrong").into_iter().map(|p| p.pointer).collect();
        for pointer in ["/revise/1", "/revise/2", "/operations/0/name", "/mood"] {
            assert!(found.iter().any(|p| p == pointer), "{pointer} in {found:?}");
        }
    }
}
