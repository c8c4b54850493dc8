//! What no compiler checks: each Rust file says in its first line what lives in it, and none grows too long.

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::process;

/// Over this a file is split where a reader would look for the parts.
const LINES: usize = 500;

pub(crate) fn check() -> Result<()> {
    let mut problems = Vec::new();
    for folder in ["host", "plugins", "tests"] {
        visit(&process::root().join(folder), &mut problems)?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("untidy:\n  {}", problems.join("\n  "))
}

fn visit(folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !matches!(&*name, "target" | "node_modules" | ".git") {
                visit(&path, problems)?;
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path)?;
            if !text.starts_with("//!") {
                problems.push(format!("{}: the first line is no //! line", path.display()));
            }
            let lines = text.lines().count();
            if lines > LINES {
                problems.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    Ok(())
}
