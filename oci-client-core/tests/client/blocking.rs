//! What the blocking client does by itself: reading, content, waiting between threads.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::{Request, Response};
use oci_client_core::blocking::{
    BlockOn, BlockingTransport, Body, Client, Clock, Content, FileContent, Repository, SystemClock,
};
use oci_client_core::proto::{Now, Span, Ticket};
use oci_client_core::transport::{Timeouts, TransportError, TransportErrorKind};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::MediaType;
use test_support::{Reply, Responder, SimRuntime};

use crate::support::{HOST, TokenGate, files_below, layer, noise, target};

fn app(client: &Client) -> Repository {
    client
        .registry(&HOST.parse().unwrap())
        .repository("app".parse().unwrap())
}

fn repository(transport: impl BlockingTransport + 'static) -> Repository {
    app(&Client::new(Arc::new(transport)))
}

#[test]
fn a_blob_is_a_reader_that_ends_only_when_all_is_right() {
    let content = noise(1, 200_000);
    let app = repository(BlockOn::new(Registry::in_memory()));
    let descriptor = layer(&content);
    app.push_blob(&descriptor, Arc::new(content.clone())).unwrap();
    let mut reader = app.blob(&descriptor).unwrap();
    let mut first = [0; 7];
    reader.read_exact(&mut first).unwrap();
    assert_eq!(reader.read(&mut []).unwrap(), 0);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!([&first[..], &rest].concat(), content);
    assert_eq!(reader.read(&mut first).unwrap(), 0);
}

#[test]
fn a_blob_with_wrong_bytes_gives_all_but_its_end_and_an_error() {
    let runtime = SimRuntime::new();
    let content = noise(1, 200_000);
    let wrong = noise(2, 200_000);
    let reply = Reply::new(200).with_body(wrong.clone());
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| reply.clone());
    let app = repository(BlockOn::with_clock(server, Arc::new(runtime)));
    let mut reader = app.blob(&layer(&content)).unwrap();
    let mut read = Vec::new();
    let error = reader.read_to_end(&mut read).unwrap_err();
    assert!(read.len() < wrong.len());
    assert_eq!(error.downcast::<Error>().unwrap().kind(), ErrorKind::Mismatch);
    assert!(reader.read(&mut [0]).is_err());
}

