//! Pulling through takes no more memory for a large blob than for a small one, whoever reads it, measured by counting every allocation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::storage::DirectoryStorage;
use oci_registry::{Registry, Upstream};
use oci_spec_types::{Algorithm, Digest};
use peak_alloc::PeakAlloc;
use test_support::SimRuntime;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn a_large_blob_takes_no_more_than_a_small_one() {
    // What is made once only is made before.
    peak(1, Reader::Reads);
    for reader in [Reader::Reads, Reader::Stands, Reader::Leaves, Reader::WantsPart] {
        let (small, large) = (peak(SMALL, reader), peak(LARGE, reader));
        println!(
            "{reader:?}: {} KiB for {} KiB, {} KiB for {} KiB",
            small / 1024,
            SMALL * PIECE / 1024,
            large / 1024,
            LARGE * PIECE / 1024
        );
        assert!(large < small + (1 << 20), "{reader:?}: {small} and {large} bytes");
        assert!(large < 12 << 20, "{reader:?}: {large} bytes");
    }
}

/// Who asks for the blob first.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// Goes away once the head is here.
    Leaves,
    Reads,
    /// Reads a piece, and the rest when all of it has been stored.
    Stands,
    /// Gets the end of it from the storage.
    WantsPart,
}

/// The most memory that pulling a blob of so many pieces takes.
fn peak(pieces: usize, reader: Reader) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let runtime = SimRuntime::new();
    let far = Far::new(pieces);
    let path = format!("/v2/app/blobs/{}", far.digest);
    let storage = runtime.run(DirectoryStorage::open(folder.path(), Arc::new(runtime.clone())));
    let upstream = Upstream::new("far.test".parse().unwrap(), Arc::new(far), Arc::new(runtime.clone()));
    let registry = Registry::builder().storage(storage.unwrap()).upstream(upstream).build();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    runtime.run(async {
        let request = || Request::get(&path);
        let part = request().header("range", "bytes=-1").body(Body::empty()).unwrap();
        match reader {
            Reader::Leaves => {
                drop(ask(&registry, request().body(Body::empty()).unwrap()).await);
                assert_eq!(read(ask(&registry, part).await).await, 1);
            }
            Reader::Reads => {
                let body = ask(&registry, request().body(Body::empty()).unwrap()).await;
                assert_eq!(read(body).await, pieces * PIECE);
            }
            Reader::Stands => {
                let mut body = ask(&registry, request().body(Body::empty()).unwrap()).await;
                let first = body.chunk().await.unwrap().unwrap().len();
                assert_eq!(read(ask(&registry, part).await).await, 1);
                assert_eq!(first + read(body).await, pieces * PIECE);
            }
            Reader::WantsPart => assert_eq!(read(ask(&registry, part).await).await, 1),
        }
    });
    MEMORY.peak_usage().saturating_sub(before)
}

async fn ask(registry: &Registry, request: Request<Body>) -> Body {
    let response = registry.handle(request).await;
    assert!(response.status().is_success(), "{}", response.status());
    response.into_body()
}

/// How many bytes there are.
async fn read(mut body: Body) -> usize {
    let mut length = 0;
    while let Some(chunk) = body.chunk().await {
        length += chunk.unwrap().len();
    }
    length
}

/// A registry with one blob, which is made while it is sent.
struct Far {
    digest: Digest,
    piece: Bytes,
    pieces: usize,
}

impl Far {
    fn new(pieces: usize) -> Self {
        let piece = Bytes::from(vec![7; PIECE]);
        let mut hasher = Algorithm::SHA256.hasher().unwrap();
        for _ in 0..pieces {
            hasher.update(&piece);
        }
        Self {
            digest: hasher.finish(),
            piece,
            pieces,
        }
    }
}

#[async_trait]
impl Transport for Far {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let length = (self.pieces * PIECE) as u64;
        let piece = self.piece.clone();
        let body = match *request.method() {
            Method::HEAD => Body::empty(),
            // Each piece is memory of its own, as it comes from a socket.
            _ => Body::from_stream(
                stream::repeat_with(move || Ok(Bytes::copy_from_slice(&piece))).take(self.pieces),
                Some(length),
            ),
        };
        Ok(Response::builder()
            .status(StatusCode::OK)
            .header("content-length", length)
            .body(body)
            .unwrap())
    }
}

const LARGE: usize = 1024;
const PIECE: usize = 64 * 1024;
const SMALL: usize = 256;
