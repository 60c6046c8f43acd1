use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::{LayoutIndex, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, LayoutHeader, MediaType, Tag, TagOrDigest};

use super::content;
use super::files::{Files, blob_name, failed};

/// An OCI archive: an image layout as a tar, read in place.
///
/// The file stays open; what is written to its name meanwhile is another file.
#[derive(Clone)]
pub struct OciArchive {
    files: Arc<Files>,
    index: LayoutIndex,
    runtime: Arc<dyn Runtime>,
}

impl OciArchive {
    /// Opens the archive at `path` and learns where its files are.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if it is compressed as a whole, has sparse files, or is a layout of another version; [`Invalid`](ErrorKind::Invalid) if it is no tar or no layout.
    ///
    /// # Limits
    /// 200,000 entries; 1 MiB for the extension of a header.
    pub async fn open(path: impl AsRef<Path>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let opened = unblock(&*runtime, move || {
            let files = Files::open(path)?;
            let index = read_index(&files)?;
            Ok::<_, Error>((files, index))
        });
        let (files, index) = opened.await.map_err(io::Error::from)??;
        Ok(Self::new(Arc::new(files), index, runtime))
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    pub(super) fn new(files: Arc<Files>, index: LayoutIndex, runtime: Arc<dyn Runtime>) -> Self {
        Self { files, index, runtime }
    }

    /// The entries of `index.json`, in order.
    pub fn entries(&self) -> &[Descriptor] {
        self.index.entries()
    }
}

impl fmt::Debug for OciArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OciArchive")
            .field("path", &self.files.path())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for OciArchive {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let digest = self.index.resolve(target).ok_or_else(|| {
            let message = format!("{} has no entry tagged `{target}`", self.files.path().display());
            Error::new(ErrorKind::NotFound, message)
        })?;
        let files = self.files.clone();
        let read = unblock(&*self.runtime, move || files.manifest(&digest));
        read.await.map_err(io::Error::from)?
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let place = self.files.find(&blob_name(&descriptor.digest));
        content::blob(&self.files, place, descriptor, &self.runtime)
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        // It looks for the entry, and at its size.
        self.blob(descriptor).await.map(drop)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let (files, index, subject) = (self.files.clone(), self.index.clone(), subject.clone());
        let found = unblock(&*self.runtime, move || {
            index.referrers(&subject, |digest| files.manifest(digest))
        });
        found.await.map_err(io::Error::from)?
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.index.tags())
    }
}

/// The index of a layout that this version can read.
pub(super) fn read_index(files: &Files) -> Result<LayoutIndex, Error> {
    let unusable = |error| failed("use", files.path(), io::Error::new(io::ErrorKind::InvalidData, error));
    let header = files.document(LayoutHeader::FILE_NAME).map_err(|error| {
        let message = format!("{} is no OCI archive", files.path().display());
        Error::new(ErrorKind::Invalid, message).with_source(error)
    })?;
    let header = Document::<LayoutHeader>::parse(header, MediaType::LAYOUT_HEADER).map_err(unusable)?;
    if !header.value().is_supported() {
        let (path, version) = (files.path().display(), LayoutHeader::VERSION);
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{path} is not of version {version}"),
        ));
    }
    LayoutIndex::parse(files.document(LayoutIndex::FILE_NAME)?).map_err(unusable)
}
