use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use oci_client_core::Error;
use oci_client_core::client::{Client, Repository};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, ThreadRuntime};
use oci_client_core::store::{MemoryStore, Source, Target};
use oci_image_tools::archive::{ArchiveWriter, DockerArchive, OciArchive};
use oci_registry::Registry;
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType, Tag, TagOrDigest,
};
use test_support::Rng;

pub(crate) fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

/// A client of an embedded registry, whatever the host.
pub(crate) fn client() -> Client {
    Client::builder(Arc::new(Registry::in_memory()), runtime()).build()
}

pub(crate) fn repository() -> Repository {
    client().repository(&"registry.test/app".parse().unwrap())
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn target(text: &str) -> TagOrDigest {
    text.parse().unwrap()
}

/// An index of two images; one referrer of the index, one of that, and one of an image.
pub(crate) struct Graph {
    pub(crate) images: Vec<Document<AnyManifest>>,
    pub(crate) referrers: Vec<(Digest, Document<AnyManifest>)>,
    pub(crate) root: Document<AnyManifest>,
    pub(crate) store: MemoryStore,
}

impl Graph {
    pub(crate) fn new() -> Self {
        let store = MemoryStore::new();
        let images: Vec<_> = (0..2).map(|seed| image(&store, seed, "shared")).collect();
        let platforms = ["linux/amd64", "linux/arm64"].map(|name| name.parse().unwrap());
        let entries = images.iter().zip(platforms);
        let entries = entries.map(|(image, platform)| image.descriptor().with_platform(platform));
        let root = Document::<AnyManifest>::from_value(ImageIndex::new(entries.collect()).into()).unwrap();
        store.add_manifest(root.clone(), Some(tag("v1")));
        let mut graph = Self {
            referrers: Vec::new(),
            images,
            root,
            store,
        };
        let first = graph.attach(graph.root.descriptor(), "signature");
        graph.attach(first, "signature of the signature");
        graph.attach(graph.images[1].descriptor(), "bill of materials");
        graph
    }

    /// Everything is in `source`, with the same bytes.
    pub(crate) async fn check(&self, source: &dyn Source) {
        let found = source.manifest(&target("v1")).await.unwrap();
        assert_eq!(found.bytes(), self.root.bytes());
        for image in &self.images {
            self.check_one(source, image).await;
        }
        for (subject, referrer) in &self.referrers {
            let listed = source.referrers(subject).await.unwrap();
            assert_eq!(listed, [referrer.referrer()]);
            self.check_one(source, referrer).await;
        }
    }

    async fn check_one(&self, source: &dyn Source, document: &Document<AnyManifest>) {
        let by_digest = TagOrDigest::Digest(document.digest().clone());
        let found = source.manifest(&by_digest).await.unwrap();
        assert_eq!(
            (found.bytes(), found.media_type()),
            (document.bytes(), document.media_type())
        );
        for blob in found.value().children() {
            assert_eq!(
                read(source, blob).await.unwrap(),
                read(&self.store, blob).await.unwrap()
            );
        }
    }

    fn attach(&mut self, subject: Descriptor, content: &'static str) -> Descriptor {
        self.store.add_blob(MediaType::EMPTY_JSON, "{}");
        let blob = self.store.add_blob(MediaType::OCTET_STREAM, content);
        let mut manifest = ImageManifest::new(Descriptor::empty(), vec![blob]);
        manifest.artifact_type = Some("application/vnd.test".parse().unwrap());
        manifest.subject = Some(subject.clone());
        let referrer = Document::<AnyManifest>::from_value(manifest.into()).unwrap();
        self.store.add_manifest(referrer.clone(), None);
        self.referrers.push((subject.digest, referrer.clone()));
        referrer.descriptor()
    }
}

/// Adds an image of three layers, one empty and one that it has in common with others.
pub(crate) fn image(store: &MemoryStore, seed: u64, shared: &'static str) -> Document<AnyManifest> {
    let layers: Vec<Bytes> = vec![
        Rng::new(seed).bytes(300_000 + seed as usize).into(),
        Bytes::new(),
        shared.into(),
    ];
    let diff_ids: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer).to_string()).collect();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "author": seed.to_string(),
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    let config = store.add_blob(MediaType::IMAGE_CONFIG, config.to_string());
    let layers = layers
        .into_iter()
        .map(|layer| store.add_blob(MediaType::IMAGE_LAYER, layer));
    let manifest = ImageManifest::new(config, layers.collect());
    let document = Document::<AnyManifest>::from_value(manifest.into()).unwrap();
    store.add_manifest(document.clone(), Some(tag(&format!("image{seed}"))));
    document
}

pub(crate) async fn read(source: &dyn Source, blob: &Descriptor) -> Result<Vec<u8>, Error> {
    let chunks = source.blob(blob).await?.open(Span::new(0, blob.size)).await?;
    let chunks: Vec<Bytes> = chunks.try_collect().await?;
    Ok(chunks.concat())
}

pub(crate) async fn oci_writer(path: &Path) -> ArchiveWriter {
    ArchiveWriter::oci(path, runtime()).await.unwrap()
}

pub(crate) async fn open_oci(path: &Path) -> Result<OciArchive, Error> {
    OciArchive::open(path, runtime()).await
}

pub(crate) async fn open_docker(path: &Path) -> Result<DockerArchive, Error> {
    DockerArchive::open(path, runtime()).await
}

pub(crate) async fn put(target: &dyn Target, content: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(MediaType::OCTET_STREAM, content);
    let content = Arc::new(Bytes::copy_from_slice(content));
    target.put_blob(&descriptor, content).await.unwrap();
    descriptor
}
