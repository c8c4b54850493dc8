//! `cargo xtask bench`: the figures, as medians, with the machine named.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shopkeeper_toolchain::{Missing, RustToolchain, TARGET};

use crate::{plugins, process};

pub(crate) fn run() -> Result<()> {
    plugins::build()?;
    plugins::build_examples()?;
    let mut figures = Vec::new();
    for (package, bench) in [("shopkeeper-engine", "calls"), ("shopkeeper", "service")] {
        let printed =
            process::output(&mut process::cargo(&["bench", "--package", package, "--bench", bench]))?;
        figures.extend(printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()));
    }
    figures.extend(peer()?.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()));
    let machine = machine();
    println!("\n{machine}\n");
    println!("| {:<60} | {:>14} | {:>10} |", "what", "figure", "goal");
    println!("|{:-<62}|{:->16}|{:->12}|", "", ":", ":");
    for figure in &figures {
        let text = |name: &str| figure[name].as_str().unwrap_or("").to_owned();
        println!("| {:<60} | {:>14} | {:>10} |", text("name"), text("figure"), text("goal"));
    }
    let file = process::root().join("target/bench.json");
    let report = serde_json::to_string_pretty(&json!({ "machine": machine, "figures": figures }))?;
    fs::write(&file, report).with_context(|| format!("{} can't be written", file.display()))?;
    println!("\nthe same as JSON: {}", file.display());
    Ok(())
}

/// Extism doing the same job, in a workspace of its own; what its benchmark prints.
fn peer() -> Result<String> {
    let (folder, target) =
        (process::root().join("host/bench-peer"), process::root().join("target/bench-peer"));
    let toolchain = RustToolchain::find(Missing::Install)?;
    let mut guest = toolchain.cargo();
    guest
        .args(["build", "--locked"])
        .args(toolchain.arguments())
        .arg("--target-dir")
        .arg(target.join("guest"));
    process::run(guest.current_dir(folder.join("guest"))).context("the peer's plugin does not build")?;
    let wasm = target.join("guest").join(TARGET).join("release/price_table_extism.wasm");
    let mut bench = process::cargo(&["run", "--release", "--locked", "--target-dir"]);
    bench.arg(&target).arg("--").arg(wasm).current_dir(folder);
    process::output(&mut bench)
}

/// The processor, its cores and the memory.
fn machine() -> String {
    let read = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|l| l.starts_with(key)).map(str::to_owned);
        line.and_then(|l| l.split_once(':').map(|(_, v)| v.trim().to_owned()))
            .unwrap_or_else(|| "unknown".to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} · {cores} cores · {}", read("/proc/cpuinfo", "model name"), read("/proc/meminfo", "MemTotal"))
}
