//! JavaScript, by componentize-js, which the project's own `build.mjs` calls.

use std::{path::Path, process::Command};

use crate::{BuildError, run::run};

const HINT: &str = "install Node.js 20 or newer, with npm";

pub(crate) fn build(folder: &Path) -> Result<(), BuildError> {
    if !folder.join("node_modules/@bytecodealliance/componentize-js").exists() {
        eprintln!("installing the packages of {}", folder.join("package.json").display());
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]);
        run(npm.current_dir(folder), HINT)?;
    }
    run(Command::new("node").arg("build.mjs").current_dir(folder), HINT)
}
