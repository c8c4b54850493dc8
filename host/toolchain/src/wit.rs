//! The contract, laid out in a project as every language's tools want it: `wit/<role>.wit`, and what it uses below
//! `wit/deps/`.

use std::{fs, path::Path};

use shopkeeper_domain::roles::Role;

use crate::BuildError;

const COMMON: &str = include_str!("../../../wit/common/common.wit");

fn of(role: Role) -> &'static str {
    match role {
        Role::Pricing => include_str!("../../../wit/pricing/pricing.wit"),
        Role::Detection => include_str!("../../../wit/detection/detection.wit"),
        Role::Wording => include_str!("../../../wit/wording/wording.wit"),
    }
}

/// Writes this role's contract below `folder`; what is there already stays.
pub fn lay_out(role: Role, folder: &Path) -> Result<(), BuildError> {
    for (name, text) in [(format!("{role}.wit"), of(role)), ("deps/common/common.wit".to_owned(), COMMON)] {
        let path = folder.join(name);
        if path.exists() {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| BuildError::file(&path, &e))?;
    }
    Ok(())
}
