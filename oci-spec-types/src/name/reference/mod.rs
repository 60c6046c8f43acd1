//! References: where an artifact is.

mod familiar;
mod invalid;
mod parse;

use std::{
    fmt::{self, Display},
    str::FromStr,
};

pub use self::invalid::{InvalidReference, InvalidReferenceKind};
use super::{RegistryHost, RepositoryName, Tag, TagOrDigest};
use crate::{digest::Digest, text::text_conversions};

/// Where an artifact is: `host/repository[:tag][@digest]`.
///
/// [`FromStr`], serde and `TryFrom` read the strict form, in which the host must be written, and
/// keep what is written: nothing is added. [`Reference::familiar`] reads the short form of command
/// lines. `host/repository` has at most 255 bytes.
///
/// A reference can have both a tag and a digest. The digest then decides what is meant, and the tag
/// says where it was seen.
///
/// ```
/// use oci_spec_types::Reference;
///
/// let reference: Reference = "ghcr.io/owner/app:v1".parse()?;
/// assert_eq!(reference.host().as_str(), "ghcr.io");
/// assert_eq!(reference.repository().as_str(), "owner/app");
/// assert_eq!(reference.tag().map(|tag| tag.as_str()), Some("v1"));
///
/// assert_eq!("ubuntu".parse::<Reference>().unwrap_err().position(), 0);
/// assert_eq!(Reference::familiar("ubuntu")?.to_string(), "docker.io/library/ubuntu");
/// # Ok::<(), oci_spec_types::InvalidReference>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    host: RegistryHost,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Reference {
    /// The most bytes that host, `/` and repository may have together, which is what clients and
    /// registries agree on.
    pub const MAX_NAME_LEN: usize = 255;

    /// The repository as a whole, without tag or digest.
    ///
    /// # Errors
    ///
    /// [`InvalidReferenceKind::TooLong`] if host, `/` and repository have more than
    /// [`Self::MAX_NAME_LEN`] bytes.
    pub fn new(host: RegistryHost, repository: RepositoryName) -> Result<Self, InvalidReference> {
        if host.as_str().len() + 1 + repository.as_str().len() > Self::MAX_NAME_LEN {
            return Err(InvalidReferenceKind::TooLong.at(Self::MAX_NAME_LEN));
        }
        Ok(Self {
            host,
            repository,
            tag: None,
            digest: None,
        })
    }

    /// Parses the short form of command lines, as Docker reads it.
    ///
    /// The first part is a host only if it has a `.` or `:` or is `localhost`; without a host,
    /// `docker.io` is meant. On `docker.io`, which may also be written `index.docker.io`, a
    /// repository of one part is under `library/`. A tag is not added; see
    /// [`Reference::or_latest`].
    ///
    /// ```
    /// # use oci_spec_types::Reference;
    /// assert_eq!(Reference::familiar("ubuntu:24.04")?.to_string(), "docker.io/library/ubuntu:24.04");
    /// assert_eq!(Reference::familiar("owner/app")?.to_string(), "docker.io/owner/app");
    /// assert_eq!(Reference::familiar("ghcr.io/owner/app")?.to_string(), "ghcr.io/owner/app");
    /// # Ok::<(), oci_spec_types::InvalidReference>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for the strict form. Also for a host that stands alone (`localhost`), and for 64 hex
    /// digits that stand alone, which is how local images are named.
    pub fn familiar(text: &str) -> Result<Self, InvalidReference> {
        familiar::parse(text, None)
    }

    /// As [`Reference::familiar`], with another registry in the place of `docker.io` where no host
    /// is written.
    ///
    /// # Errors
    ///
    /// As for [`Reference::familiar`].
    pub fn familiar_with_default(text: &str, default: &RegistryHost) -> Result<Self, InvalidReference> {
        familiar::parse(text, Some(default))
    }

    /// Adds the tag `latest` if there is neither a tag nor a digest.
    #[must_use]
    pub fn or_latest(self) -> Self {
        match self.target() {
            Some(_) => self,
            None => self.with_tag(Tag::latest()),
        }
    }

    /// Sets the digest; the tag stays.
    #[must_use]
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Sets the tag; the digest stays.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Leaves the digest out.
    #[must_use]
    pub fn without_digest(mut self) -> Self {
        self.digest = None;
        self
    }

    /// Leaves the tag out.
    #[must_use]
    pub fn without_tag(mut self) -> Self {
        self.tag = None;
        self
    }

    /// The digest, if there is one.
    #[must_use]
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The registry.
    #[must_use]
    pub const fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// The repository in the registry.
    #[must_use]
    pub const fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The tag, if there is one.
    #[must_use]
    pub const fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// What is meant in the repository: the digest if there is one, else the tag.
    #[must_use]
    pub fn target(&self) -> Option<TagOrDigest> {
        let digest = self.digest.clone().map(TagOrDigest::Digest);
        digest.or_else(|| self.tag.clone().map(TagOrDigest::Tag))
    }
}

text_conversions!(
    Reference,
    InvalidReference,
    "a reference such as `registry.example/repository:tag`"
);

impl Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    /// Parses the strict form, with a host.
    ///
    /// # Errors
    ///
    /// With the part that is wrong and the position of the byte from which on it does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        parse::strict(text)
    }
}
