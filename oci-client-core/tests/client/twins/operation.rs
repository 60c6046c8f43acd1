use std::fmt::Debug;
use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use oci_client_core::Error;
use oci_client_core::blocking;
use oci_client_core::client::{Client, PullOptions, Repository, ResponseBody};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, RepositoryName, Tag, TagOrDigest};

/// Everything that a repository can do, and its registry.
pub(super) enum Operation {
    Catalog,
    Check,
    DeleteBlob(Digest),
    DeleteDocument(Box<Document<AnyManifest>>),
    DeleteManifest(TagOrDigest),
    HasBlob(Digest),
    Manifest(TagOrDigest),
    Mount(Digest, RepositoryName),
    Pull(Descriptor),
    Push(Descriptor, Bytes),
    PushManifest(TagOrDigest, Box<Document<AnyManifest>>),
    PushOrMount(Descriptor, Bytes, RepositoryName),
    PushStream(Bytes),
    PushTagged(Box<Document<AnyManifest>>, Vec<Tag>),
    /// Some bytes of a blob.
    ReadAt(Descriptor, u64, usize),
    Referrer(Digest, Descriptor),
    Referrers(Digest),
    Resolve(TagOrDigest),
    Save(Descriptor),
    /// A GET of the caller's own, to the repository and to the registry.
    Send(&'static str, &'static str),
    Tags,
}

impl Operation {
    pub(super) async fn perform(&self, client: &Client, app: &Repository) -> String {
        let registry = client.registry(app.host());
        match self {
            Self::Catalog => shown(registry.catalog().all().await),
            Self::Check => shown(registry.check().await),
            Self::DeleteBlob(digest) => shown(app.delete_blob(digest).await),
            Self::DeleteDocument(document) => shown(app.delete_document(document).await),
            Self::DeleteManifest(target) => shown(app.delete_manifest(target).await),
            Self::HasBlob(digest) => shown(app.has_blob(digest).await),
            Self::Manifest(target) => shown(app.manifest(target).await),
            Self::Mount(digest, from) => shown(app.mount_blob(digest, from).await),
            Self::Pull(descriptor) => shown(app.blob(descriptor).unwrap().bytes(LIMIT).await),
            Self::Push(descriptor, content) => shown(app.push_blob(descriptor, Arc::new(content.clone())).await),
            Self::PushManifest(target, document) => shown(app.push_manifest(target, document).await),
            Self::PushOrMount(descriptor, content, from) => {
                let content = Arc::new(content.clone());
                shown(app.push_or_mount_blob(descriptor, content, from).await)
            }
            Self::PushStream(content) => {
                let pieces: Vec<_> = content.chunks(64 << 10).map(|piece| content.slice_ref(piece)).collect();
                let pieces = stream::iter(pieces.into_iter().map(Ok));
                shown(app.push_stream(MediaType::OCTET_STREAM, pieces).await)
            }
            Self::PushTagged(document, tags) => shown(app.push_manifest_tagged(document, tags).await),
            Self::ReadAt(descriptor, offset, len) => {
                shown(app.blob_unverified(descriptor).read_at(*offset, *len).await)
            }
            Self::Referrer(subject, listed) => shown(app.referrer(subject, listed).await),
            Self::Referrers(subject) => shown(app.referrers(subject).all().await),
            Self::Resolve(target) => shown(app.resolve(target).await),
            Self::Save(descriptor) => {
                let (folder, options) = (tempfile::tempdir().unwrap(), one_stream());
                let path = folder.path().join("blob");
                let saved = app.save_blob(descriptor, &path, &options).await;
                shown(saved.map(|()| Digest::sha256(&std::fs::read(&path).unwrap())))
            }
            Self::Send(path, of_registry) => {
                let sent = read(app.send(get(path)).await).await;
                sent + &read(registry.send(get(of_registry)).await).await
            }
            Self::Tags => shown(app.tags().all().await),
        }
    }

    pub(super) fn perform_blocking(&self, client: &blocking::Client, app: &blocking::Repository) -> String {
        let registry = client.registry(app.host());
        match self {
            Self::Catalog => shown(registry.catalog().all()),
            Self::Check => shown(registry.check()),
            Self::DeleteBlob(digest) => shown(app.delete_blob(digest)),
            Self::DeleteDocument(document) => shown(app.delete_document(document)),
            Self::DeleteManifest(target) => shown(app.delete_manifest(target)),
            Self::HasBlob(digest) => shown(app.has_blob(digest)),
            Self::Manifest(target) => shown(app.manifest(target)),
            Self::Mount(digest, from) => shown(app.mount_blob(digest, from)),
            Self::Pull(descriptor) => shown(app.blob(descriptor).unwrap().bytes(LIMIT)),
            Self::Push(descriptor, content) => shown(app.push_blob(descriptor, Arc::new(content.clone()))),
            Self::PushManifest(target, document) => shown(app.push_manifest(target, document)),
            Self::PushOrMount(descriptor, content, from) => {
                shown(app.push_or_mount_blob(descriptor, Arc::new(content.clone()), from))
            }
            Self::PushStream(content) => shown(app.push_stream(MediaType::OCTET_STREAM, Cursor::new(content.clone()))),
            Self::PushTagged(document, tags) => shown(app.push_manifest_tagged(document, tags)),
            Self::ReadAt(descriptor, offset, len) => shown(app.blob_unverified(descriptor).read_at(*offset, *len)),
            Self::Referrer(subject, listed) => shown(app.referrer(subject, listed)),
            Self::Referrers(subject) => shown(app.referrers(subject).all()),
            Self::Resolve(target) => shown(app.resolve(target)),
            Self::Save(descriptor) => {
                let (folder, options) = (tempfile::tempdir().unwrap(), one_stream());
                let path = folder.path().join("blob");
                let saved = app.save_blob(descriptor, &path, &options);
                shown(saved.map(|()| Digest::sha256(&std::fs::read(&path).unwrap())))
            }
            Self::Send(path, of_registry) => {
                let read = |sent: Result<Response<blocking::ResponseBody>, Error>| {
                    shown(sent.and_then(|response| response.into_body().bytes(LIMIT)))
                };
                read(app.send(get(path))) + &read(registry.send(get(of_registry)))
            }
            Self::Tags => shown(app.tags().all()),
        }
    }
}

async fn read(sent: Result<Response<ResponseBody>, Error>) -> String {
    match sent {
        Ok(response) => shown(response.into_body().bytes(LIMIT).await),
        Err(error) => shown(Err::<(), _>(error)),
    }
}

fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

/// As a thread does it: one thing at a time.
fn one_stream() -> PullOptions {
    PullOptions::new().with_jobs(1).with_resume(true)
}

fn shown<T: Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?} {error} after {:?}", error.kind(), error.attempts()),
    }
}

/// More than any blob here has.
const LIMIT: usize = 1 << 20;
