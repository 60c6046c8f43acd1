//! Collecting garbage while requests are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, StatusCode};
use oci_client_core::runtime::block_on;
use oci_client_core::transport::Body;
use oci_registry::storage::{KeptKind, StorageError, StorageErrorKind};
use oci_registry::{GarbagePolicy, GarbageReport, KeepManifests, Registry};
use oci_spec_types::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};
use crate::intercepted::Step;

on_every_storage!(
    s12_a_pull_that_began_ends,
    s12_s14_a_repository_that_cannot_be_read_keeps_all,
    s12_dry_run,
    s12_policies,
    s12_pushes_at_every_step,
    s12_unreferenced_blobs_go_after_the_grace,
);

/// S12: what nothing refers to goes, once it is old enough; in each repository by itself.
fn s12_unreferenced_blobs_go_after_the_grace(fixture: &Fixture) {
    let layer = fixture.push_blob("a", b"layer");
    let lost = fixture.push_blob("a", b"lost");
    let shared = fixture.push_blob("b", b"layer");
    assert_eq!(shared, layer);
    let manifest = ImageManifest::new(
        image("one").config,
        vec![Descriptor::of(MediaType::IMAGE_LAYER, b"layer")],
    );
    fixture.push_image("a", "v1", &manifest);
    let open = fixture.start_upload("a");
    assert_eq!(collect(fixture, &GarbagePolicy::new()).removed().len(), 0);
    let report = collect(fixture, &without_grace());
    let removed: Vec<_> = report
        .removed()
        .iter()
        .map(|removed| {
            (
                removed.repository().as_str(),
                removed.kind(),
                removed.digest(),
                removed.size(),
            )
        })
        .collect();
    assert_eq!(
        removed,
        [("a", KeptKind::Blob, &lost, 4), ("b", KeptKind::Blob, &layer, 5)]
    );
    let get = |repository: &str, digest: &Digest| fixture.get(format!("/v2/{repository}/blobs/{digest}")).send();
    get("a", &lost).expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
    get("b", &layer).expect(StatusCode::NOT_FOUND);
    assert_eq!(get("a", &layer).expect(StatusCode::OK).content(), b"layer");
    fixture.get(&open).send().expect(StatusCode::NO_CONTENT);
    // The bytes of `lost` are gone from where all repositories have them too.
    fixture
        .post(format!("/v2/b/blobs/uploads/?mount={lost}&from=a"))
        .send()
        .expect(StatusCode::ACCEPTED);
    fixture.push_blob("b", b"lost");
    assert_eq!(get("b", &lost).expect(StatusCode::OK).content(), b"lost");
}

