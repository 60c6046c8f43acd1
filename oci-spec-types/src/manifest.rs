//! Image manifests: the configuration and the layers of an image, or the files of an artifact.

use crate::{Annotations, Descriptor, Extra, MediaType, SchemaVersion, json::wire_object};

/// An image manifest: the configuration and the layers of an image, or the files of an artifact.
///
/// Docker's manifest, schema 2, is read and written as the same type; `media_type` says which it is.
///
/// ```
/// use oci_spec_types::{Annotations, Descriptor, Document, ImageManifest, MediaType};
///
/// let file = Descriptor::of(MediaType::from_static("text/plain"), b"hello").with_annotation(Annotations::TITLE, "hello.txt");
/// let manifest = ImageManifest::artifact(MediaType::from_static("application/vnd.example.greeting"), vec![file]);
/// assert_eq!(manifest.effective_artifact_type().as_str(), "application/vnd.example.greeting");
///
/// let document = Document::from_value(manifest)?;
/// assert_eq!(document.media_type(), &MediaType::IMAGE_MANIFEST);
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
///
/// Spec: [image-spec, manifest.md](https://github.com/opencontainers/image-spec/blob/main/manifest.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct ImageManifest {
    pub(crate) schema_version: SchemaVersion,
    /// What the document is; the type it is stored and sent as. Some writers leave it out.
    pub media_type: Option<MediaType>,
    /// What the artifact is, if it is not an image. See [`ImageManifest::effective_artifact_type`].
    pub artifact_type: Option<MediaType>,
    /// The configuration; of an artifact without one, [`Descriptor::empty`].
    pub config: Descriptor,
    /// The layers of an image from the base up, or the files of an artifact.
    pub layers: Vec<Descriptor>,
    /// The manifest that this one says something about, such as a signature about an image.
    pub subject: Option<Descriptor>,
    /// Annotations of the manifest.
    pub annotations: Annotations,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl ImageManifest {
    /// A manifest with this configuration and these layers.
    #[must_use]
    pub const fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: SchemaVersion::V2,
            media_type: Some(MediaType::IMAGE_MANIFEST),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: Annotations::new(),
            extra: Extra::new(),
        }
    }

    /// The manifest of an artifact without a configuration of its own.
    ///
    /// Without layers, the empty descriptor stands as the one layer, as the spec recommends for registries that want one.
    #[must_use]
    pub fn artifact(artifact_type: MediaType, mut layers: Vec<Descriptor>) -> Self {
        if layers.is_empty() {
            layers.push(Descriptor::empty());
        }
        Self {
            artifact_type: Some(artifact_type),
            ..Self::new(Descriptor::empty(), layers)
        }
    }

    /// The same with an annotation.
    #[must_use]
    pub fn with_annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(name, value);
        self
    }

    /// The same with an artifact type.
    #[must_use]
    pub fn with_artifact_type(self, artifact_type: MediaType) -> Self {
        Self {
            artifact_type: Some(artifact_type),
            ..self
        }
    }

    /// The same with a subject.
    #[must_use]
    pub fn with_subject(self, subject: Descriptor) -> Self {
        Self {
            subject: Some(subject),
            ..self
        }
    }

    /// What the artifact is: `artifactType`, or where there is none the media type of the configuration.
    ///
    /// Spec: [distribution-spec, Listing Referrers].
    ///
    /// [distribution-spec, Listing Referrers]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
    #[must_use]
    pub fn effective_artifact_type(&self) -> &MediaType {
        self.artifact_type.as_ref().unwrap_or(&self.config.media_type)
    }

    /// The blobs that the manifest needs: the configuration, then the layers in their order.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    /// The version of the schema: always 2, since no other is read.
    #[must_use]
    pub const fn schema_version(&self) -> u64 {
        self.schema_version.as_u64()
    }
}

wire_object!(ImageManifest;
    "schemaVersion" => schema_version: required,
    "mediaType" => media_type: name,
    "artifactType" => artifact_type: name,
    "config" => config: required,
    "layers" => layers: list,
    "subject" => subject: optional,
    "annotations" => annotations: default,
);
