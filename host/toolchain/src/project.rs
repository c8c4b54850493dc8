//! What a plugin project says of itself in its `plugin.toml`.

use std::{fs, path::Path};

use serde::Deserialize;
use shopkeeper_domain::roles::Role;

use crate::BuildError;

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// By cargo.
    Rust,
    /// By componentize-py.
    Python,
    /// By componentize-js.
    JavaScript,
}

impl Language {
    /// `rust`, `python`, `javascript`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }
}

/// `plugin.toml`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The job that it does.
    pub role: Role,
    /// What it is written in.
    pub language: Language,
    /// What it asks the host for: `settings`, `log`, `wasi`.
    pub capabilities: Vec<String>,
}

impl Project {
    /// Reads the manifest of the project in this folder.
    pub fn read(folder: &Path) -> Result<Self, BuildError> {
        let path = folder.join("plugin.toml");
        let hint = "this is done in a plugin's own folder; `shopkeeper plugin new` makes one";
        let text = fs::read_to_string(&path).map_err(|e| BuildError::file(&path, &e).hint(hint))?;
        toml::from_str(&text).map_err(|e| BuildError::new(format!("{}: {e}", path.display())))
    }
}
