//! What only a storage in a directory has: it outlives the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_registry::storage::DirectoryStorage;
use oci_spec_types::{Descriptor, Digest, MediaType};

use crate::fixture::{Fixture, image, json, with_digest};

#[test]
fn content_outlives_the_program() {
    let fixture = Fixture::directory();
    let blob = fixture.push_blob("a/b", b"content");
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let manifest = image("one").with_subject(subject.clone());
    let digest = fixture.push_image("a/b", "V1", &manifest);
    let fixture = fixture.restarted();
    assert_eq!(
        fixture.get(format!("/v2/a/b/blobs/{blob}")).send().content(),
        b"content"
    );
    let answer = fixture.get("/v2/a/b/manifests/V1").send().expect(StatusCode::OK);
    assert_eq!(answer.content(), json(&manifest));
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some(MediaType::IMAGE_MANIFEST.as_str())
    );
    let referrers = fixture
        .get(format!("/v2/a/b/referrers/{}", subject.digest))
        .send()
        .json();
    assert_eq!(referrers["manifests"][0]["digest"], digest.to_string());
}

#[test]
fn an_upload_goes_on_after_a_restart() {
    let fixture = Fixture::directory();
    let location = fixture.start_upload("a");
    fixture
        .patch(&location)
        .body("0123")
        .send()
        .expect(StatusCode::ACCEPTED);
    let fixture = fixture.restarted();
    let status = fixture.get(&location).send().expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range").as_deref(), Some("0-3"));
    let digest = Digest::sha256(b"0123456789");
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

/// S13: files that a crash left are not content, and are cleared away.
#[test]
fn incomplete_files_are_never_visible() {
    let fixture = Fixture::directory();
    let digest = fixture.push_image("a", "v1", &image("one"));
    let temporary = fixture.path().join("temporary");
    fs::write(temporary.join("7"), "application/vnd.oci.image.man").unwrap();
    let fixture = fixture.restarted();
    assert_eq!(files(&fixture.path().join("temporary")), Vec::<PathBuf>::new());
    assert_eq!(
        fixture.get("/v2/a/tags/list").send().json()["tags"],
        serde_json::json!(["v1"])
    );
    fixture
        .get(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::OK);
    // Names that are not ours are not tags.
    fs::write(fixture.path().join("repositories/a/_tags/.nfs0001"), "x").unwrap();
    assert_eq!(
        fixture.get("/v2/a/tags/list").send().json()["tags"],
        serde_json::json!(["v1"])
    );
}

/// S13, S19: an entry among the referrers counts only with its manifest.
#[test]
fn referrers_without_a_manifest_are_not_listed() {
    let fixture = Fixture::directory();
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let digests = ["one", "two", "three", "four"]
        .map(|name| fixture.push_image("a", name, &image(name).with_subject(subject.clone())));
    let manifests = fixture.path().join("repositories/a/_manifests/sha256");
    let (kept, lost) = digests.split_last().unwrap();
    for digest in lost {
        fs::remove_file(manifests.join(digest.encoded_string())).unwrap();
    }
    let path = format!("/v2/a/referrers/{}", subject.digest);
    for query in ["", "?n=1", "?n=2"] {
        let answer = fixture.get(format!("{path}{query}")).send().expect(StatusCode::OK);
        let entries = answer.json()["manifests"].as_array().unwrap().clone();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["digest"], kept.to_string());
        assert_eq!(answer.next_page(), None);
    }
}

/// S03, S05: nothing is left of what failed.
#[test]
fn failed_pushes_leave_no_files() {
    let fixture = Fixture::directory();
    let before = files(fixture.path());
    let wrong = Digest::sha256(b"other");
    fixture
        .post(format!("/v2/a/blobs/uploads/?digest={wrong}"))
        .body("x")
        .send()
        .expect(StatusCode::BAD_REQUEST);
    let location = fixture.start_upload("a");
    fixture
        .put(with_digest(&location, &wrong))
        .body("x")
        .send()
        .expect(StatusCode::BAD_REQUEST);
    let location = fixture.start_upload("a");
    fixture.delete(&location).send().expect(StatusCode::NO_CONTENT);
    let manifest = json(&image("one"));
    let put = fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, &manifest);
    put.expect(StatusCode::BAD_REQUEST);
    assert_eq!(files(fixture.path()), before);
}

