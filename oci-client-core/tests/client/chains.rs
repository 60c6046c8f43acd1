//! Several sources as one.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::store::{CopyOptions, MemoryStore, Source, SourceChain, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, MediaType};
use test_support::SimRuntime;

use crate::copying_referrers::Graph;
use crate::support::{Image, by_digest, layer, noise, tag, target};

#[test]
fn what_one_source_lacks_comes_from_the_next() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let near = Arc::new(MemoryStore::new());
    graph.images[0].add_to(&near, Some("v1"));
    let graph_store = Arc::new(graph.store);
    let chain = SourceChain::new().then(near.clone()).then(graph_store.clone());
    let other_way = SourceChain::new().then(graph_store).then(near);
    runtime.run(async {
        // The first that has the tag decides.
        let found = chain.manifest(&target("v1")).await.unwrap();
        assert_eq!(found.digest(), graph.images[0].digest());
        let options = CopyOptions::new().with_referrers();
        for (chain, root) in [(&chain, graph.root.digest()), (&other_way, graph.root.digest())] {
            let copied = copy(chain, &by_digest(root), &MemoryStore::new(), Some(&tag("v1")), &options)
                .await
                .unwrap();
            assert_eq!(copied.referrers, 3);
        }
        let missing = layer(b"missing");
        assert_eq!(
            chain.manifest(&target("v9")).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(chain.blob(&missing).await.err().unwrap().kind(), ErrorKind::NotFound);
        let nobody = SourceChain::new();
        assert_eq!(nobody.blob(&missing).await.err().unwrap().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_blob_that_breaks_off_goes_on_from_the_next_source_and_is_verified_as_a_whole() {
    let (whole, runtime) = (noise(1, 10_000), SimRuntime::new());
    let blob = layer(&whole);
    let wrong = Bytes::from(vec![0; 10_000]);
    for (broken_at, content, kind) in [
        (0, &whole, None),
        (1, &whole, None),
        (4096, &whole, None),
        (9_999, &whole, None),
        (4096, &wrong, Some(ErrorKind::Mismatch)),
    ] {
        let (broken, good) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
        broken.add_content(&blob, Arc::new(Broken(content.slice(..broken_at))));
        good.add_content(&blob, Arc::new(whole.clone()));
        let chain = SourceChain::new().then(broken.clone()).then(good);
        let read = |chain: SourceChain| {
            runtime.run(async {
                let chunks = chain.blob(&blob).await?.open(Span::new(0, blob.size)).await?;
                Ok::<_, Error>(chunks.try_collect::<Vec<Bytes>>().await?.concat())
            })
        };
        match kind {
            None => assert_eq!(read(chain).unwrap(), whole),
            Some(kind) => assert_eq!(read(chain).unwrap_err().kind(), kind),
        }
        // Where all break off, so does the whole, with the reason.
        let error = read(SourceChain::new().then(broken.clone()).then(broken)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{broken_at}: {error}");
    }
}

#[test]
fn a_blob_is_asked_for_without_being_read() {
    let (near, far) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let blob = far.add_blob(MediaType::OCTET_STREAM, "content");
    let empty = far.add_blob(MediaType::OCTET_STREAM, "");
    let chain = SourceChain::new().then(near.clone()).then(far);
    SimRuntime::new().run(async {
        for blob in [&blob, &empty] {
            chain.check_blob(blob).await.unwrap();
            assert_eq!(near.check_blob(blob).await.unwrap_err().kind(), ErrorKind::NotFound);
        }
        let missing = layer(b"missing");
        assert_eq!(
            chain.check_blob(&missing).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let failing = SourceChain::new().then(near).then(Arc::new(Failing));
        assert_eq!(failing.check_blob(&blob).await.unwrap_err().kind(), ErrorKind::Timeout);
        // Content that is not there where it is said to be.
        let store = MemoryStore::new();
        store.add_content(&blob, Arc::new(Bytes::new()));
        assert!(store.check_blob(&blob).await.is_err());
    });
}

#[test]
fn a_failure_says_more_than_that_something_is_not_there() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[]));
    let failing: Arc<dyn Source> = Arc::new(Failing);
    let chains = [
        SourceChain::new()
            .then(failing.clone())
            .then(Arc::new(MemoryStore::new())),
        SourceChain::new()
            .then(Arc::new(MemoryStore::new()))
            .then(failing.clone()),
    ];
    for chain in chains {
        let error = runtime.run(chain.manifest(&target("v1"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(
            runtime
                .run(chain.then(Arc::new(image.store("v1"))).manifest(&target("v1")))
                .is_ok()
        );
    }
    let silent = SourceChain::new().then(failing);
    let error = runtime.run(silent.referrers(image.digest())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// Ends in an error behind what it has.
struct Broken(Bytes);

#[async_trait]
impl Content for Broken {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let from = usize::try_from(span.start).unwrap().min(self.0.len());
        // Several pieces: the last one is held back by whoever verifies.
        let pieces: Vec<_> = self
            .0
            .slice(from..)
            .chunks(1000)
            .map(Bytes::copy_from_slice)
            .map(Ok)
            .collect();
        let error = Err(Error::new(ErrorKind::Timeout, "gone"));
        Ok(stream::iter(pieces).chain(stream::iter([error])).boxed())
    }
}

/// Nothing works.
struct Failing;

#[async_trait]
impl Source for Failing {
    async fn manifest(
        &self,
        _: &oci_spec_types::TagOrDigest,
    ) -> Result<oci_spec_types::Document<oci_spec_types::AnyManifest>, Error> {
        Err(Error::new(ErrorKind::Timeout, "gone"))
    }

    async fn blob(&self, _: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        Err(Error::new(ErrorKind::Timeout, "gone"))
    }
}
