//! Reads which contract a component was made for, before anything is compiled: a clear refusal costs nothing.

use serde::{Deserialize, Serialize};
use shopkeeper_domain::roles::Role;
use wasmparser::{Encoding, Parser, Payload};

use crate::examine::Finding;

/// The major version of every package that this host serves.
const MAJOR: &str = "1";
/// What every plugin may import of `shopkeeper:common`, whatever its role.
const COMMON: [&str; 3] = ["types", "settings", "log"];
/// What is linked of WASI, inert (see `wasi`), so that stock toolchains work.
const INERT: [(&str, &[&str]); 5] = [
    (
        "wasi:cli",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("wasi:clocks", &["wall-clock", "monotonic-clock"]),
    ("wasi:filesystem", &["types", "preopens"]),
    ("wasi:io", &["error", "poll", "streams"]),
    ("wasi:random", &["random", "insecure", "insecure-seed"]),
];

/// What a plugin can ask of the host. It asks by importing, so it can't use what it did not ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// The shop's settings for it.
    Settings,
    /// Lines in its own log.
    Log,
    /// WASI 0.2 as stock toolchains want it: nothing in it, and always the same.
    Wasi,
}

impl Capability {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::Settings, Self::Log, Self::Wasi];

    /// As in settings and manifests: `settings`, `log`, `wasi`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Log => "log",
            Self::Wasi => "wasi",
        }
    }

    fn of(import: &Name<'_>) -> Option<Self> {
        match (import.package, import.interface) {
            ("shopkeeper:common", "settings") => Some(Self::Settings),
            ("shopkeeper:common", "log") => Some(Self::Log),
            (package, _) if package.starts_with("wasi:") => Some(Self::Wasi),
            _ => None,
        }
    }
}

/// A name such as `shopkeeper:pricing/pricing@1.0.0`, taken apart.
struct Name<'a> {
    package: &'a str,
    interface: &'a str,
    version: &'a str,
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (path, version) = name.split_once('@')?;
        let (package, interface) = path.split_once('/')?;
        Some(Self { package, interface, version })
    }

    /// Why this host does not serve this version; none where it does.
    fn unserved(&self, verb: &str) -> Option<Finding> {
        let major = self.version.split('.').next().unwrap_or("");
        if major == MAJOR {
            return None;
        }
        let hint = match major.parse::<u64>() {
            Ok(0) => "build the plugin again against the wit folder of this version",
            _ => "use a newer host, or build the plugin against 1.x",
        };
        Some(Finding::new(
            format!("{verb} {}@{}; this host serves {MAJOR}.x", self.package, self.version),
            hint,
        ))
    }
}

/// What a component says of itself by its imports and exports.
pub(crate) struct Contract {
    /// Sorted.
    pub(crate) imports: Vec<String>,
    exports: Vec<String>,
}

