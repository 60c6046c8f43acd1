//! Copying (C28, P26): what is copied, in which order, and how much of it at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::Request;
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::store::{Copied, CopyOptions, MemoryStore, Source, Stored, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{
    Image, Slow, blob_path, by_digest, document, layer, manifest_path, noise, repository, tag, target,
};

/// A registry that has these documents, the last one as `root`, and all blobs that are asked for.
pub(crate) fn serving(
    runtime: &SimRuntime,
    documents: &[Document<AnyManifest>],
    blobs: &[Bytes],
) -> Recorder<Responder<impl FnMut(&Request<Bytes>) -> Reply + Send + use<>>> {
    let mut answers: HashMap<String, (Option<MediaType>, Bytes)> = HashMap::new();
    for document in documents {
        let content = (
            Some(document.media_type().clone()),
            Bytes::copy_from_slice(document.bytes()),
        );
        answers.insert(manifest_path(document.digest()), content.clone());
        answers.insert(manifest_path(&"root"), content);
    }
    for blob in blobs {
        answers.insert(blob_path(&Digest::sha256(blob)), (None, blob.clone()));
    }
    Recorder::new(Responder::new(runtime, move |request: &Request<Bytes>| {
        match answers.get(request.uri().path()) {
            Some((Some(media_type), bytes)) => Reply::new(200)
                .with_header("content-type", media_type.as_str())
                .with_body(bytes.clone()),
            Some((None, bytes)) => Reply::new(200).with_body(bytes.clone()),
            None => Reply::new(404),
        }
    }))
}

pub(crate) fn copied(
    runtime: &SimRuntime,
    source: &dyn Source,
    target: &dyn Target,
    options: &CopyOptions,
) -> Result<Copied, Error> {
    runtime.run(copy(
        source,
        &"root".parse().unwrap(),
        target,
        Some(&tag("copy")),
        options,
    ))
}

pub(crate) fn index(children: &[&Document<AnyManifest>]) -> Document<AnyManifest> {
    document(ImageIndex::new(
        children.iter().map(|child| child.descriptor()).collect(),
    ))
}

#[test]
fn an_index_with_an_index_in_it_is_copied_with_all_that_is_below() {
    let images = [Image::new(1, &[10, 20]), Image::new(2, &[30]), Image::new(3, &[])];
    let inner = index(&[&images[0].document, &images[1].document]);
    let root = index(&[&inner, &images[2].document]);
    let source = MemoryStore::new();
    images.iter().for_each(|image| image.add_to(&source, None));
    source.add_manifest(inner.clone(), None);
    source.add_manifest(root.clone(), Some(tag("root")));

    let runtime = SimRuntime::new();
    let there = repository(&runtime, Registry::in_memory());
    let back = MemoryStore::new();
    assert_eq!(
        copied(&runtime, &source, &there, &CopyOptions::new())
            .unwrap()
            .root
            .bytes(),
        root.bytes()
    );
    runtime
        .run(copy(&there, &target("copy"), &back, None, &CopyOptions::new()))
        .unwrap();
    runtime.run(async {
        for document in images.iter().map(|image| &image.document).chain([&inner, &root]) {
            let found = Source::manifest(&back, &by_digest(document.digest())).await.unwrap();
            assert_eq!(
                (found.bytes(), found.media_type()),
                (document.bytes(), document.media_type())
            );
        }
    });
    for image in &images {
        assert!(
            image
                .manifest()
                .blobs()
                .all(|blob| back.content(&blob.digest).is_some())
        );
    }
}

#[test]
fn c28_cm3_children_come_before_their_parents_and_the_root_last() {
    let images = [Image::new(1, &[10, 20]), Image::new(2, &[30])];
    let inner = index(&[&images[0].document]);
    let root = index(&[&inner, &images[1].document]);
    let source = MemoryStore::new();
    images.iter().for_each(|image| image.add_to(&source, None));
    source.add_manifest(inner.clone(), None);
    source.add_manifest(root, Some(tag("root")));
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Registry::in_memory());
    copied(
        &runtime,
        &source,
        &repository(&runtime, recorder.clone()),
        &CopyOptions::new(),
    )
    .unwrap();
    let puts: Vec<String> = recorder
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("PUT"))
        .collect();
    let expected = [
        manifest_path(images[0].digest()),
        manifest_path(inner.digest()),
        manifest_path(images[1].digest()),
        manifest_path(&"copy"),
    ];
    assert_eq!(puts, expected.map(|path| format!("PUT {path}")));
    assert!(recorder.requests().iter().all(|request| request.status == Some(201)));
}

