//! What the blocking client has to do with several threads, with panics, and with the time that it waits.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use oci_client_core::blocking::{
    BlockOn, BlockingTransport, BlockingTransportFactory, Body, Client, Content, Repository,
};
use oci_client_core::client::{PullOptions, RecordedReferrer};
use oci_client_core::hosts::{Endpoint, HostConfig, TransportSettings};
use oci_client_core::proto::{RetryPolicy, Span};
use oci_client_core::transport::{Timeouts, TransportError, TransportErrorKind};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::referrers::without_api;
use crate::support::{HOST, by_digest, document, files_below, layer, noise, profile};

fn app(client: &Client) -> Repository {
    client
        .registry(&HOST.parse().unwrap())
        .repository("app".parse().unwrap())
}

fn subject() -> Document<AnyManifest> {
    document(ImageManifest::new(Descriptor::empty(), Vec::new()))
}

/// Logs who asks for the list of referrers, and lets others go first.
struct Watched<T> {
    inner: T,
    log: Mutex<Vec<ThreadId>>,
}

impl<T: BlockingTransport> BlockingTransport for Watched<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        let list = format!("/manifests/{}", subject().digest().fallback_tag());
        if request.uri().path().ends_with(&list) {
            self.log.lock().unwrap().push(thread::current().id());
            for _ in 0..100 {
                thread::yield_now();
            }
        }
        self.inner.send(request, timeouts)
    }
}

/// CR13: among the threads of one client, one update of a list at a time, so that none of them has to begin again.
#[test]
fn threads_enter_referrers_one_after_the_other() {
    let registry = Registry::builder().allow_missing_blobs(true).build();
    let transport = Arc::new(Watched {
        inner: BlockOn::new(without_api(&registry)),
        log: Mutex::default(),
    });
    let app = app(&Client::new(transport.clone()));
    thread::scope(|scope| {
        for number in 0..8 {
            let app = app.clone();
            scope.spawn(move || {
                let artifact = ImageManifest::artifact(MediaType::from_static("a/b"), Vec::new())
                    .with_annotation("number", number.to_string())
                    .with_subject(subject().descriptor());
                let artifact = document(artifact);
                let stored = app.push_manifest(&by_digest(artifact.digest()), &artifact).unwrap();
                assert_eq!(stored.referrer, Some(RecordedReferrer::InFallbackTag));
            });
        }
    });
    let mut turns = transport.log.lock().unwrap().clone();
    turns.dedup();
    assert_eq!(turns.len(), 8, "updates of several threads went on at once: {turns:?}");
    assert_eq!(app.referrers(subject().digest()).count(), 8);
}

/// Content that panics once some of it was read.
struct Panicking;

impl Content for Panicking {
    fn open(&self, _: Span) -> Result<Box<dyn Read + Send>, Error> {
        struct Begun(usize);
        impl Read for Begun {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 2 {
                    std::panic::resume_unwind(Box::new("as the test wants it"));
                }
                buffer.fill(0);
                Ok(buffer.len())
            }
        }
        Ok(Box::new(Begun(0)))
    }
}

/// Keeps what each request was given to wait for its answer.
struct Timed<T> {
    inner: T,
    log: Mutex<Vec<(Method, Timeouts)>>,
}

impl<T: BlockingTransport> BlockingTransport for Timed<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        self.log.lock().unwrap().push((request.method().clone(), *timeouts));
        self.inner.send(request, timeouts)
    }
}

/// An upload that ends by a panic is cancelled, and that takes no longer than ten seconds.
#[test]
fn an_upload_that_is_abandoned_is_cancelled_within_a_short_time() {
    let transport = Arc::new(Timed {
        inner: BlockOn::new(Registry::in_memory()),
        log: Mutex::default(),
    });
    let builder = Client::builder(transport.clone()).head_timeout(Duration::from_secs(60));
    let app = app(&builder.build());
    let descriptor = layer(&noise(1, 8 << 20));
    let pushed = catch_unwind(AssertUnwindSafe(|| app.push_blob(&descriptor, Arc::new(Panicking))));
    assert!(pushed.is_err());
    let log = transport.log.lock().unwrap();
    let (last, timeouts) = log.last().unwrap();
    assert_eq!(*last, Method::DELETE);
    let limit = Duration::from_secs(10);
    assert_eq!(
        (timeouts.head(), timeouts.commit(), timeouts.idle()),
        (limit, limit, limit)
    );
    let (_, before) = log.first().unwrap();
    assert_eq!(before.head(), Duration::from_secs(60));
}

