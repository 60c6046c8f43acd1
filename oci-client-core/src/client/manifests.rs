use std::borrow::Cow;

use bytes::Bytes;
use oci_spec_types::{AnyManifest, Digest, Document, Tag, TagOrDigest};

use super::Repository;
use crate::Error;
use crate::proto::{
    ConfirmReferrer, Delete, DeleteFallback, FindSubject, Lists, Machine, PutManifest, PutTagged, RecordedReferrer,
    StoredManifest, UpdateReferrers, unrecorded,
};

/// Pushing and deleting manifests, with the lists of referrers that a registry leaves to its clients.
impl Repository {
    /// Stores a manifest or index under `target`, byte for byte. What it refers to must be there already, except its subject.
    ///
    /// One PUT. A manifest with a subject is entered into the list of that subject's referrers where the registry does not do so itself: four more
    /// requests, one push to a subject at a time within a client. [`StoredManifest::referrer`] tells how it got there. An `OCI-Subject` in the answer is believed where
    /// the registry is known to list referrers; if that is not known, one request finds out, and the answer is remembered for ten minutes.
    ///
    /// # Errors
    /// If `target` is a digest that the document does not have, the registry refuses the manifest, or names it by another digest. If only the entry in the list of
    /// referrers is missing, the error says so; it is of kind [`Conflict`](crate::ErrorKind::Conflict) if others kept changing the list or the list's tag holds something
    /// else. [`UpdateReferrers`] says what holds when others change the list at the same time.
    ///
    /// # Cancellation
    /// A dropped future may leave the manifest stored and not listed: push it again.
    pub async fn push_manifest(
        &self,
        target: &TagOrDigest,
        document: &Document<AnyManifest>,
    ) -> Result<StoredManifest, Error> {
        let document = match target {
            TagOrDigest::Digest(digest) => named(document, digest)?,
            TagOrDigest::Tag(_) => Cow::Borrowed(document),
        };
        let put = self.put(target.clone(), &document);
        self.push(put, &document).await
    }

    /// Stores a manifest or index by its digest and sets `tags` to it: in one PUT where the registry takes tags along, else with one more for each tag that it
    /// left out.
    ///
    /// Under a tag, a registry may name the manifest by a digest of its own choice, most often sha256, where the document has another.
    ///
    /// # Errors
    /// As [`push_manifest`](Self::push_manifest).
    ///
    /// # Cancellation
    /// A dropped future may leave some of the tags set, and as [`push_manifest`](Self::push_manifest) says.
    pub async fn push_manifest_tagged(
        &self,
        document: &Document<AnyManifest>,
        tags: &[Tag],
    ) -> Result<StoredManifest, Error> {
        let put = self.put(TagOrDigest::Digest(document.digest().clone()), document);
        self.push(PutTagged::new(&put, tags), document).await
    }

    /// Deletes a tag, or a manifest by its digest together with all tags that name it.
    ///
    /// A tag takes one request. For a digest, a registry is asked first whether it lists referrers, unless that is known; where it does not, the manifest is read, taken
    /// out of the list of its subject's referrers, and its own list is deleted. That this could not be found out, and what goes wrong after the delete, is a warning for the
    /// [`Observer`](super::Observer): the manifest is gone all the same.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Unsupported`](crate::ErrorKind::Unsupported) if the registry does not delete.
    ///
    /// # Cancellation
    /// A dropped future may leave the manifest deleted and the lists as they were.
    pub async fn delete_manifest(&self, target: &TagOrDigest) -> Result<(), Error> {
        match target {
            TagOrDigest::Digest(digest) => {
                let find = FindSubject::new(self.stored_name().clone(), digest.clone());
                self.delete_listed(digest, find).await
            }
            TagOrDigest::Tag(_) => self.delete(target.clone()).await,
        }
    }

    /// As [`delete_manifest`](Self::delete_manifest) for the digest of `document`, which need not be read then.
    ///
    /// # Errors
    /// As [`delete_manifest`](Self::delete_manifest).
    ///
    /// # Cancellation
    /// As [`delete_manifest`](Self::delete_manifest).
    pub async fn delete_document(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        let (digest, subject) = (document.digest(), subject(document).cloned());
        let find = FindSubject::new(self.stored_name().clone(), digest.clone()).with_subject(subject);
        self.delete_listed(digest, find).await
    }

