use std::path::PathBuf;
use std::str::FromStr;

use oci_spec_types::{Digest, Reference, TagOrDigest};

use super::{DockerArchiveTarget, InvalidLocation, InvalidLocationKind, Location};

impl FromStr for Location {
    type Err = InvalidLocation;

    /// Parses a scheme and what belongs to it, else a reference.
    ///
    /// # Errors
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let offset = text.len().saturating_sub(rest.len());
        match scheme {
            "docker" if rest.starts_with("//") => reference(text, offset.saturating_add(2)),
            "docker-archive" => {
                let parts = Parts::split(rest, offset)?;
                let target = parts.docker_target()?;
                let path = parts.path.into();
                Ok(Self::DockerArchive { path, target })
            }
            "oci" => {
                let (path, target) = Parts::split(rest, offset)?.path_and_target()?;
                Ok(Self::Oci { path, target })
            }
            "oci-archive" => {
                let (path, target) = Parts::split(rest, offset)?.path_and_target()?;
                Ok(Self::OciArchive { path, target })
            }
            scheme if OTHERS.contains(&scheme) => Err(InvalidLocation::new(InvalidLocationKind::UnsupportedScheme, 0)),
            _ => reference(text, 0),
        }
    }
}

impl TryFrom<&str> for Location {
    type Error = InvalidLocation;

    fn try_from(text: &str) -> Result<Self, InvalidLocation> {
        text.parse()
    }
}

/// A path, and what follows it.
struct Parts<'a> {
    digest: Option<Digest>,
    /// What follows the first `:`, and where it begins.
    name: Option<(&'a str, usize)>,
    path: &'a str,
}

impl<'a> Parts<'a> {
    /// `text` begins at byte `offset` of the whole.
    fn split(text: &'a str, offset: usize) -> Result<Self, InvalidLocation> {
        let missing = InvalidLocation::new(InvalidLocationKind::MissingPath, offset);
        if let Some((path, digest)) = text.rsplit_once('@') {
            // An `@` that no digest follows belongs to the path or is wrong in what follows it.
            if let Ok(digest) = digest.parse() {
                return match path {
                    "" => Err(missing),
                    path => Ok(Self {
                        digest: Some(digest),
                        name: None,
                        path,
                    }),
                };
            }
        }
        let after_drive = if has_drive(text) { 2 } else { 0 };
        let colon = text.get(after_drive..).and_then(|text| text.find(':'));
        let colon = colon.map(|colon| colon.saturating_add(after_drive));
        let (path, name) = match colon.and_then(|colon| text.split_at_checked(colon)) {
            Some((path, name)) => (path, name.strip_prefix(':')),
            None => (text, None),
        };
        if path.is_empty() {
            return Err(missing);
        }
        let start = offset.saturating_add(path.len()).saturating_add(1);
        Ok(Self {
            digest: None,
            name: name.map(|name| (name, start)),
            path,
        })
    }

    fn path_and_target(self) -> Result<(PathBuf, Option<TagOrDigest>), InvalidLocation> {
        let target = match (self.digest, self.name) {
            (Some(digest), _) => Some(digest.into()),
            (None, Some((name, start))) => Some(tag(name, start)?),
            (None, None) => None,
        };
        Ok((self.path.into(), target))
    }

    fn docker_target(&self) -> Result<Option<DockerArchiveTarget>, InvalidLocation> {
        Ok(match (&self.digest, self.name) {
            (Some(digest), _) => Some(DockerArchiveTarget::TagOrDigest(digest.clone().into())),
            (None, Some((name, start))) if name.contains([':', '/']) => {
                let name = Reference::familiar(name).map_err(|error| InvalidLocation::of(&error, start))?;
                Some(DockerArchiveTarget::Name(name))
            }
            (None, Some((name, start))) => Some(DockerArchiveTarget::TagOrDigest(tag(name, start)?)),
            (None, None) => None,
        })
    }
}

fn reference(text: &str, start: usize) -> Result<Location, InvalidLocation> {
    let parsed = text.get(start..).unwrap_or_default().parse();
    parsed
        .map(Location::Registry)
        .map_err(|error| InvalidLocation::of(&error, start))
}

/// A digest would follow an `@`.
fn tag(text: &str, start: usize) -> Result<TagOrDigest, InvalidLocation> {
    let tag = text.parse::<oci_spec_types::Tag>();
    tag.map(TagOrDigest::Tag)
        .map_err(|error| InvalidLocation::of(&error.into(), start))
}

/// `C:\` or `C:/`.
fn has_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// What other tools write before a colon.
const OTHERS: [&str; 7] = [
    "atomic",
    "containers-storage",
    "dir",
    "docker-daemon",
    "ostree",
    "sif",
    "tarball",
];
