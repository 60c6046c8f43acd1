//! Uploads that nobody finishes.

use std::time::Duration;

use http::StatusCode;
use oci_client_core::runtime::block_on;
use oci_registry::Limits;
use oci_spec_types::Digest;

use crate::fixture::{Fixture, on_every_storage, with_digest};

on_every_storage!(
    s10_bytes_have_limits,
    s10_known_after_a_restart,
    rh3_s10_numbers_have_limits,
    s10_old_uploads_expire,
    s10_whole_blobs_count_while_they_are_on_their_way,
);

/// S10: an upload goes once it is older than the limit, and no other.
fn s10_old_uploads_expire(fixture: &Fixture) {
    let old = fixture.start_upload("a");
    let written = fixture.start_upload("b");
    fixture.patch(&written).body("0123").send().expect(StatusCode::ACCEPTED);
    assert_eq!(expire(fixture), 0);
    let strict = fixture.sharing(Limits::new().with_upload_age(Duration::ZERO));
    assert_eq!(expire(&strict), 2);
    for location in [old, written] {
        let answer = fixture.get(&location).send();
        answer.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        fixture.patch(&location).body("x").send().expect(StatusCode::NOT_FOUND);
    }
    assert_eq!(expire(&strict), 0);
}

/// S10: the number of open uploads is limited, in a repository and in all; each end of one makes room. RH3: the refusal says when to come back.
fn rh3_s10_numbers_have_limits(fixture: &Fixture) {
    let limits = Limits::new().with_open_uploads(3).with_open_uploads_per_repository(2);
    let fixture = fixture.with(limits, false);
    let start = |repository: &str| fixture.post(format!("/v2/{repository}/blobs/uploads/")).send();
    let refused = |repository| {
        let answer = start(repository);
        assert_eq!(answer.header("retry-after").as_deref(), Some("5"));
        answer.expect_error(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS");
    };
    let cancelled = fixture.start_upload("a");
    let finished = fixture.start_upload("a");
    refused("a");
    let wrong = fixture.start_upload("b");
    refused("c");
    // What is there already needs no room.
    fixture.delete(&cancelled).send().expect(StatusCode::NO_CONTENT);
    let digest = Digest::sha256(b"x");
    let put = |location: &str, body| fixture.put(with_digest(location, &digest)).body(body).send();
    put(&finished, "x").expect(StatusCode::CREATED);
    put(&wrong, "y").expect(StatusCode::BAD_REQUEST);
    for repository in ["a", "b", "c"] {
        start(repository).expect(StatusCode::ACCEPTED);
    }
    refused("d");
    fixture
        .post(format!("/v2/d/blobs/uploads/?mount={digest}&from=a"))
        .send()
        .expect(StatusCode::CREATED);
}

/// S10: so are their bytes; what was refused can be sent once there is room.
fn s10_bytes_have_limits(fixture: &Fixture) {
    let limits = Limits::new().with_upload_bytes(10).with_upload_bytes_per_repository(6);
    let fixture = fixture.with(limits, false);
    let [first, second, other] = ["a", "a", "b"].map(|repository| fixture.start_upload(repository));
    let send = |location: &str, body: &str| fixture.patch(location).body(body).send();
    send(&first, "012345").expect(StatusCode::ACCEPTED);
    send(&second, "0").expect_error(StatusCode::INSUFFICIENT_STORAGE, "UNKNOWN");
    send(&other, "01234").expect(StatusCode::INSUFFICIENT_STORAGE);
    send(&other, "0123").expect(StatusCode::ACCEPTED);
    fixture.delete(&first).send().expect(StatusCode::NO_CONTENT);
    send(&second, "0").expect(StatusCode::ACCEPTED);
    let digest = Digest::sha256(b"0");
    fixture
        .put(with_digest(&second, &digest))
        .send()
        .expect(StatusCode::CREATED);
    send(&other, "45").expect(StatusCode::ACCEPTED);
}

/// S10: a blob that comes in one request counts as long as it is on its way.
fn s10_whole_blobs_count_while_they_are_on_their_way(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new().with_open_uploads(1).with_upload_bytes(4), false);
    for content in ["one", "two"] {
        fixture.push_blob("a", content.as_bytes());
    }
    let digest = Digest::sha256(b"three");
    let push = |content: &str| {
        fixture
            .post(format!("/v2/a/blobs/uploads/?digest={digest}"))
            .body(content)
            .send()
    };
    push("three").expect(StatusCode::INSUFFICIENT_STORAGE);
    push("no").expect(StatusCode::BAD_REQUEST);
    let location = fixture.start_upload("a");
    push("no").expect(StatusCode::TOO_MANY_REQUESTS);
    fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    fixture.push_blob("a", b"one");
}

/// S10: uploads of an earlier run count, and expire.
fn s10_known_after_a_restart(fixture: &Fixture) {
    let location = fixture.start_upload("a");
    fixture
        .patch(&location)
        .body("0123")
        .send()
        .expect(StatusCode::ACCEPTED);
    let limits = Limits::new()
        .with_open_uploads(2)
        .with_upload_age(Duration::ZERO)
        .with_upload_bytes(6);
    let restarted = fixture.sharing(limits);
    let other = restarted.start_upload("b");
    let start = || restarted.post("/v2/c/blobs/uploads/").send();
    start().expect(StatusCode::TOO_MANY_REQUESTS);
    let send = || restarted.patch(&other).body("012").send();
    send().expect(StatusCode::INSUFFICIENT_STORAGE);
    // Another one may have ended it meanwhile.
    fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    start().expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(expire(&restarted), 1);
    start().expect(StatusCode::ACCEPTED);
    start().expect(StatusCode::ACCEPTED);
    start().expect(StatusCode::TOO_MANY_REQUESTS);
}

fn expire(fixture: &Fixture) -> usize {
    block_on(fixture.registry().expire_uploads()).unwrap()
}
