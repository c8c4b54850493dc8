//! Erasing a customer: the rows in one transaction, then the files. A crash in between is mended at the next start,
//! since the files to be removed stand in the database until they are gone.

use std::io;

use chrono::TimeDelta;
use shopkeeper_domain::{CustomerKey, ImageId, ShopId};
use shopkeeper_storage::{Doomed, DoomedFile, Erased, StorageError};

use crate::{pictures::PictureError, service::Service, workflow::now};

/// How many customers and how many pictures expire at once: no other writer is to wait long.
const EXPIRED: u32 = 500;

impl Service {
    /// Erases a customer, also while their work is under way: whoever is at it finds nothing to report to. None where
    /// nothing is known of them.
    pub(crate) async fn erase(
        &self,
        shop: &ShopId,
        key: &CustomerKey,
    ) -> Result<Option<Erased>, StorageError> {
        let erased = self.workflow.store.erase(shop, key, now()).await?;
        if erased.is_some() {
            self.sweep().await;
        }
        Ok(erased)
    }

    /// A picture that was made and is not wanted any more goes, unless somebody uses it.
    pub(crate) async fn unwanted(&self, shop: &ShopId, picture: &ImageId) -> Result<(), StorageError> {
        if self.workflow.store.drop_unused_picture(shop, picture, now()).await? {
            self.sweep().await;
        }
        Ok(())
    }

    /// Erases what has been kept as long as the configuration says.
    pub(crate) async fn expire(&self) -> Result<(), StorageError> {
        let store = &self.workflow.store;
        let before = |days: u32| (days > 0).then(|| now() - TimeDelta::days(i64::from(days)));
        let mut gone = 0;
        if let Some(before) = before(self.config.retention.customers_days) {
            for (shop, key) in store.idle_customers(before, EXPIRED).await? {
                gone += usize::from(store.erase(&shop, &key, now()).await?.is_some());
            }
        }
        if let Some(before) = before(self.config.retention.unused_pictures_days) {
            for (shop, picture) in store.unused_pictures(before, EXPIRED).await? {
                gone += usize::from(store.drop_unused_picture(&shop, &picture, now()).await?);
            }
        }
        if gone > 0 {
            tracing::info!(gone, "customers and pictures were kept long enough and are erased");
        }
        Ok(())
    }

    /// Removes the files that are doomed. What can't be removed now stays doomed.
    pub(crate) async fn sweep(&self) {
        if let Err(error) = self.try_sweep().await {
            tracing::error!(%error, "what was erased could not be removed from the disk yet: it will be tried again");
        }
    }

    async fn try_sweep(&self) -> Result<(), PictureError> {
        let store = &self.workflow.store;
        let doomed = store.doomed().await?;
        for Doomed { shop, file, .. } in &doomed {
            match file {
                DoomedFile::Picture { id, media_type } => self.pictures.remove(shop, id, media_type).await?,
                DoomedFile::Mail(id) => {
                    absent(tokio::fs::remove_file(self.mails.join(format!("{id}.eml"))).await)?;
                }
                DoomedFile::Traces => {}
            }
        }
        let at = now();
        let over = doomed.into_iter().filter(|d| d.until <= at);
        let (traces, files): (Vec<Doomed>, Vec<Doomed>) = over.partition(|d| d.file == DoomedFile::Traces);
        store.forget_doomed(files).await?;
        // Last, since the list of the files is a trace too.
        if !traces.is_empty() && store.scrub().await? {
            store.forget_doomed(traces).await?;
        }
        Ok(())
    }
}

/// A file that is not there need not be removed.
pub(crate) fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
