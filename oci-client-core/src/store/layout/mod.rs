use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use self::files::Files;
use super::{Source, Stored, Target};
use crate::client::{Content, FileContent, PullOptions, sealed};
use crate::partial_file::PartialFile;
use crate::proto::Span;
use crate::runtime::{Runtime, unblock};
use crate::{Error, ErrorKind};

mod files;
mod gc;
mod index;
mod manifest;
mod reachable;
mod removal;
mod stock;
mod verify;

pub use gc::LayoutGarbage;
pub use index::LayoutIndex;
pub use manifest::parse_stored_manifest;
pub use verify::{LayoutProblem, LayoutReport};

/// An OCI image layout directory ([image-layout.md]): `oci-layout`, `index.json` and `blobs/`.
///
/// Blobs get their names once they are whole and verified; `index.json` is replaced as a whole, under a lock that other users of this type respect.
/// Whatever an entry leads to is on disk before the entry is, and the entry is once [`put_root`](Target::put_root) has returned; blobs that nothing was entered for may be gone after a power failure.
///
/// [image-layout.md]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
#[derive(Clone)]
pub struct OciLayout {
    files: Arc<Files>,
    runtime: Arc<dyn Runtime>,
}

impl OciLayout {
    /// Opens the layout in `path`, which must be one already.
    ///
    /// # Errors
    /// If there is none, or one of another version.
    pub async fn open(path: impl AsRef<Path>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        Self::with(path.as_ref().to_owned(), runtime, Files::open).await
    }

    /// Opens the layout in `path`, and creates an empty one first if there is none, with its folders.
    ///
    /// # Errors
    /// If it cannot be created, or there is a layout of another version.
    pub async fn create(path: impl AsRef<Path>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        Self::with(path.as_ref().to_owned(), runtime, Files::create).await
    }

    /// The entries of `index.json`, in order.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn entries(&self) -> Result<Vec<Descriptor>, Error> {
        self.blocking(|files| Ok(files.read_index()?.entries().to_vec())).await
    }

    async fn with(
        path: PathBuf,
        runtime: Arc<dyn Runtime>,
        open: impl FnOnce(PathBuf) -> Result<Files, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let files = unblock(&*runtime, move || open(path))
            .await
            .map_err(io::Error::from)??;
        Ok(Self {
            files: Arc::new(files),
            runtime,
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let files = self.files.clone();
        unblock(&*self.runtime, move || work(&files))
            .await
            .map_err(io::Error::from)?
    }

    /// The digest that a tag stands for.
    async fn lookup(&self, tag: &Tag) -> Result<Digest, Error> {
        let index = self.blocking(Files::read_index).await?;
        let entry = index.find(tag).ok_or_else(|| {
            let path = self.files.root().display();
            Error::new(
                ErrorKind::NotFound,
                format!("the layout in {path} has no entry tagged `{tag}`"),
            )
        })?;
        Ok(entry.digest.clone())
    }
}

impl fmt::Debug for OciLayout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OciLayout")
            .field("path", &self.files.root())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for OciLayout {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let digest = match target {
            TagOrDigest::Digest(digest) => digest.clone(),
            TagOrDigest::Tag(tag) => self.lookup(tag).await?,
        };
        self.blocking(move |files| files.read_manifest(&digest)).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let (checked, descriptor) = (descriptor.clone(), descriptor.clone());
        let path = self.blocking(move |files| files.find_blob(&descriptor)).await?;
        Ok(Arc::new(FileContent::new(path, self.runtime.clone()).verified(checked)))
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        // It looks for the file, and at its size.
        self.blob(descriptor).await.map(drop)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let subject = subject.clone();
        self.blocking(move |files| {
            files
                .read_index()?
                .referrers(&subject, |digest| files.read_manifest(digest))
        })
        .await
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.blocking(|files| Ok(files.read_index()?.tags())).await
    }
}

#[async_trait]
impl Target for OciLayout {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let (wanted, now) = (descriptor.clone(), UNIX_EPOCH + self.runtime.now().unix);
        let Some(path) = self.blocking(move |files| files.place_for_blob(&wanted, now)).await? else {
            return Ok(Stored::Present);
        };
        let checked = content
            .checked(sealed::Sealed)
            .is_some_and(|checked| same_content(checked, descriptor));
        if descriptor.size > PartialFile::BATCH
            && checked
            && let Some(repository) = content.repository(sealed::Sealed)
        {
            // Hashed while it is written, and in parts where it is large.
            repository.save_blob(descriptor, path, &PullOptions::new()).await?;
            return Ok(Stored::New);
        }
        let verifier = match checked {
            true => None,
            false => Some(descriptor.verifier()?),
        };
        let chunks = content.open(Span::new(0, descriptor.size)).await?;
        // The name is on disk before the entry of what leads to it.
        PartialFile::write_whole(path, &*self.runtime, verifier, chunks, PartialFile::rename).await?;
        Ok(Stored::New)
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        let document = document.clone();
        self.blocking(move |files| files.write_manifest(&document)).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        let (document, tag) = (document.clone(), tag.cloned());
        self.blocking(move |files| {
            files.write_manifest(&document)?;
            files.enter(document.descriptor(), tag.as_ref())
        })
        .await
    }

    /// Reads the blob: a damaged one is not there.
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        let wanted = descriptor.clone();
        self.blocking(move |files| Ok(files.has_blob(&wanted))).await
    }

    async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        match self.manifest(target).await {
            Ok(document) => Ok(Some(document.descriptor())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn same_content(one: &Descriptor, other: &Descriptor) -> bool {
    one.digest == other.digest && one.size == other.size
}
