use std::task::{Context, Waker};

use futures_util::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use oci_client_core::runtime::block_on;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_spec_types::Digest;

use crate::fixture::{Answer, Fixture, on_every_storage, with_digest};

on_every_storage!(
    rb10_sha512_without_announcement,
    rb10_the_algorithm_is_announced,
    rb11_s05_a_broken_chunk_keeps_what_arrived,
    rb11_the_status_of_an_empty_upload,
    rb7_chunks_of_one_byte,
    rb8_a_streamed_body,
    rb8_rb10_rb11_chunks,
    rb9_rb10_the_last_chunk_in_the_put,
    rb9_s04_chunks_out_of_order,
    s04_malformed_content_ranges,
    s04_one_writer_at_a_time,
    s04_s05_a_content_range_must_fit_the_body,
    s05_a_dropped_request_keeps_a_prefix,
    s10_cancelled_while_a_writer_is_stalled,
);

fn rb8_rb10_rb11_chunks(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    let first = patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    assert_eq!(first.header("range").as_deref(), Some("0-3"));
    let location = first.header("location").unwrap();
    let status = fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range").as_deref(), Some("0-3"));
    assert_eq!(status.header("location").as_ref(), Some(&location));
    let second = patch(fixture, &location, "4-9", "456789").expect(StatusCode::ACCEPTED);
    assert_eq!(second.header("range").as_deref(), Some("0-9"));
    let digest = Digest::sha256(b"0123456789");
    fixture
        .put(with_digest(&location, &digest))
        .send()
        .expect(StatusCode::CREATED);
    assert_eq!(
        fixture.get(format!("/v2/a/blobs/{digest}")).send().content(),
        b"0123456789"
    );
}

fn rb7_chunks_of_one_byte(fixture: &Fixture) {
    let answer = fixture.post("/v2/a/blobs/uploads/").send().expect(StatusCode::ACCEPTED);
    assert_eq!(answer.header("oci-chunk-min-length"), None);
    let mut location = answer.header("location").unwrap();
    for (end, byte) in ["0", "1", "2", "3"].into_iter().enumerate() {
        let answer = patch(fixture, &location, &format!("{end}-{end}"), byte).expect(StatusCode::ACCEPTED);
        assert_eq!(answer.header("range"), Some(format!("0-{end}")));
        location = answer.header("location").unwrap();
    }
    finish(fixture, &location, b"0123");
}

fn rb9_rb10_the_last_chunk_in_the_put(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    let digest = Digest::sha256(b"0123456789");
    let put = |range: &str, body: &str| {
        fixture
            .put(with_digest(&location, &digest))
            .header("content-range", range)
            .body(body)
            .send()
    };
    for (range, body) in [
        ("5-9", "56789"),
        ("3-9", "3456789"),
        ("0-9", "0123456789"),
        ("0-3", "0123"),
    ] {
        let answer = put(range, body).expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID");
        assert_eq!(answer.header("range").as_deref(), Some("0-3"));
        assert_eq!(answer.header("location").as_ref(), Some(&location));
    }
    put("4-9", "456789").expect(StatusCode::CREATED);
}

fn rb9_s04_chunks_out_of_order(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    let early = patch(fixture, &location, "4-7", "4567");
    let early = early.expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID");
    assert_eq!(early.header("range").as_deref(), Some("0--1"));
    patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    for (range, body) in [("0-3", "0123"), ("3-6", "3456"), ("5-6", "56")] {
        let answer = patch(fixture, &location, range, body).expect(StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(answer.header("range").as_deref(), Some("0-3"));
        assert_eq!(answer.header("location").as_ref(), Some(&location));
    }
    finish(fixture, &location, b"0123");
}

fn s04_malformed_content_ranges(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    for range in [
        "bytes 0-3",
        "0-3/4",
        "bytes=0-3",
        "a-b",
        "3-0",
        "-3",
        "0-",
        "",
        "0-18446744073709551615",
    ] {
        let answer = patch(fixture, &location, range, "0123");
        answer.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
    }
    patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    finish(fixture, &location, b"0123");
}

/// Nothing beyond the range is stored.
fn s04_s05_a_content_range_must_fit_the_body(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    for range in ["0-2", "0-4"] {
        patch(fixture, &location, range, "0123").expect_error(StatusCode::BAD_REQUEST, "SIZE_INVALID");
        let status = fixture.get(&location).send();
        assert_eq!(status.header("range").as_deref(), Some("0--1"));
    }
    let streamed = |parts: Vec<&'static str>| {
        let parts = parts.into_iter().map(|part| Ok(part.into()));
        Body::from_stream(stream::iter(parts.collect::<Vec<_>>()), None)
    };
    let long = fixture
        .patch(&location)
        .header("content-range", "0-3")
        .stream(streamed(vec!["012", "345"]))
        .send();
    long.expect_error(StatusCode::BAD_REQUEST, "SIZE_INVALID");
    let short = fixture
        .patch(&location)
        .header("content-range", "4-9")
        .stream(streamed(vec!["45"]))
        .send();
    short.expect_error(StatusCode::BAD_REQUEST, "SIZE_INVALID");
    finish(fixture, &location, b"012345");
}

fn rb8_a_streamed_body(fixture: &Fixture) {
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let location = fixture.start_upload("a");
    let parts: Vec<_> = content.chunks(1000).map(|part| Ok(part.to_vec().into())).collect();
    let body = Body::from_stream(stream::iter(parts), None);
    let answer = fixture
        .patch(&location)
        .stream(body)
        .send()
        .expect(StatusCode::ACCEPTED);
    assert_eq!(answer.header("range"), Some(format!("0-{}", content.len() - 1)));
    finish(fixture, &location, &content);
}

