//! Turns `src/weights.tsv` into tables that are searched without being read first: a plugin's instance lives for one call.

#[path = "src/key.rs"]
mod key;

use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let source = "src/weights.tsv";
    println!("cargo::rerun-if-changed={source}");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        // What the weights take beside what `../.cargo/config.toml` gives every plugin.
        println!("cargo::rustc-link-arg-cdylib=--initial-memory=589824");
    }
    let text = fs::read_to_string(source).expect("the weights are beside the sources");
    let mut rows: Vec<(u32, &str)> = text
        .lines()
        .skip(1)
        .map(|line| line.split_once('\t').expect("a name and its weights"))
        .map(|(name, weights)| (key::key(name), weights))
        .collect();
    rows.sort_unstable();
    assert!(rows.windows(2).all(|pair| pair[0].0 != pair[1].0), "two names share a key");
    let (mut keys, mut weights) = (String::new(), String::new());
    for (key, row) in &rows {
        write!(keys, "{key},").expect("a string takes it");
        write!(weights, "[{}],", row.replace('\t', ",")).expect("a string takes it");
    }
    let count = rows.len();
    let tables = format!(
        "static KEYS: [u32; {count}] = [{keys}];\nstatic WEIGHTS: [[i8; 6]; {count}] = [{weights}];\n"
    );
    let folder = env::var_os("OUT_DIR").expect("cargo names it");
    fs::write(Path::new(&folder).join("weights.rs"), tables).expect("the build's folder takes it");
}
