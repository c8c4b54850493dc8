//! Finds the built-in plugins, so that they are embedded: the service runs with no plugin folder at all.

use std::{env, path::PathBuf};

const PLUGINS: [&str; 3] = ["price-table", "keyword-detection", "reply-templates"];

fn main() {
    println!("cargo::rerun-if-env-changed=SHOPKEEPER_PLUGINS_DIR");
    let workspace = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let folder =
        env::var_os("SHOPKEEPER_PLUGINS_DIR").map_or_else(|| workspace.join("target/plugins"), PathBuf::from);
    for plugin in PLUGINS {
        let file = folder.join(format!("{plugin}.wasm"));
        println!("cargo::rerun-if-changed={}", file.display());
        if !file.exists() {
            println!("cargo::error=the built-in plugins are not built yet: run `cargo xtask build` once");
            return;
        }
        let name = plugin.replace('-', "_").to_uppercase();
        println!("cargo::rustc-env=SHOPKEEPER_{name}={}", file.display());
    }
}
