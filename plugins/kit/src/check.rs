//! Walking settings and collecting everything that is wrong with them, each with its JSON Pointer.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// RFC 6901, into the settings; empty for the whole.
    pub pointer: String,
    /// For the shop owner.
    pub message: String,
}

/// More than these help nobody, and keep the answer far below the host's cap on output.
pub const MAX_PROBLEMS: usize = 100;

/// Characters that the host takes for a fault in any answer: they hide text or turn its direction. A line break is
/// not one of them.
#[must_use]
pub fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Where the walk stands and what it has found so far.
#[derive(Debug, Default)]
pub struct Checker {
    path: String,
    problems: Vec<Problem>,
}

impl Checker {
    /// Parses `settings` and walks them; then `parse` has the last word, so that what passes here can be read
    /// at run time too.
    ///
    /// # Errors
    /// Every problem found, up to [`MAX_PROBLEMS`].
    pub fn run(
        settings: &str,
        walk: impl FnOnce(&mut Self, &Value),
        parse: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<(), Vec<Problem>> {
        let mut checker = Self::default();
        match serde_json::from_str::<Value>(settings) {
            Ok(value) => {
                walk(&mut checker, &value);
                if checker.problems.is_empty()
                    && let Err(why) = parse(settings)
                {
                    checker.problem(format!("设置读不出来:{why}"));
                }
            }
            Err(error) => checker.problem(format!(
                "设置不是有效的 JSON(第 {} 行第 {} 列),请检查逗号、引号和括号",
                error.line(),
                error.column()
            )),
        }
        if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems) }
    }

    /// Notes a problem right here.
    pub fn problem(&mut self, message: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { pointer: self.path.clone(), message: message.into() });
        }
    }

    /// Steps into a key.
    pub fn key<R>(&mut self, key: &str, then: impl FnOnce(&mut Self) -> R) -> R {
        let back = self.path.len();
        self.path.push('/');
        for c in key.chars() {
            match c {
                '~' => self.path.push_str("~0"),
                '/' => self.path.push_str("~1"),
                c => self.path.push(c),
            }
        }
        let result = then(self);
        self.path.truncate(back);
        result
    }

    /// Steps into an element.
    pub fn index<R>(&mut self, index: usize, then: impl FnOnce(&mut Self) -> R) -> R {
        let back = self.path.len();
        // Writing to a String can't fail.
        let _ = write!(self.path, "/{index}");
        let result = then(self);
        self.path.truncate(back);
        result
    }

    /// An object with no keys but these.
    pub fn object<'v>(&mut self, value: &'v Value, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(object) = value.as_object() else {
            self.problem("这里要写成对象,例如 {…}");
            return None;
        };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.key(key, |checker| {
                checker.problem(format!("不认识的设置项,可用的有:{}", known.join("、")));
            });
        }
        Some(object)
    }

    /// An object's field that may be left out.
    pub fn field(&mut self, object: &Map<String, Value>, key: &str, then: impl FnOnce(&mut Self, &Value)) {
        if let Some(value) = object.get(key) {
            self.key(key, |checker| then(checker, value));
        }
    }

    /// An object's field that must be there.
    pub fn required(&mut self, object: &Map<String, Value>, key: &str, then: impl FnOnce(&mut Self, &Value)) {
        match object.get(key) {
            Some(value) => self.key(key, |checker| then(checker, value)),
            None => self.problem(format!("缺少必填的设置项 {key}")),
        }
    }

    /// A list, element by element.
    pub fn list(
        &mut self,
        value: &Value,
        length: RangeInclusive<usize>,
        mut each: impl FnMut(&mut Self, &Value),
    ) {
        let Some(list) = value.as_array() else {
            return self.problem("这里要写成列表,例如 […]");
        };
        if !length.contains(&list.len()) {
            self.problem(format!("要有 {} 到 {} 项,现在是 {} 项", length.start(), length.end(), list.len()));
        }
        for (index, element) in list.iter().enumerate().take(*length.end()) {
            self.index(index, |checker| each(checker, element));
        }
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, value: &Value, bounds: RangeInclusive<i64>, unit: &str) -> Option<i64> {
        match value.as_i64() {
            Some(number) if bounds.contains(&number) => Some(number),
            _ => {
                self.problem(format!("要填 {} 到 {} 之间的整数{unit}", bounds.start(), bounds.end()));
                None
            }
        }
    }

    /// A text that is not blank and not longer than `longest` characters, without control characters.
    pub fn text<'v>(&mut self, value: &'v Value, longest: usize) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            self.problem("这里要填文字,用引号括起来");
            return None;
        };
        if text.trim().is_empty() {
            self.problem("不能留空");
        } else if text.chars().count() > longest {
            self.problem(format!("太长了,最多 {longest} 个字"));
        } else if text.chars().any(|c| c == '\n' || hidden(c)) {
            self.problem("不能有换行、控制字符或看不见的字符");
        } else {
            return Some(text);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(result: Result<(), Vec<Problem>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn pointers_are_escaped_and_every_problem_is_named() {
        let found = Checker::run(
            r#"{"a/b~c": 1, "list": ["x", 2, ""]}"#,
            |checker, value| {
                let object = checker.object(value, &["list"]).expect("an object");
                checker.field(object, "list", |checker, value| {
                    checker.list(value, 1..=5, |checker, value| {
                        checker.text(value, 5);
                    });
                });
            },
            |_| Ok(()),
        );
        assert_eq!(pointers(found), ["/a~1b~0c", "/list/1", "/list/2"]);
    }

    #[test]
    fn what_the_walk_lets_pass_must_still_parse() {
        assert_eq!(pointers(Checker::run("{}", |_, _| {}, |_| Err("no".into()))), [""]);
        assert_eq!(pointers(Checker::run("{", |_, _| {}, |_| Ok(()))), [""]);
    }

    #[test]
    fn problems_are_capped() {
        let many = format!("[{}]", vec!["0"; 1000].join(","));
        let found = Checker::run(
            &many,
            |checker, value| {
                checker.list(value, 0..=1000, |checker, value| {
                    checker.text(value, 1);
                });
            },
            |_| Ok(()),
        );
        assert_eq!(pointers(found).len(), MAX_PROBLEMS);
    }
}
