//! Components on disk, by content, and their compiled code beside them.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use crate::{
    CodeCache, Compiler, LoadError, Report, child,
    examine::{self, Compiled, Finding, chain},
    runtime::{Limits, Runtime},
};

/// Where components are kept, and what compiles them.
#[derive(Clone)]
pub struct Library {
    /// A folder of this service's own: `<digest>.wasm`.
    pub components: PathBuf,
    /// Their compiled code.
    pub cache: CodeCache,
    /// What compiles them.
    pub compiler: Compiler,
}

impl Library {
    fn path(&self, digest: &[u8; 32]) -> PathBuf {
        self.components.join(format!("{}.wasm", crate::journal::hex(digest)))
    }

    /// The component's bytes: those that were kept, or an error.
    fn read(&self, digest: &[u8; 32]) -> io::Result<Vec<u8>> {
        let path = self.path(digest);
        let wasm = fs::read(&path)
            .map_err(|e| io::Error::new(e.kind(), format!("{} can't be read: {e}", path.display())))?;
        if <[u8; 32]>::from(Sha256::digest(&wasm)) != *digest {
            return Err(io::Error::other(format!(
                "{} is damaged: upload the component again",
                path.display()
            )));
        }
        Ok(wasm)
    }

    /// Examines a component; keeps it and its compiled code where it is taken. Blocks.
    pub(crate) fn examine(
        &self,
        live: &Runtime,
        metered: &Runtime,
        limits: Limits,
        wasm: &[u8],
    ) -> Result<Report, LoadError> {
        let glance = examine::glance(wasm);
        if !glance.refusals.is_empty() {
            return Ok(glance);
        }
        let digest: [u8; 32] = Sha256::digest(wasm).into();
        let known = self.cache.report(&live.wasmtime, &digest);
        if let Some(report) = known
            && self.cache.has(&live.wasmtime, &digest)
            && self.cache.has(&metered.wasmtime, &digest)
        {
            self.keep(&digest, wasm)?;
            return Ok(report);
        }
        self.make(live, metered, limits, wasm)
    }

    /// Examines and compiles, whatever is there already.
    fn make(
        &self,
        live: &Runtime,
        metered: &Runtime,
        limits: Limits,
        wasm: &[u8],
    ) -> Result<Report, LoadError> {
        let digest: [u8; 32] = Sha256::digest(wasm).into();
        let (report, compiled) = self.compiler.examine(&self.components, limits, wasm)?;
        if let Some(compiled) = compiled {
            self.keep(&digest, wasm)?;
            self.cache.store(&live.wasmtime, &digest, &compiled.live);
            self.cache.store(&metered.wasmtime, &digest, &compiled.metered);
            self.cache.store_report(&live.wasmtime, &digest, &report);
        }
        Ok(report)
    }

    fn keep(&self, digest: &[u8; 32], wasm: &[u8]) -> io::Result<()> {
        let path = self.path(digest);
        if self.read(digest).is_ok() {
            return Ok(());
        }
        write_whole(&path, &[wasm])
    }

    /// The component for this runtime: from the cache, else compiled anew. Blocks.
    pub(crate) fn component(
        &self,
        live: &Runtime,
        metered: &Runtime,
        limits: Limits,
        wanted: &Runtime,
        digest: &[u8; 32],
    ) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.load(&wanted.wasmtime, digest) {
            return Ok(component);
        }
        // Another version of this host, or a cache that was cleared or damaged.
        let report = self.make(live, metered, limits, &self.read(digest)?)?;
        if !report.refusals.is_empty() {
            return Err(LoadError::Refused(report.refusals));
        }
        self.cache.load(&wanted.wasmtime, digest).ok_or_else(|| {
            io::Error::other("the compiled code could not be kept: see the log, and whether the disk is full")
                .into()
        })
    }
}

impl Compiler {
    fn examine(
        &self,
        scratch: &Path,
        limits: Limits,
        wasm: &[u8],
    ) -> Result<(Report, Option<Compiled>), LoadError> {
        match self {
            Self::Child { program, allowance } => child::examine(program, *allowance, scratch, limits, wasm),
            Self::InProcess => child::in_process(limits, wasm).map_err(|e| {
                LoadError::Refused(vec![Finding::new(format!("can't be examined: {}", chain(&e)), "")])
            }),
        }
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let half = path.with_extension(format!("{}.half", uuid::Uuid::now_v7()));
    let written = fs::File::create(&half).and_then(|mut file| {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_data()?;
        fs::rename(&half, path)
    });
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&half);
    }
    written
}
