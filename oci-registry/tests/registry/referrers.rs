use std::sync::Arc;

use http::{Request, StatusCode};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_registry::storage::{DirectoryStorage, MemoryStorage, Storage};
use oci_registry::{Limits, Registry};
use oci_spec_types::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType};
use serde_json::{Value, json};

use crate::fixture::{Fixture, image, json as bytes, on_every_storage};

on_every_storage!(
    rr1_rr3_rr4_rm5_referrers_of_a_missing_subject,
    rr1_rr4_an_index_with_a_subject,
    rr2_a_malformed_subject,
    rr2_rr3_no_referrers_and_no_repository,
    rr5_an_entry_larger_than_a_page_is_refused,
    rr5_pages_are_bounded_in_bytes,
    rr5_s19_pages_of_referrers,
    rr6_referrers_by_artifact_type,
    s02_a_subject_of_another_algorithm,
    s19_deleted_subjects_and_referrers,
);

fn rr1_rr3_rr4_rm5_referrers_of_a_missing_subject(fixture: &Fixture) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let artifact = image("one")
        .with_subject(subject.clone())
        .with_artifact_type(media_type("application/vnd.sbom+json"));
    let plain = image("two").with_subject(subject.clone());
    for manifest in [&artifact, &plain] {
        fixture.push_blob("a", b"{}");
        let put = fixture.push_manifest("a", &digest_of(manifest), &MediaType::IMAGE_MANIFEST, &bytes(manifest));
        assert_eq!(
            put.expect(StatusCode::CREATED).header("oci-subject"),
            Some(subject.digest.to_string())
        );
    }
    let answer = list(fixture, &subject.digest, "");
    assert_eq!(answer["schemaVersion"], 2);
    assert_eq!(answer["mediaType"], MediaType::IMAGE_INDEX.as_str());
    let expected = json!({
        "mediaType": MediaType::IMAGE_MANIFEST.as_str(),
        "digest": digest_of(&artifact),
        "size": bytes(&artifact).len(),
        "artifactType": "application/vnd.sbom+json",
        "annotations": { "name": "one" },
    });
    let entries = answer["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.contains(&expected), "{entries:?}");
    let plain = entries
        .iter()
        .find(|entry| entry["digest"] == digest_of(&plain))
        .unwrap();
    assert_eq!(plain["artifactType"], MediaType::IMAGE_CONFIG.as_str());
}

