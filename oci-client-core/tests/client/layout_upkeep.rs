//! Layouts that are kept in order: entries taken out, blobs collected, everything held to its digest; and the forms in which others list referrers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use oci_client_core::ErrorKind;
use oci_client_core::runtime::Runtime as _;
use oci_client_core::store::{CopyOptions, LayoutIndex, OciLayout, Source, Target, copy};
use oci_spec_types::{Digest, ImageIndex};
use test_support::SimRuntime;

use crate::copying_referrers::Graph;
use crate::layout::{add, read_index};
use crate::support::{Image, by_digest, document, files_below, layer, noise, tag, target};

#[test]
fn collecting_removes_what_no_entry_leads_to_and_nothing_else() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let (kept, lost) = (Image::new(1, &[100, 200]), Image::new(2, &[300]));
    let layout = add(&runtime, folder.path(), &kept, "kept");
    let expected = files_below(folder.path());
    add(&runtime, folder.path(), &lost, "lost");
    for other in ["blobs/sha256/notes.txt", "blobs/README", "own.txt"] {
        std::fs::write(folder.path().join(other), "x").unwrap();
    }
    std::fs::write(folder.path().join("blobs/sha256/.partial-x"), "half").unwrap();
    age(folder.path());
    let gc = || runtime.run(layout.gc(Duration::ZERO)).unwrap();
    assert_eq!(gc().blobs, [], "all is entered");
    assert!(runtime.run(layout.untag(&tag("lost"))).unwrap());
    assert!(!runtime.run(layout.untag(&tag("lost"))).unwrap());
    let garbage = gc();
    assert_eq!((garbage.blobs.len(), garbage.unfinished), (3, 0));
    let size: usize = lost.blobs.iter().map(|blob| blob.len()).sum();
    assert_eq!(garbage.bytes, (size + lost.document.bytes().len()) as u64);
    let mut expected = expected;
    expected.extend(["blobs/README", "blobs/sha256/notes.txt", "own.txt"].map(PathBuf::from));
    expected.sort();
    assert_eq!(files_below(folder.path()), expected);
    assert!(runtime.run(layout.verify()).unwrap().is_valid());
}

#[test]
fn what_is_young_or_has_just_been_asked_for_is_not_collected() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let layout = add(&runtime, folder.path(), &Image::new(1, &[]), "v1");
    let content = noise(9, 50);
    let put = || {
        runtime
            .run(layout.put_blob(&layer(&content), Arc::new(content.clone())))
            .unwrap()
    };
    put();
    age(folder.path());
    // Found to be there, by somebody who is about to enter what leads to it.
    put();
    assert_eq!(runtime.run(layout.gc(Duration::from_secs(3600))).unwrap().blobs, []);
    runtime.run(runtime.sleep(Duration::from_secs(3600)));
    assert_eq!(
        runtime.run(layout.gc(Duration::from_secs(3600))).unwrap().blobs,
        [layer(&content).digest]
    );
}

#[test]
fn nothing_is_collected_while_a_manifest_cannot_be_read() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let image = Image::new(1, &[100]);
    let layout = add(&runtime, folder.path(), &image, "v1");
    age(folder.path());
    std::fs::write(blob_file(folder.path(), image.digest()), "damaged").unwrap();
    let before = files_below(folder.path());
    assert_eq!(
        runtime.run(layout.gc(Duration::ZERO)).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    assert_eq!(files_below(folder.path()), before);
}

#[test]
fn deleting_an_image_takes_its_referrers_along_unless_they_have_names() {
    let (runtime, folder, graph) = (SimRuntime::new(), tempfile::tempdir().unwrap(), Graph::new());
    let layout = fill(&runtime, folder.path(), &graph);
    let [(_, first), (_, second), (_, third)] = &graph.referrers[..] else {
        panic!("there are three")
    };
    runtime.run(layout.put_root(third, Some(&tag("sbom")))).unwrap();
    let removed = runtime.run(layout.delete(graph.root.digest())).unwrap();
    assert_eq!(
        removed,
        [graph.root.digest(), first.digest(), second.digest()].map(Clone::clone)
    );
    let left: Vec<_> = read_index(folder.path()).manifests;
    assert!(left.iter().all(|entry| entry.digest == *third.digest()));
    let again = runtime.run(layout.delete(graph.root.digest())).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
}

