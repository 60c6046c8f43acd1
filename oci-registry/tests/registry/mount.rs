use http::StatusCode;
use oci_spec_types::Digest;

use crate::fixture::{Fixture, on_every_storage, with_digest};

on_every_storage!(
    rb13_a_mount_from_itself,
    rb13_a_mounted_blob,
    rb13_s17_what_the_source_does_not_have_is_not_mounted,
    rb6_rb13_a_mount_with_a_body,
    rb13_s17_a_mount_without_a_source,
);

fn rb13_a_mounted_blob(fixture: &Fixture) {
    let digest = fixture.push_blob("source/a", b"content");
    let answer = fixture
        .post(format!("/v2/target/blobs/uploads/?mount={digest}&from=source%2Fa"))
        .send();
    let answer = answer.expect(StatusCode::CREATED);
    assert_eq!(answer.header("location"), Some(format!("/v2/target/blobs/{digest}")));
    assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
    assert_eq!(
        fixture.get(format!("/v2/target/blobs/{digest}")).send().content(),
        b"content"
    );
    fixture
        .delete(format!("/v2/source/a/blobs/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    fixture
        .get(format!("/v2/target/blobs/{digest}"))
        .send()
        .expect(StatusCode::OK);
}

/// What the source does not have is not mounted, though another repository has it.
fn rb13_s17_what_the_source_does_not_have_is_not_mounted(fixture: &Fixture) {
    let digest = fixture.push_blob("other", b"content");
    for from in ["source", "Not+A+Name", "..%2fother"] {
        let answer = fixture
            .post(format!("/v2/target/blobs/uploads/?mount={digest}&from={from}"))
            .send();
        let location = answer.expect(StatusCode::ACCEPTED).header("location").unwrap();
        fixture
            .get(format!("/v2/target/blobs/{digest}"))
            .send()
            .expect(StatusCode::NOT_FOUND);
        fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    }
    let bad = fixture
        .post("/v2/target/blobs/uploads/?mount=sha256:x&from=other")
        .send();
    bad.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
}

/// Without `from`, only the target itself is searched.
fn rb13_s17_a_mount_without_a_source(fixture: &Fixture) {
    let digest = fixture.push_blob("other", b"content");
    let path = format!("/v2/target/blobs/uploads/?mount={digest}");
    let location = fixture
        .post(&path)
        .send()
        .expect(StatusCode::ACCEPTED)
        .header("location")
        .unwrap();
    fixture
        .put(with_digest(&location, &digest))
        .body("content")
        .send()
        .expect(StatusCode::CREATED);
    fixture.post(&path).send().expect(StatusCode::CREATED);
}

/// A client that does not know whether the blob is there asks and starts the upload at once.
fn rb13_a_mount_from_itself(fixture: &Fixture) {
    let digest = Digest::sha256(b"content");
    let path = format!("/v2/a/blobs/uploads/?mount={digest}&from=a");
    let location = fixture
        .post(&path)
        .send()
        .expect(StatusCode::ACCEPTED)
        .header("location")
        .unwrap();
    fixture
        .put(with_digest(&location, &digest))
        .body("content")
        .send()
        .expect(StatusCode::CREATED);
    fixture.post(&path).send().expect(StatusCode::CREATED);
}

/// ... and a small blob goes along, needed or not.
fn rb6_rb13_a_mount_with_a_body(fixture: &Fixture) {
    let digest = Digest::sha256(b"content");
    let path = format!("/v2/a/blobs/uploads/?mount={digest}&from=a&digest={digest}");
    for _ in 0..2 {
        let answer = fixture.post(&path).body("content").send().expect(StatusCode::CREATED);
        assert_eq!(answer.header("location"), Some(format!("/v2/a/blobs/{digest}")));
    }
    assert_eq!(
        fixture.get(format!("/v2/a/blobs/{digest}")).send().content(),
        b"content"
    );
    let wrong = Digest::sha256(b"other");
    let path = format!("/v2/a/blobs/uploads/?mount={wrong}&from=a&digest={wrong}");
    fixture
        .post(&path)
        .body("content")
        .send()
        .expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
}
