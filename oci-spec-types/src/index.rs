//! Image indexes: lists of manifests, by platform or as an answer of the referrers API.

use crate::{
    Annotations, Descriptor, Digest, Extra, MediaType, NoMatch, PlatformMatcher, SchemaVersion, json::wire_object,
};

/// An image index: a list of manifests, for example one per platform.
///
/// The same document answers the referrers API and is the `index.json` of an image layout. Docker's manifest list is read
/// and written as the same type; `media_type` says which it is.
///
/// ```
/// use oci_spec_types::{Descriptor, ImageIndex, MediaType, Platform, PlatformMatcher};
///
/// let entry = |platform: &str, content: &[u8]| {
///     Descriptor::of(MediaType::IMAGE_MANIFEST, content).with_platform(platform.parse().unwrap())
/// };
/// let index = ImageIndex::new(vec![entry("linux/amd64", b"1"), entry("linux/arm64", b"2")]);
/// let wanted: Platform = "linux/aarch64".parse()?;
/// assert_eq!(index.select(&PlatformMatcher::new(wanted)), Ok(&index.manifests[1]));
/// # Ok::<(), oci_spec_types::InvalidPlatform>(())
/// ```
///
/// Spec: [image-spec, image-index.md](https://github.com/opencontainers/image-spec/blob/main/image-index.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct ImageIndex {
    pub(crate) schema_version: SchemaVersion,
    /// What the document is; the type it is stored and sent as. Some writers leave it out.
    pub media_type: Option<MediaType>,
    /// What the artifact is, if the index is one.
    pub artifact_type: Option<MediaType>,
    /// The manifests, in the order of preference. They may be indexes themselves, and of types that this crate does not
    /// know.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this index says something about.
    pub subject: Option<Descriptor>,
    /// Annotations of the index.
    pub annotations: Annotations,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl ImageIndex {
    /// An index of these manifests.
    #[must_use]
    pub const fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: SchemaVersion::V2,
            media_type: Some(MediaType::IMAGE_INDEX),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: Annotations::new(),
            extra: Extra::new(),
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

    /// Adds an entry; one with the same digest is replaced in its place. Says whether the index changed.
    ///
    /// This is how a client keeps the list of referrers under a fallback tag ([distribution-spec, Referrers Tag Schema]).
    ///
    /// [distribution-spec, Referrers Tag Schema]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
    pub fn upsert(&mut self, entry: Descriptor) -> bool {
        match self.manifests.iter_mut().find(|other| other.digest == entry.digest) {
            Some(same) if *same == entry => false,
            Some(other) => {
                *other = entry;
                true
            }
            None => {
                self.manifests.push(entry);
                true
            }
        }
    }

    /// Removes the entries with this digest. Says whether there were any.
    pub fn remove(&mut self, digest: &Digest) -> bool {
        let before = self.manifests.len();
        self.manifests.retain(|entry| entry.digest != *digest);
        self.manifests.len() < before
    }

    /// The entries with this artifact type: what a client does itself where a registry does not filter referrers.
    pub fn entries_of_type<'a>(&'a self, artifact_type: &MediaType) -> impl Iterator<Item = &'a Descriptor> {
        self.manifests
            .iter()
            .filter(move |entry| entry.artifact_type.as_ref() == Some(artifact_type))
    }

    /// The version of the schema: always 2, since no other is read.
    #[must_use]
    pub const fn schema_version(&self) -> u64 {
        self.schema_version.as_u64()
    }

    /// The entry to run on a platform. See [`PlatformMatcher`] for the rules.
    ///
    /// # Errors
    ///
    /// If no entry matches. The error lists what there is.
    pub fn select(&self, matcher: &PlatformMatcher) -> Result<&Descriptor, NoMatch> {
        matcher
            .select(&self.manifests)
            .ok_or_else(|| NoMatch::platform(matcher, &self.manifests))
    }

    /// The first entry with this annotation and value, such as the name of a target in an image layout.
    ///
    /// # Errors
    ///
    /// If no entry has it. The error lists the values that there are.
    ///
    /// ```
    /// use oci_spec_types::{Annotations, Descriptor, ImageIndex, MediaType};
    ///
    /// let latest = Descriptor::of(MediaType::IMAGE_MANIFEST, b"1").with_annotation(Annotations::REF_NAME, "latest");
    /// let index = ImageIndex::new(vec![latest]);
    /// assert_eq!(index.select_annotated(Annotations::REF_NAME, "latest"), Ok(&index.manifests[0]));
    /// let error = index.select_annotated(Annotations::REF_NAME, "v1").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "no entry of the index has org.opencontainers.image.ref.name=v1; there are: latest",
    /// );
    /// ```
    pub fn select_annotated(&self, name: &str, value: &str) -> Result<&Descriptor, NoMatch> {
        let mut entries = self.manifests.iter();
        entries
            .find(|entry| entry.annotations.get(name) == Some(value))
            .ok_or_else(|| NoMatch::annotation(name, value, &self.manifests))
    }
}

wire_object!(ImageIndex;
    "schemaVersion" => schema_version: required,
    "mediaType" => media_type: name,
    "artifactType" => artifact_type: name,
    "manifests" => manifests: list,
    "subject" => subject: optional,
    "annotations" => annotations: default,
);
