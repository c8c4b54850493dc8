//! Builds the plugins into components that import nothing but what their world names.

use std::fs;

use anyhow::{Context, Result};
use shopkeeper_toolchain::{Missing, RustToolchain, TARGET, componentize};

use crate::process;

/// The built-in plugins.
const BUILT_IN: [&str; 3] = ["price-table", "keyword-detection", "reply-templates"];
/// Examples in every language, each a project as `shopkeeper plugin new` makes one, and their roles.
pub(crate) const EXAMPLES: [(&str, &str); 3] =
    [("sale-calendar", "pricing"), ("customer-discounts", "pricing"), ("playful-wording", "wording")];

/// Finds or installs what compiles plugins, and says which it is.
pub(crate) fn set_up() -> Result<()> {
    let with = match RustToolchain::find(Missing::Install)? {
        RustToolchain::Rustup => "the project's own compiler",
        RustToolchain::Debian { .. } => "Debian's compiler",
    };
    println!("plugins are compiled by {with}");
    Ok(())
}

/// Builds the built-in plugins into `target/plugins`, writing only what changed.
pub(crate) fn build() -> Result<()> {
    let root = process::root();
    let build = root.join("target/plugins-build");
    let toolchain = RustToolchain::find(Missing::Install)?;
    let mut cargo = toolchain.cargo();
    cargo.args(["build", "--locked"]).args(toolchain.arguments());
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

/// Builds the examples, each from its own package manager.
pub(crate) fn build_examples() -> Result<()> {
    for (example, _) in EXAMPLES {
        let folder = process::root().join("plugins/examples").join(example);
        shopkeeper_toolchain::build(&folder, Missing::Install).with_context(|| example.to_owned())?;
    }
    Ok(())
}

/// Runs the cases of the built-in plugins that have some, with the program that authors use.
pub(crate) fn test_cases() -> Result<()> {
    let root = process::root();
    for plugin in BUILT_IN {
        let folder = root.join("plugins").join(plugin);
        let Ok(mut files) = fs::read_dir(folder.join("cases")) else { continue };
        if !files.any(|file| file.is_ok_and(|f| f.path().extension().is_some_and(|e| e == "toml"))) {
            continue;
        }
        println!("{plugin}: test");
        let mut command = std::process::Command::new(root.join("target/debug/shopkeeper"));
        command.args(["plugin", "test"]).arg(&folder).arg("--component");
        command.arg(root.join("target/plugins").join(format!("{plugin}.wasm")));
        process::run(&mut command).with_context(|| plugin.to_owned())?;
    }
    Ok(())
}

/// Builds, checks and tests the examples, each from its own package manager, with the program that authors use.
pub(crate) fn test_examples() -> Result<()> {
    let program = process::root().join("target/debug/shopkeeper");
    for (example, _) in EXAMPLES {
        let folder = process::root().join("plugins/examples").join(example);
        for step in ["build", "check", "test"] {
            println!("{example}: {step}");
            let mut command = std::process::Command::new(&program);
            process::run(command.args(["plugin", step]).arg(&folder)).with_context(|| example.to_owned())?;
        }
    }
    Ok(())
}
