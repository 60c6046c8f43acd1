//! Copies with what refers to an image, and copies of some images of an index.

use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::client::Content;
use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, Source, Target, copy};
use oci_registry::Registry;
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType, Platform, TagOrDigest,
};
use test_support::SimRuntime;

use crate::support::{Image, by_digest, document, repository, tag, target};

#[test]
fn two_levels_of_referrers_go_through_every_store_and_keep_their_digests() {
    let graph = Graph::new();
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = [(); 2].map(|()| repository(&runtime, Registry::in_memory()));
    let (memory, options) = (MemoryStore::new(), CopyOptions::new().with_referrers());
    runtime.run(async {
        let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone()))
            .await
            .unwrap();
        let chain: [(&dyn Source, &dyn Target, &dyn Source); 4] = [
            (&graph.store, &first, &first),
            (&first, &layout, &layout),
            (&layout, &second, &second),
            (&second, &memory, &memory),
        ];
        for (from, to, there) in chain {
            let copied = copy(from, &target("v1"), to, Some(&tag("v1")), &options).await.unwrap();
            assert_eq!((copied.root.digest(), copied.referrers), (graph.root.digest(), 3));
            graph.check(there).await;
        }
    });
}

#[test]
fn without_being_asked_for_referrers_stay_where_they_are() {
    let (graph, memory) = (Graph::new(), MemoryStore::new());
    let runtime = SimRuntime::new();
    let options = CopyOptions::new();
    runtime
        .run(copy(&graph.store, &target("v1"), &memory, None, &options))
        .unwrap();
    assert_eq!(runtime.run(memory.referrers(graph.root.digest())).unwrap(), []);
}

#[test]
fn a_listed_manifest_that_refers_to_something_else_ends_the_copy() {
    let (lying, runtime) = (Lying(Graph::new()), SimRuntime::new());
    let options = CopyOptions::new().with_referrers();
    let error = runtime
        .run(copy(&lying, &target("v1"), &MemoryStore::new(), None, &options))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("does not refer to"), "{error}");
}

#[test]
fn a_source_that_cannot_list_referrers_says_so() {
    let (silent, runtime) = (Silent(Graph::new()), SimRuntime::new());
    let copied = |options: CopyOptions| {
        let memory = MemoryStore::new();
        let from = target("v1");
        runtime.run(async {
            copy(&silent, &from, &memory, None, &options)
                .await
                .map(|copied| copied.referrers)
        })
    };
    assert_eq!(copied(CopyOptions::new()).unwrap(), 0);
    assert_eq!(
        copied(CopyOptions::new().with_referrers()).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn a_sparse_index_keeps_its_digest_and_lacks_the_other_images() {
    let (graph, memory) = (Graph::new(), MemoryStore::new());
    let runtime = SimRuntime::new();
    let platforms = |names: &[&str]| -> Vec<Platform> { names.iter().map(|name| name.parse().unwrap()).collect() };
    let options = CopyOptions::new().with_sparse_platforms(platforms(&["linux/arm64"]));
    let copied = runtime
        .run(copy(&graph.store, &target("v1"), &memory, Some(&tag("v1")), &options))
        .unwrap();
    assert_eq!(copied.root.digest(), graph.root.digest());
    let [amd64, arm64] = &graph.images;
    assert!(runtime.run(memory.manifest(&by_digest(arm64.digest()))).is_ok());
    assert!(runtime.run(memory.manifest(&by_digest(amd64.digest()))).is_err());
    assert!(memory.content(&amd64.manifest().layers[0].digest).is_none());

    let options = CopyOptions::new().with_sparse_platforms(platforms(&["linux/amd64", "plan9/386"]));
    let error = runtime
        .run(copy(&graph.store, &target("v1"), &memory, None, &options))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// An index of two images; one referrer of the index, one of an image, and one of the first referrer.
pub(crate) struct Graph {
    pub(crate) images: [Image; 2],
    pub(crate) root: Document<AnyManifest>,
    pub(crate) store: MemoryStore,
    /// Each with its subject.
    pub(crate) referrers: Vec<(Digest, Document<AnyManifest>)>,
}

impl Graph {
    pub(crate) fn new() -> Self {
        let images = [Image::new(1, &[100]), Image::new(2, &[200])];
        let store = MemoryStore::new();
        images.iter().for_each(|image| image.add_to(&store, None));
        let platforms = ["linux/amd64", "linux/arm64"].map(|name| name.parse().unwrap());
        let entries = images.iter().zip(platforms);
        let entries = entries.map(|(image, platform)| image.document.descriptor().with_platform(platform));
        let root = document(ImageIndex::new(entries.collect()));
        store.add_manifest(root.clone(), Some(tag("v1")));
        let mut graph = Self {
            referrers: Vec::new(),
            images,
            root,
            store,
        };
        let first = graph.attach(graph.root.descriptor(), "signature");
        graph.attach(first, "signature of the signature");
        graph.attach(graph.images[1].document.descriptor(), "bill of materials");
        graph
    }

    pub(crate) fn attach(&mut self, subject: Descriptor, content: &'static str) -> Descriptor {
        self.store.add_blob(MediaType::EMPTY_JSON, &b"{}"[..]);
        let blob = self.store.add_blob(MediaType::OCTET_STREAM, content.as_bytes());
        let mut manifest = ImageManifest::new(Descriptor::empty(), vec![blob]);
        manifest.artifact_type = Some("application/vnd.test".parse().unwrap());
        manifest.subject = Some(subject.clone());
        let referrer = document(manifest);
        self.store.add_manifest(referrer.clone(), None);
        self.referrers.push((subject.digest, referrer.clone()));
        referrer.descriptor()
    }

    pub(crate) async fn check(&self, source: &dyn Source) {
        for (subject, referrer) in &self.referrers {
            let listed = source.referrers(subject).await.unwrap();
            let digests: Vec<_> = listed.iter().map(|listed| &listed.digest).collect();
            assert_eq!(digests, [referrer.digest()]);
            assert_eq!(
                listed[0].artifact_type.as_ref().unwrap().as_str(),
                "application/vnd.test"
            );
            let found = source.manifest(&by_digest(referrer.digest())).await.unwrap();
            assert_eq!(found.bytes(), referrer.bytes());
            source.blob(&found.value().as_image().unwrap().layers[0]).await.unwrap();
        }
    }
}

/// Lists the wrong manifest for the image.
struct Lying(Graph);

#[async_trait::async_trait]
impl Source for Lying {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, oci_client_core::Error> {
        self.0.store.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, oci_client_core::Error> {
        self.0.store.blob(descriptor).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, oci_client_core::Error> {
        let (_, other) = self.0.referrers.iter().find(|(known, _)| known != subject).unwrap();
        Ok(vec![other.referrer()])
    }
}

/// Does not say what refers to what.
struct Silent(Graph);

#[async_trait::async_trait]
impl Source for Silent {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, oci_client_core::Error> {
        self.0.store.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, oci_client_core::Error> {
        self.0.store.blob(descriptor).await
    }
}
