//! Servers that fall silent (P09): the client gives up at exactly the time that was set.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use oci_client_core::client::{Chunks, Content, Repository};
use oci_client_core::proto::{RetryPolicy, Span};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{app, builder, impatient, layer, noise, profile, repository, target};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn p09_a_server_that_never_answers_is_given_up_after_the_head_timeout() {
    for seconds in [1, 30, 3600] {
        let runtime = SimRuntime::new();
        let app = with_timeouts(&runtime, Responder::new(&runtime, |_| Reply::silence()), seconds, 1);
        let error = runtime.run(app.manifest(&target("v1"))).unwrap_err();
        assert_eq!(
            (error.kind(), runtime.elapsed()),
            (ErrorKind::Timeout, seconds * SECOND)
        );
        assert!(error.is_retryable());
    }
}

#[test]
fn p09_the_timeouts_are_30_seconds_by_default() {
    let runtime = SimRuntime::new();
    let silent = impatient(&runtime, Responder::new(&runtime, |_| Reply::silence()));
    runtime.run(silent.manifest(&target("v1"))).unwrap_err();
    assert_eq!(runtime.elapsed(), 30 * SECOND);
    let stalling = Responder::new(&runtime, |_| Reply::new(200).with_piece("{").stalling());
    runtime
        .run(impatient(&runtime, stalling).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!(runtime.elapsed(), 60 * SECOND);
}

#[test]
fn p09_a_slow_answer_just_in_time_is_taken() {
    let runtime = SimRuntime::new();
    let reply = Reply::new(404).delayed(30 * SECOND - Duration::from_millis(1));
    let error =
        runtime.run(impatient(&runtime, Responder::new(&runtime, move |_| reply.clone())).manifest(&target("v1")));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn p09_a_body_that_stands_still_is_given_up_after_the_idle_timeout() {
    for (reply, expected) in [
        (Reply::new(200).stalling(), 7 * SECOND),
        (Reply::new(200).with_piece("{").stalling(), 7 * SECOND),
        (
            Reply::new(200)
                .delayed(5 * SECOND)
                .pausing(6 * SECOND)
                .with_piece("{")
                .stalling(),
            18 * SECOND,
        ),
    ] {
        let runtime = SimRuntime::new();
        let server = Responder::new(&runtime, move |_| reply.clone());
        let error = runtime
            .run(with_timeouts(&runtime, server, 30, 7).manifest(&target("v1")))
            .unwrap_err();
        assert_eq!(
            (error.kind(), runtime.elapsed()),
            (ErrorKind::Timeout, expected),
            "{error}"
        );
    }
}

#[test]
fn p09_a_trickle_is_no_standstill() {
    let content = noise(1, 20);
    let trickle = content.iter().fold(Reply::new(200), |reply, byte| {
        reply.pausing(29 * SECOND).with_piece(vec![*byte])
    });
    let runtime = SimRuntime::new();
    let blob = impatient(&runtime, Responder::new(&runtime, move |_| trickle.clone()))
        .blob(&layer(&content))
        .unwrap();
    assert_eq!(runtime.run(blob.bytes(20)).unwrap(), content);
    assert_eq!(runtime.elapsed(), 20 * 29 * SECOND);
}

#[test]
fn p09_an_error_body_that_stands_still_keeps_the_status() {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |_| Reply::new(403).with_piece("{").stalling());
    let error = runtime
        .run(impatient(&runtime, server).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!((error.kind(), runtime.elapsed()), (ErrorKind::Denied, 30 * SECOND));
}

#[test]
fn p09_a_blob_that_stands_still_is_gone_on_with_and_then_given_up() {
    let content = noise(2, 1000);
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, {
        let content = content.clone();
        move |request: &http::Request<Bytes>| match request.headers().get("range") {
            None => Reply::new(200).with_piece(content.slice(..500)).stalling(),
            Some(range) => {
                assert_eq!(range, "bytes=500-999");
                Reply::new(206)
                    .with_header("content-range", "bytes 500-999/1000")
                    .with_body(content.slice(500..))
            }
        }
    }));
    let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);
    let pause = runtime.elapsed() - 30 * SECOND;
    assert!(
        Duration::from_millis(125) <= pause && pause <= Duration::from_millis(250),
        "{pause:?}"
    );

    let server = Responder::new(&runtime, |_| Reply::new(200).stalling());
    let error = runtime
        .run(repository(&runtime, server).blob(&layer(&content)).unwrap().bytes(1000))
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Timeout, 4));
}

