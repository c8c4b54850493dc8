//! `cargo xtask bench`: the figures, as medians, with the machine named.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

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
