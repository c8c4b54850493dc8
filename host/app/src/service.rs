//! Everything a running service is made of, put together once.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use shopkeeper_domain::{ImageId, ShopId};
use shopkeeper_engine::{Allowance, CodeCache, Compiler, Engine, EngineConfig, Library};
use shopkeeper_storage::{Key, Sqlite, Storage};
use uuid::Uuid;

use crate::{
    config::Config,
    fetch::Fetcher,
    image_ai::ImageAi,
    imaging::Limits,
    mailer::{self, Mailer},
    metrics::Metrics,
    pictures::{Desk, Pictures},
    plugins::Plugins,
    secrets::{ApiKey, Secret, write_private},
    shops::Shops,
    wake::Wake,
    workflow::Workflow,
};

/// How long a link to a picture is good where nothing else is said.
pub(crate) const LINK: TimeDelta = TimeDelta::hours(24);
/// The longest side of a picture in pixels.
const MAX_SIDE: u32 = 16_384;

/// Why a service can't start: one clear line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    pub(crate) fn new(what: impl std::fmt::Display) -> Self {
        Self(what.to_string())
    }
}

/// The data folder: `shopkeeper.sqlite`, `images/`, `mail/`, `plugins/`, `cache/`, `tmp/`, `secret`, `admin.key`.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder, made where there is none.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        let problem = |e| StartError(format!("the data folder {} can't be written to: {e}", path.display()));
        fs::create_dir_all(path).map_err(problem)?;
        let probe = path.join(format!(".writable-{}", Uuid::now_v7()));
        File::create_new(&probe).and_then(|_| fs::remove_file(&probe)).map_err(problem)?;
        Ok(Self(path.to_owned()))
    }

    /// A file or folder in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Opens the database.
    pub fn storage(&self) -> Result<Sqlite, StartError> {
        Sqlite::open(&self.join("shopkeeper.sqlite")).map_err(StartError::new)
    }

    /// Takes the folder for one service; two on one folder would do everything twice.
    fn lock(&self) -> Result<File, StartError> {
        let path = self.join("lock");
        let problem = |e| StartError(format!("{} can't be written: {e}", path.display()));
        let file = File::create(&path).map_err(problem)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StartError(format!(
                "another shopkeeper is running on the data folder {}",
                self.0.display()
            ))),
            Err(TryLockError::Error(e)) => Err(problem(e)),
        }
    }
}

/// A service, ready to serve.
pub struct Service {
    pub(crate) config: Config,
    pub(crate) workflow: Workflow,
    pub(crate) shops: Arc<Shops>,
    pub(crate) pictures: Pictures,
    pub(crate) fetcher: Fetcher,
    pub(crate) image_ai: ImageAi,
    pub(crate) mailer: Box<dyn Mailer>,
    /// Where mails that are written into files lie.
    pub(crate) mails: PathBuf,
    pub(crate) secret: Secret,
    /// Where the admin key was written, if this was the first start.
    pub first_start: Option<PathBuf>,
    /// Held as long as the service lives.
    _lock: File,
}

impl Service {
    /// Opens the data folder and puts everything together.
    pub async fn open(config: Config, data: &DataFolder) -> Result<Self, StartError> {
        let lock = data.lock()?;
        let (secret, first) = Secret::load(&data.join("secret"))
            .map_err(|e| StartError(format!("{} can't be used: {e}", data.join("secret").display())))?;
        let (folder, engine_config) = (data.clone(), engine_config(&config, data, &secret));
        // Opening the database and loading the plugins both take a while: beside each other.
        let database = tokio::task::spawn_blocking(move || folder.storage());
        let engine = tokio::task::spawn_blocking(move || Engine::new(engine_config));
        let store: Arc<dyn Storage> = Arc::new(database.await.map_err(StartError::new)??);
        let engine = engine.await.map_err(StartError::new)?.map_err(StartError::new)?;
        let desk = Desk::open(data.join("tmp"))
            .map_err(|e| StartError(format!("{} can't be written to: {e}", data.join("tmp").display())))?;
        let first_start = admin_key(data, store.as_ref(), first).await?;
        let limits = Limits {
            max_bytes: config.images.max_bytes,
            max_pixels: config.images.max_pixels,
            max_side: MAX_SIDE,
        };
        let shops = Arc::new(Shops::new(store.clone(), engine.clone()));
        let (metrics, wake) = (Arc::new(Metrics::new()), Arc::new(Wake::new()));
        let plugins = Plugins::new(store.clone(), engine, shops.clone(), metrics.clone(), wake.clone());
        Ok(Self {
            pictures: Pictures::new(data.join("images"), desk.clone(), limits, store.clone()),
            fetcher: Fetcher::new(&config.images).map_err(StartError::new)?,
            mails: data.join("mail"),
            mailer: mailer::open(&config.mail, data.join("mail"), desk).map_err(StartError)?,
            image_ai: ImageAi::new(&config).map_err(StartError::new)?,
            shops,
            workflow: Workflow {
                store,
                plugins: Arc::new(plugins),
                metrics,
                wake,
                processing_enabled: config.processing.enabled,
            },
            secret,
            config,
            first_start,
            _lock: lock,
        })
    }