/// CP9: what a call has left, the next one goes on with.
#[test]
fn a_file_is_gone_on_with_where_the_last_call_came_to() {
    let (runtime, content) = (SimRuntime::new(), noise(1, 300_000));
    let served = content.clone();
    let server = Recorder::new(Responder::new(&runtime, move |request: &Request<Bytes>| {
        if request.headers().contains_key("range") {
            Reply::new(206)
                .with_header("content-range", "bytes 100000-299999/300000")
                .with_body(served.slice(100_000..))
        } else {
            let begun = Reply::new(200).with_piece(served.slice(..100_000));
            begun.breaking_off(TransportErrorKind::Reset)
        }
    }));
    let clock = Arc::new(runtime.clone());
    let client = Client::builder(Arc::new(BlockOn::with_clock(server.clone(), clock.clone())))
        .clock(clock)
        .profile(profile(RetryPolicy::new().with_retries(0)))
        .build();
    let folder = tempfile::tempdir().unwrap();
    let (path, app) = (folder.path().join("layer"), app(&client));
    // In one stream, even where parts are asked for.
    let options = PullOptions::new().with_threshold(0).with_part_size(1000);
    app.save_blob(&layer(&content), &path, &options).unwrap_err();
    assert!(files_below(folder.path()).is_empty());
    let options = options.with_resume(true);
    app.save_blob(&layer(&content), &path, &options).unwrap_err();
    assert_eq!(files_below(folder.path()).len(), 1);
    app.save_blob(&layer(&content), &path, &options).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content);
    assert_eq!(files_below(folder.path()).len(), 1);
    let ranges: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("range").map(str::to_owned))
        .collect();
    assert_eq!(ranges, [None, None, Some("bytes=100000-299999".to_owned())]);
}

#[test]
fn a_blob_is_read_where_a_seek_has_led() {
    let content = noise(1, 200_000);
    let app = app(&Client::new(Arc::new(BlockOn::new(Registry::in_memory()))));
    app.push_blob(&layer(&content), Arc::new(content.clone())).unwrap();
    let mut blob = app.blob_unverified(&layer(&content)).with_read_ahead(0);
    for (place, at) in [
        (SeekFrom::Start(5), 5_usize),
        (SeekFrom::Current(100_000), 100_015),
        (SeekFrom::End(-3), 199_997),
        (SeekFrom::Start(200_000), 200_000),
        (SeekFrom::Start(u64::MAX), usize::MAX),
    ] {
        assert_eq!(blob.seek(place).unwrap(), at as u64);
        let mut read = Vec::new();
        blob.by_ref().take(10).read_to_end(&mut read).unwrap();
        let start = at.min(content.len());
        assert_eq!(
            read,
            content[start..content.len().min(start.saturating_add(10))],
            "{place:?}"
        );
    }
    for place in [
        SeekFrom::End(-200_001),
        SeekFrom::Current(1),
        SeekFrom::Current(i64::MIN),
    ] {
        blob.seek(SeekFrom::Start(if place == SeekFrom::Current(1) {
            u64::MAX
        } else {
            0
        }))
        .unwrap();
        assert_eq!(blob.seek(place).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
    assert_eq!(blob.read_at(10, 10).unwrap(), content[10..20]);
    let mut missing = app.blob_unverified(&layer(b"missing"));
    let error = missing.read(&mut [0; 3]).unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn the_answer_to_a_request_of_one_s_own_is_a_reader() {
    let app = app(&Client::new(Arc::new(BlockOn::new(Registry::in_memory()))));
    let content = noise(1, 200_000);
    let digest = layer(&content).digest;
    app.push_blob(&layer(&content), Arc::new(content.clone())).unwrap();
    let sent = || {
        let request = Request::get(format!("/blobs/{digest}")).body(Bytes::new()).unwrap();
        app.send(request).unwrap().into_body()
    };
    let mut body = sent();
    let mut first = [0; 7];
    body.read_exact(&mut first).unwrap();
    assert_eq!(first, content[..7]);
    assert_eq!(body.bytes(199_993).unwrap(), content[7..]);
    assert_eq!(sent().bytes(199_999).unwrap_err().kind(), ErrorKind::TooLarge);
    let mut whole = Vec::new();
    sent().read_to_end(&mut whole).unwrap();
    assert_eq!(whole, content);
}

/// A factory whose transports are counted.
struct Counting(Arc<AtomicUsize>);

impl BlockingTransportFactory for Counting {
    fn transport(&self, _: &url::Origin, settings: &TransportSettings) -> Result<Arc<dyn BlockingTransport>, Error> {
        if settings.roots().any(|pem| pem == b"bad") {
            return Err(Error::new(ErrorKind::Invalid, "the roots are bad"));
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(BlockOn::new(Registry::in_memory())))
    }
}

#[test]
fn a_host_with_settings_of_its_own_has_a_transport_of_its_own() {
    let config = |roots: &str| {
        let endpoint = Endpoint::new(profile(RetryPolicy::new()));
        let settings = TransportSettings::new().with_roots(roots);
        HostConfig::of(HOST.parse().unwrap(), endpoint.with_transport(settings))
    };
    let silent = || {
        Arc::new(BlockOn::new(Responder::new(
            &SimRuntime::new(),
            |_: &Request<Bytes>| Reply::new(500),
        )))
    };
    let made = Arc::new(AtomicUsize::new(0));
    let builder = |roots| {
        Client::builder(silent())
            .host(config(roots))
            .transport_factory(Counting(made.clone()))
    };
    assert_eq!(builder("bad").try_build().unwrap_err().kind(), ErrorKind::Invalid);
    let client = builder("good").try_build().unwrap();
    assert!(!app(&client).has_blob(&layer(b"").digest).unwrap());
    assert!(made.load(Ordering::Relaxed) > 0);
    let without = Client::builder(silent()).host(config("good")).build();
    app(&without).has_blob(&layer(b"").digest).unwrap_err();
}
