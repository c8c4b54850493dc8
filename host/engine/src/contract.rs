//! Reads which contract a component was made for, before anything is compiled: a clear refusal costs nothing.

use shopkeeper_domain::roles::Role;
use wasmparser::{Encoding, Parser, Payload};

/// What every plugin may import, whatever its role.
const IMPORTS: [&str; 3] = ["types", "settings", "log"];
/// The major version of every package that this host serves.
const MAJOR: &str = "1";

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
    fn unserved(&self, verb: &str) -> Option<String> {
        let mut parts = self.version.split('.');
        let major = parts.next().unwrap_or("");
        if major == MAJOR {
            return None;
        }
        let advice = match major.parse::<u64>() {
            Ok(0) => "build the plugin again against the wit folder of this version",
            _ => "use a newer host, or build the plugin against 1.x",
        };
        Some(format!("{verb} {}@{}; this host serves {MAJOR}.x: {advice}", self.package, self.version))
    }
}

/// Every reason why this component is no plugin of this role; empty where it may be one.
pub(crate) fn problems(role: Role, wasm: &[u8]) -> Vec<String> {
    if wasm.len() > crate::MAX_COMPONENT {
        return vec![format!("is {} bytes; at most {} are taken", wasm.len(), crate::MAX_COMPONENT)];
    }
    match names(wasm) {
        Ok((imports, exports)) => {
            let mut problems = export_problems(role, &exports);
            problems.extend(imports.iter().filter_map(|name| import_problem(name)));
            problems
        }
        Err(problem) => vec![problem],
    }
}

/// The names that the outermost component imports and exports.
fn names(wasm: &[u8]) -> Result<(Vec<String>, Vec<String>), String> {
    if !wasm.starts_with(b"\0asm") {
        return Err("is no WebAssembly at all".to_owned());
    }
    let damaged = |e: wasmparser::BinaryReaderError| format!("is damaged or cut off: {e}");
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0u32);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                let advice = "make a component of it (see wit/README.md)";
                return Err(format!("is a core module, not a component: {advice}"));
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
    Ok((imports, exports))
}

fn export_problems(role: Role, exports: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let names: Vec<Name<'_>> = exports.iter().filter_map(|e| Name::parse(e)).collect();
    let wanted = [(format!("shopkeeper:{role}"), role.name()), ("shopkeeper:common".to_owned(), "lifecycle")];
    for (package, interface) in &wanted {
        let of = || names.iter().filter(|n| n.package == package && n.interface == *interface);
        // A plugin may serve several hosts: one version that this host serves will do.
        if of().any(|name| name.unserved("exports").is_none()) {
            continue;
        }
        match of().next() {
            Some(name) => problems.extend(name.unserved("exports")),
            None => problems.push(format!("does not export {package}/{interface}@{MAJOR}.x")),
        }
    }
    let other = |r: &Role| *r != role && names.iter().any(|n| n.package == format!("shopkeeper:{r}"));
    if names.iter().all(|n| n.package != wanted[0].0)
        && let Some(other) = Role::ALL.iter().find(|r| other(r))
    {
        problems.insert(0, format!("is a {other} plugin, not a {role} plugin"));
    }
    problems
}

fn import_problem(import: &str) -> Option<String> {
    let name = Name::parse(import);
    match &name {
        Some(n) if n.package == "shopkeeper:common" && IMPORTS.contains(&n.interface) => {
            n.unserved("imports")
        }
        _ => {
            let package = import.split(['/', '@']).next().unwrap_or(import);
            let why = match package {
                "wasi:sockets" | "wasi:http" => "plugins get no network",
                "wasi:filesystem" => "plugins get no files",
                "wasi:clocks" => "plugins get the time with each call, and no clock",
                "wasi:random" => "plugins get no randomness: the same input gives the same answer",
                _ => "this host gives plugins their settings and a log only",
            };
            let interface = import.split('@').next().unwrap_or(import);
            Some(format!("imports {interface}: {why}"))
        }
    }
}