/// No byte is not taken for one.
fn rb11_the_status_of_an_empty_upload(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    let status = fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range").as_deref(), Some("0--1"));
    fixture.patch(&location).body("x").send().expect(StatusCode::ACCEPTED);
    let status = fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range").as_deref(), Some("0-0"));
}

fn rb11_s05_a_broken_chunk_keeps_what_arrived(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    let broken = TransportError::new(TransportErrorKind::Reset, "cut");
    let body = Body::from_stream(stream::iter([Ok("0123".into()), Err(broken)]), Some(10));
    let patch = fixture.patch(&location).stream(body).send();
    patch.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
    let status = fixture.get(&location).send();
    assert_eq!(status.header("range").as_deref(), Some("0-3"));
    let digest = Digest::sha256(b"0123456789");
    let put = fixture
        .put(with_digest(&location, &digest))
        .header("content-range", "4-9")
        .body("456789")
        .send();
    put.expect(StatusCode::CREATED);
}

/// What was stored by then stays, and is hashed again.
fn s05_a_dropped_request_keeps_a_prefix(fixture: &Fixture) {
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let location = fixture.start_upload("a");
    drop(stalled(fixture, &location, content.clone()));
    let next = retried(|| fixture.patch(&location).send());
    let range = next.expect(StatusCode::ACCEPTED).header("range").unwrap();
    let end: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
    let digest = Digest::sha256(&content);
    fixture
        .put(with_digest(&location, &digest))
        .body(&content[end + 1..])
        .send()
        .expect(StatusCode::CREATED);
    assert!(fixture.get(format!("/v2/a/blobs/{digest}")).send().content() == content);
}

fn s04_one_writer_at_a_time(fixture: &Fixture) {
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let location = fixture.start_upload("a");
    let first = stalled(fixture, &location, content);
    let digest = Digest::sha256(b"x");
    for second in [fixture.patch(&location), fixture.put(with_digest(&location, &digest))] {
        second
            .body("x")
            .send()
            .expect_error(StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID");
    }
    fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    drop(first);
    retried(|| fixture.delete(&location).send()).expect(StatusCode::NO_CONTENT);
}

/// S10: a client that stops sending does not keep the upload from being ended, and its request ends with it.
fn s10_cancelled_while_a_writer_is_stalled(fixture: &Fixture) {
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let location = fixture.start_upload("a");
    let stalled = stalled(fixture, &location, content);
    fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    assert_eq!(block_on(stalled).status(), StatusCode::NOT_FOUND);
    fixture
        .patch(&location)
        .body("x")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    fixture.delete(&location).send().expect(StatusCode::NOT_FOUND);
}

/// A PATCH whose body stops after `content`, run until some of that is stored.
fn stalled<'f>(fixture: &'f Fixture, location: &str, content: Vec<u8>) -> impl Future<Output = Response<Body>> + 'f {
    let body = Body::from_stream(stream::iter([Ok(content.into())]).chain(stream::pending()), None);
    let mut request = Box::pin(fixture.registry().handle(Request::patch(location).body(body).unwrap()));
    while fixture.get(location).send().header("range").unwrap() == "0--1" {
        let mut context = Context::from_waker(Waker::noop());
        assert!(request.as_mut().poll(&mut context).is_pending());
    }
    request
}

/// Repeats a request until the writer before it has gone, which may take it the end of a write.
fn retried(request: impl Fn() -> Answer) -> Answer {
    let mut answer = request();
    while answer.status() == StatusCode::CONFLICT {
        answer = request();
    }
    answer
}

fn rb10_the_algorithm_is_announced(fixture: &Fixture) {
    let answer = fixture
        .post("/v2/a/blobs/uploads/?digest-algorithm=sha512")
        .send()
        .expect(StatusCode::ACCEPTED);
    let location = answer.header("location").unwrap();
    patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    let digest = Digest::sha512(b"0123");
    fixture
        .put(with_digest(&location, &digest))
        .send()
        .expect(StatusCode::CREATED);
    assert_eq!(fixture.get(format!("/v2/a/blobs/{digest}")).send().content(), b"0123");
}

fn rb10_sha512_without_announcement(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    patch(fixture, &location, "0-3", "0123").expect(StatusCode::ACCEPTED);
    let digest = Digest::sha512(b"0123456789");
    fixture
        .put(with_digest(&location, &digest))
        .body("456789")
        .send()
        .expect(StatusCode::CREATED);
    assert_eq!(
        fixture.get(format!("/v2/a/blobs/{digest}")).send().content(),
        b"0123456789"
    );
}

fn patch(fixture: &Fixture, location: &str, range: &str, body: &str) -> Answer {
    fixture.patch(location).header("content-range", range).body(body).send()
}

fn finish(fixture: &Fixture, location: &str, content: &[u8]) {
    let start = fixture.get(location).send().header("range").unwrap();
    let end: i64 = start.strip_prefix("0-").unwrap().parse().unwrap();
    let rest = content.get(usize::try_from(end + 1).unwrap()..).unwrap();
    let digest = Digest::sha256(content);
    fixture
        .put(with_digest(location, &digest))
        .body(rest)
        .send()
        .expect(StatusCode::CREATED);
    assert!(fixture.get(format!("/v2/a/blobs/{digest}")).send().content() == content);
}
