//! Whether a component is a plugin, and everything an owner or author wants to know before it is used.
//!
//! All of it is hostile input: [`examine`] runs in a child process that can be killed (see `child`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shopkeeper_domain::roles::Role;

use crate::{
    Capability, Description, Fault,
    contract::Contract,
    plugin::World,
    runtime::{Cost, Runtime},
};

/// How many problems of settings a report lists.
const PROBLEMS: usize = 20;

/// One thing that was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Such as `imports wasi:sockets/tcp: plugins get no network`.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Finding {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.what, self.hint)
    }
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// Its length.
    pub bytes: usize,
    /// What it can be asked in.
    pub roles: Vec<Role>,
    /// What it imports, sorted.
    pub imports: Vec<String>,
    /// What it asks of the host.
    pub capabilities: Vec<Capability>,
    /// Who it says it is.
    pub description: Option<Description>,
    /// What its first call (`describe`) took, instance and initialisation included.
    pub first_call: Option<Cost>,
    /// Length of the compiled code.
    pub code_bytes: Option<usize>,
    /// Every reason to refuse it; empty where it is taken.
    pub refusals: Vec<Finding>,
}

impl Report {
    /// Of a component that was refused before anything could be learned of it.
    pub(crate) fn refused(wasm: &[u8], why: Finding) -> Self {
        Self {
            digest: crate::journal::hex(&Sha256::digest(wasm)),
            bytes: wasm.len(),
            roles: Vec::new(),
            imports: Vec::new(),
            capabilities: Vec::new(),
            description: None,
            first_call: None,
            code_bytes: None,
            refusals: vec![why],
        }
    }
}

/// Compiled code, for the two ways of running it.
pub(crate) struct Compiled {
    pub(crate) live: Vec<u8>,
    pub(crate) metered: Vec<u8>,
}

/// What can be told without compiling or running anything.
pub fn glance(wasm: &[u8]) -> Report {
    let contract = match Contract::read(wasm) {
        Ok(contract) => contract,
        Err(problem) => return Report::refused(wasm, problem),
    };
    Report {
        digest: crate::journal::hex(&Sha256::digest(wasm)),
        bytes: wasm.len(),
        roles: contract.roles(),
        capabilities: contract.capabilities(),
        refusals: contract.problems(None),
        imports: contract.imports,
        description: None,
        first_call: None,
        code_bytes: None,
    }
}

/// Compiles it, checks it against its worlds, asks who it is, and checks its default settings against its own schema
/// and its own `check-settings`. Blocks, and runs the component.
pub(crate) fn examine(live: &Runtime, metered: &Runtime, wasm: &[u8]) -> (Report, Option<Compiled>) {
    let mut report = glance(wasm);
    if !report.refusals.is_empty() {
        return (report, None);
    }
    let compiled = live.compile(wasm).and_then(|l| Ok(Compiled { live: l, metered: metered.compile(wasm)? }));
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(error) => {
            let hint = "build it again with a current toolchain (see wit/README.md)";
            report.refusals.push(Finding::new(format!("does not compile: {}", chain(&error)), hint));
            return (report, None);
        }
    };
    report.code_bytes = Some(compiled.live.len());
    // It must find its place among the calls of customers.
    if let Err(error) = live.fresh(&compiled.live) {
        let hint = "fewer or smaller memories, tables and nested modules; see the limits in wit/README.md";
        report.refusals.push(Finding::new(format!("is larger than a call may be: {}", chain(&error)), hint));
        return (report, None);
    }
    let mut worlds = Vec::new();
    for role in report.roles.clone() {
        match metered.fresh(&compiled.metered).and_then(|component| metered.world(role, &component)) {
            Ok(world) => worlds.push(world),
            Err(error) => {
                let hint =
                    "build it against the wit folder of this version; published interfaces never change";
                let what = format!("does not fit the world of {role} plugins: {}", chain(&error));
                report.refusals.push(Finding::new(what, hint));
            }
        }
    }
    if let (Some(world), true) = (worlds.first(), report.refusals.is_empty()) {
        crate::runtime::block_on(ask(metered, world, &mut report));
    }
    let taken = report.refusals.is_empty();
    (report, taken.then_some(compiled))
}

async fn ask(runtime: &Runtime, world: &World, report: &mut Report) {
    let described = runtime.describe(world).await;
    report.first_call = Some(described.cost);
    let description = match described.answer {
        Ok(description) => description,
        Err(fault) => {
            report.refusals.push(at_describe(&fault));
            return;
        }
    };
    report.refusals.extend(schema_problems(&description));
    match runtime.check_settings(world, &description.default_settings).await.answer {
        Ok(problems) => report.refusals.extend(problems.into_iter().take(PROBLEMS).map(|p| {
            Finding::new(
                format!("refuses its own default settings at {:?}: {}", p.pointer, p.message),
                "mend default-settings or check-settings: a shop starts from the defaults",
            )
        })),
        Err(fault) => report.refusals.push(Finding::new(
            format!("fails when asked to check its default settings: {fault}"),
            "run `shopkeeper plugin test` with a case of call = \"check-settings\"",
        )),
    }
    report.description = Some(description);
}

pub(crate) fn at_describe(fault: &Fault) -> Finding {
    let hint = match fault {
        Fault::BadAnswer(_) => "mend what `describe` returns",
        Fault::Deadline => "do no work at initialisation: every call is a fresh instance",
        _ => "`describe` must answer without settings, whatever the shop",
    };
    Finding::new(format!("fails when asked to describe itself: {fault}"), hint)
}

/// What is wrong with a settings schema, and with the default settings under it.
fn schema_problems(description: &Description) -> Vec<Finding> {
    // Both were found to be JSON when the description was read.
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (schema, settings) = (read(&description.settings_schema), read(&description.default_settings));
    let hint = "the operator page draws its form from the schema: JSON Schema 2020-12";
    let options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        // Patterns are the plugin's: only such as match in linear time.
        .with_pattern_options(jsonschema::PatternOptions::regex());
    match options.build(&schema) {
        Ok(validator) => validator
            .iter_errors(&settings)
            .take(PROBLEMS)
            .map(|e| {
                let what = format!(
                    "its default settings break its own schema at {:?}: {e}",
                    e.instance_path().as_str()
                );
                Finding::new(what, hint)
            })
            .collect(),
        Err(error) => vec![Finding::new(format!("its settings schema is no JSON Schema: {error}"), hint)],
    }
}

/// An error's sentences, from the outermost to the innermost.
pub(crate) fn chain(error: &wasmtime::Error) -> String {
    let words: Vec<String> = error.chain().map(ToString::to_string).collect();
    words.join(": ")
}
