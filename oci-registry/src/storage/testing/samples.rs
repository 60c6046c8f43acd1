use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_spec_types::{Digest, MediaType, RepositoryName, Tag};

use super::super::{PutManifest, Storage, StorageError, StoredManifest, Upload, UploadId};

/// A storage to check, and repositories in it.
pub(super) struct Bench<'s> {
    pub(super) first: RepositoryName,
    pub(super) second: RepositoryName,
    pub(super) storage: &'s dyn Storage,
}

impl<'s> Bench<'s> {
    pub(super) fn new(storage: &'s dyn Storage) -> Self {
        Self {
            first: name("first"),
            // One of which the first could be a part.
            second: name("first/second"),
            storage,
        }
    }

    /// Commits a blob.
    pub(super) async fn push(&self, repository: &RepositoryName, content: &[u8]) -> Result<Digest, String> {
        let mut upload = self.begin(repository).await?.1;
        for chunk in content.chunks(CHUNK) {
            done(upload.append(Bytes::copy_from_slice(chunk)).await)?;
        }
        let digest = Digest::sha256(content);
        done(upload.commit(&digest).await)?;
        Ok(digest)
    }

    /// Begins an upload.
    pub(super) async fn begin(&self, repository: &RepositoryName) -> Result<(UploadId, Box<dyn Upload>), String> {
        let id = done(UploadId::random())?;
        Ok((id, done(self.storage.begin_upload(repository, id).await)?))
    }

    /// Begins an upload and saves it with this content.
    pub(super) async fn save(&self, repository: &RepositoryName, content: &'static [u8]) -> Result<UploadId, String> {
        let (id, mut upload) = self.begin(repository).await?;
        if !content.is_empty() {
            done(upload.append(Bytes::from_static(content)).await)?;
        }
        done(upload.save().await)?;
        Ok(id)
    }

    /// The content of a blob.
    pub(super) async fn read(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<Bytes>, String> {
        match done(self.storage.blob(repository, digest).await)? {
            None => Ok(None),
            Some(blob) => {
                let size = blob.size();
                collect(blob.read(0..size)).await.map(Some)
            }
        }
    }

    /// Stores a manifest with this content in the first repository.
    pub(super) async fn put(&self, content: &'static [u8], tags: &[&str]) -> Result<Digest, String> {
        let put = manifest(&self.first, content).with_tags(tags.iter().map(|tag| self::tag(tag)).collect());
        let digest = put.digest.clone();
        done(self.storage.put_manifest(put).await)?;
        Ok(digest)
    }
}

/// A manifest to store.
pub(super) fn manifest(repository: &RepositoryName, content: &'static [u8]) -> PutManifest {
    let stored = StoredManifest::new(MediaType::IMAGE_MANIFEST, Bytes::from_static(content));
    PutManifest::new(repository.clone(), Digest::sha256(content), stored)
}

pub(super) fn tag(text: &str) -> Tag {
    text.parse().expect("the checks use valid tags")
}

pub(super) fn name(text: &str) -> RepositoryName {
    text.parse().expect("the checks use valid names")
}

/// A call that has to succeed.
pub(super) fn done<T>(result: Result<T, StorageError>) -> Result<T, String> {
    result.map_err(|error| format!("a call failed: {error}"))
}

/// All of a body.
pub(super) async fn collect(body: Body) -> Result<Bytes, String> {
    body.collect(usize::MAX)
        .await
        .map_err(|error| format!("a read failed: {error}"))
}

/// Fails with `reason` unless `kept`.
pub(super) fn ensure(kept: bool, reason: &str) -> Result<(), String> {
    if kept { Ok(()) } else { Err(reason.to_owned()) }
}

/// As much as the registry appends at once.
pub(super) const CHUNK: usize = 256 * 1024;
