//! Finds what compiles Rust to WebAssembly, or installs it.
//!
//! Where rustup works, its target is all it takes. Where rustup can't download but Debian's packages can be
//! had, Debian's own compiler builds the standard library for the target from its sources.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::process;

/// What plugins are compiled for: nothing of an operating system in it.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's packages that compile for it.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// What compiles the plugins.
pub(crate) enum Toolchain {
    /// The compiler that compiles everything else.
    Same,
    /// Debian's, with the linker of the compiler that compiles everything else.
    Debian {
        /// `rust-lld`.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// A cargo that builds for [`TARGET`].
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Same => process::cargo(&[]),
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    // Building the standard library from its sources is not a stable feature yet.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .env_remove("CARGO")
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        }
    }

    /// What Debian's cargo needs besides.
    pub(crate) fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Same => &[],
            Self::Debian { .. } => &["-Z", "build-std=std,panic_abort"],
        }
    }
}

/// Finds or installs the toolchain, and says which it is.
pub(crate) fn run() -> Result<Toolchain> {
    let toolchain = find()?;
    println!(
        "plugins are compiled by {}",
        match &toolchain {
            Toolchain::Same => "the project's own compiler",
            Toolchain::Debian { .. } => "Debian's compiler",
        }
    );
    Ok(toolchain)
}

/// Finds or installs the toolchain.
pub(crate) fn find() -> Result<Toolchain> {
    let sysroot =
        process::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(process::root()))?;
    let sysroot = Path::new(sysroot.trim());
    let installed = || sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir();
    if installed() {
        return Ok(Toolchain::Same);
    }
    if process::succeeds(Command::new("rustup").args(["target", "add", TARGET]).current_dir(process::root()))
        && installed()
    {
        return Ok(Toolchain::Same);
    }
    debian(sysroot)
}

fn debian(sysroot: &Path) -> Result<Toolchain> {
    let advice = format!(
        "nothing here compiles Rust to WebAssembly. Install rustup and run `rustup target add {TARGET}`, \
         or on Debian: apt-get install {}",
        PACKAGES.join(" ")
    );
    let ready = || {
        let works = process::succeeds(Command::new("/usr/bin/rustc").arg("--version"));
        works && Path::new("/usr/bin/cargo").exists() && standard_library().is_some()
    };
    if !ready() {
        if !process::succeeds(Command::new("apt-get").arg("--version")) {
            bail!("{advice}");
        }
        println!("installing {} from Debian's packages", PACKAGES.join(" "));
        let root = process::output(Command::new("id").arg("-u"))?.trim() == "0";
        let apt = |arguments: &[&str]| {
            let mut command = Command::new(if root { "apt-get" } else { "sudo" });
            if !root {
                command.arg("apt-get");
            }
            command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            process::run(&mut command)
        };
        apt(&["update", "-qq"]).context(advice.clone())?;
        apt(&[&["install", "-y", "-qq", "--no-install-recommends"], &PACKAGES[..]].concat())
            .context(advice.clone())?;
        if !ready() {
            bail!("{advice}");
        }
    }
    let host = sysroot.join("lib/rustlib");
    let linker = std::fs::read_dir(&host)
        .with_context(|| format!("{} can't be read", host.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/rust-lld")))
        .find(|path| path.exists());
    match linker {
        Some(linker) => Ok(Toolchain::Debian { linker }),
        None => bail!("the project's compiler comes without rust-lld. {advice}"),
    }
}

/// Where Debian's compiler keeps the sources of the standard library.
fn standard_library() -> Option<PathBuf> {
    let sysroot = process::output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"])).ok()?;
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std");
    sources.exists().then_some(sources)
}
