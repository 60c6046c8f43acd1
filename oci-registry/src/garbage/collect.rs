use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, SystemTime};

use oci_spec_types::{AnyManifest, Digest, Document, Limits, RepositoryName};

use super::graph::{Graph, Manifest};
use super::{GarbagePolicy, GarbageReport, Removed};
use crate::registry::Registry;
use crate::sessions;
use crate::storage::{Kept, KeptKind, Page, Storage, StorageError, StorageErrorKind, UploadId};

impl Registry {
    /// Ends the uploads that have got no byte for longer than [`Limits::upload_age`](crate::Limits::upload_age), with the requests that are
    /// writing to them, and returns how many these were.
    ///
    /// Nothing calls it by itself: whoever runs the registry does, by a timer.
    ///
    /// # Errors
    /// If the storage fails. What was ended before stays so.
    ///
    /// # Cancellation
    /// Dropping the future leaves the uploads that it has not come to.
    pub async fn expire_uploads(&self) -> Result<usize, StorageError> {
        self.expire(false).await
    }

    /// Removes blobs that no manifest of their repository refers to, manifests that the policy does not keep, and uploads that have
    /// expired; and frees the bytes of blobs that no repository has any more.
    ///
    /// Requests can be answered meanwhile. What was pushed or mounted, or was said to be there (to a HEAD, or to a manifest that refers to
    /// it), within the policy's time of grace stays; so a push that began within that time loses nothing. A pull that has begun ends.
    ///
    /// It takes memory for the manifests of one repository and for a number for each blob of all of them.
    ///
    /// # Errors
    /// If the storage fails, or a manifest cannot be read: nothing is removed of a repository of which not all is known. The other repositories are collected
    /// all the same, and the first error is returned.
    ///
    /// # Cancellation
    /// Dropping the future leaves what it has not come to; the next collection removes it.
    pub async fn collect_garbage(&self, policy: &GarbagePolicy) -> Result<GarbageReport, StorageError> {
        let cutoff = before(policy.grace());
        let storage = &*self.service().storage;
        let mut report = GarbageReport {
            uploads: self.expire(policy.is_dry_run()).await?,
            ..GarbageReport::default()
        };
        let mut failed = None;
        let mut after: Option<RepositoryName> = None;
        loop {
            let page = storage
                .repositories(after.as_ref().map(RepositoryName::as_str), PAGE)
                .await?;
            for repository in page.items() {
                let collection = Collection {
                    cutoff,
                    policy,
                    repository,
                    storage,
                };
                if let Err(error) = collection.run(&mut report.removed).await {
                    failed.get_or_insert(error);
                }
            }
            if !page.has_more() {
                break;
            }
            after = page.into_items().pop();
        }
        report.reclaimed = storage.reclaim(cutoff, policy.is_dry_run()).await?;
        failed.map_or(Ok(report), Err)
    }

    async fn expire(&self, dry_run: bool) -> Result<usize, StorageError> {
        let service = self.service();
        let mut unknown: HashSet<UploadId> = service.sessions.idle();
        let before = before(service.limits.upload_age());
        let (mut after, mut expired) = (None, 0);
        loop {
            let page = service.storage.uploads(after, sessions::PAGE).await?;
            for upload in page.items() {
                unknown.remove(&upload.id());
                if upload.written() > before {
                    continue;
                }
                expired += 1;
                if !dry_run && service.storage.end_upload(upload.repository(), upload.id()).await? {
                    service.sessions.end(upload.id());
                }
            }
            after = page.items().last().map(|upload| upload.id());
            if !page.has_more() {
                break;
            }
        }
        for id in unknown {
            service.sessions.end(id);
        }
        Ok(expired)
    }
}

/// The collection of one repository.
struct Collection<'c> {
    /// What is as young as this stays.
    cutoff: SystemTime,
    policy: &'c GarbagePolicy,
    repository: &'c RepositoryName,
    storage: &'c dyn Storage,
}

