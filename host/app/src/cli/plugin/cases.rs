//! `shopkeeper plugin test`: cases in TOML, each run twice.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::{Value, json};
use shopkeeper_engine::{Asked, Plugin, Shown};

use super::{
    Where,
    workbench::{BOUNDS, Workbench, cost},
};
use crate::service::StartError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
}

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// The function, or `check-settings`; the role's main one where it is left out.
    call: Option<String>,
    pub(super) settings: Option<Value>,
    #[serde(default = "nothing")]
    input: Value,
    /// The answer contains at least this.
    expect: Option<Value>,
    /// The refusal's kind.
    refuse: Option<String>,
    /// Of check-settings: the pointers of what is wrong.
    problems: Option<Vec<String>>,
}

fn nothing() -> Value {
    json!({})
}

impl Case {
    /// What is asked; none where it is about settings.
    pub(super) fn asked(&self, plugin: &Plugin) -> Result<Option<Asked>, String> {
        if self.call.as_deref() == Some("check-settings") {
            return Ok(None);
        }
        Asked::parse(plugin.role, self.call.as_deref(), &self.input, BOUNDS)
            .map(Some)
            .map_err(|wrong| format!("its input at {:?}: {}", wrong.pointer, wrong.message))
    }
}

/// The cases of a project, file by file.
pub(super) fn read(folder: &Path) -> Result<Vec<Case>, StartError> {
    let below = folder.join("cases");
    let problem =
        |path: &Path, e: &dyn std::fmt::Display| StartError::new(format!("{}: {e}", path.display()));
    let entries = fs::read_dir(&below).map_err(|e| problem(&below, &e))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|e| problem(&path, &e))?;
        let file: File = toml::from_str(&text).map_err(|e| problem(&path, &e))?;
        cases.extend(file.case);
    }
    if cases.is_empty() {
        return Err(StartError::new(format!("there is no case in {}: write a [[case]]", below.display())));
    }
    Ok(cases)
}

/// Where what came is not what was expected: pointer and sentence.
fn missing(pointer: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            for (name, value) in expected {
                missing(&format!("{pointer}/{name}"), value, got.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                missing(&format!("{pointer}/{at}"), expected, got, found);
            }
        }
        _ if expected == got => {}
        _ => found.push(format!("at {pointer:?} expected {expected}, got {got}")),
    }
}

/// What a case came to: its cost in words, or what is wrong.
async fn judge(bench: &Workbench, plugin: &Arc<Plugin>, case: &Case) -> Result<String, Vec<String>> {
    let one = |why: String| vec![why];
    let Some(asked) = case.asked(plugin).map_err(one)? else { return settings(bench, plugin, case).await };
    let binding = bench.bind(plugin, case.settings.as_ref()).await.map_err(|e| one(e.to_string()))?;
    let first = bench.engine.measure(&binding, &asked, Shown::Plain).await;
    let second = bench.engine.measure(&binding, &asked, Shown::Plain).await;
    let output = first.output.as_ref().map_err(|fault| {
        one(format!("fault: {fault}{}", fault.backtrace().map(|b| format!("\n{b}")).unwrap_or_default()))
    })?;
    if second.output.as_ref() != Ok(output) {
        return Err(one("the same call was answered in two ways".to_owned()));
    }
    if first.cost.instructions != second.cost.instructions {
        return Err(one("the same call took two ways to its answer".to_owned()));
    }
    let answer: Value = serde_json::from_str(output).unwrap_or_default();
    let mut found = Vec::new();
    match (&case.expect, &case.refuse) {
        (Some(expected), None) => match answer.get("ok") {
            Some(got) => missing("", expected, got, &mut found),
            None => found.push(format!("it refused: {}", answer["refused"])),
        },
        (None, Some(kind)) if answer["refused"]["kind"] == **kind => {}
        (None, Some(kind)) => found.push(format!("expected the refusal {kind:?}, got {answer}")),
        _ => found.push("a case has either `expect` or `refuse`".to_owned()),
    }
    if found.is_empty() { Ok(cost(&first, bench.limits())) } else { Err(found) }
}

async fn settings(bench: &Workbench, plugin: &Arc<Plugin>, case: &Case) -> Result<String, Vec<String>> {
    let (Some(settings), Some(expected)) = (&case.settings, &case.problems) else {
        return Err(vec!["a case of check-settings has `settings` and `problems`".to_owned()]);
    };
    let said = bench.engine.check_settings(plugin, &settings.to_string()).await;
    let said = said.map_err(|fault| vec![format!("fault: {fault}")])?;
    let mut got: Vec<&str> = said.iter().map(|p| p.pointer.as_str()).collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    got.sort_unstable();
    expected.sort_unstable();
    if got == expected {
        return Ok(format!("{} problems", got.len()));
    }
    let said: Vec<String> = said.iter().map(|p| format!("{:?}: {}", p.pointer, p.message)).collect();
    Err(vec![format!("expected problems at {expected:?}, got {}", said.join("; "))])
}

pub(super) async fn run(folder: &Path, component: &Where, as_json: bool) -> Result<bool, StartError> {
    let cases = read(folder)?;
    let bench = Workbench::taken(&component.read()?).await?;
    let plugin = bench.plugin(None)?;
    let (mut failed, mut rows) = (0, Vec::new());
    for case in &cases {
        let judged = judge(&bench, &plugin, case).await;
        let fine = judged.is_ok();
        failed += usize::from(!fine);
        if as_json {
            rows.push(json!({ "name": case.name, "passed": fine, "cost": judged.as_ref().ok(), "problems": judged.err() }));
            continue;
        }
        match judged {
            Ok(cost) => println!("ok    {}  ({cost})", case.name),
            Err(found) => println!("FAIL  {}\n      {}", case.name, found.join("\n      ")),
        }
    }
    let passed = cases.len() - failed;
    if as_json {
        println!("{}", json!({ "passed": passed, "failed": failed, "cases": rows }));
    } else {
        println!("{passed} passed, {failed} failed");
    }
    Ok(failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expected: &Value, got: &Value) -> Vec<String> {
        let mut found = Vec::new();
        missing("", expected, got, &mut found);
        found
    }

    #[test]
    fn an_answer_may_hold_more_than_is_expected_and_never_less() {
        let got =
            json!({ "low": { "minor": 5, "currency": "CNY" }, "lines": [{ "label": "a" }], "hint": "" });
        assert_eq!(of(&json!({ "low": { "minor": 5 }, "lines": [{}] }), &got), [""; 0]);
        assert_eq!(of(&json!({ "low": { "minor": 6 } }), &got), ["at \"/low/minor\" expected 6, got 5"]);
        assert_eq!(of(&json!({ "lines": [] }), &got).len(), 1, "lists are of the same length");
        assert_eq!(of(&json!({ "high": {} }), &got).len(), 1);
    }
}
