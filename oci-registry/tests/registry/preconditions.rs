//! Changes that depend on what is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use oci_spec_types::{Digest, MediaType};

use crate::fixture::{Answer, Fixture, image, json, on_every_storage};

on_every_storage!(
    rh5_a_condition_on_a_manifest_that_is_there,
    rh5_a_condition_on_a_tag_that_is_not_there,
    rh5_a_condition_on_a_tag_that_is_there,
    rh5_concurrent_updates,
    rh5_conditional_deletes,
);

fn rh5_a_condition_on_a_tag_that_is_not_there(fixture: &Fixture) {
    let one = quoted("one");
    failed(put(fixture, "latest", "one", "if-match", "*"));
    failed(put(fixture, "latest", "one", "if-match", &one));
    fixture
        .get("/v2/a/manifests/latest")
        .send()
        .expect(StatusCode::NOT_FOUND);
    put(fixture, "latest", "one", "if-none-match", "*").expect(StatusCode::CREATED);
}

fn rh5_a_condition_on_a_tag_that_is_there(fixture: &Fixture) {
    fixture.push_image("a", "latest", &image("one"));
    let (one, two) = (quoted("one"), quoted("two"));
    failed(put(fixture, "latest", "two", "if-none-match", "*"));
    failed(put(
        fixture,
        "latest",
        "two",
        "if-none-match",
        &format!("{two}, W/{one}"),
    ));
    failed(put(fixture, "latest", "two", "if-match", &two));
    failed(put(fixture, "latest", "two", "if-match", &format!("W/{one}")));
    failed(put(fixture, "latest", "two", "if-match", ""));
    let digest = Digest::sha256(&json(&image("two")));
    fixture
        .get(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::NOT_FOUND);
    put(fixture, "latest", "two", "if-match", &format!("{two}, {one}")).expect(StatusCode::CREATED);
    put(fixture, "latest", "one", "if-match", "*").expect(StatusCode::CREATED);
    put(fixture, "latest", "one", "if-none-match", &two).expect(StatusCode::CREATED);
}

fn rh5_a_condition_on_a_manifest_that_is_there(fixture: &Fixture) {
    let digest = Digest::sha256(&json(&image("one"))).to_string();
    failed(put(fixture, &digest, "one", "if-match", "*"));
    put(fixture, &digest, "one", "if-none-match", "*").expect(StatusCode::CREATED);
    failed(put(fixture, &format!("{digest}?tag=new"), "one", "if-none-match", "*"));
    fixture.get("/v2/a/manifests/new").send().expect(StatusCode::NOT_FOUND);
    put(fixture, &digest, "one", "if-match", &quoted("one")).expect(StatusCode::CREATED);
}

fn rh5_conditional_deletes(fixture: &Fixture) {
    let digest = fixture.push_image("a", "latest", &image("one"));
    let delete = |reference: &str, value: &str| {
        let call = fixture.delete(format!("/v2/a/manifests/{reference}"));
        call.header("if-match", value).send()
    };
    failed(delete("latest", &quoted("two")));
    failed(delete(&digest.to_string(), &quoted("two")));
    fixture.get("/v2/a/manifests/latest").send().expect(StatusCode::OK);
    // Without the condition it would be 404, so the condition does not count.
    delete("absent", "*").expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
    delete("latest", &quoted("one")).expect(StatusCode::ACCEPTED);
    delete(&digest.to_string(), "*").expect(StatusCode::ACCEPTED);
}

/// Of many that would replace the same manifest only one succeeds.
fn rh5_concurrent_updates(fixture: &Fixture) {
    fixture.push_image("a", "latest", &image("0"));
    let current = quoted("0");
    let created = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 1..=16 {
            let (created, current) = (&created, &current);
            scope.spawn(move || {
                let answer = put(fixture, "latest", &number.to_string(), "if-match", current);
                match answer.status() {
                    StatusCode::CREATED => drop(created.fetch_add(1, Ordering::Relaxed)),
                    _ => failed(answer),
                }
            });
        }
    });
    assert_eq!(created.into_inner(), 1);
}

fn put(fixture: &Fixture, reference: &str, name: &str, condition: &str, value: &str) -> Answer {
    fixture.push_blob("a", b"{}");
    let call = fixture
        .put(format!("/v2/a/manifests/{reference}"))
        .header("content-type", MediaType::IMAGE_MANIFEST.as_str());
    call.header(condition, value).body(json(&image(name))).send()
}

#[track_caller]
fn failed(answer: Answer) {
    answer.expect_error(StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED");
}

/// The entity tag of the image `name`.
fn quoted(name: &str) -> String {
    format!("\"{}\"", Digest::sha256(&json(&image(name))))
}
