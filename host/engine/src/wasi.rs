//! A WASI 0.2 with nothing in it, so that components of stock toolchains run: no arguments, environment, files or
//! network; the clock stands at the call's `now`, randomness is the same for the same call, a wait is over at once,
//! and what is printed goes into the plugin's log.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use sha2::{Digest, Sha256};
use shopkeeper_domain::roles::Moment;
use tokio::io::AsyncWrite;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView,
    cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    filesystem::{WasiFilesystem, WasiFilesystemView},
    p2::{
        DynPollable, Pollable,
        bindings::{cli, clocks, filesystem, random},
        subscribe,
    },
    random::WasiRandom,
};

use crate::host::Call;

/// What is kept of a call's printing, in bytes.
const PRINTED: usize = 8 << 10;
/// How many streams, pollables and the like a call may hold at a time.
const RESOURCES: usize = 256;
/// The most random bytes at a time.
const RANDOM: u64 = 64 << 10;

/// The WASI of one call.
pub(crate) struct Inert {
    ctx: WasiCtx,
    table: ResourceTable,
    printed: Printed,
}

impl Inert {
    pub(crate) fn new(now: Moment, settings: &str) -> Self {
        let printed = Printed::default();
        let seed = Sha256::new()
            .chain_update(now.unix_milliseconds.to_le_bytes())
            .chain_update(settings)
            .finalize()
            .to_vec();
        let number = u128::from_le_bytes(seed[..16].try_into().expect("a digest has 32 bytes"));
        let since = Duration::from_millis(u64::try_from(now.unix_milliseconds).unwrap_or(0));
        let ctx = WasiCtx::builder()
            .stdout(printed.clone())
            .stderr(printed.clone())
            .wall_clock(Frozen(since))
            .monotonic_clock(Frozen(since))
            .secure_random(Deterministic::new(seed.clone()))
            .insecure_random(Deterministic::new(seed))
            .insecure_random_seed(number)
            .max_random_size(RANDOM)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Self { ctx, table, printed }
    }

    /// What was printed, line by line.
    pub(crate) fn printed(&self) -> Vec<String> {
        let bytes = self.printed.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.ctx, table: &mut wasi.table }
    }
}

/// A clock that stands still.
struct Frozen(Duration);

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Where printing goes: kept up to a limit, the rest is dropped.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Printed {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = PRINTED.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A clock whose waits are over at once: a plugin that sleeps would hold a place that others wait for.
struct Waits<'a>(&'a mut Call);

struct HasWaits;

impl HasData for HasWaits {
    type Data<'a> = Waits<'a>;
}

struct Over;

#[wasmtime_wasi::async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

impl Waits<'_> {
    fn over(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let table = self.0.ctx().table;
        let over = table.push(Over)?;
        subscribe(table, over)
    }
}

impl clocks::monotonic_clock::Host for Waits<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.0.clocks().now()
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        clocks::monotonic_clock::Host::resolution(&mut self.0.clocks())
    }

    fn subscribe_instant(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.over()
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.over()
    }
}

struct HasIo;

impl HasData for HasIo {
    type Data<'a> = &'a mut ResourceTable;
}

/// Links everything that [`crate::contract`] lets a plugin import, and nothing else.
pub(crate) fn add_to_linker(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    use wasmtime_wasi_io::bindings::wasi::io;
    let l = linker;
    io::error::add_to_linker::<Call, HasIo>(l, |t| t.ctx().table)?;
    io::poll::add_to_linker::<Call, HasIo>(l, |t| t.ctx().table)?;
    io::streams::add_to_linker::<Call, HasIo>(l, |t| t.ctx().table)?;
    clocks::wall_clock::add_to_linker::<Call, WasiClocks>(l, Call::clocks)?;
    clocks::monotonic_clock::add_to_linker::<Call, HasWaits>(l, |t| Waits(t))?;
    filesystem::types::add_to_linker::<Call, WasiFilesystem>(l, Call::filesystem)?;
    filesystem::preopens::add_to_linker::<Call, WasiFilesystem>(l, Call::filesystem)?;
    random::random::add_to_linker::<Call, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    random::insecure::add_to_linker::<Call, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<Call, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    cli::exit::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::environment::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::stdin::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::stdout::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::stderr::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::terminal_input::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::terminal_output::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::terminal_stdin::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::terminal_stdout::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    cli::terminal_stderr::add_to_linker::<Call, WasiCli>(l, Call::cli)?;
    Ok(())
}
