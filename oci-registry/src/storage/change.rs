use std::fmt;

use oci_spec_types::{Digest, RepositoryName, Tag, TagOrDigest};

use super::{Referrer, StoredManifest};

/// A manifest to store, for [`Storage::put_manifest`](super::Storage::put_manifest).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PutManifest {
    /// Where to store it.
    pub repository: RepositoryName,
    /// The digest of its content.
    pub digest: Digest,
    /// What to store.
    pub manifest: StoredManifest,
    /// Its entry in the index of referrers, if it has a subject.
    pub referrer: Option<Referrer>,
    /// The tags to point to it.
    pub tags: Vec<Tag>,
    /// What must hold for anything to be done.
    pub precondition: Option<Precondition>,
}

impl PutManifest {
    /// The manifest without subject, tags and precondition.
    pub const fn new(repository: RepositoryName, digest: Digest, manifest: StoredManifest) -> Self {
        Self {
            repository,
            digest,
            manifest,
            referrer: None,
            tags: Vec::new(),
            precondition: None,
        }
    }

    /// With this entry in the index of referrers.
    #[must_use]
    pub fn with_referrer(self, referrer: Option<Referrer>) -> Self {
        Self { referrer, ..self }
    }

    /// With these tags.
    #[must_use]
    pub fn with_tags(self, tags: Vec<Tag>) -> Self {
        Self { tags, ..self }
    }

    /// With this precondition.
    #[must_use]
    pub fn with_precondition(self, precondition: Option<Precondition>) -> Self {
        Self { precondition, ..self }
    }
}

/// A tag or manifest to delete, for [`Storage::delete_reference`](super::Storage::delete_reference).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeleteReference {
    /// Where to delete it.
    pub repository: RepositoryName,
    /// What to delete.
    pub reference: TagOrDigest,
    /// What must hold for anything to be done.
    pub precondition: Option<Precondition>,
}

impl DeleteReference {
    /// Without a precondition.
    pub const fn new(repository: RepositoryName, reference: TagOrDigest) -> Self {
        Self {
            repository,
            reference,
            precondition: None,
        }
    }

    /// With this precondition.
    #[must_use]
    pub fn with_precondition(self, precondition: Option<Precondition>) -> Self {
        Self { precondition, ..self }
    }
}

/// What a tag must point to, or whether a manifest must exist, for a change to be made.
///
/// A storage that finds it does not hold changes nothing and fails with
/// [`StorageErrorKind::PreconditionFailed`](super::StorageErrorKind::PreconditionFailed). Between that look and the change
/// no other change may come.
///
/// ```
/// use oci_registry::storage::Precondition;
/// use oci_spec_types::{Digest, TagOrDigest};
///
/// let latest: TagOrDigest = "latest".parse()?;
/// let absent = Precondition::new(latest).with_if_none_match("*");
/// assert!(absent.holds(None));
/// assert!(!absent.holds(Some(&Digest::sha256(b""))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Spec: [RFC 9110, section 13](https://www.rfc-editor.org/rfc/rfc9110#section-13).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Precondition {
    if_match: Option<String>,
    if_none_match: Option<String>,
    reference: TagOrDigest,
}

impl Precondition {
    /// A precondition on `reference` that always holds.
    pub const fn new(reference: TagOrDigest) -> Self {
        Self {
            if_match: None,
            if_none_match: None,
            reference,
        }
    }

    /// With the value of `If-Match`: a list of quoted digests one of which must be the current one, or `*` for any.
    #[must_use]
    pub fn with_if_match(self, value: impl Into<String>) -> Self {
        Self {
            if_match: Some(value.into()),
            ..self
        }
    }

    /// With the value of `If-None-Match`: a list of quoted digests none of which may be the current one, or `*` for any.
    #[must_use]
    pub fn with_if_none_match(self, value: impl Into<String>) -> Self {
        Self {
            if_none_match: Some(value.into()),
            ..self
        }
    }

    /// The tag or manifest that it is about.
    pub const fn reference(&self) -> &TagOrDigest {
        &self.reference
    }

    /// Whether it holds when `current` is the digest of the manifest that [`reference`](Self::reference) names now; `None`
    /// if it names none.
    pub fn holds(&self, current: Option<&Digest>) -> bool {
        let strong = |candidate: &str, tag: &str| candidate == tag;
        let weak = |candidate: &str, tag: &str| candidate.strip_prefix("W/").unwrap_or(candidate) == tag;
        let required = self.if_match.as_deref().is_none_or(|list| names(list, current, strong));
        let excluded = self
            .if_none_match
            .as_deref()
            .is_some_and(|list| names(list, current, weak));
        required && !excluded
    }
}

/// The entity tag of content.
pub(crate) struct EntityTag<'d>(pub(crate) &'d Digest);

impl fmt::Display for EntityTag<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

/// Whether a list of entity tags names the current content.
fn names(list: &str, current: Option<&Digest>, equal: fn(&str, &str) -> bool) -> bool {
    let Some(current) = current else {
        return false;
    };
    let tag = EntityTag(current).to_string();
    list.split(',')
        .map(str::trim)
        .any(|candidate| candidate == "*" || equal(candidate, &tag))
}
