//! Documents: the exact bytes and what they mean.

mod kind;

#[cfg(test)]
mod tests;

use std::{
    fmt::{self, Display},
    sync::Arc,
};

pub use self::kind::DocumentType;
use crate::{
    Algorithm, AnyManifest, Descriptor, Digest, ImageIndex, ImageManifest, Limits, MediaType, ParseError,
    ParseErrorKind, UnsupportedAlgorithm,
    json::{self, Path, Rules},
    validate::shape,
};

/// A document: the exact bytes, the value that was read from them, their digest and their type.
///
/// The bytes are what was received. They are what the digest names, and what has to be stored and sent on: serialising the
/// value again may give other bytes. Cloning a document does not copy them.
///
/// Reading is lenient where the spec is: unknown fields, `null` for optional ones, a missing `mediaType`, no layers,
/// unknown algorithms. It refuses what two readers could read as two things, and what is over a [limit](Limits); see
/// [`ParseErrorKind`]. What is odd but harmless is for [`validate`](crate::validate) to find.
///
/// ```
/// use oci_spec_types::{Descriptor, Document, ImageManifest, MediaType};
///
/// let manifest = ImageManifest::new(Descriptor::of(MediaType::IMAGE_CONFIG, b"{}"), vec![]);
/// let document = Document::from_value(manifest)?;
/// let received = Document::<ImageManifest>::parse(document.bytes(), MediaType::IMAGE_MANIFEST)?;
/// assert_eq!(received.digest(), document.digest());
/// assert_eq!(received.value(), document.value());
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document<T> {
    bytes: Arc<[u8]>,
    digest: Digest,
    media_type: MediaType,
    value: T,
}

impl<T: DocumentType> Document<T> {
    /// Reads a document that was received as `media_type`, with the default limits. Its digest is computed with sha256.
    ///
    /// # Errors
    ///
    /// If the type is not one of `T`, or for a reason of [`ParseErrorKind`].
    pub fn parse(bytes: impl Into<Arc<[u8]>>, media_type: MediaType) -> Result<Self, ParseError> {
        Self::parse_with(bytes, media_type, &Limits::new())
    }

    /// As [`Document::parse`], with other limits.
    ///
    /// # Errors
    ///
    /// As [`Document::parse`].
    pub fn parse_with(bytes: impl Into<Arc<[u8]>>, media_type: MediaType, limits: &Limits) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        let value = read(&bytes, &media_type, limits)?;
        Ok(Self {
            digest: Digest::sha256(&bytes),
            bytes,
            media_type,
            value,
        })
    }

    /// Reads the document that a descriptor names: size and digest are checked before anything is read.
    ///
    /// The document is read as the type of the descriptor, whatever type the registry sent it as; see
    /// [`Document::media_type_conflict`].
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::ContentMismatch`] if the bytes are not what the descriptor names, else as [`Document::parse`].
    pub fn parse_verified(
        bytes: impl Into<Arc<[u8]>>,
        descriptor: &Descriptor,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        json::check_len(&bytes, limits)?;
        descriptor.verify(&bytes)?;
        let media_type = descriptor.media_type.clone();
        let value = read(&bytes, &media_type, limits)?;
        Ok(Self {
            bytes,
            digest: descriptor.digest.clone(),
            media_type,
            value,
        })
    }

    /// Reads a document whose type only its own `mediaType` tells.
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::MissingField`] if there is no `mediaType`, else as [`Document::parse`].
    pub fn parse_declared(bytes: impl Into<Arc<[u8]>>, limits: &Limits) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        let media_type = declared_media_type(&bytes, limits)?;
        Self::parse_with(bytes, media_type, limits)
    }

    /// Writes a value as compact JSON. The type is the value's `media_type`, or where it has none, the one of OCI.
    ///
    /// Fields come in the order of the spec, annotations and unknown fields in the order of their names: the same value gives
    /// the same bytes.
    ///
    /// # Errors
    ///
    /// If the value breaks a rule that documents are read by, so that no one could read it: a size above 2^63-1, or more
    /// than the default [`Limits`].
    pub fn from_value(value: T) -> Result<Self, ParseError> {
        let media_type = value.own_media_type();
        let bytes = serde_json::to_vec(&value)
            .map_err(|_| ParseError::new(ParseErrorKind::WrongType, "the value cannot be written as JSON"))?;
        // What was read back is what others will see; it differs from `value` where `extra` names known fields.
        Self::parse(bytes, media_type)
    }
}

