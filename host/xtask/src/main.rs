//! `cargo xtask`: everything that is done to the project from a shell.

mod bench;
mod demo;
mod peers;
mod plugin_demo;
mod plugins;
mod process;
mod service;
mod tests;
mod tidy;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Set-up, build, run, demo, test, bench.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Finds or installs what builds the plugins for WebAssembly, and what tests talk to.
    Setup,
    /// Builds the built-in plugins into target/plugins.
    Plugins,
    /// Builds the plugins, then the service with them inside.
    Build {
        /// Optimised, into target/release/shopkeeper.
        #[arg(long)]
        release: bool,
    },
    /// Builds and serves, with a shop `demo`.
    Run {
        /// Passed on to `shopkeeper serve`, such as --listen 127.0.0.1:9000.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        serve: Vec<String>,
    },
    /// Takes one order through the real service, from analysis to mailbox.
    Demo {
        /// Leaves the service up afterwards, until Ctrl-C.
        #[arg(long)]
        keep: bool,
    },
    /// Takes the example plugins in three languages through a running service: built, checked, tested, pushed, shadowed,
    /// made live, rolled back.
    PluginDemo,
    /// Every check and every test: what CI runs.
    Test {
        /// Passed on to `cargo test`, such as a test's name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        filter: Vec<String>,
    },
    /// The crash test: random orders over flaky doubles, and `kill -9` at random moments.
    Chaos {
        /// How often the service is killed.
        #[arg(long, default_value_t = 200)]
        kills: u32,
        /// Decides what everybody does; a fresh one where it is left out.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Labelled messages through the built-in detection and the host's address reader, beside the seed's own rules.
    Eval {
        /// Lists what was read wrongly, of the sets that may be looked at.
        #[arg(long)]
        failures: bool,
    },
    /// The benchmarks: a table of medians, and the same as JSON in target/bench.json.
    Bench,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Setup => plugins::set_up().and_then(|()| peers::set_up()),
        Command::Plugins => plugins::build(),
        Command::Build { release } => build(release).map(drop),
        Command::Run { serve } => service::run(&build(true)?, &serve),
        Command::Demo { keep } => demo::run(&build(false)?, keep),
        Command::PluginDemo => plugin_demo::run(&build(false)?),
        Command::Test { filter } => tests::run(&filter),
        Command::Chaos { kills, seed } => build(false).and_then(|_| tests::chaos(kills, seed)),
        Command::Eval { failures } => {
            plugins::build().and_then(|()| tests::eval(if failures { &["--failures"] } else { &[] }))
        }
        Command::Bench => bench::run(),
    }
}

/// The plugins, then the service; returns the program.
fn build(release: bool) -> Result<PathBuf> {
    plugins::build()?;
    let mut cargo = process::cargo(&["build", "--package", "shopkeeper"]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    Ok(process::root().join("target").join(if release { "release" } else { "debug" }).join("shopkeeper"))
}
