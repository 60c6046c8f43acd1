use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use oci_client_core::client::Content;
use oci_client_core::store::{CopyOptions, Source, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, Platform, PlatformMatcher, Tag, TagOrDigest,
};

use super::Image;
use super::patch::patched;

/// An index and where its manifests lie. It is a source: [`copy`](oci_client_core::store::copy) or [`put_to`](Self::put_to) stores it, with all that it lists.
pub struct Index {
    document: Document<ImageIndex>,
    /// Where each manifest lies, and each blob of those that were asked for: whoever copies an index asks for a manifest before its blobs.
    origins: Mutex<HashMap<Digest, Arc<dyn Source>>>,
}

impl Index {
    /// An index that lists nothing.
    pub fn empty() -> Self {
        let document = Document::from_value(ImageIndex::new(Vec::new()));
        Self::new(document.expect("an index of nothing breaks no rule"), HashMap::new())
    }

    /// The index that `target` stands for in `source`.
    ///
    /// # Errors
    /// If it cannot be fetched; of kind [`Invalid`](ErrorKind::Invalid) if it is an image.
    pub async fn load(source: Arc<dyn Source>, target: &TagOrDigest) -> Result<Self, Error> {
        let found = source.manifest(target).await?;
        let document: Document<ImageIndex> = found.try_into().map_err(|_| {
            let message = format!("`{target}` is an image, not an index; append it to one");
            Error::new(ErrorKind::Invalid, message)
        })?;
        let entries = document.value().manifests.iter();
        let origins = entries.map(|entry| (entry.digest.clone(), source.clone())).collect();
        Ok(Self::new(document, origins))
    }

    /// The digest by which the index is found.
    pub const fn digest(&self) -> &Digest {
        self.document.digest()
    }

    /// The index itself.
    pub const fn document(&self) -> &Document<ImageIndex> {
        &self.document
    }

    /// Changes to the index.
    pub fn edit(self) -> IndexEdit {
        IndexEdit {
            index: self.document.value().clone(),
            origins: self.origins.into_inner().unwrap_or_else(PoisonError::into_inner),
            original: self.document,
        }
    }

    /// Stores the index in `target`: first what it lists, then itself, under its digest and `tag`.
    ///
    /// # Errors
    /// The first failure of either side. What was stored until then stays, and another call goes on from there.
    ///
    /// # Cancellation
    /// Dropping the future stops at once; each blob and manifest is then whole in the target or not there.
    pub async fn put_to(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<(), Error> {
        let from = TagOrDigest::Digest(self.digest().clone());
        copy(self, &from, target, tag, &CopyOptions::new()).await.map(drop)
    }

    fn new(document: Document<ImageIndex>, origins: HashMap<Digest, Arc<dyn Source>>) -> Self {
        Self {
            document,
            origins: Mutex::new(origins),
        }
    }

    fn origin(&self, digest: &Digest) -> Result<Arc<dyn Source>, Error> {
        let missing = || Error::new(ErrorKind::NotFound, format!("the index does not list `{digest}`"));
        self.lock().get(digest).cloned().ok_or_else(missing)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Arc<dyn Source>>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Index")
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for Index {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let digest = match target {
            TagOrDigest::Digest(digest) if digest == self.digest() => return Ok(self.document.clone().into()),
            TagOrDigest::Digest(digest) => digest,
            TagOrDigest::Tag(_) => {
                return Err(Error::new(ErrorKind::NotFound, "an index that was made has no tags"));
            }
        };
        let source = self.origin(digest)?;
        let found = source.manifest(target).await?;
        let mut origins = self.lock();
        for child in found.value().children() {
            origins.entry(child.digest.clone()).or_insert_with(|| source.clone());
        }
        Ok(found)
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.origin(&descriptor.digest)?.blob(descriptor).await
    }
}

/// Changes to an index, made by [`Index::edit`].
#[must_use]
pub struct IndexEdit {
    index: ImageIndex,
    origins: HashMap<Digest, Arc<dyn Source>>,
    original: Document<ImageIndex>,
}

impl IndexEdit {
    /// Sets an annotation of the index.
    pub fn annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.index.annotations.insert(name, value);
        self
    }

    /// Lists what `target` stands for in `source`: an image with the platform of its configuration, an artifact as it is, and of an index each of its entries as it is there. What is listed
    /// already under its digest is replaced in its place.
    ///
    /// # Errors
    /// If manifest or configuration cannot be fetched or do not belong together.
    pub async fn append(mut self, source: Arc<dyn Source>, target: &TagOrDigest) -> Result<Self, Error> {
        let found = source.manifest(target).await?;
        let entries = match found.value() {
            AnyManifest::Index(index) => index.manifests.clone(),
            AnyManifest::Image(_) => vec![entry(&source, found).await?],
        };
        for entry in entries {
            self.origins.insert(entry.digest.clone(), source.clone());
            self.index.upsert(entry);
        }
        Ok(self)
    }

    /// Keeps the entries of which `keep` says so.
    pub fn retain(mut self, keep: impl FnMut(&Descriptor) -> bool) -> Self {
        self.index.manifests.retain(keep);
        self
    }

    /// Keeps, for each of these platforms, the entry that [would be taken](ImageIndex::select) for it.
    ///
    /// # Errors
    /// Of kind [`NotFound`](ErrorKind::NotFound) if there is none for one of them.
    pub fn retain_platforms(mut self, platforms: &[Platform]) -> Result<Self, Error> {
        let mut chosen = Vec::new();
        for platform in platforms {
            let found = self.index.select(&PlatformMatcher::new(platform.clone()));
            let found = found.map_err(|error| {
                let message = format!("the index has no image for {platform}");
                Error::new(ErrorKind::NotFound, message).with_source(error)
            })?;
            chosen.push(found.clone());
        }
        self.index.manifests.retain(|entry| chosen.contains(entry));
        Ok(self)
    }

    /// The changed index; the same one if nothing is another.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if the document would be over its limits.
    pub fn finish(self) -> Result<Index, Error> {
        let document = patched(&self.original, &self.index)?;
        Ok(Index::new(document, self.origins))
    }
}

/// How an image or artifact is listed.
async fn entry(source: &Arc<dyn Source>, found: Document<AnyManifest>) -> Result<Descriptor, Error> {
    let mut entry = found.descriptor();
    entry.artifact_type = found
        .value()
        .as_image()
        .and_then(|manifest| manifest.artifact_type.clone());
    let is_image = |manifest: &ImageManifest| manifest.config.media_type.is_image_config();
    if !found.value().as_image().is_some_and(is_image) {
        return Ok(entry);
    }
    let Ok(manifest) = found.try_into() else {
        return Ok(entry);
    };
    let image = Image::of(source.clone(), manifest).await?;
    entry.platform = Some(image.config().value().platform());
    Ok(entry)
}
