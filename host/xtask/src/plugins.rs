//! Builds the plugins into components that import nothing but what their world names.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use wit_component::ComponentEncoder;

use crate::{
    process,
    setup::{self, TARGET},
};

/// The built-in plugins.
const BUILT_IN: [&str; 3] = ["price-table", "keyword-detection", "reply-templates"];

/// Builds them into `target/plugins`, writing only what changed.
pub(crate) fn build() -> Result<()> {
    let root = process::root();
    let build = root.join("target/plugins-build");
    let toolchain = setup::find()?;
    let mut cargo = toolchain.cargo();
    cargo.args(["build", "--release", "--locked", "--target", TARGET]).args(toolchain.arguments());
    for plugin in BUILT_IN {
        cargo.args(["--package", plugin]);
    }
    cargo.arg("--target-dir").arg(&build).current_dir(root.join("plugins"));
    process::run(&mut cargo).context("the plugins do not build")?;
    let folder = root.join("target/plugins");
    fs::create_dir_all(&folder)?;
    for plugin in BUILT_IN {
        let module = build.join(TARGET).join("release").join(format!("{}.wasm", plugin.replace('-', "_")));
        componentize(&module, &folder.join(format!("{plugin}.wasm")))
            .with_context(|| format!("plugin {plugin}"))?;
    }
    Ok(())
}

fn componentize(module: &Path, component: &Path) -> Result<()> {
    let module = fs::read(module).with_context(|| format!("{} can't be read", module.display()))?;
    let made = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
    // An unchanged file keeps its time, so that nothing that embeds it is built again.
    if fs::read(component).is_ok_and(|there| there == made) {
        return Ok(());
    }
    fs::write(component, made).with_context(|| format!("{} can't be written", component.display()))
}

/// Checks and tests the plugins' logic, natively.
pub(crate) fn test() -> Result<()> {
    let folder = process::root().join("plugins");
    let target = process::root().join("target/plugins-native");
    let run = |arguments: &[&str]| {
        let mut cargo = process::cargo(arguments);
        process::run(cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target))
    };
    run(&["fmt", "--all", "--check"])?;
    run(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])?;
    run(&["test", "--workspace", "--locked"])
}