#[test]
fn c28_content_that_changes_during_the_copy_is_an_error_and_no_root_appears() {
    let image = Image::new(1, &[1000]);
    let layer = image.manifest().layers[0].clone();
    for wrong in [noise(9, 1000), noise(9, 999), noise(9, 1001), Bytes::new()] {
        let source = image.store("root");
        source.add_content(&layer, Arc::new(wrong));
        let runtime = SimRuntime::new();
        let recorder = Recorder::new(Registry::in_memory());
        let there = repository(&runtime, recorder.clone());
        copied(&runtime, &source, &there, &CopyOptions::new()).unwrap_err();
        runtime.run(async {
            assert!(!there.has_blob(&layer.digest).await.unwrap());
            assert_eq!(there.resolve(&target("copy")).await.unwrap(), None);
        });
        let memory = MemoryStore::new();
        copied(&runtime, &source, &memory, &CopyOptions::new()).unwrap_err();
        assert!(memory.content(&layer.digest).is_none());
    }
}

/// C28: what is deleted from the target while it is being copied to is stored once more, and only once.
#[test]
fn c20_content_embedded_in_a_descriptor_is_never_taken_on_trust() {
    let content = noise(1, 100);
    for data in ["eA==", "not base64!", ""] {
        let config = Bytes::from_static(b"{}");
        let layer = layer(&content);
        let root = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{{"mediaType":"{}","digest":"{}","size":100,"data":"{data}"}}]}}"#,
            serde_json::to_string(&Descriptor::of(MediaType::IMAGE_CONFIG, &config)).unwrap(),
            layer.media_type,
            layer.digest
        );
        let root = Document::parse(root.into_bytes(), MediaType::IMAGE_MANIFEST).unwrap();
        let runtime = SimRuntime::new();
        let source = repository(&runtime, serving(&runtime, &[root], &[content.clone(), config]));
        let store = MemoryStore::new();
        copied(&runtime, &source, &store, &CopyOptions::new()).unwrap();
        let stored = store.content(&layer.digest).unwrap();
        let read: Vec<Bytes> = runtime
            .run(async { stored.open(Span::from(0)).await.unwrap().try_collect().await })
            .unwrap();
        assert_eq!(read.concat(), content);
    }
}

#[test]
fn with_a_platform_only_its_image_is_copied_and_becomes_the_root() {
    let images = [Image::new(1, &[10]), Image::new(2, &[20])];
    let entry = |image: &Image, platform: &str| image.document.descriptor().with_platform(platform.parse().unwrap());
    let root = document(ImageIndex::new(vec![
        entry(&images[0], "unknown/unknown"),
        entry(&images[0], "linux/amd64"),
        entry(&images[1], "linux/arm64/v8"),
    ]));
    let documents = [images[0].document.clone(), images[1].document.clone(), root];
    let runtime = SimRuntime::new();
    let recorder = serving(&runtime, &documents, &images[1].blobs).with_budget(4);
    let source = repository(&runtime, recorder);
    let memory = MemoryStore::new();
    let arm = CopyOptions::new().with_platform("linux/arm64".parse().unwrap());
    assert_eq!(
        copied(&runtime, &source, &memory, &arm).unwrap().root.digest(),
        images[1].digest()
    );
    let tagged = runtime.run(Source::manifest(&memory, &target("copy"))).unwrap();
    assert_eq!(tagged.digest(), images[1].digest());
}

