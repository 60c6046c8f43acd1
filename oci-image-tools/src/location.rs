//! Where an image is, as tools write it on their command lines.

mod invalid;
mod open;
mod parse;

use std::fmt;
use std::path::PathBuf;

use oci_spec_types::{Digest, Reference, TagOrDigest};

pub use self::invalid::{InvalidLocation, InvalidLocationKind};
pub use self::open::{Destination, Origin};

#[cfg(test)]
mod tests;

/// Where an image or artifact is: in a registry, an image layout, or an archive.
///
/// | text | what it is |
/// |---|---|
/// | `HOST/REPOSITORY[:TAG][@DIGEST]`, with `docker://` before it or not | a registry; the strict form of [`Reference`] |
/// | `oci:DIR[:TAG]`, `oci:DIR@DIGEST` | an image layout |
/// | `oci-archive:FILE[:TAG]`, `oci-archive:FILE@DIGEST` | an image layout as a tar |
/// | `docker-archive:FILE[:TAG]`, `docker-archive:FILE:NAME[:TAG]`, `docker-archive:FILE@DIGEST` | what `docker save` writes; `NAME` in the familiar form, with a `/` or followed by a tag |
///
/// A path ends at its first `:`, except for that of a Windows drive, or at an `@` that a digest follows. Without a tag or digest, the one entry of a layout or archive is meant.
///
/// ```
/// use oci_image_tools::location::Location;
///
/// let location: Location = "oci:images/app:v1".parse()?;
/// let Location::Oci { path, target } = &location else {
///     unreachable!("it is a layout")
/// };
/// assert_eq!((path.to_str(), target.as_ref().unwrap().to_string()), (Some("images/app"), "v1".to_owned()));
/// assert_eq!(location.to_string(), "oci:images/app:v1");
///
/// let error = "oci:images/app:not a tag".parse::<Location>().unwrap_err();
/// assert_eq!(error.position(), 18);
/// # Ok::<(), oci_image_tools::location::InvalidLocation>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Location {
    /// A file that `docker save` has written, or that `docker load` is to read.
    DockerArchive {
        /// The file.
        path: PathBuf,
        /// Which image: [`DockerArchiveTarget`].
        target: Option<DockerArchiveTarget>,
    },
    /// An image layout in a folder.
    Oci {
        /// The folder.
        path: PathBuf,
        /// Which entry.
        target: Option<TagOrDigest>,
    },
    /// An image layout as a tar.
    OciArchive {
        /// The file.
        path: PathBuf,
        /// Which entry.
        target: Option<TagOrDigest>,
    },
    /// A repository of a registry.
    Registry(Reference),
}

/// What names an image in a Docker archive.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DockerArchiveTarget {
    /// The whole name of the image.
    Name(Reference),
    /// Its tag alone, or the digest of its manifest.
    TagOrDigest(TagOrDigest),
}

impl Location {
    /// The same place, with the manifest of this digest in it.
    ///
    /// ```
    /// use oci_image_tools::location::Location;
    /// use oci_spec_types::Digest;
    ///
    /// let digest = Digest::sha256(b"{}");
    /// let location: Location = "ghcr.io/owner/app:v1".parse()?;
    /// assert_eq!(location.with_digest(digest.clone()).to_string(), format!("ghcr.io/owner/app@{digest}"));
    /// # Ok::<(), oci_image_tools::location::InvalidLocation>(())
    /// ```
    #[must_use]
    pub fn with_digest(self, digest: Digest) -> Self {
        let named = Some(TagOrDigest::Digest(digest.clone()));
        match self {
            Self::DockerArchive { path, .. } => Self::DockerArchive {
                path,
                target: named.map(DockerArchiveTarget::TagOrDigest),
            },
            Self::Oci { path, .. } => Self::Oci { path, target: named },
            Self::OciArchive { path, .. } => Self::OciArchive { path, target: named },
            Self::Registry(reference) => Self::Registry(reference.without_tag().with_digest(digest)),
        }
    }
}

impl fmt::Display for DockerArchiveTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(formatter),
            Self::TagOrDigest(target) => target.fmt(formatter),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path, target) = match self {
            Self::DockerArchive { path, target } => (
                "docker-archive",
                path,
                target.as_ref().map(|target| match target {
                    DockerArchiveTarget::TagOrDigest(target) => separated(target),
                    DockerArchiveTarget::Name(name) => format!(":{name}"),
                }),
            ),
            Self::Oci { path, target } => ("oci", path, target.as_ref().map(separated)),
            Self::OciArchive { path, target } => ("oci-archive", path, target.as_ref().map(separated)),
            Self::Registry(reference) => return reference.fmt(formatter),
        };
        write!(formatter, "{scheme}:{}{}", path.display(), target.unwrap_or_default())
    }
}

fn separated(target: &TagOrDigest) -> String {
    match target {
        TagOrDigest::Digest(digest) => format!("@{digest}"),
        TagOrDigest::Tag(tag) => format!(":{tag}"),
    }
}
