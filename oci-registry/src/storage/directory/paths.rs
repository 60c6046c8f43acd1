//! Where things lie below the root. Only validated names, and hashes of other text, become components of a path.

use std::path::{Path, PathBuf};

use oci_spec_types::{Algorithm, Digest, RepositoryName, Tag};

use super::super::UploadId;

/// The directory of one repository.
pub(super) struct RepositoryPath(PathBuf);

impl RepositoryPath {
    pub(super) fn new(root: &Path, name: &RepositoryName) -> Self {
        let mut path = root.join(REPOSITORIES);
        path.extend(name.components());
        Self(path)
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.0.join("_blobs")
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(relative(digest))
    }

    pub(super) fn manifests(&self) -> PathBuf {
        self.0.join("_manifests")
    }

    pub(super) fn manifest(&self, digest: &Digest) -> PathBuf {
        self.manifests().join(relative(digest))
    }

    pub(super) fn referrers(&self, subject: &Digest) -> PathBuf {
        self.0.join("_referrers").join(relative(subject))
    }

    pub(super) fn referrer(&self, subject: &Digest, digest: &Digest) -> PathBuf {
        self.referrers(subject)
            .join(format!("{}-{}", digest.algorithm(), digest.encoded()))
    }

    pub(super) fn tags(&self) -> PathBuf {
        self.0.join("_tags")
    }

    pub(super) fn tag(&self, tag: &Tag) -> PathBuf {
        self.tags().join(tag_file(tag))
    }
}

/// The bytes of a blob.
pub(super) fn blob(root: &Path, digest: &Digest) -> PathBuf {
    root.join(BLOBS).join(relative(digest))
}

/// The bytes of an upload. The name of the repository is part of the path, so that no other repository finds it.
pub(super) fn upload(root: &Path, repository: &RepositoryName, id: UploadId) -> PathBuf {
    let owner = Digest::sha256(repository.as_str().as_bytes());
    root.join(UPLOADS).join(format!("{id}.{}", owner.encoded()))
}

/// The name of the repository that an upload is bound to, which is there once the upload has been saved.
pub(super) fn upload_owner(root: &Path, id: UploadId) -> PathBuf {
    root.join(UPLOADS).join(format!("{id}{OWNER}"))
}

/// The upload of which the file `name` holds the bytes or the owner; `None` if it is not a file of ours.
pub(super) fn upload_of_file(name: &str) -> Option<UploadId> {
    name.split_once('.')?.0.parse().ok()
}

/// The saved upload whose owner is in the file `name`.
pub(super) fn saved_upload_of_file(name: &str) -> Option<UploadId> {
    name.strip_suffix(OWNER)?.parse().ok()
}

/// The referrer that is kept in the file `name`; `None` if it is not a file of ours.
pub(super) fn referrer_of_file(name: &str) -> Option<Digest> {
    let (algorithm, encoded) = name.split_once('-')?;
    format!("{algorithm}:{encoded}").parse().ok()
}

/// The tag that is kept in the file `name`; `None` if it is not a file of ours.
pub(super) fn tag_of_file(name: &str) -> Option<Tag> {
    let tag: Tag = match name.split_once('!') {
        None => name.parse().ok()?,
        Some((lower, mask)) => apply_mask(lower, mask)?.parse().ok()?,
    };
    (tag_file(&tag) == name).then_some(tag)
}

/// The name of the file of `tag`.
///
/// Some file systems take upper and lower case for the same, tags do not. So the letters are written in lower case and, if
/// that changed any, a bit for each character says which ones. That fits into 255 bytes, the limit of most file systems.
fn tag_file(tag: &Tag) -> String {
    let text = tag.as_str();
    if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text.to_owned();
    }
    let mut name = text.to_ascii_lowercase();
    name.push('!');
    for group in text.as_bytes().chunks(4) {
        let bits = group
            .iter()
            .enumerate()
            .map(|(index, byte)| u32::from(byte.is_ascii_uppercase()) << index);
        name.extend(char::from_digit(bits.sum(), 16));
    }
    name
}

fn apply_mask(lower: &str, mask: &str) -> Option<String> {
    let groups: Vec<u32> = mask.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let letters = lower.chars().enumerate().map(|(index, letter)| {
        let bits = groups.get(index / 4).copied().unwrap_or_default();
        if bits >> (index % 4) & 1 == 1 {
            letter.to_ascii_uppercase()
        } else {
            letter
        }
    });
    Some(letters.collect())
}

/// `ALGORITHM/HASH`. What follows the algorithm is lower-case hex for the registered ones, and could be anything for another,
/// so that one is hashed.
fn relative(digest: &Digest) -> PathBuf {
    let algorithm = digest.algorithm();
    if [Algorithm::SHA256, Algorithm::SHA512, Algorithm::BLAKE3].contains(&algorithm) {
        return [algorithm.as_str(), digest.encoded().as_ref()].iter().collect();
    }
    [
        "_other",
        Digest::sha256(digest.to_string().as_bytes()).encoded().as_ref(),
    ]
    .iter()
    .collect()
}

pub(super) const BLOBS: &str = "blobs";
const OWNER: &str = ".repository";
pub(super) const QUARANTINE: &str = "quarantine";
pub(super) const REPOSITORIES: &str = "repositories";
pub(super) const TEMPORARY: &str = "temporary";
pub(super) const UPLOADS: &str = "uploads";

#[cfg(test)]
mod tests;
