//! Uploads over links that fail: they go on where the registry has got to, and little is sent twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response};
use oci_client_core::client::{Repository, Uploaded};
use oci_client_core::proto::{HostProfile, RetryPolicy};
use oci_client_core::store::{Source, Stored, Target};
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::MediaType;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{app, builder, layer, noise, profile, repository};

const MIB: usize = 1 << 20;

/// A link that is cut whenever so many bytes of content have gone up since the last time; of a request that is cut, the server sees what went up less what
/// was still on its way.
struct Fragile<T> {
    inner: T,
    every: u64,
    left: Arc<AtomicU64>,
    on_the_way: u64,
}

impl<T> Fragile<T> {
    fn new(inner: T, every: usize, on_the_way: usize) -> Self {
        let every = every as u64;
        Self {
            inner,
            every,
            left: Arc::new(AtomicU64::new(every)),
            on_the_way: on_the_way as u64,
        }
    }
}

#[async_trait]
impl<T: Transport> Transport for Fragile<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, mut body) = request.into_parts();
        let length = http_body::Body::size_hint(&body).exact();
        let mut pieces = Vec::new();
        let mut cut = false;
        while let Some(piece) = body.chunk().await.transpose()? {
            let left = self.left.load(Ordering::Relaxed);
            if piece.len() as u64 > left {
                self.left.store(self.every, Ordering::Relaxed);
                cut = true;
                break;
            }
            self.left.store(left - piece.len() as u64, Ordering::Relaxed);
            pieces.push(piece);
        }
        if !cut {
            let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok)), length);
            return self.inner.send(Request::from_parts(parts, body)).await;
        }
        let whole: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let mut arrives = whole.saturating_sub(self.on_the_way);
        let lost = || TransportError::new(TransportErrorKind::Reset, "cut");
        let mut arrived: Vec<Result<Bytes, TransportError>> = Vec::new();
        for mut piece in pieces {
            piece.truncate(usize::try_from(arrives).unwrap());
            arrives -= piece.len() as u64;
            arrived.push(Ok(piece));
        }
        arrived.push(Err(lost()));
        let body = Body::from_stream(stream::iter(arrived), length);
        // Nobody hears the answer.
        let _ = self.inner.send(Request::from_parts(parts, body)).await;
        Err(lost())
    }
}

/// What keeps of an interrupted request nothing, and forgets the session over it as docker-registry 2.8 does.
struct Forgetful<T>(T);

#[async_trait]
impl<T: Transport> Transport for Forgetful<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let length = http_body::Body::size_hint(&body).exact();
        match body.collect(usize::MAX).await {
            Ok(content) => {
                let body = Body::from_stream(stream::iter([Ok(content)]), length);
                self.0.send(Request::from_parts(parts, body)).await
            }
            Err(error) => {
                let path = parts.uri.path().to_owned();
                let cancel = Request::delete(format!("https://registry.test{path}"));
                let _ = self.0.send(cancel.body(Body::empty()).unwrap()).await;
                Err(error)
            }
        }
    }
}

/// Keeps of an interrupted request nothing, and of the session all that went before, as stores on whole objects do.
struct WholePartsOnly<T>(T);

#[async_trait]
impl<T: Transport> Transport for WholePartsOnly<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let content = body.collect(usize::MAX).await?;
        self.0.send(Request::from_parts(parts, Body::from(content))).await
    }
}

fn in_pieces(content: &Bytes) -> impl futures_core::Stream<Item = Result<Bytes, Error>> + Send + 'static {
    let pieces: Vec<_> = content
        .chunks(16 << 10)
        .map(|piece| Ok(content.slice_ref(piece)))
        .collect();
    stream::iter(pieces)
}

/// Bytes that come in pieces, as they do from a file.
struct Pieces(Bytes);

#[async_trait]
impl oci_client_core::client::Content for Pieces {
    async fn open(&self, span: oci_client_core::proto::Span) -> Result<oci_client_core::client::Chunks, Error> {
        let start = usize::try_from(span.start).unwrap();
        let end = span
            .len
            .map_or(self.0.len(), |len| start + usize::try_from(len).unwrap());
        Ok(Box::pin(in_pieces(&self.0.slice(start..end))))
    }
}

/// 300 MB, scaled down by ten together with the parts and what a connection holds.
const SIZE: usize = 30 * MIB;

fn tenth(runtime: &SimRuntime, transport: impl Transport + 'static) -> Repository {
    let profile = profile(RetryPolicy::new()).with_chunk(HostProfile::CHUNK / 10);
    app(&builder(runtime, transport).profile(profile).build())
}

fn sent<T: Transport>(recorder: &Recorder<T>) -> u64 {
    recorder.requests().iter().map(|request| request.sent).sum()
}

