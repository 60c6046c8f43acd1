//! Who waits for whom: readers that are left alone, contents that pause, servers that need time to store what they got.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use http::{Method, Request};
use oci_client_core::client::Uploaded;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::Source;
use oci_client_core::transport::{Transport, TransportErrorKind};
use oci_registry::Registry;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{layer, noise, repository, target};

const MIB: usize = 1 << 20;

#[test]
fn p24_a_reading_abandoned_in_the_token_exchange_holds_nobody_up() {
    let (runtime, content) = (SimRuntime::new(), noise(1, 100));
    let app = repository(&runtime, behind_a_token(&runtime, content.clone()));
    let mut reader = app.blob(&layer(&content)).unwrap();
    assert!(runtime.run_for(2, reader.chunk()).is_none());
    assert_eq!(runtime.run(app.resolve(&target("v1"))).unwrap(), None);
    assert!(runtime.elapsed() < Duration::from_secs(1), "{:?}", runtime.elapsed());
    // What was abandoned is not taken up again as if nothing had happened.
    assert!(runtime.run(reader.chunk()).is_err());
}

#[test]
fn p24_a_stream_that_nobody_polls_holds_others_up_for_a_while_only() {
    let (runtime, content) = (SimRuntime::new(), noise(1, 100));
    let app = repository(&runtime, behind_a_token(&runtime, content.clone()));
    let mut chunks = app.blob(&layer(&content)).unwrap().into_chunks();
    let read = runtime.run(async {
        let mut read = Vec::new();
        loop {
            match select(chunks.next(), runtime.sleep(Duration::from_micros(1500))).await {
                Either::Left((None, _)) => break read,
                Either::Left((Some(chunk), _)) => read.extend_from_slice(&chunk.unwrap()),
                Either::Right(_) => assert_eq!(app.resolve(&target("v1")).await.unwrap(), None),
            }
        }
    });
    assert_eq!(read, content);
    assert!(runtime.elapsed() < Duration::from_secs(130), "{:?}", runtime.elapsed());
}

#[test]
fn p09_a_server_may_take_its_time_to_store_what_it_has() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |request: &Request<Bytes>| {
        match *request.method() {
            Method::POST => Reply::new(202).with_header("location", "/v2/app/blobs/uploads/1"),
            _ => Reply::new(201).delayed(Duration::from_secs(290)),
        }
    }));
    let content = noise(1, 2 * MIB);
    let app = repository(&runtime, recorder.clone());
    let uploaded = runtime
        .run(app.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    assert_eq!((uploaded, recorder.count()), (Uploaded::Stored, 2));
}

#[test]
fn p09_an_upload_is_not_blamed_for_content_that_pauses() {
    let (runtime, content) = (SimRuntime::new(), noise(1, 4 * MIB));
    let source = Recorder::new(pausing(&runtime, content.clone()));
    let registry = Recorder::new(Registry::in_memory());
    let (from, to) = (
        repository(&runtime, source.clone()),
        repository(&runtime, registry.clone()),
    );
    let copied = runtime.run(async {
        let blob = Source::blob(&from, &layer(&content)).await.unwrap();
        to.push_blob(&layer(&content), blob).await
    });
    assert_eq!(copied.unwrap(), Uploaded::Stored);
    assert_eq!(
        registry
            .requests()
            .iter()
            .filter(|request| request.method == Method::PUT)
            .count(),
        1
    );
    assert_eq!(
        source.requests().iter().map(|request| request.received).sum::<u64>(),
        content.len() as u64
    );
    assert!(runtime.elapsed() >= Duration::from_secs(45), "{:?}", runtime.elapsed());
}

/// A registry that answers nobody without a token, and takes a moment for everything.
fn behind_a_token(runtime: &SimRuntime, content: Bytes) -> impl Transport + use<> {
    Responder::new(runtime, move |request: &Request<Bytes>| {
        let realm = r#"Bearer realm="https://registry.test/token""#;
        let reply = match (request.uri().path(), request.headers().contains_key("authorization")) {
            ("/token", _) => Reply::new(200).with_json(r#"{"token":"t"}"#),
            (path, true) if path.contains("/blobs/") => Reply::new(200).with_body(content.clone()),
            (_, true) => Reply::new(404),
            (_, false) => Reply::new(401).with_header("www-authenticate", realm),
        };
        reply.delayed(Duration::from_millis(1))
    })
}

/// A registry that breaks off half-way and then wants to be left alone for longer than a server may keep silent.
fn pausing(runtime: &SimRuntime, content: Bytes) -> impl Transport + use<> {
    let half = content.len() / 2;
    let asked = Mutex::new(0);
    Responder::new(runtime, move |_: &Request<Bytes>| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let range = format!("bytes {half}-{}/{}", content.len() - 1, content.len());
        match *asked {
            1 => Reply::new(200)
                .with_piece(content.slice(..half))
                .breaking_off(TransportErrorKind::Reset),
            2 => Reply::new(429).with_header("retry-after", "45"),
            _ => Reply::new(206)
                .with_header("content-range", range)
                .with_body(content.slice(half..)),
        }
    })
}