impl<T> Document<T> {
    /// The same document under a digest of another algorithm.
    ///
    /// # Errors
    ///
    /// If this build cannot compute the algorithm.
    ///
    /// ```
    /// use oci_spec_types::{Algorithm, Document, ImageIndex};
    ///
    /// let document = Document::from_value(ImageIndex::new(vec![]))?.with_algorithm(&Algorithm::SHA512)?;
    /// assert!(document.digest().to_string().starts_with("sha512:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_algorithm(self, algorithm: &Algorithm) -> Result<Self, UnsupportedAlgorithm> {
        let mut hasher = algorithm.hasher()?;
        hasher.update(&self.bytes);
        Ok(Self {
            digest: hasher.finish(),
            ..self
        })
    }

    /// The exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A descriptor of the document, with its type, digest and size and nothing else.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.bytes.len() as u64)
    }

    /// The digest of the bytes.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The type as which the document was read.
    #[must_use]
    pub const fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// What to warn of if a registry sent the document as another type than the one it was read as.
    ///
    /// Where the digest matches, the expected type counts, and the other one is no error ([image-spec, media-types.md]).
    ///
    /// ```
    /// use oci_spec_types::{Document, ImageIndex, Limits, MediaType};
    ///
    /// let sent = Document::from_value(ImageIndex::new(vec![]))?;
    /// let document = Document::<ImageIndex>::parse_verified(sent.bytes(), &sent.descriptor(), &Limits::new())?;
    /// let warning = document.media_type_conflict(&MediaType::JSON).unwrap();
    /// assert_eq!(
    ///     warning.to_string(),
    ///     "expected application/vnd.oci.image.index.v1+json, but it was sent as application/json",
    /// );
    /// # Ok::<(), oci_spec_types::ParseError>(())
    /// ```
    ///
    /// [image-spec, media-types.md]: https://github.com/opencontainers/image-spec/blob/main/media-types.md#media-type-conflicts
    #[must_use]
    pub fn media_type_conflict(&self, received: &MediaType) -> Option<MediaTypeConflict> {
        if self.media_type == *received {
            return None;
        }
        Some(MediaTypeConflict {
            expected: self.media_type.clone(),
            received: received.clone(),
        })
    }

    /// The bytes, shared with this document.
    #[must_use]
    pub fn shared_bytes(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// What the document says.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What the document says, to change it and write a new document.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    fn map<U>(self, map: impl FnOnce(T) -> U) -> Document<U> {
        Document {
            bytes: self.bytes,
            digest: self.digest,
            media_type: self.media_type,
            value: map(self.value),
        }
    }
}

impl Document<AnyManifest> {
    /// The entry that stands for this manifest in the list of referrers of its subject: with the effective artifact type and
    /// all annotations.
    ///
    /// Spec: [distribution-spec, Listing Referrers].
    ///
    /// [distribution-spec, Listing Referrers]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
    #[must_use]
    pub fn referrer(&self) -> Descriptor {
        Descriptor {
            artifact_type: self.value.effective_artifact_type().cloned(),
            annotations: self.value.annotations().clone(),
            ..self.descriptor()
        }
    }
}

impl<T> AsRef<[u8]> for Document<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<Document<ImageIndex>> for Document<AnyManifest> {
    fn from(document: Document<ImageIndex>) -> Self {
        document.map(AnyManifest::Index)
    }
}

impl From<Document<ImageManifest>> for Document<AnyManifest> {
    fn from(document: Document<ImageManifest>) -> Self {
        document.map(AnyManifest::Image)
    }
}

impl TryFrom<Document<AnyManifest>> for Document<ImageIndex> {
    type Error = Document<AnyManifest>;

