//! Examining a component in a child process: a component that takes too long to compile, or too much memory, takes
//! nothing else down with it.
//!
//! The child gets the component on its standard input and a folder to write to; it limits itself before it reads
//! anything, and its parent kills it when its time is up.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};

use crate::{
    LoadError, Report,
    examine::{self, Compiled, Finding},
    runtime::{Kind, Limits, Runtime},
};

/// What compiles components.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// A child process: `program plugin-child` must call [`serve`].
    Child {
        /// The program, usually this one.
        program: PathBuf,
        /// What it may take.
        allowance: Allowance,
    },
    /// This process. For components that are trusted, such as an author's own.
    InProcess,
}

/// What examining one component may take.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Allowance {
    /// Processor time, of all cores together: a busy machine is not held against a component. Past [`PATIENCE`] times
    /// as long on the clock it is given up all the same.
    pub time: Duration,
    /// How much memory, in bytes.
    pub memory_bytes: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { time: Duration::from_secs(120), memory_bytes: 2 << 30 }
    }
}

/// The argument that makes a program the child.
pub const CHILD: &str = "plugin-child";
const REPORT: &str = "report.json";
const LIVE: &str = "live";
const METERED: &str = "metered";
/// How much longer on the clock than in processor time.
const PATIENCE: u32 = 5;
/// How a child ends that has used up its processor time (setrlimit(2)).
const SIGXCPU: i32 = 24;
/// How often the parent looks whether the child has ended.
const LOOK: Duration = Duration::from_millis(5);

#[derive(Serialize, Deserialize)]
struct Job {
    folder: PathBuf,
    limits: Limits,
    allowance: Allowance,
}

/// Both runtimes as a service has them, but for one call at a time: what finds no place in this pool finds none there.
fn runtimes(limits: Limits) -> wasmtime::Result<(Runtime, Runtime)> {
    Ok((Runtime::new(Kind::Live { calls: 1 }, limits)?, Runtime::new(Kind::Metered, limits)?))
}

pub(crate) fn in_process(limits: Limits, wasm: &[u8]) -> wasmtime::Result<(Report, Option<Compiled>)> {
    let (live, metered) = runtimes(limits)?;
    Ok(examine::examine(&live, &metered, wasm))
}

/// The child's whole life. `job` is its argument as its parent wrote it.
pub fn serve(job: &str) -> ExitCode {
    match work(job) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(job: &str) -> Result<(), Box<dyn std::error::Error>> {
    let job: Job = serde_json::from_str(job)?;
    // Before anything hostile is read. Writable memory is limited, not address space: wasmtime reserves much of that.
    limit(Resource::Data, job.allowance.memory_bytes)?;
    limit(Resource::Cpu, job.allowance.time.as_secs().max(1))?;
    limit(Resource::Core, 0)?;
    // Customers come first.
    nice(19)?;
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm)?;
    let (report, compiled) = in_process(job.limits, &wasm)?;
    if let Some(compiled) = compiled {
        fs::write(job.folder.join(LIVE), compiled.live)?;
        fs::write(job.folder.join(METERED), compiled.metered)?;
    }
    fs::write(job.folder.join(REPORT), serde_json::to_vec(&report)?)?;
    Ok(())
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// A folder that goes when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(below: &Path) -> io::Result<Self> {
        let path = below.join(format!("{}.half", uuid::Uuid::now_v7()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Swept at the next start if this fails.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn examine(
    program: &Path,
    allowance: Allowance,
    below: &Path,
    limits: Limits,
    wasm: &[u8],
) -> Result<(Report, Option<Compiled>), LoadError> {
    let scratch = Scratch::new(below)?;
    let job = Job { folder: scratch.0.clone(), limits, allowance };
    let job = serde_json::to_string(&job).map_err(|e| LoadError::Compiler(e.to_string()))?;
    let unable = |e: io::Error| LoadError::Compiler(format!("{}: {e}", program.display()));
    let mut child = Command::new(program)
        .args([CHILD, &job])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(unable)?;
    let deadline = Instant::now() + allowance.time.saturating_mul(PATIENCE);
    let mut input = child.stdin.take();
    let ended = thread::scope(|scope| {
        // From a thread of its own: a child that stops reading must not hold its parent.
        scope.spawn(move || input.take().map(|mut input| input.write_all(wasm)));
        loop {
            match child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
                Ok(Some(status)) => return Ok(Some(status)),
                over => {
                    // Killing can only fail where it has ended.
                    let _ = child.kill();
                    let _ = child.wait();
                    return over.map(|_| None);
                }
            }
        }
    });
    let hint = "make it smaller: simpler functions, fewer dependencies";
    match ended.map_err(unable)? {
        Some(status) if status.success() => {}
        Some(status) if status.signal() != Some(SIGXCPU) => {
            let mebibytes = allowance.memory_bytes >> 20;
            let what = format!("can't be compiled within {mebibytes} MiB of memory");
            return Err(LoadError::TooCostly(Finding::new(what, hint)));
        }
        _ => {
            let what = format!("takes more than {} s of processor time to compile", allowance.time.as_secs());
            return Err(LoadError::TooCostly(Finding::new(what, hint)));
        }
    }
    let read = |name: &str| fs::read(scratch.0.join(name));
    let report: Report =
        serde_json::from_slice(&read(REPORT)?).map_err(|e| LoadError::Compiler(e.to_string()))?;
    let compiled = match report.refusals.is_empty() {
        true => Some(Compiled { live: read(LIVE)?, metered: read(METERED)? }),
        false => None,
    };
    Ok((report, compiled))
}
