//! What an observer and a trace say of operations, and what they do not.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oci_client_core::client::BlobProgress;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::{Credential, RetryPolicy};
use oci_client_core::transport::TransportErrorKind;
use oci_registry::Registry;
use test_support::{Canary, Reply, Responder, SimRuntime, traced};

use crate::parts::Seen;
use crate::support::{HOST, app, builder, layer, noise, profile, target};

#[test]
fn a_blob_that_goes_up_and_comes_down_is_told_of() {
    let (content, runtime, seen) = (noise(1, 300_000), SimRuntime::new(), Arc::new(Seen::default()));
    // Too large to go along with the request that would find it there.
    let profile = profile(RetryPolicy::new()).with_small_blob(1000);
    let client = builder(&runtime, Registry::in_memory())
        .observer(seen.clone())
        .profile(profile)
        .build();
    let (app, blob) = (app(&client), layer(&content));
    let all = BlobProgress::Advanced { bytes: 300_000 };
    runtime.run(app.push_blob(&blob, Arc::new(content.clone()))).unwrap();
    assert_eq!(seen.events(), [BlobProgress::Started, all, BlobProgress::Verified]);
    runtime.run(app.push_blob(&blob, Arc::new(content.clone()))).unwrap();
    let events = seen.events();
    assert_eq!(
        (events.first(), events.last()),
        (Some(&BlobProgress::Started), Some(&BlobProgress::Skipped))
    );
    runtime.run(app.blob(&blob).unwrap().bytes(300_000)).unwrap();
    assert_eq!(seen.events(), [BlobProgress::Started, all, BlobProgress::Verified]);
    runtime
        .run(app.blob(&layer(b"another")).unwrap().bytes(10))
        .unwrap_err();
    assert_eq!(seen.events(), [BlobProgress::Started, BlobProgress::Failed]);
}

#[test]
fn progress_is_sampled_by_time_and_says_where_it_goes_on() {
    let (content, runtime, seen) = (noise(2, 1000), SimRuntime::new(), Arc::new(Seen::default()));
    let served = content.clone();
    let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
        let (start, reply) = match request.headers().contains_key("range") {
            false => (0, Reply::new(200)),
            true => (500, Reply::new(206).with_header("content-range", "bytes 500-999/1000")),
        };
        let pieces = (start..start + 500).map(|at| served.slice(at..=at));
        let reply = pieces.fold(reply, |reply, piece| {
            reply.with_piece(piece).pausing(Duration::from_millis(1))
        });
        if start == 0 {
            reply.breaking_off(TransportErrorKind::Reset)
        } else {
            reply
        }
    });
    let client = builder(&runtime, server).observer(seen.clone()).build();
    runtime
        .run(app(&client).blob(&layer(&content)).unwrap().bytes(1000))
        .unwrap();
    let events = seen.events();
    let advanced = events
        .iter()
        .filter(|event| matches!(event, BlobProgress::Advanced { .. }))
        .count();
    // A second, in tenths.
    assert!((8..=11).contains(&advanced), "{events:?}");
    assert!(events.contains(&BlobProgress::Resumed { offset: 500 }), "{events:?}");
    let end = [BlobProgress::Advanced { bytes: 1000 }, BlobProgress::Verified];
    assert_eq!(events[events.len() - 2..], end);
}

#[test]
fn a13_a_trace_has_a_span_per_operation_and_an_event_per_exchange_and_no_secret() {
    let (canary, runtime) = (Canary::new(), SimRuntime::new());
    let signature = canary.text().to_owned();
    let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
        match (request.uri().host(), request.headers().contains_key("authorization")) {
            (Some(HOST), false) => Reply::new(401).with_header("www-authenticate", "Basic realm=\"x\""),
            (Some(HOST), true) => {
                let location = format!("https://cdn.test/there?signature={signature}");
                Reply::new(307).with_header("location", location)
            }
            _ => Reply::failure(TransportErrorKind::Reset),
        }
    });
    let credential = Credential::password("user", canary.text().to_owned());
    let client = builder(&runtime, server)
        .credentials(StaticCredentials::new().with(HOST.parse().unwrap(), credential))
        .build();
    let (found, text) = traced(|| runtime.run(app(&client).manifest(&target("v1"))));
    assert!(found.is_err());
    canary.assert_absent_from("a trace", [text.as_bytes()]);
    let lines: Vec<&str> = text.lines().collect();
    let span = format!("operation name=pull manifest host={HOST} repository=app");
    assert_eq!(lines.iter().filter(|line| **line == span).count(), 1, "{text}");
    let refused = format!("method=GET url=https://{HOST}/v2/app/manifests/v1 status=401 elapsed=");
    assert!(lines.iter().any(|line| line.contains(&refused)), "{text}");
    let failed = "method=GET url=https://cdn.test/there?signature=.. error=";
    assert!(lines.iter().any(|line| line.contains(failed)), "{text}");
}