    /// The same document as an index, or the document unchanged if it is not one.
    fn try_from(document: Document<AnyManifest>) -> Result<Self, Document<AnyManifest>> {
        match document.value {
            AnyManifest::Image(_) => Err(document),
            AnyManifest::Index(index) => Ok(Document {
                bytes: document.bytes,
                digest: document.digest,
                media_type: document.media_type,
                value: index,
            }),
        }
    }
}

impl TryFrom<Document<AnyManifest>> for Document<ImageManifest> {
    type Error = Document<AnyManifest>;

    /// The same document as an image manifest, or the document unchanged if it is not one.
    fn try_from(document: Document<AnyManifest>) -> Result<Self, Document<AnyManifest>> {
        match document.value {
            AnyManifest::Image(manifest) => Ok(Document {
                bytes: document.bytes,
                digest: document.digest,
                media_type: document.media_type,
                value: manifest,
            }),
            AnyManifest::Index(_) => Err(document),
        }
    }
}

/// A registry sent a document as another type than the expected one. A warning: the digest decides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MediaTypeConflict {
    expected: MediaType,
    received: MediaType,
}

impl MediaTypeConflict {
    /// The type that was expected, and as which the document was read.
    #[must_use]
    pub const fn expected(&self) -> &MediaType {
        &self.expected
    }

    /// The type that the registry sent.
    #[must_use]
    pub const fn received(&self) -> &MediaType {
        &self.received
    }
}

impl Display for MediaTypeConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but it was sent as {}", self.expected, self.received)
    }
}

/// Reads a value; what is refused is gone over again to say why.
fn read<T: DocumentType>(bytes: &[u8], media_type: &MediaType, limits: &Limits) -> Result<T, ParseError> {
    let Some(schema) = T::schema(media_type) else {
        return Err(unsupported(media_type));
    };
    let text = json::utf8(bytes, limits)?;
    let rules = Rules {
        limits,
        manifest: media_type.is_manifest(),
    };
    let Ok(value) = T::read(text, media_type, rules) else {
        json::check(text, rules)?;
        return Err(shape::diagnose(text, schema));
    };
    match value.declared_media_type() {
        Some(declared) if declared != media_type => Err(mismatch(text, declared, media_type)),
        _ => Ok(value),
    }
}

fn declared_media_type(bytes: &[u8], limits: &Limits) -> Result<MediaType, ParseError> {
    #[derive(serde::Deserialize)]
    struct Declared {
        #[serde(rename = "mediaType")]
        media_type: Option<String>,
    }

    let text = json::utf8(bytes, limits)?;
    json::check(text, Rules { limits, manifest: true })?;
    let path = Path::Root.name("mediaType");
    let error = |kind, message| {
        ParseError::new(kind, message)
            .at_offset(json::locate(text, &path))
            .at_path(&path)
    };
    let declared: Declared =
        serde_json::from_str(text).map_err(|_| error(ParseErrorKind::WrongType, "the field must be a string"))?;
    match declared.media_type {
        Some(declared) if !declared.is_empty() => declared
            .parse()
            .map_err(|_| error(ParseErrorKind::InvalidMediaType, "the field must be a media type")),
        _ => Err(error(
            ParseErrorKind::MissingField,
            "the document does not say what it is; its type has to come with it, as `Content-Type` or in a descriptor",
        )),
    }
}

fn mismatch(text: &str, declared: &MediaType, media_type: &MediaType) -> ParseError {
    let path = Path::Root.name("mediaType");
    let message = format!("the document says that it is {declared}, but it is used as {media_type}");
    let error = ParseError::new(ParseErrorKind::MediaTypeMismatch, message);
    error.at_offset(json::locate(text, &path)).at_path(&path)
}

fn unsupported(media_type: &MediaType) -> ParseError {
    let hint = if [MediaType::DOCKER_SCHEMA1, MediaType::DOCKER_SCHEMA1_SIGNED].contains(media_type) {
        "; schema 1 is obsolete, ask the registry for a newer manifest"
    } else {
        ""
    };
    let message = format!("documents of type {media_type} are not read here{hint}");
    ParseError::new(ParseErrorKind::UnsupportedMediaType, message)
}