#[test]
fn equal_blobs_are_kept_once() {
    let fixture = Fixture::directory();
    let digest = fixture.push_blob("a", b"content");
    fixture.push_blob("b", b"content");
    let kept: Vec<PathBuf> = files(&fixture.path().join("blobs"));
    assert_eq!(kept.len(), 1);
    assert!(kept[0].ends_with(format!("sha256/{}", digest.encoded())));
}

/// S02: whatever is asked for, nothing appears outside the directory, or in it beside its own parts.
#[test]
fn nothing_leaves_the_directory() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("store");
    let storage = block_on(DirectoryStorage::open(&root, Arc::new(ThreadRuntime::new()))).unwrap();
    let registry = oci_registry::Registry::builder().storage(storage).build();
    let digest = Digest::sha256(b"x");
    for name in ["..", "a%2f..%2f..%2f..%2fb", "%2e%2e/%2e%2e", "a/..", "_blobs", "a%00"] {
        for path in [
            format!("/v2/{name}/blobs/uploads/?digest={digest}"),
            format!("/v2/{name}/blobs/uploads/"),
        ] {
            let request = http::Request::post(path).body(b"x".to_vec().into()).unwrap();
            assert!(block_on(registry.handle(request)).status().is_client_error());
        }
    }
    let mut names: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["format", "lock", "repositories", "temporary", "uploads"]);
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.join("repositories")).unwrap().count(), 0);
}

#[test]
fn opening_refuses_other_content_and_a_second_time() {
    let runtime = Arc::new(ThreadRuntime::new());
    let directory = tempfile::tempdir().unwrap();
    let first = block_on(DirectoryStorage::open(directory.path(), runtime.clone())).unwrap();
    let second = block_on(DirectoryStorage::open(directory.path(), runtime.clone())).unwrap_err();
    assert!(second.to_string().contains("open in another process"), "{second}");
    drop(first);
    block_on(DirectoryStorage::open(directory.path(), runtime.clone())).unwrap();
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("mine.txt"), "x").unwrap();
    let refused = block_on(DirectoryStorage::open(other.path(), runtime.clone())).unwrap_err();
    assert!(refused.to_string().contains("choose an empty directory"), "{refused}");
    let file = other.path().join("mine.txt");
    block_on(DirectoryStorage::open(file, runtime)).unwrap_err();
}

/// S11: readers see nothing or all of a blob that many push at once.
#[test]
fn concurrent_pushes_of_the_same_blob() {
    let fixture = Fixture::directory();
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = Digest::sha256(&content);
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (fixture, content, digest) = (&fixture, &content, &digest);
            scope.spawn(move || {
                let repository = if number % 2 == 0 { "a" } else { "b" };
                let read = || fixture.get(format!("/v2/{repository}/blobs/{digest}")).send();
                let before = read();
                assert!(before.status() == StatusCode::NOT_FOUND || before.content() == content);
                assert_eq!(&fixture.push_blob(repository, content), digest);
                assert!(read().expect(StatusCode::OK).content() == content);
            });
        }
    });
    assert_eq!(files(&fixture.path().join("blobs")).len(), 1);
    assert_eq!(files(&fixture.path().join("uploads")), Vec::<PathBuf>::new());
}

/// S12: a read that has begun ends with the right bytes.
#[test]
fn delete_during_a_pull() {
    let fixture = Fixture::directory();
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let digest = fixture.push_blob("a", &content);
    let request = http::Request::get(format!("/v2/a/blobs/{digest}"))
        .body(Default::default())
        .unwrap();
    let mut body = block_on(fixture.registry().handle(request)).into_body();
    let first = block_on(body.chunk()).unwrap().unwrap();
    fixture
        .delete(format!("/v2/a/blobs/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    let rest = block_on(body.collect(usize::MAX)).unwrap();
    assert!([first, rest].concat() == content);
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                pending.push(entry.path())
            } else {
                found.push(entry.path())
            }
        }
    }
    found.sort();
    found
}
