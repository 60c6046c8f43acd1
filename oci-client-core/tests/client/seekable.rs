//! Blobs that are read in places (CP9, P10-P13).

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::ErrorKind;
use oci_client_core::client::UnverifiedBlob;
use oci_client_core::transport::TransportErrorKind;
use oci_registry::Registry;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{layer, noise, repository};

const SIZE: usize = 3 << 20;

#[test]
fn cp9_places_are_read_by_closed_ranges_and_what_lies_ahead_is_kept() {
    let (content, runtime) = (noise(1, SIZE), SimRuntime::new());
    let recorder = Recorder::new(Registry::in_memory());
    let app = repository(&runtime, recorder.clone());
    runtime
        .run(app.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    recorder.clear();
    let mut blob = app.blob_unverified(&layer(&content)).with_read_ahead(1000);
    for (offset, len, requests) in [
        (0, 10, 1),
        (990, 10, 1),
        (5, 0, 1),
        (500, 100, 1),
        (995, 10, 2),
        (SIZE - 5, 100, 3),
        (SIZE, 1, 3),
        (SIZE * 2, usize::MAX, 3),
        (SIZE - 5000, usize::MAX, 4),
        (1 << 20, 1 << 20, 5),
        ((1 << 20) + 7, 1 << 19, 5),
    ] {
        let read = runtime.run(blob.read_at(offset as u64, len)).unwrap();
        let start = offset.min(SIZE);
        let end = offset.saturating_add(len).min(SIZE);
        assert_eq!(read, content[start..end.max(start)], "{offset}, {len}");
        assert_eq!(recorder.count(), requests, "{offset}, {len}");
    }
    let ranges: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| request.header("range").unwrap().to_owned())
        .collect();
    assert_eq!(ranges[..3], ["bytes=0-999", "bytes=995-1994", "bytes=3145723-3145727"]);
}

#[test]
fn p11_without_ranges_only_the_beginning_can_be_read_and_not_much_more_is_taken() {
    let (content, runtime) = (noise(2, SIZE), SimRuntime::new());
    let served = content.clone();
    let recorder = Recorder::new(Responder::new(&runtime, move |_| {
        (0..SIZE)
            .step_by(10_000)
            .map(|at| served.slice(at..SIZE.min(at + 10_000)))
            .fold(Reply::new(200), Reply::with_piece)
    }));
    let mut blob = repository(&runtime, recorder.clone()).blob_unverified(&layer(&content));
    assert_eq!(
        runtime.run(blob.read_at(100_000, 10)).unwrap(),
        content[100_000..100_010]
    );
    let most = 100_000 + UnverifiedBlob::DEFAULT_READ_AHEAD as u64;
    assert!(recorder.received() <= most + 20_000, "{}", recorder.received());
    recorder.clear();
    let error = runtime.run(blob.read_at((1 << 20) + 1, 10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        recorder.received() == 0 && error.operation() == Some("read blob"),
        "{error}"
    );
}

#[test]
fn p10_p12_a_reading_goes_on_where_it_broke_and_takes_no_other_range() {
    let (content, runtime) = (noise(3, 1000), SimRuntime::new());
    let served = content.clone();
    let recorder = Recorder::new(Responder::new(&runtime, move |request: &Request<Bytes>| {
        let range = request.headers()["range"].to_str().unwrap().to_owned();
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let reply = Reply::new(206).with_header("content-range", format!("bytes {first}-{last}/1000"));
        match last - first {
            0..40 => reply.with_body(served.slice(first..=last)),
            _ => reply
                .with_piece(served.slice(first..first + 40))
                .breaking_off(TransportErrorKind::Reset),
        }
    }));
    let mut blob = repository(&runtime, recorder.clone())
        .blob_unverified(&layer(&content))
        .with_read_ahead(0);
    assert_eq!(runtime.run(blob.read_at(100, 100)).unwrap(), content[100..200]);
    assert_eq!((recorder.count(), recorder.received()), (3, 100));

    for range in ["bytes 9-19/1000", "bytes 10-18/1000", "bytes 10-19/999", ""] {
        let reply = Reply::new(206)
            .with_header("content-range", range)
            .with_body("0123456789");
        let server = Responder::new(&runtime, move |_| reply.clone());
        let mut blob = repository(&runtime, server)
            .blob_unverified(&layer(&content))
            .with_read_ahead(0);
        assert_eq!(
            runtime.run(blob.read_at(10, 10)).unwrap_err().kind(),
            ErrorKind::Protocol,
            "{range}"
        );
    }
}