#[test]
fn p05_over_a_link_that_fails_every_fifteenth_less_than_a_quarter_is_sent_twice() {
    let content = noise(1, SIZE);
    let descriptor = layer(&content);
    let keeping = |registry: Registry| -> Arc<dyn Transport> { Arc::new(registry) };
    let parts_only = |registry: Registry| -> Arc<dyn Transport> { Arc::new(WholePartsOnly(registry)) };
    for (server, most) in [
        (&keeping as &dyn Fn(Registry) -> Arc<dyn Transport>, 110),
        (&parts_only, 125),
    ] {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let link = Fragile::new(server(registry.clone()), 2 * MIB, 100 << 10);
        let recorder = Recorder::new(link);
        let there = tenth(&runtime, recorder.clone());
        let pushed = runtime.run(there.push_blob(&descriptor, Arc::new(Pieces(content.clone()))));
        assert_eq!(pushed.unwrap(), Uploaded::Stored);
        let percent = sent(&recorder) * 100 / SIZE as u64;
        assert!(percent < most, "{percent} % were sent");
        let back = repository(&runtime, registry).blob(&descriptor).unwrap();
        assert_eq!(runtime.run(back.bytes(SIZE)).unwrap(), content);
    }
}

#[test]
fn p05_where_the_session_is_lost_the_blob_is_begun_anew_once() {
    let content = noise(1, 3 * MIB);
    let descriptor = layer(&content);
    let push = |cuts: usize| {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let link = Fragile::new(Forgetful(registry.clone()), 2 * MIB, 0);
        let link = if cuts == 1 {
            // The link holds after it was cut for the first time.
            Fragile {
                every: u64::MAX,
                ..link
            }
        } else {
            link
        };
        let recorder = Recorder::new(link);
        let there = repository(&runtime, recorder.clone());
        let pushed = runtime.run(there.push_blob(&descriptor, Arc::new(Pieces(content.clone()))));
        (pushed, recorder.count_where(|request| request.method == Method::POST))
    };
    let (pushed, sessions) = push(1);
    assert_eq!((pushed.unwrap(), sessions), (Uploaded::Stored, 2));
    let (pushed, sessions) = push(2);
    assert_eq!((pushed.unwrap_err().kind(), sessions), (ErrorKind::NotFound, 2));
}

/// A blob that goes from one registry to another in parts is read once, and of what was interrupted that much again which has to go up again.
#[test]
fn p05_what_goes_up_in_parts_is_not_read_from_its_beginning_for_each_of_them() {
    let content = noise(7, SIZE);
    let descriptor = layer(&content);
    let (runtime, from) = (SimRuntime::new(), Registry::in_memory());
    let first = repository(&runtime, from.clone());
    runtime
        .run(first.push_blob(&descriptor, Arc::new(content.clone())))
        .unwrap();
    for (every, most_requests, most_percent) in [(usize::MAX, 1, 100), (2 * MIB, 20, 110)] {
        let source = Recorder::new(from.clone());
        let there = Registry::in_memory();
        let profile = HostProfile::new(crate::support::HOST.parse().unwrap()).with_largest_upload(100 << 10);
        let link = Fragile::new(there.clone(), every, 10 << 10);
        let target = app(&builder(&runtime, link).profile(profile).build());
        let source_repository = repository(&runtime, source.clone());
        let stored = runtime.run(async {
            let content = Source::blob(&source_repository, &descriptor).await?;
            Target::put_blob(&target, &descriptor, content).await
        });
        assert_eq!(stored.unwrap(), Stored::New);
        let requests = source.requests();
        let read: u64 = requests.iter().map(|request| asked_for(&request.headers)).sum();
        assert!(requests.len() <= most_requests, "{} requests", requests.len());
        let percent = read * 100 / SIZE as u64;
        assert!(percent <= most_percent, "{percent} % were read");
        let back = repository(&runtime, there).blob(&descriptor).unwrap();
        assert_eq!(runtime.run(back.bytes(SIZE)).unwrap(), content);
    }
}

/// How many bytes a request for a blob of `SIZE` asks for.
fn asked_for(headers: &http::HeaderMap) -> u64 {
    let Some(range) = headers.get("range") else {
        return SIZE as u64;
    };
    let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
    let (first, last) = range.split_once('-').unwrap();
    last.parse::<u64>().unwrap() + 1 - first.parse::<u64>().unwrap()
}

#[test]
fn p29_a_stream_over_a_link_that_fails_goes_on_from_what_is_held() {
    let content = noise(2, SIZE);
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(Fragile::new(registry.clone(), 2 * MIB, 100 << 10));
    let there = repository(&runtime, recorder.clone());
    let pushed = runtime.run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)));
    let descriptor = pushed.unwrap();
    assert_eq!(
        (descriptor.digest, descriptor.size),
        (layer(&content).digest, SIZE as u64)
    );
    assert!(sent(&recorder) * 100 / (SIZE as u64) < 110);
    let back = repository(&runtime, registry).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(back.bytes(SIZE)).unwrap(), content);
}

