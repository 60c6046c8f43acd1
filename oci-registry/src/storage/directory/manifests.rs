use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use oci_spec_types::{Descriptor, Digest, MediaType, RepositoryName, Tag, TagOrDigest};

use super::super::{
    DeleteReference, Page, Precondition, PutManifest, REFERRERS_BYTES, Referrer, StorageError, StoredManifest,
};
use super::files::{self, At};
use super::paths::{RepositoryPath, referrer_of_file};
use super::store::Store;

impl Store {
    pub(super) fn manifest(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<Option<StoredManifest>> {
        let path = self.repository(repository).manifest(digest);
        let record = files::read(&path)?;
        record
            .map(|record| parse(record.into()).map(|(manifest, _)| manifest).at(&path))
            .transpose()
    }

    /// What a tag points to, read at one go.
    pub(super) fn tagged_manifest(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> io::Result<Option<(Digest, Option<StoredManifest>)>> {
        let digest = self.tag(repository, tag)?;
        digest
            .map(|digest| {
                let manifest = self.manifest(repository, &digest)?;
                Ok((digest, manifest))
            })
            .transpose()
    }

    pub(super) fn has_manifest(&self, repository: &RepositoryName, digest: &Digest) -> io::Result<bool> {
        files::exists(&self.repository(repository).manifest(digest))
    }

    /// Stores the manifest after its entry among the referrers, which counts only with the manifest, and before the tags,
    /// which never point to one that is not there.
    pub(super) fn put_manifest(&self, put: &PutManifest) -> Result<(), StorageError> {
        let PutManifest {
            repository,
            digest,
            manifest,
            referrer,
            tags,
            precondition,
        } = put;
        let _change = self.change(repository);
        self.check(repository, precondition.as_ref())?;
        let path = self.repository(repository);
        if let Some(referrer) = referrer {
            let descriptor = serde_json::to_vec(referrer.descriptor()).map_err(io::Error::from)?;
            self.replace_and_sync(&path.referrer(referrer.subject(), digest), &[&descriptor])?;
        }
        let header = header(manifest.media_type(), referrer.as_ref().map(Referrer::subject));
        self.replace_and_sync(&path.manifest(digest), &[header.as_bytes(), manifest.content()])?;
        Ok(self.set_tags(&path, tags, digest)?)
    }

    pub(super) fn delete_reference(&self, delete: &DeleteReference) -> Result<bool, StorageError> {
        let repository = &delete.repository;
        let _change = self.change(repository);
        // What is not there is not found, whatever the precondition.
        if delete.precondition.is_some() && self.current(repository, &delete.reference)?.is_none() {
            return Ok(false);
        }
        self.check(repository, delete.precondition.as_ref())?;
        let path = self.repository(repository);
        Ok(match &delete.reference {
            TagOrDigest::Digest(digest) => self.delete_manifest(&path, digest)?,
            TagOrDigest::Tag(tag) => self.delete_tag(&path, tag)?,
        })
    }

    /// Refuses a change whose precondition does not hold. The caller holds the repository's lock.
    fn check(&self, repository: &RepositoryName, precondition: Option<&Precondition>) -> Result<(), StorageError> {
        let Some(precondition) = precondition else {
            return Ok(());
        };
        let current = self.current(repository, precondition.reference())?;
        if precondition.holds(current.as_ref()) {
            Ok(())
        } else {
            Err(StorageError::precondition_failed())
        }
    }

    /// The digest of the manifest that `reference` names, `None` if it names none.
    fn current(&self, repository: &RepositoryName, reference: &TagOrDigest) -> io::Result<Option<Digest>> {
        match reference {
            TagOrDigest::Digest(digest) => Ok(self.has_manifest(repository, digest)?.then(|| digest.clone())),
            TagOrDigest::Tag(tag) => self.tag(repository, tag),
        }
    }

    /// Deletes the tags, the manifest, and its entry among the referrers, in this order for the same reasons. The caller
    /// holds the repository's lock.
    fn delete_manifest(&self, path: &RepositoryPath, digest: &Digest) -> io::Result<bool> {
        if !files::exists(&path.manifest(digest))? {
            return Ok(false);
        }
        self.delete_tags_of(path, digest)?;
        self.delete_untagged(path, digest)
    }

    /// Takes a manifest to which no tag points out of a repository if its age began before `before`.
    pub(super) fn sweep_manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        before: SystemTime,
    ) -> io::Result<bool> {
        let _change = self.change(repository);
        let path = self.repository(repository);
        Ok(files::is_older(&path.manifest(digest), before)? && self.delete_untagged(&path, digest)?)
    }

    fn delete_untagged(&self, path: &RepositoryPath, digest: &Digest) -> io::Result<bool> {
        let record = path.manifest(digest);
        let Some(content) = files::read(&record)? else {
            return Ok(false);
        };
        let (_, subject) = parse(content.into()).at(&record)?;
        self.remove_and_sync(&record)?;
        if let Some(subject) = subject {
            self.remove_and_sync(&path.referrer(&subject, digest))?;
        }
        Ok(true)
    }

    /// Removes a file, durably.
    fn remove_and_sync(&self, path: &Path) -> io::Result<()> {
        files::remove(path)?;
        self.durability().directory(&files::parent(path))
    }

    pub(super) fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> io::Result<Page<Descriptor>> {
        let path = self.repository(repository);
        let names = files::names(&path.referrers(subject))?;
        let mut digests: Vec<Digest> = names.iter().filter_map(|name| referrer_of_file(name)).collect();
        digests.retain(|digest| after.is_none_or(|after| digest.to_string().as_str() > after));
        digests.sort_unstable();
        let mut descriptors = Vec::new();
        let mut bytes = 0;
        for digest in digests {
            if descriptors.len() == size || bytes > REFERRERS_BYTES {
                return Ok(Page::new(descriptors, true));
            }
            let entry = path.referrer(subject, &digest);
            if files::exists(&path.manifest(&digest))?
                && let Some(descriptor) = files::read(&entry)?
            {
                bytes += descriptor.len();
                descriptors.push(
                    serde_json::from_slice(&descriptor)
                        .map_err(io::Error::from)
                        .at(&entry)?,
                );
            }
        }
        Ok(Page::new(descriptors, false))
    }

    /// Gives a file its content, durably. If it has that content already, it need not have its name durably: whoever wrote
    /// it may have been stopped before that.
    fn replace_and_sync(&self, path: &Path, content: &[&[u8]]) -> io::Result<()> {
        if files::read(path)?.is_none_or(|found| found != content.concat()) {
            self.replace(path, content)?;
        }
        files::touch(path)?;
        self.durability().directory(&files::parent(path))
    }
}

/// The first line of a stored manifest.
fn header(media_type: &MediaType, subject: Option<&Digest>) -> String {
    match subject {
        None => format!("{media_type}\n"),
        Some(subject) => format!("{media_type} {subject}\n"),
    }
}

/// Splits a stored manifest into media type and content, and subject.
pub(super) fn parse(mut record: Bytes) -> io::Result<(StoredManifest, Option<Digest>)> {
    let damaged = || io::Error::new(ErrorKind::InvalidData, "a stored manifest has no valid first line");
    let length = record.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
    let line = record.split_to(length);
    let content = record.split_off(1);
    let line = std::str::from_utf8(&line).map_err(|_| damaged())?;
    let (media_type, subject) = line
        .split_once(' ')
        .map_or((line, None), |(left, right)| (left, Some(right)));
    let media_type = media_type.parse().map_err(|_| damaged())?;
    let subject = subject.map(str::parse).transpose().map_err(|_| damaged())?;
    Ok((StoredManifest::new(media_type, content), subject))
}

#[cfg(test)]
mod tests;