/// S12, S19: what each policy keeps; referrers live with their subject.
fn s12_policies(fixture: &Fixture) {
    let tagged = fixture.push_image("a", "v1", &image("tagged"));
    let child = image("child");
    let child_digest = Digest::sha256(&json(&child));
    fixture.push_image("a", &child_digest.to_string(), &child);
    let index = json(&ImageIndex::new(vec![Descriptor::of(
        MediaType::IMAGE_MANIFEST,
        &json(&child),
    )]));
    fixture
        .push_manifest("a", "all", &MediaType::IMAGE_INDEX, &index)
        .expect(StatusCode::CREATED);
    let by_digest = |manifest: &ImageManifest| {
        let digest = Digest::sha256(&json(manifest)).to_string();
        fixture.push_image("a", &digest, manifest)
    };
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, &json(&child));
    let signature = by_digest(&image("signature").with_subject(subject.clone()));
    let loose = by_digest(&image("loose"));
    let orphan = by_digest(&image("orphan").with_subject(Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing")));
    let exists = |digest: &Digest| {
        let answer = fixture.get(format!("/v2/a/manifests/{digest}")).send();
        answer.status() == StatusCode::OK
    };
    for (keep, removed) in [
        (KeepManifests::All, vec![]),
        (KeepManifests::Attached, vec![&orphan]),
        (KeepManifests::Tagged, vec![&loose]),
    ] {
        let young = GarbagePolicy::new().with_manifests(keep);
        assert_eq!(collect(fixture, &young).removed(), []);
        let report = collect(fixture, &without_grace().with_manifests(keep));
        let digests: Vec<&Digest> = report.removed().iter().map(|removed| removed.digest()).collect();
        assert_eq!(digests, removed, "{keep:?}");
        assert!(!removed.into_iter().any(exists));
    }
    for digest in [&tagged, &child_digest, &signature] {
        assert!(exists(digest));
    }
    // With the tag the index goes, with that the child, and with that its signature, from the list too.
    fixture
        .delete("/v2/a/manifests/all")
        .send()
        .expect(StatusCode::ACCEPTED);
    let report = collect(fixture, &without_grace().with_manifests(KeepManifests::Tagged));
    assert_eq!(report.removed().len(), 3);
    assert!(exists(&tagged) && !exists(&child_digest) && !exists(&signature));
    let referrers = fixture.get(format!("/v2/a/referrers/{}", subject.digest)).send();
    assert_eq!(referrers.json()["manifests"], serde_json::json!([]));
}

/// S12: it says what it would do, and does nothing.
fn s12_dry_run(fixture: &Fixture) {
    let blob = fixture.push_blob("a", b"lost");
    let location = fixture.start_upload("a");
    let strict = fixture.sharing(oci_registry::Limits::new().with_upload_age(Duration::ZERO));
    let policy = without_grace();
    for _ in 0..2 {
        let report = collect(&strict, &policy.with_dry_run(true));
        assert_eq!((report.removed().len(), report.uploads()), (1, 1));
    }
    fixture
        .head(format!("/v2/a/blobs/{blob}"))
        .send()
        .expect(StatusCode::OK);
    fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    let report = collect(&strict, &policy);
    assert_eq!((report.removed().len(), report.uploads()), (1, 1));
    fixture.get(&location).send().expect(StatusCode::NOT_FOUND);
}

/// S12: a read that has begun before the blob goes ends with the right bytes.
fn s12_a_pull_that_began_ends(fixture: &Fixture) {
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = fixture.push_blob("a", &content);
    let request = Request::get(format!("/v2/a/blobs/{digest}")).body(Body::empty());
    let mut body = block_on(fixture.registry().handle(request.unwrap())).into_body();
    let first = block_on(body.chunk()).unwrap().unwrap();
    assert_eq!(collect(fixture, &without_grace()).removed().len(), 1);
    let rest = block_on(body.collect(usize::MAX)).unwrap();
    assert!([first, rest].concat() == content);
}

/// S12: before each step of a collection a client relies on what is old: it is told that blob or child are there, mounts, or moves a tag.
/// What it then stores is whole.
fn s12_pushes_at_every_step(fixture: &Fixture) {
    for (number, action) in ACTIONS.iter().enumerate() {
        let mut step = 0;
        // Until the collection has no such step any more.
        while collect_with_action_at(fixture, step, action) {
            step += 1;
        }
        assert!(step >= 5, "action {number} was tried at {step} steps only");
    }
}

/// What a client does with a repository that has the layer and the manifest `loose`, which is tagged nowhere.
struct Action {
    /// During the collection; returns whether it was told that what it needs is there.
    during: fn(&Fixture) -> bool,
    /// After the collection; has to succeed if it was told so.
    after: fn(&Fixture) -> bool,
}

const ACTIONS: [Action; 4] = [
    Action {
        during: |fixture| {
            let blobs = [layer().digest, loose().config.digest];
            blobs.iter().all(|blob| told(fixture, &format!("/v2/a/blobs/{blob}")))
        },
        after: |fixture| put(fixture, "a"),
    },
    Action {
        during: |fixture| {
            let mount = format!("/v2/b/blobs/uploads/?mount={}&from=a", layer().digest);
            fixture.push_blob("b", b"{}");
            fixture.post(mount).send().status() == StatusCode::CREATED
        },
        after: |fixture| put(fixture, "b"),
    },
    Action {
        during: |fixture| put(fixture, "a"),
        after: |_| true,
    },
    Action {
        during: |fixture| {
            let digest = Digest::sha256(&json(&loose()));
            told(fixture, &format!("/v2/a/manifests/{digest}"))
        },
        after: |fixture| {
            let child = Descriptor::of(MediaType::IMAGE_MANIFEST, &json(&loose()));
            let index = json(&ImageIndex::new(vec![child]));
            let answer = fixture.push_manifest("a", "v1", &MediaType::IMAGE_INDEX, &index);
            answer.status() == StatusCode::CREATED
        },
    },
];

/// S14: and the others are collected all the same.
fn s12_s14_a_repository_that_cannot_be_read_keeps_all(fixture: &Fixture) {
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = Arc::clone(&broken);
    let fixture = fixture.intercepted(move |step| match step {
        Step::Manifest(_) if is_broken.load(Ordering::SeqCst) => {
            Err(StorageError::new(StorageErrorKind::Other, "a broken disk"))
        }
        _ => Ok(()),
    });
    fixture.push_image("a", "v1", &image("one"));
    let paths = ["a", "b"].map(|repository| {
        let garbage = fixture.push_blob(repository, b"garbage");
        format!("/v2/{repository}/blobs/{garbage}")
    });
    let statuses = || paths.each_ref().map(|path| fixture.get(path).send().status().as_u16());
    broken.store(true, Ordering::SeqCst);
    let error = block_on(fixture.registry().collect_garbage(&without_grace())).unwrap_err();
    assert_eq!(error.to_string(), "a broken disk");
    assert_eq!(statuses(), [200, 404]);
    broken.store(false, Ordering::SeqCst);
    collect(&fixture, &without_grace());
    assert_eq!(statuses(), [404, 404]);
}

fn told(fixture: &Fixture, path: &str) -> bool {
    fixture.head(path).send().status() == StatusCode::OK
}

fn collect_with_action_at(fixture: &Fixture, step: usize, action: &'static Action) -> bool {
    let count = Arc::new(AtomicUsize::new(0));
    let (armed, told) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (arm, tell, counted) = (Arc::clone(&armed), Arc::clone(&told), Arc::clone(&count));
    let fixture = fixture.observed(move |direct, next| {
        let collecting = matches!(next, Step::Kept(_) | Step::Manifest(_) | Step::Sweep(..));
        if arm.load(Ordering::SeqCst) && collecting && counted.fetch_add(1, Ordering::SeqCst) == step {
            tell.store((action.during)(direct), Ordering::SeqCst);
        }
    });
    fixture.push_blob("a", b"layer");
    fixture.push_blob("b", b"{}");
    let digest = Digest::sha256(&json(&loose())).to_string();
    fixture.push_image("a", &digest, &loose());
    armed.store(true, Ordering::SeqCst);
    let policy = without_grace().with_manifests(KeepManifests::Tagged);
    collect(&fixture, &policy);
    armed.store(false, Ordering::SeqCst);
    if told.load(Ordering::SeqCst) {
        assert!((action.after)(&fixture), "step {step}");
        assert_whole(&fixture, step);
    }
    count.load(Ordering::SeqCst) > step
}

/// Every tag points to a manifest that has all that it refers to.
fn assert_whole(fixture: &Fixture, step: usize) {
    let ok = |path: String| {
        assert_eq!(
            fixture.get(&path).send().status(),
            StatusCode::OK,
            "step {step}: {path}"
        )
    };
    let repository = if fixture.get("/v2/b/manifests/v1").send().status() == StatusCode::OK {
        "b"
    } else {
        "a"
    };
    let root = fixture.get(format!("/v2/{repository}/manifests/v1")).send();
    let root = root.expect(StatusCode::OK).json();
    for child in root["manifests"].as_array().into_iter().flatten() {
        ok(format!("/v2/a/manifests/{}", child["digest"].as_str().unwrap()));
    }
    for blob in [&layer().digest, &loose().config.digest] {
        ok(format!("/v2/{repository}/blobs/{blob}"));
    }
}

fn put(fixture: &Fixture, repository: &str) -> bool {
    let content = json(&loose());
    let answer = fixture.push_manifest(repository, "v1", &MediaType::IMAGE_MANIFEST, &content);
    answer.status() == StatusCode::CREATED
}

fn layer() -> Descriptor {
    Descriptor::of(MediaType::IMAGE_LAYER, b"layer")
}

fn loose() -> ImageManifest {
    ImageManifest::new(image("loose").config, vec![layer()])
}

fn without_grace() -> GarbagePolicy {
    GarbagePolicy::new().with_grace(Duration::ZERO)
}

fn collect(fixture: &Fixture, policy: &GarbagePolicy) -> GarbageReport {
    let registry: &Registry = fixture.registry();
    block_on(registry.collect_garbage(policy)).unwrap()
}