impl Collection<'_> {
    async fn run(&self, removed: &mut Vec<Removed>) -> Result<(), StorageError> {
        // A manifest or tag that comes after this look has made what it refers to younger than the cutoff.
        let graph = self.graph().await?;
        let mut live = graph.live(self.policy.manifests(), self.tags().await?, self.cutoff);
        for manifest in graph.dead(&live) {
            // It may belong to one that has turned out to stay.
            if live.contains(manifest.kept.digest()) {
                continue;
            }
            if self.remove(KeptKind::Manifest, &manifest.kept).await? {
                removed.push(self.removed(KeptKind::Manifest, &manifest.kept));
            } else {
                graph.reach(manifest.kept.digest().clone(), &mut live);
            }
        }
        let references = graph.references(&live);
        let mut after = None;
        loop {
            let page = self.kept(KeptKind::Blob, after.as_ref()).await?;
            for blob in page.items() {
                if !references.contains(blob.digest()) && self.remove(KeptKind::Blob, blob).await? {
                    removed.push(self.removed(KeptKind::Blob, blob));
                }
            }
            if !page.has_more() {
                return Ok(());
            }
            after = page.items().last().map(|blob| blob.digest().clone());
        }
    }

    async fn graph(&self) -> Result<Graph, StorageError> {
        let mut graph = Graph::default();
        let mut after = None;
        loop {
            let page = self.kept(KeptKind::Manifest, after.as_ref()).await?;
            for kept in page.items() {
                // One that was deleted meanwhile holds nothing any more.
                if let Some(stored) = self.storage.manifest(self.repository, kept.digest()).await? {
                    let limits = Limits::new().with_document_bytes(stored.content().len());
                    let document =
                        Document::parse_with(stored.content().as_ref(), stored.media_type().clone(), &limits);
                    graph.add(manifest(
                        kept,
                        document.map_err(|error| self.unreadable(kept, error))?.value(),
                    ));
                }
            }
            if !page.has_more() {
                return Ok(graph);
            }
            after = page.items().last().map(|kept| kept.digest().clone());
        }
    }

    async fn tags(&self) -> Result<BTreeSet<Digest>, StorageError> {
        let mut targets = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.storage.tags(self.repository, after.as_deref(), PAGE).await?;
            let Some(page) = page else {
                return Ok(targets);
            };
            for tag in page.items() {
                targets.extend(self.storage.tag(self.repository, tag).await?);
            }
            if !page.has_more() {
                return Ok(targets);
            }
            after = page.items().last().map(ToString::to_string);
        }
    }

    async fn kept(&self, kind: KeptKind, after: Option<&Digest>) -> Result<Page<Kept>, StorageError> {
        self.storage.kept(self.repository, kind, after, PAGE).await
    }

    /// Removes what is old enough, or says whether it is.
    async fn remove(&self, kind: KeptKind, kept: &Kept) -> Result<bool, StorageError> {
        if kept.refreshed() >= self.cutoff || self.policy.is_dry_run() {
            return Ok(kept.refreshed() < self.cutoff);
        }
        self.storage
            .sweep(self.repository, kind, kept.digest(), self.cutoff)
            .await
    }

    fn removed(&self, kind: KeptKind, kept: &Kept) -> Removed {
        Removed::new(self.repository.clone(), kind, kept.digest().clone(), kept.size())
    }

    fn unreadable(&self, kept: &Kept, error: oci_spec_types::ParseError) -> StorageError {
        let message = format!(
            "the manifest {} of {} cannot be read, so what it refers to is not known; delete it or push it again",
            kept.digest(),
            self.repository
        );
        StorageError::new(StorageErrorKind::Other, message).with_source(error)
    }
}

fn manifest(kept: &Kept, value: &AnyManifest) -> Manifest {
    let references = match value {
        AnyManifest::Image(image) => image.blobs().map(|blob| blob.digest.clone()).collect(),
        AnyManifest::Index(index) => index.manifests.iter().map(|entry| entry.digest.clone()).collect(),
    };
    Manifest {
        kept: kept.clone(),
        references,
        subject: value.subject().map(|subject| subject.digest.clone()),
    }
}

/// The time `age` ago; the beginning of time if there was none.
fn before(age: Duration) -> SystemTime {
    SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// How many entries of a list are asked for at once.
const PAGE: usize = 4096;
