//! Bodies that break off.

use futures_util::stream;
use http::StatusCode;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};

on_every_storage!(
    s05_a_manifest_that_breaks_off_is_not_kept,
    s05_a_session_keeps_what_came_wherever_it_broke,
    s05_a_single_post_keeps_nothing_wherever_it_broke,
);

fn s05_a_session_keeps_what_came_wherever_it_broke(fixture: &Fixture) {
    let digest = Digest::sha256(CONTENT);
    for end in 0..=CONTENT.len() {
        for closing in [false, true] {
            for range in [None, Some("0-9")] {
                let location = fixture.start_upload("a");
                let path = format!("{location}?digest={digest}");
                let call = if closing {
                    fixture.put(&path)
                } else {
                    fixture.patch(&location)
                };
                let call = match range {
                    None => call,
                    Some(range) => call.header("content-range", range),
                };
                let answer = call.stream(broken(&CONTENT[..end])).send();
                answer.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
                fixture
                    .head(format!("/v2/a/blobs/{digest}"))
                    .send()
                    .expect(StatusCode::NOT_FOUND);
                let status = fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
                let received = i64::try_from(end).unwrap() - 1;
                assert_eq!(status.header("range"), Some(format!("0-{received}")));
                fixture
                    .put(&path)
                    .body(&CONTENT[end..])
                    .send()
                    .expect(StatusCode::CREATED);
                let blob = format!("/v2/a/blobs/{digest}");
                assert_eq!(fixture.get(&blob).send().content(), CONTENT);
                fixture.delete(&blob).send().expect(StatusCode::ACCEPTED);
            }
        }
    }
}

fn s05_a_single_post_keeps_nothing_wherever_it_broke(fixture: &Fixture) {
    let digest = Digest::sha256(CONTENT);
    for end in 0..=CONTENT.len() {
        let call = fixture.post(format!("/v2/a/blobs/uploads/?digest={digest}"));
        let answer = call.stream(broken(&CONTENT[..end])).send();
        answer.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
        fixture
            .head(format!("/v2/a/blobs/{digest}"))
            .send()
            .expect(StatusCode::NOT_FOUND);
        fixture.get("/v2/a/tags/list").send().expect(StatusCode::NOT_FOUND);
    }
}

fn s05_a_manifest_that_breaks_off_is_not_kept(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let content = json(&image("one"));
    let digest = Digest::sha256(&content);
    // All of it came, but not its end.
    for end in [0, 1, content.len() - 1, content.len()] {
        for reference in ["latest", &digest.to_string()] {
            let call = fixture.put(format!("/v2/a/manifests/{reference}"));
            let call = call.header("content-type", MediaType::IMAGE_MANIFEST.as_str());
            let answer = call.stream(broken(&content[..end])).send();
            answer.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
            fixture
                .get(format!("/v2/a/manifests/{reference}"))
                .send()
                .expect(StatusCode::NOT_FOUND);
        }
    }
}

/// A body of unknown length that has this and then fails.
fn broken(content: &[u8]) -> Body {
    let cut = TransportError::new(TransportErrorKind::Reset, "cut");
    Body::from_stream(stream::iter([Ok(content.to_vec().into()), Err(cut)]), None)
}

const CONTENT: &[u8] = b"0123456789";
