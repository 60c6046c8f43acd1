use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag, TagOrDigest};

use super::super::{Kept, KeptKind, OpenUpload, Page, REFERRERS_BYTES, Referrer, StoredManifest, UploadId};
use super::content::Content;

/// Everything that a memory storage has.
#[derive(Default)]
pub(super) struct State {
    /// Every content that some repository has, so that equal blobs share their bytes.
    contents: HashMap<Digest, Weak<Content>>,
    repositories: BTreeMap<RepositoryName, Repository>,
    uploads: BTreeMap<UploadId, Session>,
}

/// An open upload.
pub(super) struct Session {
    pub(super) content: Content,
    pub(super) repository: RepositoryName,
    /// Whether it was saved, so that somebody knows of it.
    pub(super) saved: bool,
    /// When its last bytes came.
    pub(super) written: SystemTime,
    /// Whether a writer is alive.
    pub(super) writing: bool,
}

/// What one repository has.
#[derive(Default)]
pub(super) struct Repository {
    blobs: BTreeMap<Digest, Blob>,
    manifests: BTreeMap<Digest, Manifest>,
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

struct Blob {
    content: Arc<Content>,
    refreshed: SystemTime,
}

struct Manifest {
    refreshed: SystemTime,
    stored: StoredManifest,
    subject: Option<Digest>,
}

impl State {
    pub(super) fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Option<Arc<Content>> {
        let blob = self.repositories.get(repository)?.blobs.get(digest)?;
        Some(Arc::clone(&blob.content))
    }

    /// Puts a blob that another repository has into this one too.
    pub(super) fn link_blob(&mut self, repository: &RepositoryName, digest: &Digest, content: Arc<Content>) {
        let blob = Blob {
            content,
            refreshed: SystemTime::now(),
        };
        self.repository(repository).blobs.insert(digest.clone(), blob);
    }

    pub(super) fn sweep(
        &mut self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> bool {
        let refreshed = self
            .existing(repository)
            .and_then(|repository| repository.refreshed(kind, digest));
        if refreshed.is_none_or(|refreshed| *refreshed >= before) {
            return false;
        }
        match kind {
            KeptKind::Blob => self.unlink_blob(repository, digest),
            KeptKind::Manifest => self
                .existing(repository)
                .is_some_and(|repository| repository.delete_manifest(digest)),
        }
    }

    pub(super) fn unlink_blob(&mut self, repository: &RepositoryName, digest: &Digest) -> bool {
        let content = self
            .existing(repository)
            .and_then(|repository| repository.blobs.remove(digest));
        let found = content.map(drop).is_some();
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
                saved: false,
                writing: true,
                written: SystemTime::now(),
            },
        );
    }

    pub(super) fn uploads_after(&self, after: Option<UploadId>, size: usize) -> Page<OpenUpload> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let uploads = self.uploads.range((start, Bound::Unbounded));
        let saved = uploads.filter(|(_, session)| session.saved).map(|(id, session)| {
            OpenUpload::new(session.repository.clone(), *id, session.content.size(), session.written)
        });
        Page::first(saved, size)
    }

    /// Ends an upload; its content becomes a blob if `digest` is given. `false` if there is none.
    pub(super) fn end_upload(&mut self, id: UploadId, digest: Option<&Digest>) -> bool {
        let Some(session) = self.uploads.remove(&id) else {
            return false;
        };
        if let Some(digest) = digest {
            let content = self.shared(digest, session.content);
            self.link_blob(&session.repository, digest, content);
        }
        true
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
    /// When the age of a blob or manifest began.
    pub(super) fn refreshed(&mut self, kind: KeptKind, digest: &Digest) -> Option<&mut SystemTime> {
        match kind {
            KeptKind::Blob => self.blobs.get_mut(digest).map(|blob| &mut blob.refreshed),
            KeptKind::Manifest => self.manifests.get_mut(digest).map(|manifest| &mut manifest.refreshed),
        }
    }

    pub(super) fn kept(&self, kind: KeptKind, after: Option<&Digest>, size: usize) -> Page<Kept> {
        let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        match kind {
            KeptKind::Blob => {
                let blobs = self.blobs.range::<Digest, _>(range);
                Page::first(
                    blobs.map(|(digest, blob)| Kept::new(digest.clone(), blob.content.size(), blob.refreshed)),
                    size,
                )
            }
            KeptKind::Manifest => {
                let manifests = self.manifests.range::<Digest, _>(range);
                let kept = |(digest, manifest): (&Digest, &Manifest)| {
                    let size = manifest.stored.content().len() as u64;
                    Kept::new(digest.clone(), size, manifest.refreshed)
                };
                Page::first(manifests.map(kept), size)
            }
        }
    }

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
        let refreshed = SystemTime::now();
        self.manifests.insert(
            digest,
            Manifest {
                refreshed,
                stored,
                subject,
            },
        );
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
