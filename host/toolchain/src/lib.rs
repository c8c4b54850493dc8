//! Builds plugin projects into components, whatever they are written in: for `shopkeeper plugin build`, and for what
//! builds the plugins that come with the host.
//!
//! Toolchains are found, not bundled. Where one is missing, the error says what to install; only the project's own
//! set-up (`Missing::Install`) installs anything on the machine. What a project itself asks for (a Python environment,
//! npm packages) is set up inside its own folder.

mod javascript;
mod project;
mod python;
mod run;
mod rust;
mod wit;

pub use project::{Language, Project};
pub use run::install_packages;
pub use rust::{RustToolchain, TARGET, componentize};
pub use wit::lay_out;

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a project is not built.
#[derive(Debug, thiserror::Error)]
#[error("{what}{}", hint.as_ref().map(|h| format!("\n  hint: {h}")).unwrap_or_default())]
pub struct BuildError {
    what: String,
    hint: Option<String>,
}

impl BuildError {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

/// What to do about a toolchain that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Say what to install.
    Explain,
    /// Install it, where this machine's own package manager can.
    Install,
}

/// The component that a build leaves in the project's folder.
pub const COMPONENT: &str = "plugin.wasm";

/// Builds the project in this folder; returns where the component is.
pub fn build(folder: &Path, missing: Missing) -> Result<PathBuf, BuildError> {
    let project = Project::read(folder)?;
    lay_out(project.role, &folder.join("wit"))?;
    let component = folder.join(COMPONENT);
    match project.language {
        Language::Rust => rust::build(folder, &component, missing)?,
        Language::Python => python::build(folder, project.role, &component)?,
        Language::JavaScript => javascript::build(folder)?,
    }
    if component.exists() {
        Ok(component)
    } else {
        Err(BuildError::new(format!("the build left no {}", component.display())))
    }
}
