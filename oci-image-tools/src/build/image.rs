use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use oci_client_core::client::Content;
use oci_client_core::proto::{HostProfile, Span};
use oci_client_core::store::{CopyOptions, Source, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageConfig, ImageManifest, Limits, MediaType, Platform,
    PlatformMatcher, RootFs, Tag, TagOrDigest,
};

use super::ImageEdit;
use super::origins::Origins;
use super::patch::unwritable;

/// An image: its manifest, its configuration, and where its layers lie. Cloning it copies the documents' values, not the content.
#[derive(Clone)]
pub struct Image {
    pub(super) config: Document<ImageConfig>,
    pub(super) manifest: Document<ImageManifest>,
    pub(super) origins: Origins,
}

impl Image {
    /// An image without layers.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if the platform has more to it than a document may have.
    pub fn scratch(platform: Platform) -> Result<Self, Error> {
        let mut config = ImageConfig::new(platform.os, platform.architecture, RootFs::new(Vec::new()));
        config.os_version = platform.os_version;
        config.os_features = platform.os_features;
        config.variant = platform.variant;
        let config = Document::from_value(config).map_err(unwritable)?;
        let manifest = ImageManifest::new(config.descriptor(), Vec::new());
        let manifest = Document::from_value(manifest).map_err(unwritable)?;
        Ok(Self::new(manifest, config, Origins::default()))
    }

    /// The image that `target` stands for in `source`; where that is an index, the one in it for `platform`. Manifest and configuration are fetched.
    ///
    /// # Errors
    /// If they cannot be fetched; of kind [`NotFound`](ErrorKind::NotFound) if the index has none for the platform, of kind [`Invalid`](ErrorKind::Invalid) if it is an index and there is no
    /// `platform`, or if manifest and configuration do not belong together, of kind [`Unsupported`](ErrorKind::Unsupported) if it is an artifact and no image.
    pub async fn load(
        source: Arc<dyn Source>,
        target: &TagOrDigest,
        platform: Option<&Platform>,
    ) -> Result<Self, Error> {
        let mut found = source.manifest(target).await?;
        for _ in 0..CopyOptions::MAX_DEPTH {
            let chosen = match found.value() {
                AnyManifest::Image(_) => break,
                AnyManifest::Index(index) => {
                    let platform = platform.ok_or_else(|| {
                        let message = format!("`{target}` is an index of several images; name a platform");
                        Error::new(ErrorKind::Invalid, message)
                    })?;
                    let chosen = index.select(&PlatformMatcher::new(platform.clone()));
                    let message = "the index has no image for the platform";
                    chosen.map_err(|error| Error::new(ErrorKind::NotFound, message).with_source(error))?
                }
            };
            found = source.manifest(&TagOrDigest::Digest(chosen.digest.clone())).await?;
        }
        let manifest: Document<ImageManifest> = found.try_into().map_err(|_| {
            let message = format!("indexes are nested more than {} deep", CopyOptions::MAX_DEPTH);
            Error::new(ErrorKind::TooLarge, message)
        })?;
        Self::of(source, manifest).await
    }

    /// Changes to the image.
    pub fn edit(self) -> ImageEdit {
        ImageEdit::new(self)
    }

    /// The configuration.
    pub const fn config(&self) -> &Document<ImageConfig> {
        &self.config
    }

    /// The digest of the manifest, by which the image is found.
    pub const fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// The manifest.
    pub const fn manifest(&self) -> &Document<ImageManifest> {
        &self.manifest
    }

    /// Stores the image in `target`: blobs that are not there, then the manifest, under its digest and `tag`.
    ///
    /// # Errors
    /// The first failure of either side. What was stored until then stays, and another call goes on from there.
    ///
    /// # Cancellation
    /// Dropping the future stops at once; each blob and the manifest are then whole in the target or not there.
    pub async fn put_to(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<(), Error> {
        let from = TagOrDigest::Digest(self.digest().clone());
        copy(self, &from, target, tag, &CopyOptions::new()).await.map(drop)
    }

    pub(super) fn new(manifest: Document<ImageManifest>, config: Document<ImageConfig>, mut origins: Origins) -> Self {
        let bytes = Bytes::copy_from_slice(config.bytes());
        origins.insert_content(config.digest(), Arc::new(bytes));
        Self {
            config,
            manifest,
            origins,
        }
    }

    /// The image of a manifest that `source` has.
    pub(super) async fn of(source: Arc<dyn Source>, manifest: Document<ImageManifest>) -> Result<Self, Error> {
        let config = read_config(&*source, &manifest.value().config).await?;
        let layers = config.value().layers_of(manifest.value());
        let message = "the manifest and its configuration do not belong together";
        layers
            .map_err(|error| Error::new(ErrorKind::Invalid, message).with_source(error))
            .map(drop)?;
        let mut origins = Origins::default();
        for blob in manifest.value().blobs() {
            origins.insert_source(&blob.digest, &source);
        }
        Ok(Self::new(manifest, config, origins))
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Image")
            .field("config", &self.config)
            .field("manifest", &self.manifest)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for Image {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        match target {
            TagOrDigest::Digest(digest) if digest == self.digest() => Ok(self.manifest.clone().into()),
            _ => Err(Error::new(ErrorKind::NotFound, format!("the image is not `{target}`"))),
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        self.origins.blob(descriptor).await
    }
}

/// Fetches a configuration, which is read only if it is one of an image.
async fn read_config(source: &dyn Source, descriptor: &Descriptor) -> Result<Document<ImageConfig>, Error> {
    if !descriptor.media_type.is_image_config() {
        let message = format!("it is no image: its configuration is of type {}", descriptor.media_type);
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let limit = HostProfile::MANIFEST_LIMIT as u64;
    if descriptor.size > limit {
        let message = format!(
            "the configuration has {} bytes, and {limit} are read at most",
            descriptor.size
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let content = source.blob(descriptor).await?;
    let mut chunks = content.open(Span::new(0, descriptor.size)).await?;
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.try_next().await? {
        if whole.len() as u64 > limit {
            break;
        }
        whole.extend_from_slice(&chunk);
    }
    descriptor.verify(&whole)?;
    let parsed = Document::parse_with(whole.as_ref(), MediaType::clone(&descriptor.media_type), &Limits::new());
    let parsed = parsed
        .map_err(|error| Error::new(ErrorKind::Invalid, "the configuration cannot be used").with_source(error))?;
    let algorithm = descriptor.digest.algorithm();
    Ok(parsed.with_algorithm(&algorithm)?)
}
