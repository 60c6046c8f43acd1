//! Tags that move while they are read.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use oci_spec_types::Digest;

use crate::fixture::{Fixture, image, json, on_every_storage};
use crate::intercepted::Step;

on_every_storage!(
    s12_a_manifest_deleted_while_it_is_read,
    s12_a_tag_moves_faster_than_it_is_read,
    s12_a_tag_moves_while_it_is_read,
);

/// The tag exists at every moment, so it is always found.
fn s12_a_tag_moves_while_it_is_read(fixture: &Fixture) {
    let fixture = moved(fixture, 5);
    let answer = fixture.get("/v2/a/manifests/latest").send().expect(StatusCode::OK);
    assert_eq!(answer.content(), json(&image("5")));
    let digest = Digest::sha256(answer.content());
    assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
}

fn s12_a_tag_moves_faster_than_it_is_read(fixture: &Fixture) {
    let fixture = moved(fixture, usize::MAX);
    let answer = fixture.get("/v2/a/manifests/latest").send();
    answer.expect_error(StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN");
}

fn s12_a_manifest_deleted_while_it_is_read(fixture: &Fixture) {
    let fixture = fixture.observed(|direct, step| {
        if let Step::Manifest(digest) = step {
            direct.delete(format!("/v2/a/manifests/{digest}")).send();
        }
    });
    fixture.push_image("a", "latest", &image("0"));
    let answer = fixture.get("/v2/a/manifests/latest").send();
    answer.expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
}

/// A registry whose tag `latest` moves on before each of the first `moves` reads of a manifest, which is then deleted.
fn moved(fixture: &Fixture, moves: usize) -> Fixture {
    let moved = AtomicUsize::new(0);
    let fixture = fixture.observed(move |direct, step| {
        if let Step::Manifest(digest) = step {
            let number = moved.fetch_add(1, Ordering::Relaxed) + 1;
            if number <= moves {
                direct.push_image("a", "latest", &image(&number.to_string()));
                let delete = direct.delete(format!("/v2/a/manifests/{digest}")).send();
                delete.expect(StatusCode::ACCEPTED);
            }
        }
    });
    fixture.push_image("a", "latest", &image("0"));
    fixture
}
