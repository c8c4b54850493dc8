//! Running other programs, with errors that say which one and what to do.

use std::process::{Command, Stdio};

use crate::BuildError;

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a program to its end; fails where it fails. `hint` says how to get it.
pub(crate) fn run(command: &mut Command, hint: &str) -> Result<(), BuildError> {
    // What a build prints is for a person, and this program's own output may be for a program.
    command.stdout(Stdio::from(std::io::stderr()));
    let status = command
        .status()
        .map_err(|e| BuildError::new(format!("{} could not be started: {e}", shown(command))).hint(hint))?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::new(format!("{} ended with {status}", shown(command))))
    }
}

/// What a program prints.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program runs at all and succeeds, quietly.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Installs Debian's packages; where that can't be done here, the error has this hint.
pub fn install_packages(packages: &[&str], hint: &str) -> Result<(), BuildError> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return Err(BuildError::new("this machine has none of Debian's packages").hint(hint));
    }
    eprintln!("installing {} from Debian's packages", packages.join(" "));
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.arg("apt-get");
        }
        run(command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments), hint)
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}