/// An index without artifactType has none in the list.
fn rr1_rr4_an_index_with_a_subject(fixture: &Fixture) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let index = ImageIndex::new(Vec::new()).with_subject(subject.clone());
    let put = fixture.push_manifest("a", "index", &MediaType::IMAGE_INDEX, &bytes(&index));
    assert_eq!(
        put.expect(StatusCode::CREATED).header("oci-subject"),
        Some(subject.digest.to_string())
    );
    let entry = list(fixture, &subject.digest, "")["manifests"][0].clone();
    assert_eq!(entry["mediaType"], MediaType::IMAGE_INDEX.as_str());
    assert_eq!(entry.get("artifactType"), None);
    let repeated = fixture.push_manifest("a", "again", &MediaType::IMAGE_INDEX, &bytes(&index));
    repeated.expect(StatusCode::CREATED);
    assert_eq!(
        list(fixture, &subject.digest, "")["manifests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// An empty list is no 404, even without a repository.
fn rr2_rr3_no_referrers_and_no_repository(fixture: &Fixture) {
    let subject = Digest::sha256(b"absent");
    for _ in 0..2 {
        let answer = fixture
            .get(format!("/v2/a/referrers/{subject}"))
            .send()
            .expect(StatusCode::OK);
        assert_eq!(
            answer.header("content-type").as_deref(),
            Some(MediaType::IMAGE_INDEX.as_str())
        );
        assert_eq!(answer.json()["manifests"], json!([]));
        assert_eq!(answer.header("oci-filters-applied"), None);
        fixture.push_blob("a", b"x");
    }
}

fn rr2_a_malformed_subject(fixture: &Fixture) {
    for subject in ["sha256:abc", "latest", ":"] {
        let answer = fixture.get(format!("/v2/a/referrers/{subject}")).send();
        answer.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
}

fn rr6_referrers_by_artifact_type(fixture: &Fixture) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    for (name, artifact_type) in [
        ("1", "application/a+json"),
        ("2", "application/b"),
        ("3", "application/a+json"),
    ] {
        let manifest = image(name)
            .with_subject(subject.clone())
            .with_artifact_type(media_type(artifact_type));
        fixture.push_image("a", &digest_of(&manifest), &manifest);
    }
    let count = |query: &str| {
        let answer = fixture
            .get(format!("/v2/a/referrers/{}?{query}", subject.digest))
            .send();
        let answer = answer.expect(StatusCode::OK);
        let applied = answer
            .header("oci-filters-applied")
            .is_some_and(|applied| applied == "artifactType");
        (answer.json()["manifests"].as_array().unwrap().len(), applied)
    };
    assert_eq!(count("artifactType=application%2Fa%2Bjson"), (2, true));
    assert_eq!(count("artifactType=application/a+json"), (2, true));
    assert_eq!(count("artifactType=application/b"), (1, true));
    assert_eq!(count("artifactType=application/c"), (0, true));
    assert_eq!(count("artifactType="), (3, false));
    assert_eq!(count("other=x"), (3, false));
    let path = format!(
        "/v2/a/referrers/{}?artifactType=application%2Fa%2Bjson&n=1",
        subject.digest
    );
    let first = fixture.get(path).send();
    let second = fixture.get(first.next_page().unwrap()).send();
    assert_eq!(second.header("oci-filters-applied").as_deref(), Some("artifactType"));
    assert_eq!(second.json()["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(second.next_page(), None);
}

fn rr5_s19_pages_of_referrers(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new().with_referrers_page(2), false);
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let mut pushed: Vec<String> = (0..5)
        .map(|number| {
            let manifest = image(&number.to_string()).with_subject(subject.clone());
            fixture.push_image("a", &digest_of(&manifest), &manifest).to_string()
        })
        .collect();
    pushed.sort_unstable();
    assert_eq!(all_pages(&fixture, &subject.digest, ""), (pushed.clone(), 3));
    assert_eq!(all_pages(&fixture, &subject.digest, "?n=1"), (pushed.clone(), 5));
    assert_eq!(all_pages(&fixture, &subject.digest, "?n=1000"), (pushed, 3));
    assert_eq!(list(&fixture, &subject.digest, "?n=0")["manifests"], json!([]));
}

/// A page fits into a manifest of the size that the registry takes.
fn rr5_pages_are_bounded_in_bytes(fixture: &Fixture) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let manifests = ["1", "2", "3"].map(|name| {
        image(name)
            .with_subject(subject.clone())
            .with_annotation("x", "x".repeat(6000))
    });
    let push = |fixture: &Fixture| {
        for manifest in &manifests {
            fixture.push_image("a", &digest_of(manifest), manifest);
        }
    };
    push(fixture);
    let path = format!("/v2/a/referrers/{}?n=2", subject.digest);
    let two = fixture.get(path).send().content().len();
    for (limit, pages) in [(10_000, 3), (two - 1, 3), (two, 2)] {
        let fixture = fixture.with(Limits::new().with_manifest_size(limit), false);
        push(&fixture);
        assert_eq!(all_pages(&fixture, &subject.digest, "").1, pages, "{limit}");
    }
}

/// What would not fit into a page is refused, since the list could not be read for it.
fn rr5_an_entry_larger_than_a_page_is_refused(fixture: &Fixture) {
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let index = ImageIndex::new(Vec::new())
        .with_subject(subject.clone())
        .with_annotation("x", "x".repeat(6000));
    let index = bytes(&index);
    let digest = Digest::sha512(&index).to_string();
    let put = |limit| {
        let fixture = fixture.with(Limits::new().with_manifest_size(limit), false);
        let put = fixture.push_manifest("a", &digest, &MediaType::IMAGE_INDEX, &index);
        (put, list(&fixture, &subject.digest, ""))
    };
    let (created, list) = put(index.len() + 200);
    created.expect(StatusCode::CREATED);
    let page = bytes(&list).len();
    assert!(page > index.len());
    put(page).0.expect(StatusCode::CREATED);
    let refused = put(page - 1).0;
    refused.expect_error(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID");
}

/// A storage does not copy more at once than one answer can take.
#[test]
fn storage_pages_are_bounded_in_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = Arc::new(ThreadRuntime::new());
    let storages: [Arc<dyn Storage>; 2] = [
        Arc::new(MemoryStorage::new()),
        Arc::new(block_on(DirectoryStorage::open(directory.path(), runtime)).unwrap()),
    ];
    let repository = "a".parse().unwrap();
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    for storage in storages {
        let registry = Registry::builder().storage(Arc::clone(&storage)).build();
        for name in ["1", "2", "3", "4"] {
            let index = ImageIndex::new(Vec::new())
                .with_subject(subject.clone())
                .with_annotation("x", name.repeat(3_000_000));
            let put = Request::put(format!("/v2/a/manifests/{name}"))
                .header("content-type", MediaType::IMAGE_INDEX.as_str())
                .body(bytes(&index).into());
            assert_eq!(block_on(registry.handle(put.unwrap())).status(), StatusCode::CREATED);
        }
        let first = block_on(storage.referrers(&repository, &subject.digest, None, 1000)).unwrap();
        assert!(first.items().len() == 2 && first.has_more());
        let last = first.items().last().unwrap().digest.to_string();
        let second = block_on(storage.referrers(&repository, &subject.digest, Some(&last), 1000)).unwrap();
        assert!(second.items().len() == 2 && !second.has_more());
    }
}

fn s19_deleted_subjects_and_referrers(fixture: &Fixture) {
    let subject = fixture.push_image("a", "v1", &image("subject"));
    let subject = Descriptor::new(MediaType::IMAGE_MANIFEST, subject, 2);
    let manifest = image("one").with_subject(subject.clone());
    let digest = fixture.push_image("a", "sbom", &manifest);
    fixture
        .delete("/v2/a/manifests/sbom")
        .send()
        .expect(StatusCode::ACCEPTED);
    assert_eq!(
        list(fixture, &subject.digest, "")["manifests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    fixture
        .delete(format!("/v2/a/manifests/{}", subject.digest))
        .send()
        .expect(StatusCode::ACCEPTED);
    assert_eq!(
        list(fixture, &subject.digest, "")["manifests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    fixture
        .delete(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    assert_eq!(list(fixture, &subject.digest, "")["manifests"], json!([]));
}

/// A digest that only fits the grammar is no path.
fn s02_a_subject_of_another_algorithm(fixture: &Fixture) {
    let subject: Digest = "other+alg:Any=Thing_".parse().unwrap();
    let manifest = image("one").with_subject(Descriptor::new(MediaType::IMAGE_MANIFEST, subject.clone(), 2));
    let digest = fixture.push_image("a", "v1", &manifest);
    assert_eq!(
        list(fixture, &subject, "")["manifests"][0]["digest"],
        digest.to_string()
    );
    fixture
        .delete(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    assert_eq!(list(fixture, &subject, "")["manifests"], json!([]));
}

fn list(fixture: &Fixture, subject: &Digest, query: &str) -> Value {
    fixture
        .get(format!("/v2/a/referrers/{subject}{query}"))
        .send()
        .expect(StatusCode::OK)
        .json()
}

/// The digests on all pages, and the number of pages.
fn all_pages(fixture: &Fixture, subject: &Digest, query: &str) -> (Vec<String>, usize) {
    let mut digests = Vec::new();
    let mut pages = 0;
    let mut next = Some(format!("/v2/a/referrers/{subject}{query}"));
    while let Some(path) = next {
        let answer = fixture.get(path).send().expect(StatusCode::OK);
        let entries = answer.json()["manifests"].as_array().unwrap().clone();
        digests.extend(entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()));
        pages += 1;
        next = answer.next_page();
    }
    (digests, pages)
}

fn digest_of(manifest: &ImageManifest) -> String {
    Digest::sha256(&bytes(manifest)).to_string()
}

fn media_type(text: &str) -> MediaType {
    text.parse().unwrap()
}