impl Contract {
    /// Reads the names that the outermost component imports and exports.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, Finding> {
        if wasm.len() > crate::MAX_COMPONENT {
            return Err(Finding::new(
                format!("is {} bytes; at most {} are taken", wasm.len(), crate::MAX_COMPONENT),
                "build it optimised and without debug information",
            ));
        }
        if !wasm.starts_with(b"\0asm") {
            return Err(Finding::new("is no WebAssembly at all", "send the .wasm file that the build made"));
        }
        let damaged = |e: wasmparser::BinaryReaderError| {
            Finding::new(format!("is damaged or cut off: {e}"), "build it again, and send the file whole")
        };
        let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0u32);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(damaged)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    let hint = "make a component of it: `shopkeeper plugin build` does (see wit/README.md)";
                    return Err(Finding::new("is a core module, not a component", hint));
                }
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        imports.push(import.map_err(damaged)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        exports.push(export.map_err(damaged)?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        imports.sort();
        Ok(Self { imports, exports })
    }

    fn exports(&self) -> impl Iterator<Item = Name<'_>> {
        self.exports.iter().filter_map(|e| Name::parse(e))
    }

    /// The roles that it can be asked in.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let served = |role: &Role| {
            let package = format!("shopkeeper:{role}");
            self.exports().any(|n| {
                n.package == package && n.interface == role.name() && n.unserved("exports").is_none()
            })
        };
        Role::ALL.into_iter().filter(served).collect()
    }

    /// What it asks of the host.
    pub(crate) fn capabilities(&self) -> Vec<Capability> {
        let mut asked: Vec<_> =
            self.imports.iter().filter_map(|i| Capability::of(&Name::parse(i)?)).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// Every reason why it is no plugin of this role, or of any role where none is named; empty where it may be one.
    pub(crate) fn problems(&self, role: Option<Role>) -> Vec<Finding> {
        let mut problems = match role {
            Some(role) => self.role_problems(role),
            None => self.no_role(),
        };
        problems.extend(self.interface_problem("shopkeeper:common", "lifecycle"));
        problems.extend(self.imports.iter().filter_map(|name| import_problem(name)));
        problems
    }

    /// Why it does not export this interface as this host serves it.
    fn interface_problem(&self, package: &str, interface: &str) -> Option<Finding> {
        let mut found = None;
        for name in self.exports().filter(|n| n.package == package && n.interface == interface) {
            // A plugin may serve several hosts: one version that this host serves will do.
            let unserved = name.unserved("exports")?;
            found.get_or_insert(unserved);
        }
        Some(found.unwrap_or_else(|| {
            Finding::new(
                format!("does not export {package}/{interface}@{MAJOR}.x"),
                "every plugin exports its role's interface and shopkeeper:common/lifecycle",
            )
        }))
    }

    fn role_problems(&self, role: Role) -> Vec<Finding> {
        let package = format!("shopkeeper:{role}");
        let mut problems: Vec<_> = self.interface_problem(&package, role.name()).into_iter().collect();
        if self.exports().all(|n| n.package != package)
            && let Some(other) = self.roles().first()
        {
            let what = format!("is a {other} plugin, not a {role} plugin");
            problems.insert(0, Finding::new(what, format!("use it in the role {other}")));
        }
        problems
    }

    fn no_role(&self) -> Vec<Finding> {
        if !self.roles().is_empty() {
            return Vec::new();
        }
        // Of another version: that is what to say.
        let unserved: Vec<_> = Role::ALL
            .into_iter()
            .filter(|role| self.exports().any(|n| n.package == format!("shopkeeper:{role}")))
            .filter_map(|role| self.interface_problem(&format!("shopkeeper:{role}"), role.name()))
            .collect();
        if !unserved.is_empty() {
            return unserved;
        }
        let roles = Role::ALL.map(|r| format!("shopkeeper:{r}/{r}@{MAJOR}.x")).join(", ");
        vec![Finding::new(
            format!("is a plugin of no role: it exports none of {roles}"),
            "build it against one of the worlds in wit/",
        )]
    }
}

fn import_problem(import: &str) -> Option<Finding> {
    let only = "this host gives plugins their settings, a log, and a WASI 0.2 with nothing in it";
    let Some(name) = Name::parse(import) else {
        return Some(Finding::new(format!("imports {import}"), only));
    };
    if name.package == "shopkeeper:common" && COMMON.contains(&name.interface) {
        return name.unserved("imports");
    }
    let inert =
        INERT.iter().any(|(p, interfaces)| *p == name.package && interfaces.contains(&name.interface));
    if inert {
        let served = name.version.starts_with("0.2.");
        let hint = "build it for WASI 0.2, or for no WASI at all";
        return (!served).then(|| {
            Finding::new(format!("imports {}@{}; this host serves 0.2", name.package, name.version), hint)
        });
    }
    let why = match name.package {
        "wasi:sockets" | "wasi:http" => "plugins get no network",
        _ => only,
    };
    let interface = import.split('@').next().unwrap_or(import);
    Some(Finding::new(format!("imports {interface}: {why}"), "leave it out: everything comes with the call"))
}
