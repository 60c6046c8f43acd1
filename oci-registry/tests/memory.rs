//! S10: uploads that nobody finishes hold no memory, measured by counting every allocation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use http::{Request, Response, StatusCode};
use oci_client_core::runtime::{Runtime, block_on};
use oci_client_core::transport::Body;
use oci_registry::Registry;
use oci_registry::storage::DirectoryStorage;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Each upload has been started, and a request with a part of it has stopped in the middle.
#[test]
fn s10_a_thousand_half_open_uploads() {
    let directory = tempfile::tempdir().unwrap();
    let storage = DirectoryStorage::open(directory.path(), Arc::new(Inline));
    let registry = Registry::builder().storage(block_on(storage).unwrap()).build();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let mut stalled: Vec<_> = (0..1000).map(|_| stalled_upload(&registry)).collect();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    println!(
        "{} KiB at most, for {} MB that came",
        peak / 1024,
        1000 * PART / 1_000_000
    );
    assert!(peak < 24 << 20, "{peak} bytes");
    // They are alive: the last one can be asked for, and goes on.
    let (location, request) = stalled.pop().unwrap();
    let status = Request::get(&location).body(Body::empty()).unwrap();
    assert_eq!(block_on(registry.handle(status)).status(), StatusCode::NO_CONTENT);
    drop(request);
    let cancel = Request::delete(&location).body(Body::empty()).unwrap();
    assert_eq!(block_on(registry.handle(cancel)).status(), StatusCode::NO_CONTENT);
}

type Stalled<'r> = (String, Pin<Box<dyn Future<Output = Response<Body>> + 'r>>);

fn stalled_upload(registry: &Registry) -> Stalled<'_> {
    let start = Request::post("/v2/a/blobs/uploads/").body(Body::empty()).unwrap();
    let answer = block_on(registry.handle(start));
    let location = answer.headers().get("location").unwrap().to_str().unwrap().to_owned();
    let part = Ok(vec![7; PART].into());
    let body = Body::from_stream(stream::iter([part]).chain(stream::pending()), None);
    let mut request: Pin<Box<dyn Future<Output = _>>> =
        Box::pin(registry.handle(Request::patch(&location).body(body).unwrap()));
    // Now it waits for its client: what came is stored, or held while there is room for it.
    let mut context = Context::from_waker(Waker::noop());
    assert!(request.as_mut().poll(&mut context).is_pending());
    (location, request)
}

/// Does work at once, so that a request only ever waits for its client.
struct Inline;

impl Runtime for Inline {
    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// How much comes of each upload.
const PART: usize = 200_000;
