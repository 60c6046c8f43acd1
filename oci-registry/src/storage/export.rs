use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::{CopyOptions, OciLayout, Source, Stored, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Limits, RepositoryName, Tag, TagOrDigest};

use super::{Storage, StorageError};

/// Writes everything that the tags of a repository point to into the OCI layout directory `path`, which is made if it is not there, and returns
/// the number of tags. `skopeo copy oci:path:tag …` and other tools read it.
///
/// What refers to that, such as signatures, comes too: `index.json` lists it without a name, where `oras discover --oci-layout` looks for it.
///
/// Content is streamed and verified; what the layout has already is left. Blobs that the storage keeps as files on the same file system become hard links, which take no room: then
/// the files belong to the storage too, and must not be written to in place.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_registry::storage::{MemoryStorage, export_layout};
///
/// let folder = tempfile::tempdir()?;
/// let storage = Arc::new(MemoryStorage::new());
/// let repository = "library/app".parse()?;
/// let export = export_layout(storage, &repository, folder.path(), Arc::new(ThreadRuntime::new()));
/// assert_eq!(block_on(export)?, 0);
/// assert!(folder.path().join("oci-layout").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the storage fails, a tag points to something that is not all there, or the directory cannot be written. What was written before stays, whole.
///
/// # Cancellation
/// Dropping the future leaves a layout with the tags that it has come to.
pub async fn export_layout(
    storage: Arc<dyn Storage>,
    repository: &RepositoryName,
    path: impl AsRef<Path>,
    runtime: Arc<dyn Runtime>,
) -> Result<usize, Error> {
    let source = StoredRepository {
        repository: repository.clone(),
        storage,
    };
    let target = LinkedLayout {
        layout: OciLayout::create(path.as_ref(), Arc::clone(&runtime)).await?,
        path: path.as_ref().to_owned(),
        runtime,
        source: &source,
    };
    let (mut after, mut exported): (Option<Tag>, _) = (None, 0);
    loop {
        let after_text = after.as_ref().map(ToString::to_string);
        let page = source.storage.tags(repository, after_text.as_deref(), PAGE).await;
        let Some(page) = page.map_err(failed)? else {
            return Ok(exported);
        };
        for tag in page.items() {
            let from = TagOrDigest::Tag(tag.clone());
            copy(&source, &from, &target, Some(tag), &CopyOptions::new().with_referrers()).await?;
            exported += 1;
        }
        if !page.has_more() {
            return Ok(exported);
        }
        after = page.into_items().pop();
    }
}

/// A repository of a storage, to copy from.
#[derive(Clone)]
struct StoredRepository {
    repository: RepositoryName,
    storage: Arc<dyn Storage>,
}

#[async_trait]
impl Source for StoredRepository {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let absent = || {
            Error::new(
                ErrorKind::NotFound,
                format!("no manifest {target} in {}", self.repository),
            )
        };
        let digest = match target {
            TagOrDigest::Digest(digest) => Some(digest.clone()),
            TagOrDigest::Tag(tag) => self.storage.tag(&self.repository, tag).await.map_err(failed)?,
        };
        let digest = digest.ok_or_else(absent)?;
        let stored = self.storage.manifest(&self.repository, &digest).await.map_err(failed)?;
        let stored = stored.ok_or_else(absent)?;
        let size = stored.content().len();
        let expected = Descriptor::new(stored.media_type().clone(), digest, size as u64);
        let limits = Limits::new().with_document_bytes(size);
        Document::parse_verified(stored.content().as_ref(), &expected, &limits)
            .map_err(|error| Error::new(ErrorKind::Store, "a stored manifest cannot be read").with_source(error))
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Ok(Arc::new(StoredContent {
            digest: descriptor.digest.clone(),
            repository: self.clone(),
        }))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let mut found: Vec<Descriptor> = Vec::new();
        loop {
            let after = found.last().map(|last| last.digest.to_string());
            let page = self
                .storage
                .referrers(&self.repository, subject, after.as_deref(), PAGE)
                .await;
            let page = page.map_err(failed)?;
            let has_more = page.has_more();
            found.extend(page.into_items());
            if !has_more {
                return Ok(found);
            }
        }
    }
}

/// A blob of a repository.
struct StoredContent {
    digest: Digest,
    repository: StoredRepository,
}

#[async_trait]
impl Content for StoredContent {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let StoredRepository { repository, storage } = &self.repository;
        let blob = storage.blob(repository, &self.digest).await.map_err(failed)?;
        let absent = || Error::new(ErrorKind::NotFound, format!("no blob {} in {repository}", self.digest));
        let blob = blob.ok_or_else(absent)?;
        let end = span.len.map_or(blob.size(), |length| span.start.saturating_add(length));
        let chunks = stream::unfold(blob.read(span.start..end), async |mut body| {
            let chunk = body.chunk().await?;
            let failed = |error| Error::new(ErrorKind::Store, "a stored blob cannot be read").with_source(error);
            Some((chunk.map_err(failed), body))
        });
        // Some ask once more after the end.
        Ok(Box::pin(chunks.fuse()))
    }
}

/// A layout whose blobs are links to the storage's files where that is possible.
struct LinkedLayout<'s> {
    layout: OciLayout,
    path: PathBuf,
    runtime: Arc<dyn Runtime>,
    source: &'s StoredRepository,
}

impl LinkedLayout<'_> {
    /// Puts a blob into the layout as a link, if the storage keeps it as a file and the file system can. Otherwise it is copied.
    async fn link(&self, digest: &Digest) -> Result<(), Error> {
        let StoredRepository { repository, storage } = self.source;
        let blob = storage.blob(repository, digest).await.map_err(failed)?;
        if let Some(file) = blob.and_then(|blob| blob.file().map(Path::to_owned)) {
            let directory = self.path.join("blobs").join(digest.algorithm().as_str());
            let link = directory.join(digest.encoded_string());
            let work = move || fs::create_dir_all(directory).and_then(|()| fs::hard_link(file, link));
            drop(unblock(&*self.runtime, work).await);
        }
        Ok(())
    }
}

#[async_trait]
impl Target for LinkedLayout<'_> {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.link(&descriptor.digest).await?;
        self.layout.put_blob(descriptor, content).await
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.layout.put_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.layout.put_root(document, tag).await
    }
}

fn failed(error: StorageError) -> Error {
    Error::new(ErrorKind::Store, "the storage failed").with_source(error)
}

/// How many tags are asked for at once.
const PAGE: usize = 4096;
