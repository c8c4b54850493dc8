//! Programs that tests talk to and that are not ours: in a Python environment and a folder of npm's, both the project's own,
//! and a browser from Debian's packages.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::process;

/// The browser, what drives it, and letters for Chinese pages.
const BROWSER: [&str; 3] = ["chromium", "chromium-driver", "fonts-noto-cjk"];

/// Installs what is not there yet.
pub(crate) fn set_up() -> Result<()> {
    python()?;
    checker()?;
    browser()
}

/// A browser that tests look at the page with.
fn browser() -> Result<()> {
    let there = |program: &str| process::succeeds(Command::new(program).arg("--version"));
    let letters = || process::output(Command::new("fc-list").arg(":lang=zh")).is_ok_and(|l| !l.is_empty());
    if there("chromedriver") && there("chromium") && letters() {
        return Ok(());
    }
    let hint = format!("install Chromium with its driver (on Debian: apt-get install {})", BROWSER.join(" "));
    Ok(shopkeeper_toolchain::install_packages(&BROWSER, &hint)?)
}

/// axe-core, which checks whether everybody can use the page.
fn checker() -> Result<()> {
    let (wanted, folder) = (process::root().join("tests/peers"), process::root().join("target/peers-npm"));
    let lock = fs::read_to_string(wanted.join("package-lock.json"))?;
    let installed = folder.join("installed.json");
    if fs::read_to_string(&installed).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(wanted.join(file), folder.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder);
    process::run(&mut npm)
        .context("install Node.js 18 or newer with npm (on Debian: apt-get install npm)")?;
    Ok(fs::write(installed, lock)?)
}

/// Python packages, as `tests/peers/requirements.txt` has them.
fn python() -> Result<()> {
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