#[test]
fn cb17_a_stream_is_one_request_of_unknown_length_between_two_without_content() {
    let content = noise(2, 3 * MIB);
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(registry).with_budget(3);
    let there = repository(&runtime, recorder.clone());
    let descriptor = runtime
        .run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)))
        .unwrap();
    assert_eq!(descriptor.digest, layer(&content).digest);
    let requests = recorder.requests();
    let shown: Vec<_> = requests
        .iter()
        .map(|request| (request.method.as_str(), request.sent))
        .collect();
    assert_eq!(shown, [("POST", 0), ("PATCH", 3 * MIB as u64), ("PUT", 0)]);
    for field in ["content-length", "content-range"] {
        assert!(!requests[1].headers.contains_key(field), "{field}");
    }
}

/// Small content is known once it has been read, and an empty stream is a blob too (CB18).
#[test]
fn a_short_stream_is_pushed_as_what_it_is() {
    for size in [0, 1, MIB] {
        let content = noise(3, size);
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let recorder = Recorder::new(registry).with_budget(1);
        let there = repository(&runtime, recorder.clone());
        let descriptor = runtime
            .run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)))
            .unwrap();
        assert_eq!(
            (descriptor.digest, descriptor.size),
            (layer(&content).digest, size as u64)
        );
    }
}

#[test]
fn p29_a_stream_of_which_too_little_is_held_is_a_clear_error() {
    let content = noise(4, 20 * MIB);
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let link = Fragile::new(Forgetful(registry), 19 * MIB, 0);
    let recorder = Recorder::new(link);
    let there = repository(&runtime, recorder.clone());
    let error = runtime
        .run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(
        error.to_string().contains("push from content that can be opened again"),
        "{error}"
    );
    assert_eq!(recorder.requests().last().unwrap().method, "DELETE");
}

#[test]
fn a_stream_that_fails_is_the_error_and_leaves_no_session() {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(registry);
    let there = repository(&runtime, recorder.clone());
    let failure = Error::new(ErrorKind::Invalid, "the disk is on fire");
    let content = stream::iter([Ok(noise(5, 2 * MIB)), Err(failure)]);
    let error = runtime
        .run(there.push_stream(MediaType::OCTET_STREAM, content))
        .unwrap_err();
    assert_eq!(error.to_string(), "the disk is on fire");
    let methods: Vec<_> = recorder.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["POST", "PATCH", "DELETE"]);
}

/// P29: neither a challenge nor a redirect finds the stream used up, as little of it has been read by then.
#[test]
fn p29_a_stream_is_sent_again_after_a_challenge_and_after_a_redirect() {
    let content = noise(6, 2 * MIB);
    let expected = content.clone();
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = received.clone();
    let runtime = SimRuntime::new();
    let mut patches = 0;
    let server = Responder::new(&runtime, move |request| {
        log.lock()
            .unwrap()
            .push((request.method().to_string(), request.uri().path().to_owned()));
        match request.method().as_str() {
            "POST" => Reply::new(202).with_header("location", "/u/1"),
            "GET" => Reply::new(204).with_header("range", "0--1"),
            "PATCH" => {
                patches += 1;
                assert_eq!(request.body(), &expected);
                match patches {
                    1 => Reply::new(307).with_header("location", "/u/2"),
                    2 => Reply::new(401).with_header("www-authenticate", "Basic realm=\"x\""),
                    _ => Reply::new(202),
                }
            }
            _ => Reply::new(201),
        }
    });
    let credentials = oci_client_core::credentials::StaticCredentials::new().with(
        crate::support::HOST.parse().unwrap(),
        oci_client_core::proto::Credential::password("u", "p".to_owned()),
    );
    let there = app(&builder(&runtime, server).credentials(credentials).build());
    let pushed = runtime.run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)));
    assert_eq!(pushed.unwrap().digest, layer(&content).digest);
    let methods: Vec<_> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(method, _)| method.clone())
        .collect();
    assert_eq!(methods, ["POST", "PATCH", "PATCH", "GET", "PATCH", "PUT"]);
}

/// P30: a server that has seen enough answers at once, and no more is sent.
#[test]
fn p30_an_answer_that_comes_before_the_content_has_gone_stops_it() {
    struct Early;

    #[async_trait]
    impl Transport for Early {
        async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
            let (parts, mut body) = request.into_parts();
            let _first = body.chunk().await;
            let status = if parts.method == Method::PUT || parts.method == Method::PATCH {
                403
            } else {
                202
            };
            let response = Response::builder().status(status).header("location", "/u/1");
            Ok(response.body(Body::empty()).unwrap())
        }
    }

    let content = noise(7, 4 * MIB);
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Early);
    let there = repository(&runtime, recorder.clone());
    let known = runtime.run(there.push_blob(&layer(&content), Arc::new(Pieces(content.clone()))));
    let streamed = runtime.run(there.push_stream(MediaType::OCTET_STREAM, in_pieces(&content)));
    assert_eq!(known.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(streamed.unwrap_err().kind(), ErrorKind::Denied);
    for request in recorder.requests() {
        assert!(request.sent <= 256 << 10, "{request}");
    }
}
