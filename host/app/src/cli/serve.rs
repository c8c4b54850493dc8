//! `shopkeeper serve`.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, Log, LogFormat},
    serve::Running,
    service::{DataFolder, Service, StartError},
};

pub(super) async fn run(config: Config, data: &Path) -> Result<(), StartError> {
    log_to_stderr(&config.log)?;
    let folder = DataFolder::open(data)?;
    // Asked for before the line that says the service is ready, so that no signal is missed after it.
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::new)?;
    let service = Service::open(config, &folder).await?;
    if let Some(path) = &service.first_start {
        println!("the admin key is in {}: keep it safe, it opens everything", path.display());
    }
    let running = Running::start(service).await?;
    println!("listening on http://{}", running.address);
    io::stdout().flush().map_err(StartError::new)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing what is under way");
    running.stop().await;
    Ok(())
}

fn log_to_stderr(config: &Log) -> Result<(), StartError> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|e| StartError::new(format!("log.filter {:?} can't be used: {e}", config.filter)))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(StartError::new)
}
