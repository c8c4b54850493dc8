//! Compiled code on disk, so that a warm start compiles nothing, and what was found when it was examined.
//!
//! Compiled code is trusted like this program itself, so a file counts only if this host wrote it: it begins
//! with an HMAC over its name and contents. Anything else is made anew and written over.

use std::{
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::{Engine, component::Component};

use crate::Report;

/// Where compiled code is kept, and the key that says this host wrote it.
#[derive(Clone)]
pub struct CodeCache {
    /// A folder of this service's own.
    pub dir: PathBuf,
    /// Known to this installation alone.
    pub key: [u8; 32],
}

const MAC: usize = 32;
const CODE: &str = "cwasm";
/// Whoever checks more finds other things: a report counts for the version that wrote it.
const REPORT: &str = concat!(env!("CARGO_PKG_VERSION"), ".json");

impl CodeCache {
    /// The file for a component compiled by this engine.
    fn path(&self, engine: &Engine, digest: &[u8; 32], extension: &str) -> PathBuf {
        let mut settings = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        self.dir.join(format!("{}-{:016x}.{extension}", crate::journal::hex(digest), settings.finish()))
    }

    fn mac(&self, path: &Path, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(b"\0");
        mac.update(code);
        mac
    }

    /// What this host wrote into a file, and nobody else.
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let mut file = fs::read(path).ok()?;
        let (mac, contents) = file.split_at_checked(MAC)?;
        if self.mac(path, contents).verify_slice(mac).is_err() {
            tracing::warn!(path = %path.display(), "this was not written by this host: it is made anew");
            return None;
        }
        file.drain(..MAC);
        Some(file)
    }

    /// A cache that can't be written costs time, nothing else.
    fn write(&self, path: &Path, contents: &[u8]) {
        let mac = self.mac(path, contents).finalize().into_bytes();
        if let Err(error) = crate::library::write_whole(path, &[&mac, contents]) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept");
        }
    }

    /// The compiled component.
    pub(crate) fn load(&self, engine: &Engine, digest: &[u8; 32]) -> Option<Component> {
        let path = self.path(engine, digest, CODE);
        let loaded = deserialize(engine, &self.read(&path)?);
        loaded
            .inspect_err(
                |error| tracing::warn!(path = %path.display(), %error, "compiled code does not load"),
            )
            .ok()
    }

    /// Keeps compiled code.
    pub(crate) fn store(&self, engine: &Engine, digest: &[u8; 32], code: &[u8]) {
        self.write(&self.path(engine, digest, CODE), code);
    }

    /// Whether there is code: what it is worth shows when it is loaded.
    pub(crate) fn has(&self, engine: &Engine, digest: &[u8; 32]) -> bool {
        self.path(engine, digest, CODE).exists()
    }

    /// What was found when it was examined by this version of this host.
    pub(crate) fn report(&self, engine: &Engine, digest: &[u8; 32]) -> Option<Report> {
        serde_json::from_slice(&self.read(&self.path(engine, digest, REPORT))?).ok()
    }

    /// Keeps what was found.
    pub(crate) fn store_report(&self, engine: &Engine, digest: &[u8; 32], report: &Report) {
        if let Ok(text) = serde_json::to_vec(report) {
            self.write(&self.path(engine, digest, REPORT), &text);
        }
    }
}

#[allow(unsafe_code, reason = "the one exception: code that this host compiled")]
pub(crate) fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` came out of `Engine::precompile_component` in this installation: of this very process or its
    // child, or from a file whose HMAC was checked with a key that only this installation knows. wasmtime itself
    // refuses code of another version or configuration.
    unsafe { Component::deserialize(engine, code) }
}
