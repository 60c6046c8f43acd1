//! Manifests whose type is known only when they arrive.

use serde::{Serialize, Serializer};

use crate::{Annotations, Descriptor, ImageIndex, ImageManifest, MediaType};

/// An image manifest or an image index: what a tag may name.
///
/// ```
/// use oci_spec_types::{AnyManifest, Document, MediaType};
///
/// let bytes = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
/// let document = Document::<AnyManifest>::parse(*bytes, MediaType::IMAGE_INDEX)?;
/// assert!(document.value().as_index().is_some());
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "documents are few and long; a box would only be in the way of matching"
)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the spec knows an image manifest and an index, and no third kind"
)]
pub enum AnyManifest {
    /// An image manifest, OCI or Docker schema 2.
    Image(ImageManifest),
    /// An image index, OCI or Docker manifest list.
    Index(ImageIndex),
}

impl AnyManifest {
    /// The annotations.
    #[must_use]
    pub const fn annotations(&self) -> &Annotations {
        match self {
            Self::Image(manifest) => &manifest.annotations,
            Self::Index(index) => &index.annotations,
        }
    }

    /// The image manifest, if it is one.
    #[must_use]
    pub const fn as_image(&self) -> Option<&ImageManifest> {
        match self {
            Self::Image(manifest) => Some(manifest),
            Self::Index(_) => None,
        }
    }

    /// The image index, if it is one.
    #[must_use]
    pub const fn as_index(&self) -> Option<&ImageIndex> {
        match self {
            Self::Image(_) => None,
            Self::Index(index) => Some(index),
        }
    }

    /// The `mediaType` that it states.
    #[must_use]
    pub const fn declared_media_type(&self) -> Option<&MediaType> {
        match self {
            Self::Image(manifest) => manifest.media_type.as_ref(),
            Self::Index(index) => index.media_type.as_ref(),
        }
    }

    /// What the artifact is: `artifactType`, or of an image manifest without one, the media type of its configuration.
    #[must_use]
    pub fn effective_artifact_type(&self) -> Option<&MediaType> {
        match self {
            Self::Image(manifest) => Some(manifest.effective_artifact_type()),
            Self::Index(index) => index.artifact_type.as_ref(),
        }
    }

    /// What it is made of: the blobs of an image manifest, the entries of an index. Not the subject.
    pub fn children(&self) -> impl Iterator<Item = &Descriptor> {
        let (config, rest) = match self {
            Self::Image(manifest) => (Some(&manifest.config), &manifest.layers),
            Self::Index(index) => (None, &index.manifests),
        };
        config.into_iter().chain(rest)
    }

    /// The manifest that it says something about.
    #[must_use]
    pub const fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Image(manifest) => manifest.subject.as_ref(),
            Self::Index(index) => index.subject.as_ref(),
        }
    }
}

impl From<ImageIndex> for AnyManifest {
    fn from(index: ImageIndex) -> Self {
        Self::Index(index)
    }
}

impl From<ImageManifest> for AnyManifest {
    fn from(manifest: ImageManifest) -> Self {
        Self::Image(manifest)
    }
}

impl Serialize for AnyManifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Image(manifest) => manifest.serialize(serializer),
            Self::Index(index) => index.serialize(serializer),
        }
    }
}
