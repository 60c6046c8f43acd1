//! A storage that fails: what is answered then, and what is left.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use oci_client_core::transport::Body;
use oci_registry::storage::{
    DeleteReference, Kept, KeptKind, OpenUpload, Page, PutManifest, Reclaimed, Storage, StorageError, StoredBlob,
    StoredManifest, Upload, UploadId,
};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType, RepositoryName, Tag};

use crate::fixture::{Answer, Fixture, image, json, on_every_storage, with_digest};

on_every_storage!(s14_every_step_can_fail);

/// S14: whatever step of a push fails, and for whatever reason: the answer says so, what was there stays, nothing half-written is there, and the
/// same push succeeds once the storage works.
fn s14_every_step_can_fail(fixture: &Fixture) {
    for (error, status) in [
        (io::ErrorKind::StorageFull.into(), StatusCode::INSUFFICIENT_STORAGE),
        (io::ErrorKind::QuotaExceeded.into(), StatusCode::INSUFFICIENT_STORAGE),
        (
            io::ErrorKind::ReadOnlyFilesystem.into(),
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
        (
            io::ErrorKind::PermissionDenied.into(),
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
        // EIO and EMFILE.
        (io::Error::from_raw_os_error(5), StatusCode::INTERNAL_SERVER_ERROR),
        (io::Error::from_raw_os_error(24), StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let error: io::Error = error;
        let mut step = 0;
        while fails_at(fixture, step, &error, status) {
            step += 1;
        }
        assert!(step >= 12, "{step} steps for {error}");
    }
}

/// Whether a push has a step of this number.
fn fails_at(fixture: &Fixture, step: usize, error: &io::Error, status: StatusCode) -> bool {
    let countdown = Arc::new(AtomicUsize::new(usize::MAX));
    let kept = copied(error);
    let failing = fixture.wrapped(|inner| Failing {
        inner,
        countdown: Arc::clone(&countdown),
        error: Arc::new(kept),
    });
    let old = failing.push_image("a", "v1", &image("old"));
    countdown.store(step, Ordering::SeqCst);
    let failed = push(&failing).err();
    let reached = countdown.swap(usize::MAX, Ordering::SeqCst) == usize::MAX;
    if let Some(failed) = &failed {
        assert_eq!(failed.status(), status, "step {step}: {failed:?}");
        // The answer to a HEAD has no body.
        assert!(failed.content().is_empty() || failed.json()["errors"][0]["code"] == "UNKNOWN");
    }
    assert_eq!(
        reached,
        failed.is_some(),
        "step {step} failed without an error in the answer"
    );
    let tag = |name: &str| failing.get(format!("/v2/a/manifests/{name}")).send();
    assert_eq!(tag("v1").expect(StatusCode::OK).content(), json(&image("old")));
    tag(&old.to_string()).expect(StatusCode::OK);
    let layer = failing.get(format!("/v2/a/blobs/{}", Digest::sha256(LAYER))).send();
    assert!(layer.status() == StatusCode::NOT_FOUND || layer.content() == LAYER);
    push(&failing).unwrap();
    assert_eq!(tag("v2").expect(StatusCode::OK).content(), json(&new_image()));
    reached
}

/// Pushes an image in requests of every kind; the first answer that is no success ends it. An upload that was cut short goes on.
fn push(fixture: &Fixture) -> Result<(), Box<Answer>> {
    let digest = Digest::sha256(LAYER);
    let start = success(fixture.post("/v2/a/blobs/uploads/").send())?;
    let location = start.header("location").unwrap();
    let (first, second) = LAYER.split_at(4);
    success(fixture.patch(&location).body(first).send())?;
    success(fixture.get(&location).send())?;
    if let Err(failed) = success(fixture.put(with_digest(&location, &digest)).body(second).send()) {
        // What arrived is still there, unless the upload is what failed to be ended.
        let status = fixture.get(&location).send();
        assert!(
            [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND].contains(&status.status()),
            "{status:?}"
        );
        return Err(failed);
    }
    success(fixture.head(format!("/v2/a/blobs/{digest}")).send())?;
    let config = Digest::sha256(b"{}");
    let post = fixture.post(format!("/v2/a/blobs/uploads/?digest={config}"));
    success(post.body("{}").send())?;
    let manifest = json(&new_image());
    success(fixture.push_manifest("a", "v2", &MediaType::IMAGE_MANIFEST, &manifest))?;
    success(fixture.get("/v2/a/manifests/v2").send())?;
    success(fixture.get("/v2/a/tags/list").send()).map(drop)
}

fn success(answer: Answer) -> Result<Answer, Box<Answer>> {
    if answer.status().is_success() {
        Ok(answer)
    } else {
        Err(Box::new(answer))
    }
}

fn new_image() -> ImageManifest {
    ImageManifest::new(image("new").config, vec![Descriptor::of(MediaType::IMAGE_LAYER, LAYER)])
}

fn copied(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

const LAYER: &[u8] = b"0123456789";

/// A storage one of whose steps fails.
struct Failing {
    inner: Arc<dyn Storage>,
    /// How many steps succeed before that.
    countdown: Arc<AtomicUsize>,
    error: Arc<io::Error>,
}

impl Failing {
    fn step(&self) -> Result<(), StorageError> {
        step(&self.countdown, &self.error)
    }

    fn upload(&self, inner: Box<dyn Upload>) -> Box<dyn Upload> {
        Box::new(FailingUpload {
            inner,
            countdown: Arc::clone(&self.countdown),
            error: Arc::clone(&self.error),
        })
    }
}

/// Counts down; past the failure everything succeeds again.
fn step(countdown: &AtomicUsize, error: &io::Error) -> Result<(), StorageError> {
    match countdown.load(Ordering::SeqCst) {
        usize::MAX => Ok(()),
        0 => {
            countdown.store(usize::MAX, Ordering::SeqCst);
            Err(copied(error).into())
        }
        left => {
            countdown.store(left - 1, Ordering::SeqCst);
            Ok(())
        }
    }
}

#[async_trait]
impl Storage for Failing {
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError> {
        self.step()?;
        self.inner.blob(repository, digest).await
    }

    async fn refresh(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.refresh(repository, kind, digest).await
    }

    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError> {
        self.step()?;
        self.inner.kept(repository, kind, after, size).await
    }

    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.sweep(repository, kind, digest, before).await
    }

    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError> {
        self.step()?;
        self.inner.reclaim(before, dry_run).await
    }

    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError> {
        self.step()?;
        self.inner.uploads(after, size).await
    }

    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.end_upload(repository, id).await
    }

    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.link_blob(source, target, digest).await
    }

    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.unlink_blob(repository, digest).await
    }

    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError> {
        self.step()?;
        Ok(self.upload(self.inner.begin_upload(repository, id).await?))
    }

    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError> {
        self.step()?;
        let upload = self.inner.resume_upload(repository, id).await?;
        Ok(upload.map(|upload| self.upload(upload)))
    }

    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError> {
        self.step()?;
        self.inner.upload_size(repository, id).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError> {
        self.step()?;
        self.inner.manifest(repository, digest).await
    }

    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError> {
        self.step()?;
        self.inner.put_manifest(put).await
    }

    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError> {
        self.step()?;
        self.inner.delete_reference(delete).await
    }

    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError> {
        self.step()?;
        self.inner.tag(repository, tag).await
    }

    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError> {
        self.step()?;
        self.inner.tags(repository, after, size).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError> {
        self.step()?;
        self.inner.referrers(repository, subject, after, size).await
    }

    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError> {
        self.step()?;
        self.inner.repositories(after, size).await
    }
}

/// The writer of an upload in such a storage.
struct FailingUpload {
    inner: Box<dyn Upload>,
    countdown: Arc<AtomicUsize>,
    error: Arc<io::Error>,
}

impl FailingUpload {
    fn step(&self) -> Result<(), StorageError> {
        step(&self.countdown, &self.error)
    }
}

#[async_trait]
impl Upload for FailingUpload {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError> {
        self.step()?;
        self.inner.append(chunk).await
    }

    async fn read(&mut self) -> Result<Body, StorageError> {
        self.step()?;
        self.inner.read().await
    }

    async fn save(self: Box<Self>) -> Result<(), StorageError> {
        self.step()?;
        self.inner.save().await
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<(), StorageError> {
        self.step()?;
        self.inner.commit(digest).await
    }

    async fn cancel(self: Box<Self>) -> Result<(), StorageError> {
        self.step()?;
        self.inner.cancel().await
    }
}
