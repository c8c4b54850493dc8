//! Programs that tests talk to and that are not ours, in a Python environment of the project's own.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::process;

/// Installs them into `target/peers`, where they are not there yet as `tests/peers/requirements.txt` has them.
pub(crate) fn set_up() -> Result<()> {
    let (root, environment) = (process::root(), process::root().join("target/peers"));
    let wanted = root.join("tests/peers/requirements.txt");
    let text = fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    // Written last: an installation that was cut off is done again.
    let installed = environment.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|there| there == text) {
        return Ok(());
    }
    println!("installing what tests talk to into {}", environment.display());
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment)).context(
        "install Python 3.10 or newer with its venv module (on Debian: apt-get install python3-venv)",
    )?;
    let mut pip = Command::new(environment.join("bin/pip"));
    process::run(pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&wanted))?;
    Ok(fs::write(installed, text)?)
}