#[test]
fn p09_an_upload_that_moves_is_given_the_time_that_it_takes() {
    let runtime = SimRuntime::new();
    // 100 pieces, 20 s each: far beyond the head timeout, but never standing still for so long.
    let content: Vec<Bytes> = (0..100).map(|seed| noise(seed, 100)).collect();
    let (descriptor, content) = trickling(&runtime, content, 20 * SECOND);
    let app = repository(&runtime, Responder::new(&runtime, |_| Reply::new(201)));
    runtime.run(app.push_blob(&descriptor, content)).unwrap();
    assert_eq!(runtime.elapsed(), 100 * 20 * SECOND);
}

#[test]
fn p09_an_upload_that_no_longer_moves_is_given_up() {
    // Its last piece went out after 10 s.
    let runtime = SimRuntime::new();
    let (descriptor, content) = trickling(&runtime, vec![noise(1, 100)], 10 * SECOND);
    let app = impatient(&runtime, TakingAll);
    let error = runtime.run(app.push_blob(&descriptor, content)).unwrap_err();
    // A server that has all of it may take five minutes to store it.
    assert_eq!((error.kind(), runtime.elapsed()), (ErrorKind::Timeout, 310 * SECOND));
}

/// A stream ends with a PUT without content, and a server that has all of it may take as long to store it as after one with content.
#[test]
fn p09_the_request_that_ends_an_upload_is_given_the_time_to_store_it() {
    for (late, ended) in [(299, true), (301, false)] {
        let runtime = SimRuntime::new();
        let server = Responder::new(&runtime, move |request: &http::Request<Bytes>| {
            match request.method().as_str() {
                "POST" => Reply::new(202).with_header("location", "/u"),
                "PUT" => Reply::new(201).delayed(late * SECOND),
                _ => Reply::new(202),
            }
        });
        let app = impatient(&runtime, server);
        let content = stream::iter([Ok(noise(1, 2 << 20))]);
        let pushed = runtime.run(app.push_stream(MediaType::OCTET_STREAM, content));
        assert_eq!(pushed.is_ok(), ended, "{late}: {pushed:?}");
    }
}

#[test]
fn p09_content_that_takes_its_time_is_waited_for() {
    let runtime = SimRuntime::new();
    let (descriptor, content) = trickling(&runtime, vec![noise(1, 100), noise(2, 100)], 3600 * SECOND);
    let app = impatient(&runtime, Responder::new(&runtime, |_| Reply::new(201)));
    runtime.run(app.push_blob(&descriptor, content)).unwrap();
    assert_eq!(runtime.elapsed(), 7200 * SECOND);
}

fn with_timeouts(runtime: &SimRuntime, transport: impl Transport + 'static, head: u32, idle: u32) -> Repository {
    let builder = builder(runtime, transport).profile(profile(RetryPolicy::new().with_retries(0)));
    app(&builder.head_timeout(head * SECOND).idle_timeout(idle * SECOND).build())
}

/// A server that takes what it gets and says nothing.
struct TakingAll;

#[async_trait]
impl Transport for TakingAll {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Body>, TransportError> {
        request.into_body().collect(1 << 20).await?;
        std::future::pending().await
    }
}

/// Content whose pieces each take a while.
struct Trickling {
    pause: Duration,
    pieces: Vec<Bytes>,
    runtime: SimRuntime,
}

fn trickling(runtime: &SimRuntime, pieces: Vec<Bytes>, pause: Duration) -> (Descriptor, Arc<dyn Content>) {
    let descriptor = layer(&pieces.concat());
    (
        descriptor,
        Arc::new(Trickling {
            pause,
            pieces,
            runtime: runtime.clone(),
        }),
    )
}

#[async_trait]
impl Content for Trickling {
    async fn open(&self, _span: Span) -> Result<Chunks, Error> {
        let (runtime, pause) = (self.runtime.clone(), self.pause);
        let pieces = self.pieces.clone().into_iter();
        Ok(Box::pin(stream::unfold(
            (pieces, runtime),
            move |(mut pieces, runtime)| async move {
                let piece = pieces.next()?;
                runtime.sleep(pause).await;
                Some((Ok(piece), (pieces, runtime)))
            },
        )))
    }
}
