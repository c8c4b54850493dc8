//! Compiled code on disk, so that a warm start compiles nothing.
//!
//! Compiled code is trusted like this program itself, so a file counts only if this host wrote it: it begins
//! with an HMAC over its name and contents. Anything else is compiled anew and written over.

use std::{
    fs,
    hash::{Hash, Hasher},
    io::Write,
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
        deserialize(engine, code)
    }

    /// Keeps the compiled component. A cache that can't be written costs time, nothing else.
    pub(crate) fn store(&self, engine: &Engine, digest: &[u8; 32], component: &Component) {
        let path = self.path(engine, digest);
        let written = component.serialize().map_err(|e| e.to_string()).and_then(|code| {
            fs::create_dir_all(&self.dir).map_err(|e| e.to_string())?;
            let half = path.with_extension(format!("{}.half", uuid::Uuid::now_v7()));
            let mut file = fs::File::create(&half).map_err(|e| e.to_string())?;
            file.write_all(&self.mac(&path, &code).finalize().into_bytes())
                .and_then(|()| file.write_all(&code))
                .and_then(|()| fs::rename(&half, &path))
                .map_err(|e| e.to_string())
        });
        if let Err(problem) = written {
            tracing::warn!(path = %path.display(), problem, "compiled code could not be kept");
        }
    }
}

#[allow(unsafe_code, reason = "the one exception: code that this host compiled, as its HMAC has just shown")]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` came out of `Component::serialize` in this installation: its HMAC was checked with a key
    // that only this installation knows. wasmtime itself refuses code of another version or configuration.
    unsafe { Component::deserialize(engine, code) }.ok()
}
