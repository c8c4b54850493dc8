//! Compiled code on disk, so that a warm start compiles nothing.
//!
//! Compiled code is trusted like this program itself, so a file counts only if this host wrote it: it begins
//! with an HMAC over its name and contents. Anything else is compiled anew and written over.

use std::{
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::{Engine, component::Component};

/// Where compiled code is kept, and the key that says this host wrote it.
#[derive(Clone)]
pub struct CodeCache {
    /// A folder of this service's own.
    pub dir: PathBuf,
    /// Known to this installation alone.
    pub key: [u8; 32],
}

const MAC: usize = 32;

impl CodeCache {
    /// The file for a component compiled by this engine.
    fn path(&self, engine: &Engine, digest: &[u8; 32]) -> PathBuf {
        let mut settings = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        self.dir.join(format!("{}-{:016x}.cwasm", crate::journal::hex(digest), settings.finish()))
    }

    fn mac(&self, path: &Path, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(b"\0");
        mac.update(code);
        mac
    }

    /// The compiled component, if this host wrote it.
    pub(crate) fn load(&self, engine: &Engine, digest: &[u8; 32]) -> Option<Component> {
        let path = self.path(engine, digest);
        let file = fs::read(&path).ok()?;
        let (mac, code) = file.split_at_checked(MAC)?;
        if self.mac(&path, code).verify_slice(mac).is_err() {
            tracing::warn!(path = %path.display(), "compiled code was not written by this host: compiling anew");
            return None;
        }
        deserialize(engine, code).ok()
    }

    /// Keeps compiled code. A cache that can't be written costs time, nothing else.
    pub(crate) fn store(&self, engine: &Engine, digest: &[u8; 32], code: &[u8]) {
        let path = self.path(engine, digest);
        let mac = self.mac(&path, code).finalize().into_bytes();
        if let Err(error) = crate::library::write_whole(&path, &[&mac, code]) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept");
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
