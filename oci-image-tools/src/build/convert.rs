use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, ImageManifest, MediaType};

use super::Image;

/// The two families of types in which an image may be written. They differ in names, not in content.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ImageFormat {
    /// Docker's image manifest, schema 2.
    Docker,
    /// OCI's image manifest.
    Oci,
}

impl Image {
    /// The same image in another format: the manifest gets other types and so a new [digest](Self::digest); configuration and layers keep their bytes and digests. An image that has the
    /// format already stays as it is.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if the image has what Docker's format has no place for: a subject, an artifact type or annotations.
    pub fn convert(self, format: ImageFormat) -> Result<Self, Error> {
        let mut edit = self.edit();
        let (manifest, ..) = edit.parts();
        if format_of(manifest) == format {
            return edit.finish();
        }
        if format == ImageFormat::Docker {
            check_for_docker(manifest)?;
        }
        let (manifest_type, config_type) = match format {
            ImageFormat::Docker => (MediaType::DOCKER_MANIFEST, MediaType::DOCKER_CONFIG),
            ImageFormat::Oci => (MediaType::IMAGE_MANIFEST, MediaType::IMAGE_CONFIG),
        };
        manifest.media_type = Some(manifest_type);
        manifest.config.media_type = config_type;
        for layer in &mut manifest.layers {
            *layer = format.layer(layer.clone());
        }
        edit.finish()
    }
}

impl ImageFormat {
    /// The layer as it is called in this format.
    pub(super) fn layer(self, mut layer: Descriptor) -> Descriptor {
        let found = TYPES
            .into_iter()
            .find(|(docker, oci)| [docker, oci].contains(&&layer.media_type));
        if let Some((docker, oci)) = found {
            layer.media_type = match self {
                Self::Docker => docker,
                Self::Oci => oci,
            };
        }
        layer
    }
}

pub(super) fn format_of(manifest: &ImageManifest) -> ImageFormat {
    match manifest.media_type.as_ref().is_some_and(MediaType::is_docker) {
        true => ImageFormat::Docker,
        false => ImageFormat::Oci,
    }
}

fn check_for_docker(manifest: &ImageManifest) -> Result<(), Error> {
    let lost = if manifest.subject.is_some() {
        "a subject"
    } else if manifest.artifact_type.is_some() {
        "an artifact type"
    } else if !manifest.annotations.is_empty() {
        "annotations"
    } else {
        return Ok(());
    };
    let message = format!("Docker's format has no place for {lost}; remove that first");
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// What a layer is called by Docker and by OCI.
const TYPES: [(MediaType, MediaType); 5] = [
    (MediaType::DOCKER_FOREIGN_LAYER, MediaType::NONDISTRIBUTABLE_LAYER),
    (
        MediaType::DOCKER_FOREIGN_LAYER_GZIP,
        MediaType::NONDISTRIBUTABLE_LAYER_GZIP,
    ),
    (MediaType::DOCKER_LAYER, MediaType::IMAGE_LAYER),
    (MediaType::DOCKER_LAYER_GZIP, MediaType::IMAGE_LAYER_GZIP),
    (MediaType::DOCKER_LAYER_ZSTD, MediaType::IMAGE_LAYER_ZSTD),
];
