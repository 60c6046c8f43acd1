//! A storage that fails: what is answered then, and what is left.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use oci_registry::storage::StorageError;
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};

use crate::fixture::{Answer, Fixture, image, json, on_every_storage, with_digest};

on_every_storage!(s14_every_step_can_fail);

/// S14: whatever step of a push fails, and for whatever reason: the answer says so, what was there stays, nothing half-written is there, and the
/// same push succeeds once the storage works.
fn s14_every_step_can_fail(fixture: &Fixture) {
    for (error, status) in [
        (io::ErrorKind::StorageFull.into(), StatusCode::INSUFFICIENT_STORAGE),
        (io::ErrorKind::QuotaExceeded.into(), StatusCode::INSUFFICIENT_STORAGE),
        (
            io::ErrorKind::ReadOnlyFilesystem.into(),
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
        (
            io::ErrorKind::PermissionDenied.into(),
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
        // EIO and EMFILE.
        (io::Error::from_raw_os_error(5), StatusCode::INTERNAL_SERVER_ERROR),
        (io::Error::from_raw_os_error(24), StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let error: io::Error = error;
        let mut step = 0;
        while fails_at(fixture, step, &error, status) {
            step += 1;
        }
        assert!(step >= 12, "{step} steps for {error}");
    }
}

/// Whether a push has a step of this number.
fn fails_at(fixture: &Fixture, step: usize, error: &io::Error, status: StatusCode) -> bool {
    let countdown = Arc::new(AtomicUsize::new(usize::MAX));
    let kept = copied(error);
    let counted = Arc::clone(&countdown);
    let failing = fixture.intercepted(move |_| take_step(&counted, &kept));
    let old = failing.push_image("a", "v1", &image("old"));
    countdown.store(step, Ordering::SeqCst);
    let failed = push(&failing).err();
    let reached = countdown.swap(usize::MAX, Ordering::SeqCst) == usize::MAX;
    if let Some(failed) = &failed {
        assert_eq!(failed.status(), status, "step {step}: {failed:?}");
        // The answer to a HEAD has no body.
        assert!(failed.content().is_empty() || failed.json()["errors"][0]["code"] == "UNKNOWN");
    }
    assert_eq!(
        reached,
        failed.is_some(),
        "step {step} failed without an error in the answer"
    );
    let tag = |name: &str| failing.get(format!("/v2/a/manifests/{name}")).send();
    assert_eq!(tag("v1").expect(StatusCode::OK).content(), json(&image("old")));
    tag(&old.to_string()).expect(StatusCode::OK);
    let layer = failing.get(format!("/v2/a/blobs/{}", Digest::sha256(LAYER))).send();
    assert!(layer.status() == StatusCode::NOT_FOUND || layer.content() == LAYER);
    push(&failing).unwrap();
    assert_eq!(tag("v2").expect(StatusCode::OK).content(), json(&new_image()));
    reached
}

/// Pushes an image in requests of every kind; the first answer that is no success ends it. An upload that was cut short goes on.
fn push(fixture: &Fixture) -> Result<(), Box<Answer>> {
    let digest = Digest::sha256(LAYER);
    let start = success(fixture.post("/v2/a/blobs/uploads/").send())?;
    let location = start.header("location").unwrap();
    let (first, second) = LAYER.split_at(4);
    success(fixture.patch(&location).body(first).send())?;
    success(fixture.get(&location).send())?;
    if let Err(failed) = success(fixture.put(with_digest(&location, &digest)).body(second).send()) {
        // What arrived is still there, unless the upload is what failed to be ended.
        let status = fixture.get(&location).send();
        assert!(
            [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND].contains(&status.status()),
            "{status:?}"
        );
        return Err(failed);
    }
    success(fixture.head(format!("/v2/a/blobs/{digest}")).send())?;
    let config = Digest::sha256(b"{}");
    let post = fixture.post(format!("/v2/a/blobs/uploads/?digest={config}"));
    success(post.body("{}").send())?;
    let manifest = json(&new_image());
    success(fixture.push_manifest("a", "v2", &MediaType::IMAGE_MANIFEST, &manifest))?;
    success(fixture.get("/v2/a/manifests/v2").send())?;
    success(fixture.get("/v2/a/tags/list").send()).map(drop)
}

fn success(answer: Answer) -> Result<Answer, Box<Answer>> {
    if answer.status().is_success() {
        Ok(answer)
    } else {
        Err(Box::new(answer))
    }
}

fn new_image() -> ImageManifest {
    ImageManifest::new(image("new").config, vec![Descriptor::of(MediaType::IMAGE_LAYER, LAYER)])
}

fn copied(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Counts down to the step that fails; past that everything succeeds again.
fn take_step(countdown: &AtomicUsize, error: &io::Error) -> Result<(), StorageError> {
    match countdown.load(Ordering::SeqCst) {
        usize::MAX => Ok(()),
        0 => {
            countdown.store(usize::MAX, Ordering::SeqCst);
            Err(copied(error).into())
        }
        left => {
            countdown.store(left - 1, Ordering::SeqCst);
            Ok(())
        }
    }
}

const LAYER: &[u8] = b"0123456789";
