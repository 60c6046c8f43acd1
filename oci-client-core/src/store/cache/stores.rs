//! The stores of this crate as caches.

use async_trait::async_trait;
use oci_spec_types::Digest;

use super::CacheStore;
use crate::Error;
use crate::store::{MemoryStore, OciLayout};

#[async_trait]
impl CacheStore for MemoryStore {
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        self.stock()
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Error> {
        self.forget(digest);
        Ok(())
    }
}

/// The folder has blobs and no entries.
#[async_trait]
impl CacheStore for OciLayout {
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error> {
        self.stock().await
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Error> {
        self.remove_blob(digest).await
    }
}
