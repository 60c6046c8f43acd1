use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Weak};

use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag, TagOrDigest};

use super::super::{Page, REFERRERS_BYTES, Referrer, StoredManifest, UploadId};
use super::content::Content;

/// Everything that a memory storage has.
#[derive(Default)]
pub(super) struct State {
    /// Every content that some repository has, so that equal blobs share their bytes.
    contents: HashMap<Digest, Weak<Content>>,
    repositories: BTreeMap<RepositoryName, Repository>,
    uploads: HashMap<UploadId, Session>,
}

/// An open upload.
pub(super) struct Session {
    pub(super) content: Content,
    pub(super) repository: RepositoryName,
    /// Whether a writer is alive.
    pub(super) writing: bool,
}

/// What one repository has.
#[derive(Default)]
pub(super) struct Repository {
    pub(super) blobs: HashMap<Digest, Arc<Content>>,
    manifests: HashMap<Digest, Manifest>,
    /// The referrers of each subject, by the text of their digests.
    referrers: HashMap<Digest, BTreeMap<String, Entry>>,
    pub(super) tags: BTreeMap<Tag, Digest>,
}

/// A referrer.
struct Entry {
    /// The length of the descriptor as JSON.
    bytes: usize,
    descriptor: Descriptor,
}

struct Manifest {
    stored: StoredManifest,
    subject: Option<Digest>,
}

impl State {
    pub(super) fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Option<Arc<Content>> {
        self.repositories.get(repository)?.blobs.get(digest).cloned()
    }

    pub(super) fn unlink_blob(&mut self, repository: &RepositoryName, digest: &Digest) -> bool {
        let content = self
            .existing(repository)
            .and_then(|repository| repository.blobs.remove(digest));
        let found = content.is_some();
        drop(content);
        if self
            .contents
            .get(digest)
            .is_some_and(|content| content.strong_count() == 0)
        {
            self.contents.remove(digest);
        }
        found
    }

    pub(super) fn existing(&mut self, name: &RepositoryName) -> Option<&mut Repository> {
        self.repositories.get_mut(name)
    }

    /// The repository `name`, which comes into being if it has not been there.
    pub(super) fn repository(&mut self, name: &RepositoryName) -> &mut Repository {
        self.repositories.entry(name.clone()).or_default()
    }

    pub(super) fn repositories_after(&self, after: Option<&str>, size: usize) -> Page<RepositoryName> {
        let names = self
            .repositories
            .range::<str, _>(range_after(after))
            .map(|(name, _)| name.clone());
        Page::first(names, size)
    }

    pub(super) fn upload(&mut self, repository: &RepositoryName, id: UploadId) -> Option<&mut Session> {
        self.uploads
            .get_mut(&id)
            .filter(|session| session.repository == *repository)
    }

    pub(super) fn begin_upload(&mut self, repository: RepositoryName, id: UploadId) {
        self.uploads.insert(
            id,
            Session {
                content: Content::default(),
                repository,
                writing: true,
            },
        );
    }

    /// Ends an upload; its content becomes a blob if `digest` is given.
    pub(super) fn end_upload(&mut self, id: UploadId, digest: Option<&Digest>) {
        let Some(session) = self.uploads.remove(&id) else {
            return;
        };
        if let Some(digest) = digest {
            let content = self.shared(digest, session.content);
            self.repository(&session.repository)
                .blobs
                .insert(digest.clone(), content);
        }
    }

    /// The one copy of the content `digest`.
    fn shared(&mut self, digest: &Digest, content: Content) -> Arc<Content> {
        if let Some(existing) = self.contents.get(digest).and_then(Weak::upgrade) {
            return existing;
        }
        let content = Arc::new(content);
        self.contents.insert(digest.clone(), Arc::downgrade(&content));
        content
    }
}

impl Repository {
    pub(super) fn manifest(&self, digest: &Digest) -> Option<StoredManifest> {
        self.manifests.get(digest).map(|manifest| manifest.stored.clone())
    }

    /// The digest of the manifest that `reference` names, `None` if it names none.
    pub(super) fn current(&self, reference: &TagOrDigest) -> Option<Digest> {
        match reference {
            TagOrDigest::Digest(digest) => self.manifests.contains_key(digest).then(|| digest.clone()),
            TagOrDigest::Tag(tag) => self.tags.get(tag).cloned(),
        }
    }

    pub(super) fn put_manifest(
        &mut self,
        digest: Digest,
        stored: StoredManifest,
        referrer: Option<Referrer>,
        tags: &[Tag],
    ) -> serde_json::Result<()> {
        let mut subject = None;
        if let Some(Referrer {
            subject: digest_of_subject,
            descriptor,
        }) = referrer
        {
            let bytes = serde_json::to_vec(&descriptor)?.len();
            self.referrers
                .entry(digest_of_subject.clone())
                .or_default()
                .insert(digest.to_string(), Entry { bytes, descriptor });
            subject = Some(digest_of_subject);
        }
        self.tags.extend(tags.iter().map(|tag| (tag.clone(), digest.clone())));
        self.manifests.insert(digest, Manifest { stored, subject });
        Ok(())
    }

    pub(super) fn delete_manifest(&mut self, digest: &Digest) -> bool {
        let Some(manifest) = self.manifests.remove(digest) else {
            return false;
        };
        self.tags.retain(|_, target| target != digest);
        if let Some(subject) = manifest.subject {
            self.delete_referrer(&subject, digest);
        }
        true
    }

    pub(super) fn tags_after(&self, after: Option<&str>, size: usize) -> Page<Tag> {
        Page::first(
            self.tags
                .range::<str, _>(range_after(after))
                .map(|(tag, _)| tag.clone()),
            size,
        )
    }

    pub(super) fn referrers_after(&self, subject: &Digest, after: Option<&str>, size: usize) -> Page<Descriptor> {
        let mut descriptors = Vec::new();
        let mut bytes = 0_usize;
        let referrers = self.referrers.get(subject).into_iter();
        for (_, entry) in referrers.flat_map(|referrers| referrers.range::<str, _>(range_after(after))) {
            if descriptors.len() == size || bytes > REFERRERS_BYTES {
                return Page::new(descriptors, true);
            }
            bytes = bytes.saturating_add(entry.bytes);
            descriptors.push(entry.descriptor.clone());
        }
        Page::new(descriptors, false)
    }

    fn delete_referrer(&mut self, subject: &Digest, digest: &Digest) {
        if let Some(referrers) = self.referrers.get_mut(subject) {
            referrers.remove(&digest.to_string());
            if referrers.is_empty() {
                self.referrers.remove(subject);
            }
        }
    }
}

/// Everything greater than `after`.
fn range_after(after: Option<&str>) -> (Bound<&str>, Bound<&str>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}
