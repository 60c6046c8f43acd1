use futures_util::TryStreamExt;
use oci_client_core::proto::Span;
use oci_client_core::store::Source;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageConfig, ImageManifest, Platform, PlatformMatcher, TagOrDigest,
};

/// An image whose layers can be read.
pub(crate) struct LayeredImage {
    pub(crate) digest: Digest,
    /// Each layer with its DiffID, from the base up.
    pub(crate) layers: Vec<(Descriptor, Digest)>,
}

impl LayeredImage {
    /// Finds the image that `target` stands for; out of an index the one for `platform`, which is this machine's if there is none.
    pub(crate) async fn find(
        source: &dyn Source,
        target: &TagOrDigest,
        platform: Option<&Platform>,
    ) -> Result<Self, Error> {
        let mut document = source.manifest(target).await?;
        for _ in 0..MAX_DEPTH {
            let chosen = match document.value() {
                AnyManifest::Image(manifest) => {
                    let layers = layers(source, manifest).await?;
                    return Ok(Self {
                        digest: document.digest().clone(),
                        layers,
                    });
                }
                AnyManifest::Index(index) => {
                    let platform = platform.cloned().unwrap_or_else(Platform::host);
                    let entry = index.select(&PlatformMatcher::new(platform)).map_err(|error| {
                        Error::new(ErrorKind::NotFound, "the index has no image for the platform").with_source(error)
                    })?;
                    TagOrDigest::Digest(entry.digest.clone())
                }
            };
            document = source.manifest(&chosen).await?;
        }
        Err(Error::new(
            ErrorKind::TooLarge,
            format!("indexes are nested more than {MAX_DEPTH} deep"),
        ))
    }
}

async fn layers(source: &dyn Source, manifest: &ImageManifest) -> Result<Vec<(Descriptor, Digest)>, Error> {
    let config = config(source, &manifest.config).await?;
    let kind = &config.value().rootfs.kind;
    let paired = config.value().layers_of(manifest);
    let layers =
        paired.map_err(|error| Error::new(ErrorKind::Invalid, "the image cannot be used").with_source(error))?;
    if kind != oci_spec_types::RootFs::LAYERS {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the image's root filesystem is not made of layers",
        ));
    }
    Ok(layers
        .map(|(layer, diff_id)| (layer.clone(), diff_id.clone()))
        .collect())
}

async fn config(source: &dyn Source, descriptor: &Descriptor) -> Result<Document<ImageConfig>, Error> {
    if !descriptor.media_type.is_image_config() {
        let message = format!(
            "it is no container image: its configuration is of type `{}`",
            descriptor.media_type
        );
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    if descriptor.size > MAX_CONFIG {
        let message = format!(
            "the configuration has {} bytes, more than {MAX_CONFIG}",
            descriptor.size
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let content = source.blob(descriptor).await?;
    let mut chunks = content.open(Span::new(0, descriptor.size)).await?;
    let (mut verifier, mut bytes) = (descriptor.verifier()?, Vec::new());
    while let Some(chunk) = chunks.try_next().await? {
        verifier.update(&chunk)?;
        bytes.extend_from_slice(&chunk);
    }
    verifier.finish()?;
    Document::parse(bytes, descriptor.media_type.clone())
        .map_err(|error| Error::new(ErrorKind::Invalid, "the image's configuration cannot be read").with_source(error))
}

/// The longest configuration that is read: 8 MiB.
const MAX_CONFIG: u64 = 8 << 20;

/// How deep indexes may be nested.
const MAX_DEPTH: usize = 8;
