use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::{LayoutIndex, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Digest, Document, Reference, Tag, TagOrDigest};

use super::files::{Files, failed};
use super::legacy::Images;
use super::oci::read_index;
use super::scan::Place;
use super::{IMAGE_NAME, OciArchive, content};

/// What `docker save` writes, read in place.
///
/// Since Docker 25 such an archive is an image layout too; then the manifests of its `index.json` count, and an image has the digest that it has in a registry. In an older one there are no manifests:
/// one is made for each image, with its layers as they are in the archive, so that an image has the same digest whenever it is read.
#[derive(Clone)]
pub struct DockerArchive {
    contents: Arc<Contents>,
    images: Arc<[DockerImage]>,
    runtime: Arc<dyn Runtime>,
}

impl DockerArchive {
    /// Opens the archive at `path` and learns where its files are. Layers that are compressed in an archive without manifests are read once.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if it is compressed as a whole or has sparse files; [`Invalid`](ErrorKind::Invalid) if it is no tar, has no images, or
    /// these lack something.
    ///
    /// # Limits
    /// 200,000 entries; 1 MiB for the extension of a header.
    pub async fn open(path: impl AsRef<Path>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        let (path, shared) = (path.as_ref().to_owned(), runtime.clone());
        let opened = unblock(&*runtime, move || {
            let files = Arc::new(Files::open(path)?);
            if files.find(LayoutIndex::FILE_NAME).is_some() {
                let index = read_index(&files)?;
                let images = images_of(&files, &index)?;
                return Ok((
                    Contents::Layout(Box::new(OciArchive::new(files, index, shared))),
                    images,
                ));
            }
            let Images { images, places } = Images::read(&files)?;
            Ok::<_, Error>((Contents::Legacy { files, places }, images))
        });
        let (contents, images) = opened.await.map_err(io::Error::from)??;
        Ok(Self {
            contents: Arc::new(contents),
            images: images.into(),
            runtime,
        })
    }

    /// The images, in order.
    pub fn images(&self) -> &[DockerImage] {
        &self.images
    }

    /// The image with this name: host, repository and tag. Names in the archive are read in the familiar form, where `alpine:3` is `docker.io/library/alpine:3`.
    pub fn find(&self, name: &Reference) -> Option<&DockerImage> {
        let wanted = name.clone().without_digest().or_latest();
        let mut images = self.images.iter();
        images.find(|image| image.references().any(|found| found == wanted))
    }

    /// The one image with this tag, whatever its repository is called.
    fn tagged(&self, tag: &Tag) -> Result<&DockerImage, Error> {
        let found = self.images.iter().filter(|image| image.has_tag(tag));
        let mut found: Vec<_> = found.collect();
        found.dedup_by(|one, other| one.digest() == other.digest());
        let (kind, what) = match found.as_slice() {
            [image] => return Ok(image),
            [] => (ErrorKind::NotFound, "no image"),
            _ => (ErrorKind::Invalid, "several images"),
        };
        let path = self.contents.files().path().display();
        Err(Error::new(
            kind,
            format!("{path} has {what} tagged `{tag}`; name one by its digest or its whole name"),
        ))
    }
}

/// An image of a [`DockerArchive`].
#[derive(Clone, Debug)]
pub struct DockerImage {
    manifest: Document<AnyManifest>,
    names: Vec<String>,
}

impl DockerImage {
    pub(super) const fn new(manifest: Document<AnyManifest>, names: Vec<String>) -> Self {
        Self { manifest, names }
    }

    /// The digest of its manifest.
    pub const fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// Its manifest.
    pub const fn manifest(&self) -> &Document<AnyManifest> {
        &self.manifest
    }

    /// Its names as they are in the archive, such as `alpine:3`. Anybody may have written them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn references(&self) -> impl Iterator<Item = Reference> {
        let names = self.names.iter();
        names.filter_map(|name| Reference::familiar(name).ok().map(Reference::or_latest))
    }

    /// In a layout, a name may be a tag alone.
    fn has_tag(&self, tag: &Tag) -> bool {
        self.names.iter().any(|name| name == tag.as_str()) || self.references().any(|found| found.tag() == Some(tag))
    }
}

impl fmt::Debug for DockerArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DockerArchive")
            .field("path", &self.contents.files().path())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for DockerArchive {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let digest = match target {
            TagOrDigest::Digest(digest) => digest,
            TagOrDigest::Tag(tag) => return Ok(self.tagged(tag)?.manifest.clone()),
        };
        if let Some(image) = self.images.iter().find(|image| image.digest() == digest) {
            return Ok(image.manifest.clone());
        }
        match &*self.contents {
            Contents::Layout(layout) => layout.manifest(target).await,
            Contents::Legacy { files, .. } => {
                let message = format!("{} has no image {digest}", files.path().display());
                Err(Error::new(ErrorKind::NotFound, message))
            }
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        match &*self.contents {
            Contents::Layout(layout) => layout.blob(descriptor).await,
            Contents::Legacy { files, places } => content::blob(
                files,
                places.get(&descriptor.digest).copied(),
                descriptor,
                &self.runtime,
            ),
        }
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        // It looks for the entry, and at its size.
        self.blob(descriptor).await.map(drop)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        match &*self.contents {
            Contents::Layout(layout) => layout.referrers(subject).await,
            Contents::Legacy { .. } => Ok(Vec::new()),
        }
    }
}

enum Contents {
    Layout(Box<OciArchive>),
    Legacy {
        files: Arc<Files>,
        places: HashMap<Digest, Place>,
    },
}

impl Contents {
    fn files(&self) -> &Files {
        match self {
            Self::Layout(layout) => layout.files(),
            Self::Legacy { files, .. } => files,
        }
    }
}

/// The entries of a layout that are not about another one, one image for each digest.
fn images_of(files: &Files, index: &LayoutIndex) -> Result<Vec<DockerImage>, Error> {
    let mut images: Vec<DockerImage> = Vec::new();
    for entry in index.entries().iter().filter(|entry| entry.media_type.is_manifest()) {
        let annotations = &entry.annotations;
        let name = annotations
            .get(IMAGE_NAME)
            .or_else(|| annotations.get(Annotations::REF_NAME));
        let name = name.map(str::to_owned);
        if let Some(known) = images.iter_mut().find(|image| *image.digest() == entry.digest) {
            known.names.extend(name);
            continue;
        }
        let manifest = files.manifest(&entry.digest)?;
        if name.is_some() || manifest.value().subject().is_none() {
            images.push(DockerImage::new(manifest, name.into_iter().collect()));
        }
    }
    match images.is_empty() {
        false => Ok(images),
        true => {
            let error = io::Error::new(io::ErrorKind::InvalidData, "it has no images");
            Err(failed("use", files.path(), error))
        }
    }
}