#[test]
fn a_blob_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/layer");
    let (content, missing) = (noise(1, 300_000), noise(2, 10));
    let app = repository(BlockOn::new(Registry::in_memory()));
    app.push_blob(&layer(&content), Arc::new(content.clone())).unwrap();
    app.blob(&layer(&missing)).unwrap().save(&path).unwrap_err();
    assert!(files_below(folder.path()).is_empty());
    app.blob(&layer(&content)).unwrap().save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content);
    let mut begun = app.blob(&layer(&content)).unwrap();
    begun.read_exact(&mut [0]).unwrap();
    assert_eq!(begun.save(&path).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn tags_are_an_iterator_over_all_pages() {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |request: &Request<Bytes>| match request.uri().query() {
        None => Reply::new(200)
            .with_json(r#"{"name":"app","tags":["a","b"]}"#)
            .with_header("link", "</v2/app/tags/list?last=b>; rel=\"next\""),
        Some("last=b") => Reply::new(200)
            .with_json(r#"{"name":"app","tags":["c"]}"#)
            .with_header("link", "</v2/app/tags/list?last=c>; rel=\"next\""),
        Some(_) => Reply::new(404),
    });
    let app = repository(BlockOn::with_clock(server, Arc::new(runtime)));
    let tags: Vec<_> = app
        .tags()
        .map(|tag| tag.map(|tag| tag.to_string()).map_err(|error| error.kind()))
        .collect();
    assert_eq!(
        tags,
        [
            Ok("a".to_owned()),
            Ok("b".to_owned()),
            Ok("c".to_owned()),
            Err(ErrorKind::NotFound)
        ]
    );
    assert_eq!(app.tags().all().unwrap_err().kind(), ErrorKind::NotFound);
    let mut paged = app.tags();
    assert_eq!(paged.next().unwrap().unwrap(), "a".parse().unwrap());
    assert_eq!(paged.page().unwrap().unwrap(), ["b".parse().unwrap()]);
    assert_eq!(paged.page().unwrap().unwrap(), ["c".parse().unwrap()]);
}

#[test]
fn content_is_opened_at_any_place() {
    let content = noise(1, 600_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    let from_file = FileContent::new(file.path());
    let spans = [
        Span::new(0, 600_000),
        Span::from(0),
        Span::new(1, 300_000),
        Span::from(599_999),
        Span::new(600_000, 0),
    ];
    for source in [&content as &dyn Content, &from_file] {
        for span in spans {
            let mut read = Vec::new();
            source.open(span).unwrap().read_to_end(&mut read).unwrap();
            let end = span.len.map_or(600_000, |len| span.start + len);
            assert_eq!(read, content[span.start as usize..end as usize]);
        }
    }
    for span in [
        Span::new(0, 600_001),
        Span::new(600_000, 1),
        Span::new(u64::MAX, u64::MAX),
        Span::from(600_001),
    ] {
        assert_eq!(content.open(span).err().unwrap().kind(), ErrorKind::Store, "{span:?}");
    }
    let descriptor = from_file.describe(MediaType::IMAGE_LAYER).unwrap();
    assert_eq!((descriptor.digest, descriptor.size), (layer(&content).digest, 600_000));
}

/// Content that fails, or ends too early, in the middle of an upload is the error of the upload.
#[test]
fn content_that_fails_is_the_error_of_the_upload() {
    struct Failing(fn() -> Box<dyn Read + Send>);
    impl Content for Failing {
        fn open(&self, _: Span) -> Result<Box<dyn Read + Send>, Error> {
            Ok((self.0)())
        }
    }
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::NotFound, "the disk is gone"))
        }
    }
    let descriptor = layer(&noise(1, 200_000));
    let contents: [(Failing, &str); 2] = [
        (
            Failing(|| Box::new(io::Cursor::new(vec![0; 100_000]).chain(Broken))),
            "the disk is gone",
        ),
        (Failing(|| Box::new(io::Cursor::new(vec![0; 100_000]))), "ended before"),
    ];
    for (content, message) in contents {
        let app = repository(BlockOn::new(Registry::in_memory()));
        let error = app.push_blob(&descriptor, Arc::new(content)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(format!("{error:?}").contains(message), "{error:?}");
        assert!(!app.has_blob(&descriptor.digest).unwrap());
    }
    let missing = FileContent::new("/nonexistent/file");
    let error = repository(BlockOn::new(Registry::in_memory()))
        .push_blob(&descriptor, Arc::new(missing))
        .unwrap_err();
    assert!(error.to_string().contains("/nonexistent/file"), "{error}");
}

#[test]
fn a_body_keeps_to_its_length() {
    let body = |length| Body::from_reader(&b"abcde"[..], length);
    assert_eq!(body(None).collect(5).unwrap(), "abcde");
    assert_eq!(body(Some(3)).collect(5).unwrap(), "abc");
    assert_eq!(body(Some(6)).collect(9).unwrap_err().kind(), TransportErrorKind::Body);
    for (limit, fits) in [(0, false), (4, false), (5, true), (usize::MAX, true)] {
        for body in [body(None), body(Some(5)), Bytes::from_static(b"abcde").into()] {
            match body.collect(limit) {
                Ok(content) => assert!(fits && content == "abcde"),
                Err(error) => assert!(!fits && error.kind() == TransportErrorKind::TooLarge),
            }
        }
    }
    assert_eq!(Body::empty().collect(0).unwrap(), "");
    let endless = Body::from_reader(io::repeat(0), None);
    assert_eq!(
        endless.collect(100_500).unwrap_err().kind(),
        TransportErrorKind::TooLarge
    );
    let mut known = body(Some(5));
    known.read_exact(&mut [0; 2]).unwrap();
    assert_eq!((known.len(), known.is_streamed()), (Some(3), true));
}

