//! `shopkeeper plugin new`: a project that builds at once, from templates in this program.

use std::{fs, path::Path};

use shopkeeper_domain::roles::Role;
use shopkeeper_toolchain::lay_out;

use super::LanguageName;
use crate::service::StartError;

/// A template: where it goes, and its text.
type File = (&'static str, &'static str);

macro_rules! template {
    ($($part:literal),+) => {
        include_str!(concat!("../../../templates/", $($part),+))
    };
}

/// Files of a role, whatever the language.
macro_rules! of_role {
    ($role:literal) => {
        [
            ("settings.schema.json", template!("schema/", $role, ".json")),
            ("settings.default.json", template!("defaults/", $role, ".json")),
            (concat!("cases/", $role, ".toml"), template!("cases/", $role, ".toml")),
        ]
    };
}

/// A role's source in each language.
macro_rules! sources {
    ($role:literal) => {
        [
            ("src/lib.rs", template!("rust/", $role, ".rs")),
            ("app.py", template!("python/", $role, ".py")),
            ("plugin.js", template!("javascript/", $role, ".js")),
        ]
    };
}

fn of_language(language: LanguageName) -> Vec<File> {
    match language {
        LanguageName::Rust => {
            vec![("Cargo.toml", template!("rust/Cargo.toml")), (".gitignore", template!("rust/gitignore"))]
        }
        LanguageName::Python => vec![
            ("requirements.txt", template!("python/requirements.txt")),
            (".gitignore", template!("python/gitignore")),
        ],
        LanguageName::JavaScript => vec![
            ("package.json", template!("javascript/package.json")),
            ("build.mjs", template!("javascript/build.mjs")),
            (".gitignore", template!("javascript/gitignore")),
        ],
    }
}

fn files(role: Role, language: LanguageName) -> Vec<File> {
    let (of_role, sources) = match role {
        Role::Pricing => (of_role!("pricing"), sources!("pricing")),
        Role::Detection => (of_role!("detection"), sources!("detection")),
        Role::Wording => (of_role!("wording"), sources!("wording")),
    };
    let source = match language {
        LanguageName::Rust => sources[0],
        LanguageName::Python => sources[1],
        LanguageName::JavaScript => sources[2],
    };
    let common = [("plugin.toml", template!("plugin.toml")), ("README.md", template!("README.md"))];
    common.into_iter().chain(of_role).chain([source]).chain(of_language(language)).collect()
}

fn check_name(name: &str) -> Result<(), StartError> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if first && rest && name.len() <= 40 {
        return Ok(());
    }
    Err(StartError::new(format!(
        "{name:?} is no name for a plugin: 1 to 40 lower-case letters, digits and -, a letter first, such as my-prices"
    )))
}

pub(super) fn run(role: Role, language: LanguageName, name: &str) -> Result<(), StartError> {
    check_name(name)?;
    let folder = Path::new(name);
    if folder.exists() {
        return Err(StartError::new(format!("there is a {name} here already: choose another name")));
    }
    let problem = |e: std::io::Error| StartError::new(format!("{name} can't be written: {e}"));
    let language_name = match language {
        LanguageName::Rust => "rust",
        LanguageName::Python => "python",
        LanguageName::JavaScript => "javascript",
    };
    for (path, text) in files(role, language) {
        let text = text
            .replace("{{name}}", name)
            .replace("{{role}}", role.name())
            .replace("{{language}}", language_name);
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(problem)?;
        fs::write(path, text).map_err(problem)?;
    }
    lay_out(role, &folder.join("wit")).map_err(StartError::new)?;
    println!(
        "made {name}\nnext: cd {name} && shopkeeper plugin build && shopkeeper plugin check && shopkeeper plugin test"
    );
    Ok(())
}
