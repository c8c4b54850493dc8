//! The command line. Exit codes: 0 done, 1 failed (one clear line says why), 2 wrong usage.

mod doctor;
mod keys;
mod plugin;
mod serve;
mod shops;

use std::{
    collections::HashMap,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use shopkeeper_engine::{CHILD, serve_child};

use crate::{
    config::{self, Config},
    service::{DataFolder, StartError},
};

/// The configuration that is read where none is named.
const CONFIG_FILE: &str = "shopkeeper.toml";

/// The photo-retouching shop's service: quotes, payments, processing, revisions, mail.
#[derive(Parser)]
#[command(name = "shopkeeper", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// The data folder: database, pictures, mails, keys.
    #[arg(long, global = true, default_value = "./data", value_name = "DIR")]
    data: PathBuf,
    /// A configuration file; ./shopkeeper.toml where it is left out and there is one. `shopkeeper config` prints every
    /// key with its default.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service until SIGTERM or Ctrl-C, then finishes what it has in hand.
    Serve {
        /// Where to listen; port 0 takes a free one. Overrides the configuration.
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Adds and lists shops, without the service.
    #[command(subcommand)]
    Shop(shops::ShopCommand),
    /// Makes and lists keys, without the service.
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Makes, checks and publishes plugins.
    #[command(subcommand)]
    Plugin(Box<plugin::PluginCommand>),
    /// Checks what is configured, writable and reachable. Prints no secrets.
    Doctor,
    /// Prints the configuration with every key and its default.
    Config,
    /// Prints the OpenAPI document.
    Openapi,
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Not for people: what the service runs to examine a component.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_some_and(|first| first == CHILD) {
        return serve_child(&arguments.next().unwrap_or_default());
    }
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shopkeeper: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, StartError> {
    match cli.command {
        Command::Config => print!("{}", config::DEFAULT),
        Command::Openapi => println!("{}", crate::openapi()),
        Command::Serve { listen } => {
            let mut config = load(&cli.common)?;
            config.server.listen = listen.unwrap_or(config.server.listen);
            runtime()?.block_on(serve::run(config, &cli.common.data))?;
        }
        Command::Shop(command) => {
            let data = DataFolder::open(&cli.common.data)?;
            runtime()?.block_on(shops::run(command, &data, cli.common.json))?;
        }
        Command::Key(command) => {
            let data = DataFolder::open(&cli.common.data)?;
            runtime()?.block_on(keys::run(command, &data, cli.common.json))?;
        }
        Command::Plugin(command) => {
            let fine = runtime()?.block_on(plugin::run(*command, cli.common.json))?;
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Doctor => {
            let found = runtime()?.block_on(doctor::run(&cli.common));
            return Ok(doctor::print(&found, cli.common.json));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(common: &Common) -> Result<Config, StartError> {
    // What is no text can be none of ours.
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let environment: HashMap<String, String> = std::env::vars_os().filter_map(text).collect();
    let here = Path::new(CONFIG_FILE);
    let file = common.config.as_deref().or_else(|| here.exists().then_some(here));
    Config::load(file, &environment).map_err(StartError::new)
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::new)
}