/// Counts the threads that have begun to wait for what another one does.
#[derive(Default)]
pub(crate) struct Waiters(AtomicUsize);

impl Waiters {
    pub(crate) fn await_count(&self, count: usize) {
        while self.0.load(Ordering::Relaxed) < count {
            thread::yield_now();
        }
    }
}

impl Clock for Waiters {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Ticket::PATIENCE {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        SystemClock::new().sleep(duration)
    }
}

/// A transport that lets requests for tokens pass only once the test says so.
struct Gate<T> {
    inner: T,
    arrived: Barrier,
    tokens: AtomicUsize,
}

impl<T: BlockingTransport> BlockingTransport for Gate<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        if request.uri().path() == "/token" {
            self.tokens.fetch_add(1, Ordering::Relaxed);
            self.arrived.wait();
        }
        self.inner.send(request, timeouts)
    }
}

/// a17: threads that want the same token wait for the one that fetches it.
#[test]
fn many_threads_fetch_one_token() {
    let gate = Arc::new(Gate {
        inner: BlockOn::new(TokenGate::new(Registry::in_memory())),
        arrived: Barrier::new(2),
        tokens: AtomicUsize::new(0),
    });
    let waiters = Arc::new(Waiters::default());
    let app = app(&Client::builder(gate.clone()).clock(waiters.clone()).build());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| app.resolve(&target("v1")))).collect();
        waiters.await_count(7);
        gate.arrived.wait();
        for thread in threads {
            assert!(thread.join().unwrap().unwrap().is_none());
        }
    });
    assert_eq!(gate.tokens.load(Ordering::Relaxed), 1);
}

/// Fails the first request for a token by a panic, as any code of others may.
struct Panicking<T> {
    inner: T,
    arrived: Barrier,
    panicked: AtomicUsize,
}

impl<T: BlockingTransport> BlockingTransport for Panicking<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        if request.uri().path() == "/token" && self.panicked.fetch_add(1, Ordering::Relaxed) == 0 {
            self.arrived.wait();
            std::panic::resume_unwind(Box::new("as the test wants it"));
        }
        self.inner.send(request, timeouts)
    }
}

/// P24 for threads: nobody waits for a token that will not come.
#[test]
fn a_thread_that_dies_gives_its_place_to_one_that_waits() {
    let transport = Arc::new(Panicking {
        inner: BlockOn::new(TokenGate::new(Registry::in_memory())),
        arrived: Barrier::new(2),
        panicked: AtomicUsize::new(0),
    });
    let waiters = Arc::new(Waiters::default());
    let app = app(&Client::builder(transport.clone()).clock(waiters.clone()).build());
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| app.resolve(&target("v1")))).collect();
        waiters.await_count(1);
        transport.arrived.wait();
        threads
            .into_iter()
            .map(|thread| thread.join().is_ok())
            .collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|ok| **ok).count(), 1);
}

/// A clock that only moves while somebody sleeps.
#[derive(Default)]
struct Sleeping(Arc<Mutex<Duration>>);

impl Clock for Sleeping {
    fn now(&self) -> Now {
        let slept = *self.0.lock().unwrap();
        Now::new(slept, slept)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let slept = self.0.clone();
        Box::pin(async move { *slept.lock().unwrap() += duration })
    }
}

#[test]
fn pauses_are_slept_by_the_clock_that_was_given() {
    let clock = Arc::new(Sleeping::default());
    let runtime = SimRuntime::new();
    let mut visits = 0;
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
        visits += 1;
        if visits == 1 {
            Reply::new(429).with_header("retry-after", "17")
        } else {
            Reply::new(404)
        }
    });
    let client = Client::builder(Arc::new(BlockOn::new(server)))
        .clock(clock.clone())
        .build();
    assert!(app(&client).resolve(&target("v1")).unwrap().is_none());
    assert!(*clock.0.lock().unwrap() >= Duration::from_secs(17));
}
