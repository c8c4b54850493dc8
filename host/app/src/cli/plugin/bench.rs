//! `shopkeeper plugin bench`: what a customer's call takes, each in a fresh instance.

use std::{path::Path, time::Duration};

use serde_json::json;
use shopkeeper_engine::Shown;

use super::{
    Where, cases,
    workbench::{Workbench, size},
};
use crate::service::StartError;

/// So many calls of each case, or as many as fit into [`TIME`].
const CALLS: usize = 1000;
const TIME: Duration = Duration::from_secs(2);

pub(super) async fn run(folder: &Path, as_json: bool) -> Result<bool, StartError> {
    let cases = cases::read(folder)?;
    let bench = Workbench::taken(&Where { path: folder.to_owned() }.read()?).await?;
    let plugin = bench.plugin(None)?;
    let mut rows = Vec::new();
    for case in &cases {
        let Some(asked) = case.asked(&plugin).map_err(StartError::new)? else { continue };
        let binding = bench.bind(&plugin, case.settings.as_ref()).await?;
        let metered = bench.engine.measure(&binding, &asked, Shown::Plain).await;
        let started = std::time::Instant::now();
        let mut took = Vec::with_capacity(CALLS);
        while took.len() < CALLS && started.elapsed() < TIME {
            took.push(bench.engine.ask(&binding, &asked, Shown::Plain).await.cost.took);
        }
        took.sort_unstable();
        let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e6;
        let (median, p99) = (at(50), at(99));
        let (instructions, memory) = (metered.cost.instructions.unwrap_or(0), metered.cost.memory_bytes);
        if as_json {
            rows.push(json!({
                "name": case.name, "median_us": median, "p99_us": p99, "calls": took.len(),
                "instructions": instructions, "memory_bytes": memory,
            }));
        } else {
            let memory = size(memory as u64);
            println!(
                "{median:>9.1} µs  p99 {p99:>9.1} µs  {instructions:>12} instructions  {memory:>9}  {}",
                case.name
            );
        }
    }
    if as_json {
        println!("{}", json!({ "cases": rows }));
    } else {
        let deadline = bench.limits().deadline.as_millis();
        println!("medians of fresh, isolated calls; a call may take {deadline} ms");
    }
    Ok(true)
}
