//! Python, by componentize-py in an environment of the project's own.

use std::{path::Path, process::Command};

use shopkeeper_domain::roles::Role;

use crate::{
    BuildError,
    run::{output, run},
};

const HINT: &str =
    "install Python 3.10 or newer with its venv module (on Debian: apt-get install python3-venv)";

pub(crate) fn build(folder: &Path, role: Role, component: &Path) -> Result<(), BuildError> {
    let environment = folder.join(".venv");
    let tool = environment.join("bin/componentize-py");
    if output(Command::new(&tool).arg("--version")).is_none() {
        eprintln!("setting up {} from requirements.txt", environment.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment), HINT)?;
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]);
        run(pip.current_dir(folder), HINT)?;
    }
    let mut make = Command::new(std::path::absolute(&tool).map_err(|e| BuildError::file(&tool, &e))?);
    make.args(["-d", "wit", "-w", &format!("{role}-plugin"), "componentize", "--stub-wasi", "app", "-o"]);
    let component = std::path::absolute(component).map_err(|e| BuildError::file(component, &e))?;
    run(make.arg(component).current_dir(folder), HINT)
}