    /// A link to a shop's picture that needs no key, for so long.
    pub(crate) fn signed_link(&self, shop: &ShopId, image: &ImageId, good_for: TimeDelta) -> String {
        let expires = (crate::workflow::now() + good_for).timestamp();
        let signature = self.secret.sign_link(shop.as_str(), image.as_str(), expires);
        let base = self.config.server.public_url.trim_end_matches('/');
        format!("{base}/v1/shops/{shop}/images/{image}?expires={expires}&signature={signature}")
    }

    /// The plugin host.
    pub fn engine(&self) -> &Engine {
        &self.workflow.plugins.engine
    }

    /// The shops.
    pub fn shops(&self) -> &Shops {
        &self.shops
    }

    /// The storage.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.workflow.store
    }
}

/// This program as it was when it started, also after an upgrade has replaced its file.
const THIS_PROGRAM: &str = "/proc/self/exe";

fn engine_config(config: &Config, data: &DataFolder, secret: &Secret) -> EngineConfig {
    let plugins = &config.plugins;
    let allowance = Allowance {
        time: Duration::from_secs(plugins.compile_seconds),
        memory_bytes: plugins.compile_mib << 20,
    };
    let program = config.program.clone().unwrap_or_else(|| THIS_PROGRAM.into());
    EngineConfig {
        library: Some(Library {
            components: data.join("plugins"),
            cache: CodeCache { dir: data.join("cache"), key: secret.derive("compiled code") },
            compiler: Compiler::Child { program, allowance },
        }),
        limits: plugins.limits(),
        concurrent_calls: plugins.concurrent_calls,
    }
}

/// On the first start the installation's key is made and written where only the owner can read it.
async fn admin_key(
    data: &DataFolder,
    store: &dyn Storage,
    first: bool,
) -> Result<Option<PathBuf>, StartError> {
    let path = data.join("admin.key");
    let there = fs::read_to_string(&path).unwrap_or_default();
    let known = store.keys(None).await.map_err(StartError::new)?;
    // Not the first start, and it came to its end: who took the file away has put it somewhere safe.
    if !first && !known.is_empty() && (there.is_empty() || ApiKey::read(&there).is_some()) {
        return Ok(None);
    }
    let key = match ApiKey::read(&there) {
        // A start that ended between the file and the database.
        Some(key) => key,
        None if there.trim().is_empty() => {
            let key = ApiKey::fresh().map_err(StartError::new)?;
            write_private(&path, format!("{}\n", key.0).as_bytes())
                .map_err(|e| StartError(format!("{} can't be written: {e}", path.display())))?;
            key
        }
        None => {
            return Err(StartError(format!(
                "{} holds something else than a key: move it away",
                path.display()
            )));
        }
    };
    if known.iter().any(|k| k.digest == key.digest()) {
        return Ok(None);
    }
    store
        .add_key(Key {
            id: Uuid::now_v7(),
            shop: None,
            digest: key.digest(),
            scopes: vec!["admin".to_owned()],
            created_at: crate::workflow::now(),
        })
        .await
        .map_err(StartError::new)?;
    Ok(Some(path))
}
