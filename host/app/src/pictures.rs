//! Pictures on disk, by their content. A caller's URL or file name is never used as a path.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use shopkeeper_domain::{ImageId, ShopId};
use shopkeeper_storage::{Image, Storage, StorageError};
use tokio::sync::{RwLock, Semaphore};

use crate::{
    erasure::absent,
    imaging::{self, ImageProblem, Limits},
    secrets::sha256,
};

/// Why a picture was not kept or not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// The bytes are no picture this shop takes.
    #[error(transparent)]
    Refused(#[from] ImageProblem),
    /// The disk failed.
    #[error("the picture can't be kept on disk: {0}")]
    Disk(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A picture that was just kept.
pub(crate) struct Kept {
    pub(crate) id: ImageId,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bytes: u64,
}

/// Every shop's pictures, in a folder a shop.
#[derive(Clone)]
pub(crate) struct Pictures {
    root: PathBuf,
    desk: Desk,
    limits: Arc<Limits>,
    store: Arc<dyn Storage>,
    /// Decoding takes a core and up to a few hundred megabytes each: a bounded number at a time.
    decoders: Arc<Semaphore>,
    /// Pictures are kept beside each other, and removed with nobody between file and row.
    removing: Arc<RwLock<()>>,
}

impl Pictures {
    pub(crate) fn new(root: PathBuf, desk: Desk, limits: Limits, store: Arc<dyn Storage>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let decoders = Arc::new(Semaphore::new(cores));
        Self { root, desk, limits: Arc::new(limits), store, decoders, removing: Arc::default() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Checks and keeps a picture. The file is on disk before the database knows of it.
    pub(crate) async fn keep(&self, shop: &ShopId, bytes: Vec<u8>) -> Result<Kept, PictureError> {
        let _permit = self.decoders.acquire().await.expect("the semaphore is never closed");
        let _keeping = self.removing.read().await;
        let (limits, root, desk, folder) =
            (self.limits.clone(), self.root.clone(), self.desk.clone(), shop.clone());
        let image = tokio::task::spawn_blocking(move || -> Result<Image, PictureError> {
            let seen = imaging::inspect(&bytes, &limits)?;
            let id = ImageId::from_sha256(sha256(&[&bytes]));
            let image = Image {
                id,
                media_type: seen.format.media_type().to_owned(),
                width: seen.width,
                height: seen.height,
                bytes: bytes.len() as u64,
                created_at: crate::workflow::now(),
            };
            desk.write(&path(&root, &folder, &image.id, &image.media_type), &bytes)?;
            Ok(image)
        })
        .await
        .map_err(|e| io::Error::other(e.to_string()))??;
        let kept =
            Kept { id: image.id.clone(), width: image.width, height: image.height, bytes: image.bytes };
        self.store.add_image(shop, image).await?;
        Ok(kept)
    }

    /// Checks a picture that this service had made, and makes it smaller where it is larger than is taken.
    pub(crate) async fn accept(&self, bytes: Vec<u8>) -> Result<Vec<u8>, PictureError> {
        self.decode(move |limits| {
            if bytes.len() > limits.max_bytes {
                return imaging::smaller(&bytes, limits.max_side, limits);
            }
            imaging::inspect(&bytes, limits).map(|_| bytes)
        })
        .await
    }

    /// The picture as a JPEG with no side longer than this.
    pub(crate) async fn smaller(&self, bytes: Vec<u8>, side: u32) -> Result<Vec<u8>, PictureError> {
        self.decode(move |limits| imaging::smaller(&bytes, side, limits)).await
    }

    async fn decode<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Limits) -> Result<T, ImageProblem> + Send + 'static,
    ) -> Result<T, PictureError> {
        let _permit = self.decoders.acquire().await.expect("the semaphore is never closed");
        let limits = self.limits.clone();
        let done = tokio::task::spawn_blocking(move || work(&limits)).await;
        Ok(done.map_err(|e| io::Error::other(e.to_string()))??)
    }

    /// A shop's picture and its bytes; none where the shop has no such picture.
    pub(crate) async fn read(
        &self,
        shop: &ShopId,
        id: &ImageId,
    ) -> Result<Option<(Image, Vec<u8>)>, PictureError> {
        let Some(image) = self.store.image(shop, id).await? else { return Ok(None) };
        let bytes = tokio::fs::read(path(&self.root, shop, id, &image.media_type)).await?;
        Ok(Some((image, bytes)))
    }

    /// Removes the file of a picture that has no row any more. One that was kept anew meanwhile stays.
    pub(crate) async fn remove(
        &self,
        shop: &ShopId,
        id: &ImageId,
        media_type: &str,
    ) -> Result<(), PictureError> {
        let _removing = self.removing.write().await;
        if self.has(shop, id).await? {
            return Ok(());
        }
        Ok(absent(tokio::fs::remove_file(path(&self.root, shop, id, media_type)).await)?)
    }

    /// Whether the shop has this picture.
    pub(crate) async fn has(&self, shop: &ShopId, id: &ImageId) -> Result<bool, StorageError> {
        Ok(self.store.image(shop, id).await?.is_some())
    }
}

/// `<root>/<shop>/<first two digits>/<digest>.<extension>`: every part is made here, none by a caller.
fn path(root: &Path, shop: &ShopId, id: &ImageId, media_type: &str) -> PathBuf {
    root.join(shop.as_str()).join(&id.as_str()[..2]).join(format!("{id}.{}", extension(media_type)))
}

/// What a file of this type is called.
pub(crate) fn extension(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpg",
    }
}

/// Where files are written before they are put in their place, so that what is in its place is whole.
#[derive(Clone)]
pub(crate) struct Desk(PathBuf);

impl Desk {
    /// Clears the folder of what a killed process left half written.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => fs::create_dir_all(&folder)?,
        }
        Ok(Self(folder))
    }

    /// Writes a file so that it is whole or not there, also after a power cut. One that is there stays.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().ok_or_else(|| io::Error::other("a path without a folder"))?;
        fs::create_dir_all(folder)?;
        let half = self.0.join(uuid::Uuid::now_v7().to_string());
        let mut file = File::create_new(&half)?;
        let written =
            file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&half, path));
        if written.is_err() {
            // What is left of a failed write is of no use; the first error is the one to tell.
            let _ = fs::remove_file(&half);
        }
        written?;
        File::open(folder)?.sync_all()
    }
}
