//! Which types are documents, and how each is read.

use serde::Serialize;

use crate::{
    AnyManifest, ImageConfig, ImageIndex, ImageManifest, LayoutHeader, MediaType,
    json::{self, Refused, Rules},
    validate::shape::Schema,
};

/// A type that a [`Document`](crate::Document) can hold: [`AnyManifest`], [`ImageConfig`], [`ImageIndex`],
/// [`ImageManifest`] and [`LayoutHeader`]. Not for other types to implement.
pub trait DocumentType: Read {}

impl<T: Read> DocumentType for T {}

/// How a document is read. Out of reach from outside, which seals [`DocumentType`].
pub trait Read: Serialize + Sized {
    /// The fields of the document when it is of this type; `None` if it cannot be.
    fn schema(media_type: &MediaType) -> Option<&'static Schema>;

    /// Reads a text as a type that has a schema.
    fn read(text: &str, media_type: &MediaType, rules: Rules<'_>) -> Result<Self, Refused>;

    /// What the document itself says that it is.
    fn declared_media_type(&self) -> Option<&MediaType>;

    /// The type as which the value is written.
    fn own_media_type(&self) -> MediaType;
}

impl Read for AnyManifest {
    fn schema(media_type: &MediaType) -> Option<&'static Schema> {
        ImageManifest::schema(media_type).or_else(|| ImageIndex::schema(media_type))
    }

    fn read(text: &str, media_type: &MediaType, rules: Rules<'_>) -> Result<Self, Refused> {
        if media_type.is_index() {
            json::read(text, rules).map(Self::Index)
        } else {
            json::read(text, rules).map(Self::Image)
        }
    }

    fn declared_media_type(&self) -> Option<&MediaType> {
        self.declared_media_type()
    }

    fn own_media_type(&self) -> MediaType {
        match self {
            Self::Image(manifest) => manifest.own_media_type(),
            Self::Index(index) => index.own_media_type(),
        }
    }
}

impl Read for ImageConfig {
    fn schema(media_type: &MediaType) -> Option<&'static Schema> {
        media_type.is_image_config().then_some(&Schema::CONFIG)
    }

    fn read(text: &str, _: &MediaType, rules: Rules<'_>) -> Result<Self, Refused> {
        json::read(text, rules)
    }

    fn declared_media_type(&self) -> Option<&MediaType> {
        None
    }

    fn own_media_type(&self) -> MediaType {
        MediaType::IMAGE_CONFIG
    }
}

impl Read for ImageIndex {
    fn schema(media_type: &MediaType) -> Option<&'static Schema> {
        media_type.is_index().then_some(&Schema::INDEX)
    }

    fn read(text: &str, _: &MediaType, rules: Rules<'_>) -> Result<Self, Refused> {
        json::read(text, rules)
    }

    fn declared_media_type(&self) -> Option<&MediaType> {
        self.media_type.as_ref()
    }

    fn own_media_type(&self) -> MediaType {
        self.media_type.clone().unwrap_or(MediaType::IMAGE_INDEX)
    }
}

impl Read for ImageManifest {
    fn schema(media_type: &MediaType) -> Option<&'static Schema> {
        media_type.is_image_manifest().then_some(&Schema::MANIFEST)
    }

    fn read(text: &str, _: &MediaType, rules: Rules<'_>) -> Result<Self, Refused> {
        json::read(text, rules)
    }

    fn declared_media_type(&self) -> Option<&MediaType> {
        self.media_type.as_ref()
    }

    fn own_media_type(&self) -> MediaType {
        self.media_type.clone().unwrap_or(MediaType::IMAGE_MANIFEST)
    }
}

impl Read for LayoutHeader {
    fn schema(media_type: &MediaType) -> Option<&'static Schema> {
        (*media_type == MediaType::LAYOUT_HEADER).then_some(&Schema::LAYOUT_HEADER)
    }

    fn read(text: &str, _: &MediaType, rules: Rules<'_>) -> Result<Self, Refused> {
        json::read(text, rules)
    }

    fn declared_media_type(&self) -> Option<&MediaType> {
        None
    }

    fn own_media_type(&self) -> MediaType {
        MediaType::LAYOUT_HEADER
    }
}
