//! Rust: finds what compiles it to WebAssembly, or installs it, and makes components of what comes out.
//!
//! Where rustup works, its target is all it takes. Where rustup can't download but Debian's packages can be
//! had, Debian's own compiler builds the standard library for the target from its sources.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use wit_component::ComponentEncoder;

use crate::{
    BuildError, Missing,
    run::{install_packages, output, run, succeeds},
};

/// What plugins are compiled for: nothing of an operating system in it.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's packages that compile for it.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// What compiles Rust to WebAssembly.
#[derive(Debug, Clone)]
pub enum RustToolchain {
    /// The one in the path.
    Rustup,
    /// Debian's, with the linker of the one in the path.
    Debian {
        /// `rust-lld`.
        linker: PathBuf,
    },
}

impl RustToolchain {
    /// Finds it, or installs it where it may.
    pub fn find(missing: Missing) -> Result<Self, BuildError> {
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]));
        let sysroot = sysroot.map(PathBuf::from);
        let installed =
            || sysroot.as_ref().is_some_and(|s| s.join("lib/rustlib").join(TARGET).join("lib").is_dir());
        if installed() {
            return Ok(Self::Rustup);
        }
        if missing == Missing::Install
            && succeeds(Command::new("rustup").args(["target", "add", TARGET]))
            && installed()
        {
            return Ok(Self::Rustup);
        }
        debian(sysroot.as_deref(), missing)
    }

    /// A cargo that builds for [`TARGET`].
    pub fn cargo(&self) -> Command {
        let mut command = match self {
            Self::Rustup => Command::new("cargo"),
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    // Building the standard library from its sources is not a stable feature yet.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        };
        command.env_remove("CARGO");
        command
    }

    /// What `cargo build` needs besides, to build for [`TARGET`].
    pub fn arguments(&self) -> Vec<&'static str> {
        let mut arguments = vec!["--release", "--target", TARGET];
        if matches!(self, Self::Debian { .. }) {
            arguments.extend(["-Z", "build-std=std,panic_abort"]);
        }
        arguments
    }
}

fn advice() -> String {
    format!(
        "install rustup and run `rustup target add {TARGET}`, or on Debian: apt-get install {}",
        PACKAGES.join(" ")
    )
}

fn debian(sysroot: Option<&Path>, missing: Missing) -> Result<RustToolchain, BuildError> {
    let none = || BuildError::new("nothing here compiles Rust to WebAssembly").hint(advice());
    let ready = || {
        let works = succeeds(Command::new("/usr/bin/rustc").arg("--version"));
        works && Path::new("/usr/bin/cargo").exists() && has_sources()
    };
    if !ready() {
        if missing == Missing::Explain {
            return Err(none());
        }
        install_packages(&PACKAGES, &advice())?;
        if !ready() {
            return Err(none());
        }
    }
    let host = sysroot.map(|s| s.join("lib/rustlib")).ok_or_else(none)?;
    let linker = fs::read_dir(&host)
        .map_err(|e| BuildError::file(&host, &e))?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/rust-lld")))
        .find(|path| path.exists());
    match linker {
        Some(linker) => Ok(RustToolchain::Debian { linker }),
        None => Err(BuildError::new("the compiler in the path comes without rust-lld").hint(advice())),
    }
}

/// Whether Debian's compiler keeps the sources of the standard library.
fn has_sources() -> bool {
    let sysroot = output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"]));
    sysroot.is_some_and(|s| Path::new(&s).join("lib/rustlib/src/rust/library/std").exists())
}

/// Makes a component of a core module that carries its world, as wit-bindgen writes it. An unchanged file keeps its
/// time, so that nothing that depends on it is built again.
pub fn componentize(module: &Path, component: &Path) -> Result<(), BuildError> {
    let bytes = fs::read(module).map_err(|e| BuildError::file(module, &e))?;
    let encode = |bytes: &[u8]| ComponentEncoder::default().validate(true).module(bytes)?.encode();
    let made = encode(&bytes).map_err(|e| {
        BuildError::new(format!("{} is no plugin: {e:#}", module.display()))
            .hint("generate the bindings with wit-bindgen 0.61 and export your type")
    })?;
    if fs::read(component).is_ok_and(|there| there == made) {
        return Ok(());
    }
    fs::write(component, made).map_err(|e| BuildError::file(component, &e))
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

pub(crate) fn build(folder: &Path, component: &Path, missing: Missing) -> Result<(), BuildError> {
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|e| BuildError::file(&manifest, &e))?;
    let Manifest { package } =
        toml::from_str(&text).map_err(|e| BuildError::new(format!("{}: {e}", manifest.display())))?;
    let toolchain = RustToolchain::find(missing)?;
    let target = std::path::absolute(folder.join("target")).map_err(|e| BuildError::file(folder, &e))?;
    let mut cargo = toolchain.cargo();
    cargo.arg("build").args(toolchain.arguments()).arg("--target-dir").arg(&target).current_dir(folder);
    run(&mut cargo, &advice())?;
    let module = target.join(TARGET).join("release").join(format!("{}.wasm", package.name.replace('-', "_")));
    componentize(&module, component)
}