#[test]
fn referrers_are_found_as_entries_of_their_own_and_under_the_fallback_tag() {
    let (runtime, graph) = (SimRuntime::new(), Graph::new());
    let subject = graph.root.digest();
    let (_, referrer) = &graph.referrers[0];
    for fallback in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let layout = fill(&runtime, folder.path(), &graph);
        if fallback {
            // As others write it: the list alone is entered. What it lists wrongly is left out.
            let wrong = graph.images[0].document.descriptor();
            let list = document(ImageIndex::new(vec![wrong, referrer.referrer()]));
            runtime
                .run(layout.put_root(&list, Some(&subject.fallback_tag())))
                .unwrap();
            let bytes = std::fs::read(folder.path().join("index.json")).unwrap();
            let mut index = LayoutIndex::parse(bytes).unwrap();
            assert!(index.remove(referrer.digest()));
            std::fs::write(folder.path().join("index.json"), index.to_bytes().unwrap()).unwrap();
        }
        let found = runtime.run(layout.referrers(subject)).unwrap();
        assert_eq!(found, [referrer.referrer()], "fallback: {fallback}");
        assert_eq!(runtime.run(layout.referrers(&Digest::sha256(b"?"))).unwrap(), []);
    }
}

#[test]
fn verifying_names_all_that_is_missing_or_wrong() {
    let (runtime, folder, graph) = (SimRuntime::new(), tempfile::tempdir().unwrap(), Graph::new());
    let layout = fill(&runtime, folder.path(), &graph);
    let report = runtime.run(layout.verify()).unwrap();
    assert!(report.is_valid(), "{report:?}");
    // Six manifests; two images of two blobs, three artifacts of a blob of their own, and the empty configuration.
    assert_eq!(report.valid, 6 + 4 + 3 + 1);

    let [one, two] = &graph.images;
    let damaged = &one.manifest().layers[0].digest;
    let missing = &two.manifest().layers[0].digest;
    let manifest = graph.referrers[1].1.digest();
    std::fs::write(blob_file(folder.path(), damaged), noise(77, 100)).unwrap();
    std::fs::remove_file(blob_file(folder.path(), missing)).unwrap();
    std::fs::write(blob_file(folder.path(), manifest), "{}").unwrap();
    let report = runtime.run(layout.verify()).unwrap();
    let mut found: Vec<_> = report
        .problems
        .iter()
        .map(|problem| (problem.descriptor.digest.clone(), problem.error.kind()))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let mut expected = vec![
        (damaged.clone(), ErrorKind::Mismatch),
        (missing.clone(), ErrorKind::NotFound),
        (manifest.clone(), ErrorKind::Mismatch),
    ];
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(found, expected);
    assert!(runtime.run(layout.manifest(&by_digest(manifest))).is_err());
}

fn fill(runtime: &SimRuntime, path: &Path, graph: &Graph) -> OciLayout {
    let options = CopyOptions::new().with_referrers();
    runtime.run(async {
        let layout = OciLayout::create(path, Arc::new(runtime.clone())).await.unwrap();
        copy(&graph.store, &target("v1"), &layout, Some(&tag("v1")), &options)
            .await
            .unwrap();
        layout
    })
}

fn blob_file(path: &Path, digest: &Digest) -> PathBuf {
    path.join("blobs")
        .join(digest.algorithm().as_str())
        .join(digest.encoded_string())
}

/// Makes all files as old as can be.
fn age(path: &Path) {
    for file in files_below(path) {
        let file = std::fs::File::options().append(true).open(path.join(file)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
}