    fn put(&self, target: TagOrDigest, document: &Document<AnyManifest>) -> PutManifest {
        let bytes = Bytes::from_owner(document.shared_bytes());
        let (media_type, digest) = (document.media_type().clone(), document.digest().clone());
        PutManifest::new(self.stored_name().clone(), target, media_type, bytes, digest)
            .with_subject(subject(document).cloned())
    }

    async fn push(
        &self,
        put: impl Machine<Output = StoredManifest>,
        document: &Document<AnyManifest>,
    ) -> Result<StoredManifest, Error> {
        let Some(subject) = subject(document) else {
            return self.run("push manifest", &["pull", "push"], put).await;
        };
        // One change of a list at a time, also where the registry makes it: some lose what is pushed at the same time, and none of our own updates need a second try.
        let _guard = self.lock_referrers(subject).await;
        let mut stored = self.run("push manifest", &["pull", "push"], put).await?;
        if stored.referrer == Some(RecordedReferrer::Claimed) {
            let confirm = ConfirmReferrer::new(self.stored_name().clone(), subject.clone());
            let confirmed = self.run("confirm referrer", &["pull", "push"], confirm).await;
            stored.referrer = Some(confirmed.map_err(|error| unrecorded(document.digest(), error))?);
        }
        if stored.referrer == Some(RecordedReferrer::NotYet) {
            let update = UpdateReferrers::add(self.stored_name().clone(), subject.clone(), document.referrer());
            self.update(update)
                .await
                .map_err(|error| unrecorded(document.digest(), error))?;
            stored.referrer = Some(RecordedReferrer::InFallbackTag);
        }
        Ok(stored)
    }

    async fn update(&self, update: UpdateReferrers) -> Result<(), Error> {
        self.run("update referrers", &["pull", "push"], update).await.map(drop)
    }

    async fn delete(&self, target: TagOrDigest) -> Result<(), Error> {
        let delete = Delete::manifest(self.stored_name().clone(), target);
        self.run("delete manifest", &["delete", "pull"], delete).await
    }

    async fn delete_listed(&self, digest: &Digest, find: FindSubject) -> Result<(), Error> {
        let lists = self.run("delete manifest", &["delete", "pull"], find).await?;
        self.delete(TagOrDigest::Digest(digest.clone())).await?;
        match lists {
            Lists::ByClients { subject } => Box::pin(self.tidy_up(digest, subject)).await,
            Lists::ByRegistry => {}
            Lists::Unknown(error) => self.warn(format!(
                "{digest} is deleted, and may be in lists of referrers that clients keep, which could not be found out: {error}"
            )),
        }
        Ok(())
    }

    async fn tidy_up(&self, deleted: &Digest, subject: Option<Digest>) {
        if let Some(subject) = subject {
            let update = UpdateReferrers::remove(self.stored_name().clone(), subject.clone(), deleted.clone());
            let guard = self.lock_referrers(&subject).await;
            let updated = self.update(update).await;
            drop(guard);
            if let Err(error) = updated {
                self.warn(format!(
                    "{deleted} is deleted and still listed as a referrer of {subject}: {error}"
                ));
            }
        }
        let fallback = DeleteFallback::new(self.stored_name().clone(), deleted.clone());
        if let Err(error) = self.run("delete referrers", &["delete", "pull"], fallback).await {
            self.warn(format!(
                "{deleted} is deleted, and the list of its referrers may not be: {error}"
            ));
        }
    }
}

fn subject(document: &Document<AnyManifest>) -> Option<&Digest> {
    document.value().subject().map(|subject| &subject.digest)
}

/// The document under that digest.
fn named<'d>(document: &'d Document<AnyManifest>, digest: &Digest) -> Result<Cow<'d, Document<AnyManifest>>, Error> {
    if document.digest() == digest {
        return Ok(Cow::Borrowed(document));
    }
    digest.verify(document.bytes())?;
    Ok(Cow::Owned(document.clone().with_algorithm(&digest.algorithm())?))
}
