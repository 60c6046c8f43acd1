//! Descriptors: what content is, how large it is, and its digest.

mod data;

pub use self::data::{EmbeddedData, EmbeddedDataError, InvalidBase64};
use crate::{
    Annotations, Digest, Extra, MediaType, Mismatch, Platform, UnsupportedAlgorithm, Verifier, json::wire_object,
};

/// What content is, how large it is and its digest: the reference from one document to another or to a blob.
///
/// ```
/// use oci_spec_types::{Descriptor, Digest, MediaType};
///
/// let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, b"a layer");
/// assert_eq!((descriptor.size, &descriptor.digest), (7, &Digest::sha256(b"a layer")));
/// assert!(descriptor.verify(b"a layer").is_ok());
/// assert!(descriptor.verify(b"another").is_err());
/// ```
///
/// Spec: [image-spec, descriptor.md](https://github.com/opencontainers/image-spec/blob/main/descriptor.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Descriptor {
    /// What the content is.
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes, from 0 to 2^63-1. A promise of whoever wrote it: never a reason to allocate.
    pub size: u64,
    /// Where else the content may be had. Written by whoever wrote the document: judge each before it is followed.
    pub urls: Vec<String>,
    /// Annotations of this reference to the content.
    pub annotations: Annotations,
    /// The content itself, for content that is small. See [`Descriptor::embedded_content`].
    pub data: Option<EmbeddedData>,
    /// What the content is used as, if it is a manifest of an artifact.
    pub artifact_type: Option<MediaType>,
    /// What the content runs on, if it is a manifest in an index.
    pub platform: Option<Platform>,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl Descriptor {
    /// The largest size that a descriptor can state: 2^63-1.
    pub const MAX_SIZE: u64 = i64::MAX as u64;

    /// A descriptor with the three fields that each must have.
    #[must_use]
    pub const fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            urls: Vec::new(),
            annotations: Annotations::new(),
            data: None,
            artifact_type: None,
            platform: None,
            extra: Extra::new(),
        }
    }

    /// The descriptor of the empty JSON object `{}`, with its content in `data`.
    ///
    /// It stands where a manifest must have a descriptor and there is nothing to describe.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            data: Some(EmbeddedData::encode(EMPTY_CONTENT)),
            ..Self::of(MediaType::EMPTY_JSON, EMPTY_CONTENT)
        }
    }

    /// The descriptor of `content`, with its sha256 digest.
    #[must_use]
    pub fn of(media_type: MediaType, content: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(content), content.len() as u64)
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

    /// The same with a platform.
    #[must_use]
    pub fn with_platform(self, platform: Platform) -> Self {
        Self {
            platform: Some(platform),
            ..self
        }
    }

    /// The content in `data`, decoded and verified; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If `data` is not base64, or is not the content that digest and size name: then it must not be used.
    ///
    /// ```
    /// use oci_spec_types::{Descriptor, EmbeddedData};
    ///
    /// let mut descriptor = Descriptor::empty();
    /// assert_eq!(descriptor.embedded_content()?.as_deref(), Some(b"{}".as_slice()));
    /// descriptor.data = Some(EmbeddedData::encode(b"[]"));
    /// assert!(descriptor.embedded_content().is_err());
    /// # Ok::<(), oci_spec_types::EmbeddedDataError>(())
    /// ```
    ///
    /// Spec: [image-spec, descriptor.md, Embedded Content].
    ///
    /// [image-spec, descriptor.md, Embedded Content]: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#embedded-content
    pub fn embedded_content(&self) -> Result<Option<Vec<u8>>, EmbeddedDataError> {
        let Some(data) = &self.data else { return Ok(None) };
        let content = data.decode_unverified()?;
        self.verify(&content)?;
        Ok(Some(content))
    }

    /// Whether the content is `{}`, the empty JSON object, by its digest.
    #[must_use]
    pub fn is_empty_json(&self) -> bool {
        self.size == EMPTY_CONTENT.len() as u64 && self.digest.verify(EMPTY_CONTENT).is_ok()
    }

    /// Checks content, its size first.
    ///
    /// # Errors
    ///
    /// If size or digest differ, or if this build cannot compute the algorithm of the digest.
    pub fn verify(&self, content: &[u8]) -> Result<(), Mismatch> {
        let mut verifier = self.verifier()?;
        verifier.update(content)?;
        verifier.finish()
    }

    /// A check of content that arrives in pieces.
    ///
    /// # Errors
    ///
    /// If this build cannot compute the algorithm of the digest.
    pub fn verifier(&self) -> Result<Verifier, UnsupportedAlgorithm> {
        self.digest.verifier(self.size)
    }

    /// What makes a size impossible: it is out of range, or it is zero for content that is not empty, or the reverse.
    pub(crate) fn check_size(&self) -> Result<(), &'static str> {
        if self.size > Self::MAX_SIZE {
            return Err(SIZE_RANGE);
        }
        match (self.size == 0, names_empty_content(&self.digest)) {
            (true, false) if self.digest.is_verifiable() => {
                Err("the size is 0, but the digest is not that of empty content")
            }
            (false, true) => Err("the digest is that of empty content, but the size is not 0"),
            _ => Ok(()),
        }
    }
}

wire_object!(Descriptor, check = Descriptor::check_size;
    "mediaType" => media_type: required,
    "digest" => digest: required,
    "size" => size: required,
    "urls" => urls: default,
    "annotations" => annotations: default,
    "data" => data: optional,
    "artifactType" => artifact_type: name,
    "platform" => platform: optional,
);

/// Whether no byte at all is content under this digest. False for an algorithm that cannot be computed.
fn names_empty_content(digest: &Digest) -> bool {
    *digest == EMPTY_SHA256
        || *digest == EMPTY_SHA512
        || digest.algorithm() == crate::Algorithm::BLAKE3 && digest.verify(b"").is_ok()
}

/// What a size has to be.
pub(crate) const SIZE_RANGE: &str = "a size must be an integer from 0 to 2^63-1";

const EMPTY_CONTENT: &[u8] = b"{}";

const EMPTY_SHA256: Digest = Digest::from_sha256([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

const EMPTY_SHA512: Digest = Digest::from_sha512([
    0xcf, 0x83, 0xe1, 0x35, 0x7e, 0xef, 0xb8, 0xbd, 0xf1, 0x54, 0x28, 0x50, 0xd6, 0x6d, 0x80, 0x07, 0xd6, 0x20, 0xe4,
    0x05, 0x0b, 0x57, 0x15, 0xdc, 0x83, 0xf4, 0xa9, 0x21, 0xd3, 0x6c, 0xe9, 0xce, 0x47, 0xd0, 0xd1, 0x3c, 0x5d, 0x85,
    0xf2, 0xb0, 0xff, 0x83, 0x18, 0xd2, 0x87, 0x7e, 0xec, 0x2f, 0x63, 0xb9, 0x31, 0xbd, 0x47, 0x41, 0x7a, 0x81, 0xa5,
    0x38, 0x32, 0x7a, 0xf9, 0x27, 0xda, 0x3e,
]);
