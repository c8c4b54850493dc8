//! `shopkeeper plugin`: for authors, from an empty folder to a plugin that answers customers.

mod bench;
mod cases;
mod dev;
mod new;
mod remote;
mod workbench;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use shopkeeper_domain::roles::Role;
use shopkeeper_engine::glance;
use shopkeeper_toolchain::{Missing, Project};

use crate::service::StartError;
use remote::{Remote, Target};

/// What a command line gave for a role.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Pricing,
    Detection,
    Wording,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Pricing => Self::Pricing,
            RoleName::Detection => Self::Detection,
            RoleName::Wording => Self::Wording,
        }
    }
}

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LanguageName {
    Rust,
    Python,
    #[value(name = "javascript")]
    JavaScript,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ModeName {
    Live,
    Shadow,
    Canary,
}

/// A project's folder or a component.
#[derive(Args)]
pub(super) struct Where {
    /// The plugin's folder, or a component; the current folder where it is left out.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
}

impl Where {
    /// The component's file.
    fn component(&self) -> PathBuf {
        if self.path.is_dir() { self.path.join(shopkeeper_toolchain::COMPONENT) } else { self.path.clone() }
    }

    fn read(&self) -> Result<Vec<u8>, StartError> {
        let path = self.component();
        std::fs::read(&path).map_err(|e| {
            StartError::new(format!("{}: {e}; `shopkeeper plugin build` makes it", path.display()))
        })
    }
}

/// Makes, checks and publishes plugins.
#[derive(Subcommand)]
pub(super) enum PluginCommand {
    /// Makes a project that builds at once.
    New {
        /// What it is for.
        #[arg(long, value_enum)]
        role: RoleName,
        /// What it is written in.
        #[arg(long, value_enum)]
        lang: LanguageName,
        /// Its name and folder: lower-case letters, digits and -.
        name: String,
    },
    /// Builds the component plugin.wasm; finds the language's tools, or says what to install.
    Build {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Everything that an upload would check, with what to do about it.
    Check(Where),
    /// Runs the cases in cases/*.toml, each twice.
    Test {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The component, where it is not the folder's plugin.wasm.
        #[arg(long, value_name = "FILE")]
        component: Option<PathBuf>,
    },
    /// How long a call takes: each case as customers' calls are run.
    Bench {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Asks one thing: the component here, or with --shop the live plugin there.
    Try {
        #[command(flatten)]
        place: Where,
        /// The call's input as JSON; what is left out has a plain default.
        #[arg(long)]
        input: String,
        /// Of detection: read-intent or find-operations.
        #[arg(long)]
        function: Option<String>,
        /// A file with settings, instead of the defaults.
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// For a component, which of its roles; for a shop, which of its plugins.
        #[arg(long, value_enum)]
        role: Option<RoleName>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Uploads the component to a shop; activates nothing.
    Push {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        remote: Remote,
    },
    /// Uses an uploaded plugin from now on.
    Activate {
        #[command(flatten)]
        target: Target,
        /// live: it answers; shadow: it is asked beside and compared; canary: it answers some customers.
        #[arg(long, value_enum, default_value = "live")]
        mode: ModeName,
        /// Of a canary: how many of a hundred customers.
        #[arg(long)]
        percent: Option<u8>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Back to what answered before, at last to the built-in plugin.
    Rollback {
        /// In which role.
        #[arg(value_enum)]
        role: RoleName,
        #[command(flatten)]
        remote: Remote,
    },
    /// Asks the last recorded calls again under this plugin: what would have been different?
    Replay {
        #[command(flatten)]
        target: Target,
        /// How many calls.
        #[arg(long, default_value_t = 100)]
        last: u32,
        #[command(flatten)]
        remote: Remote,
    },
    /// Shows the live plugin's settings, or with a file changes them.
    Settings {
        /// In which role.
        #[arg(value_enum)]
        role: RoleName,
        /// The new settings as JSON.
        file: Option<PathBuf>,
        #[command(flatten)]
        remote: Remote,
    },
    /// What is uploaded, what is live, and how it fares.
    Status {
        #[command(flatten)]
        remote: Remote,
    },
    /// Builds, pushes and activates at every save, until Ctrl-C.
    Dev {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        #[command(flatten)]
        remote: Remote,
    },
}

/// Runs a command; says whether what it looked at is in order.
pub(super) async fn run(command: PluginCommand, json: bool) -> Result<bool, StartError> {
    match command {
        PluginCommand::New { role, lang, name } => new::run(role.into(), lang, &name).map(|()| true),
        PluginCommand::Build { folder } => {
            let path = build(&folder)?;
            if json {
                println!("{}", serde_json::json!({ "component": path }));
            } else {
                let bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
                println!("built {} ({})", path.display(), workbench::size(bytes));
            }
            Ok(true)
        }
        PluginCommand::Check(place) => workbench::check(&place.read()?, json).await,
        PluginCommand::Test { folder, component } => {
            let place = Where { path: component.unwrap_or_else(|| folder.clone()) };
            cases::run(&folder, &place, json).await
        }
        PluginCommand::Bench { folder } => bench::run(&folder, json).await,
        PluginCommand::Try { place, input, function, settings, role, remote } => {
            let asked = remote::Trial { input, function, settings, role: role.map(Role::from) };
            if remote.is_named() {
                remote.try_out(asked).await
            } else {
                workbench::try_out(&place.read()?, asked, json).await
            }
        }
        PluginCommand::Push { place, remote } => {
            let digest = remote.push(place.read()?, json).await?;
            if !json {
                println!("pushed {digest}");
            }
            Ok(true)
        }
        PluginCommand::Activate { target, mode, percent, remote } => {
            remote.activate(&target, mode, percent, json).await
        }
        PluginCommand::Rollback { role, remote } => remote.roll_back(role.into(), json).await,
        PluginCommand::Replay { target, last, remote } => remote.replay(&target, last, json).await,
        PluginCommand::Settings { role, file, remote } => {
            remote.settings(role.into(), file.as_deref(), json).await
        }
        PluginCommand::Status { remote } => remote.status(json).await,
        PluginCommand::Dev { folder, remote } => dev::run(&folder, &remote).await,
    }
}

/// Builds a project, and holds it to what its manifest asks for.
fn build(folder: &Path) -> Result<PathBuf, StartError> {
    let project = Project::read(folder).map_err(StartError::new)?;
    let path = shopkeeper_toolchain::build(folder, Missing::Explain).map_err(StartError::new)?;
    let wasm = std::fs::read(&path).map_err(|e| StartError::new(format!("{}: {e}", path.display())))?;
    let seen = glance(&wasm);
    let beyond: Vec<&str> = seen
        .capabilities
        .iter()
        .map(|c| c.name())
        .filter(|c| !project.capabilities.iter().any(|p| p == c))
        .collect();
    if !beyond.is_empty() {
        return Err(StartError::new(format!(
            "{} imports more than plugin.toml asks for: {}\n  it imports {}\n  hint: leave it out, or add it to `capabilities`",
            path.display(),
            beyond.join(", "),
            seen.imports.join(", ")
        )));
    }
    Ok(path)
}