#[test]
fn a_platform_that_is_not_there_is_an_error_that_lists_those_that_are() {
    let image = Image::new(1, &[]);
    let entry = image
        .document
        .descriptor()
        .with_platform("linux/amd64".parse().unwrap());
    let root = document(ImageIndex::new(vec![entry]));
    let runtime = SimRuntime::new();
    let source = repository(&runtime, serving(&runtime, &[root], &[]).with_budget(1));
    let options = CopyOptions::new().with_platform("windows/amd64".parse().unwrap());
    let error = copied(&runtime, &source, &MemoryStore::new(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("linux/amd64"), "{error}");
}

#[test]
fn a10_layers_that_may_not_be_distributed_stay_where_they_are() {
    let config = Bytes::from_static(b"{}");
    let kept = noise(1, 10);
    let foreign = [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]
    .map(|media_type| {
        let mut layer = Descriptor::of(media_type.parse().unwrap(), media_type.as_bytes());
        layer.urls.push("https://evil.test/layer".to_owned());
        layer
    });
    let layers = [layer(&kept)].into_iter().chain(foreign).collect();
    let root = document(ImageManifest::new(
        Descriptor::of(MediaType::IMAGE_CONFIG, &config),
        layers,
    ));
    let runtime = SimRuntime::new();
    let recorder = serving(&runtime, std::slice::from_ref(&root), &[kept, config]).with_budget(3);
    let there = repository(&runtime, Registry::in_memory());
    let copied = copied(&runtime, &repository(&runtime, recorder), &there, &CopyOptions::new()).unwrap();
    assert_eq!(copied.root.bytes(), root.bytes());
}

#[test]
fn p26_any_number_of_jobs_finishes_an_image_and_no_more_run_at_once() {
    let image = Image::new(1, &[100; 20]);
    for jobs in [0, 1, 2, 7, 100] {
        let runtime = SimRuntime::new();
        let source = Counting::new(image.store("root"));
        let slow = Slow {
            inner: Registry::in_memory(),
            pause: Duration::from_millis(10),
            runtime: runtime.clone(),
        };
        copied(
            &runtime,
            &source,
            &repository(&runtime, slow),
            &CopyOptions::new().with_jobs(jobs),
        )
        .unwrap();
        assert_eq!(source.most.load(Ordering::Relaxed), jobs.clamp(1, 21));
    }
}

#[test]
fn copies_of_blobs_are_reported_as_they_arrive() {
    let image = Image::new(1, &[10, 20]);
    let runtime = SimRuntime::new();
    let there = repository(&runtime, Registry::in_memory());
    let run = |name: &str| {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = events.clone();
        let options = CopyOptions::new().with_jobs(1).with_observer(move |event| {
            seen.lock().unwrap().push((event.descriptor.clone(), event.stored));
        });
        let store = image.store("root");
        runtime
            .run(copy(&store, &target("root"), &there, Some(&tag(name)), &options))
            .unwrap();
        drop(options);
        Arc::into_inner(events).unwrap().into_inner().unwrap()
    };
    let blobs: Vec<Descriptor> = image.manifest().blobs().cloned().collect();
    assert_eq!(
        run("first"),
        blobs.iter().map(|blob| (blob.clone(), Stored::New)).collect::<Vec<_>>()
    );
    assert!(run("second").iter().map(|(blob, _)| blob).eq(&blobs));
}

/// A source that counts how many of its blobs are open at the same time.
struct Counting {
    inner: MemoryStore,
    most: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Counting {
    fn new(inner: MemoryStore) -> Self {
        Self {
            inner,
            most: Arc::default(),
            open: Arc::default(),
        }
    }
}

#[async_trait]
impl Source for Counting {
    async fn manifest(&self, target: &oci_spec_types::TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.inner.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(open, Ordering::Relaxed);
        let content = self.inner.blob(descriptor).await?;
        Ok(Arc::new(Counted {
            content,
            open: self.open.clone(),
        }))
    }
}

struct Counted {
    content: Arc<dyn Content>,
    open: Arc<AtomicUsize>,
}

#[async_trait]
impl Content for Counted {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        self.content.open(span).await
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
