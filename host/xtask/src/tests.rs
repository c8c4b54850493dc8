//! `cargo xtask test`: every check and every test.

use anyhow::{Result, bail};

use crate::{peers, plugins, process, tidy};

/// What the rules of a shop must never depend on.
const NOT_IN_DOMAIN: [&str; 8] =
    ["tokio", "wasmtime", "rusqlite", "axum", "hyper", "reqwest", "lettre", "async-trait"];

/// How many histories of a simulated shop are gone through.
const HISTORIES: &str = "100000";

pub(crate) fn run(filter: &[String]) -> Result<()> {
    tidy::check()?;
    peers::set_up()?;
    plugins::build()?;
    if filter.is_empty() {
        process::run(&mut process::cargo(&["fmt", "--all", "--check"]))?;
        domain_is_pure()?;
        plugins::test()?;
        let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
        process::run(&mut process::cargo(&lints))?;
        dependencies_are_sound()?;
    }
    // The tests that run the program find it beside themselves.
    process::run(&mut process::cargo(&["build", "--workspace", "--locked"]))?;
    if filter.is_empty() {
        plugins::test_cases()?;
        plugins::test_examples()?;
    }
    let mut tests = process::cargo(&["test", "--workspace", "--locked"]);
    if !filter.is_empty() {
        tests.arg("--").args(filter);
    }
    process::run(&mut tests)?;
    if filter.is_empty() {
        eval(&["--open"])?;
        simulate()?;
        chaos(KILLS, None)?;
    }
    Ok(())
}

/// How often the service is killed where nobody says how often.
const KILLS: u32 = 10;

/// The crash test; the program must be built.
pub(crate) fn chaos(kills: u32, seed: Option<u64>) -> Result<()> {
    let kills = kills.to_string();
    let mut test =
        process::cargo(&["test", "--package", "shopkeeper-tests", "--test", "chaos", "--locked", "--"]);
    test.args(["--kills", &kills]);
    if let Some(seed) = seed {
        test.args(["--seed", &seed.to_string()]);
    }
    process::run(&mut test)
}

/// How well messages are read; the plugins must be built.
pub(crate) fn eval(options: &[&str]) -> Result<()> {
    let mut test =
        process::cargo(&["test", "--package", "shopkeeper-tests", "--test", "eval", "--locked", "--"]);
    process::run(test.args(options))
}

/// The shop's rules over many more histories than the tests go through; optimised, which pays for building them again.
fn simulate() -> Result<()> {
    let optimised = "profile.dev.package.shopkeeper-domain.opt-level=2";
    let simulation = ["--package", "shopkeeper-domain", "--test", "simulation"];
    let mut command = process::cargo(&["test", "--locked", "--config", optimised]);
    process::run(command.args(simulation).env("SIMULATION_HISTORIES", HISTORIES))
}

fn domain_is_pure() -> Result<()> {
    let tree =
        ["tree", "--package", "shopkeeper-domain", "--edges", "normal", "--prefix", "none", "--locked"];
    let tree = process::output(&mut process::cargo(&tree))?;
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    match NOT_IN_DOMAIN.iter().find(|n| names.contains(n)) {
        Some(name) => bail!("host/domain depends on {name}: the rules know no I/O"),
        None => Ok(()),
    }
}

/// Licences and known problems of what is built in, where cargo-deny is installed.
fn dependencies_are_sound() -> Result<()> {
    if !process::succeeds(&mut process::cargo(&["deny", "--version"])) {
        println!("cargo-deny is not installed: licences were not checked");
        return Ok(());
    }
    process::run(&mut process::cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]))
}
