//! What a copy can be told to do otherwise: change nothing, keep going, distrust the target, take images out, bring digest tags along.

mod doubles;

use std::sync::{Arc, Mutex};

use oci_client_core::store::{Copied, CopyOptions, CopyPart, MemoryStore, OciLayout, Source, Stored, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::{Digest, ImageIndex, Platform, Tag};
use test_support::{Recorder, SimRuntime};

use self::doubles::{Lists, Mute, NoLists, Swapping};
use crate::copying::index;
use crate::copying_referrers::Graph;
use crate::support::{Image, by_digest, document, files_below, repository, tag, target};

/// Copies `v1`, and gives what was told of each blob.
fn told(
    runtime: &SimRuntime,
    from: &dyn Source,
    to: &dyn Target,
    options: CopyOptions,
) -> (Result<Copied, Error>, Vec<(Digest, Stored)>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let options = options.with_observer(move |event| {
        seen.lock()
            .unwrap()
            .push((event.descriptor.digest.clone(), event.stored));
    });
    let copied = runtime.run(copy(from, &target("v1"), to, Some(&tag("v1")), &options));
    let mut events = std::mem::take(&mut *events.lock().unwrap());
    events.sort_by(|one, other| one.0.cmp(&other.0));
    (copied, events)
}

#[test]
fn a_dry_run_tells_what_a_copy_would_do_and_changes_nothing() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let recorder = Recorder::new(Registry::in_memory());
    let there = repository(&runtime, recorder.clone());
    let known = graph.images[0].store("v1");
    runtime
        .run(copy(&known, &target("v1"), &there, None, &CopyOptions::new()))
        .unwrap();
    let before = recorder.lines().len();

    let options = CopyOptions::new().with_referrers();
    let (dry, would) = told(&runtime, &graph.store, &there, options.clone().with_dry_run());
    let asked: Vec<String> = recorder.lines().split_off(before);
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line.starts_with("HEAD ")),
        "{asked:?}"
    );
    assert_eq!(runtime.run(there.resolve(&target("v1"))).unwrap(), None);

    assert!(would.iter().any(|(_, stored)| *stored == Stored::Present));
    assert!(dry.unwrap().is_complete());
}

#[test]
fn what_a_dry_run_says_is_what_the_copy_does() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let folder = tempfile::tempdir().unwrap();
    let there = runtime
        .run(OciLayout::create(folder.path(), Arc::new(runtime.clone())))
        .unwrap();
    let known = graph.images[0].store("v1");
    runtime
        .run(copy(&known, &target("v1"), &there, None, &CopyOptions::new()))
        .unwrap();
    let before = files_below(folder.path());
    let options = CopyOptions::new().with_referrers();
    let (dry, would) = told(&runtime, &graph.store, &there, options.clone().with_dry_run());
    assert_eq!(files_below(folder.path()), before);
    let (done, did) = told(&runtime, &graph.store, &there, options);
    let (dry, done) = (dry.unwrap(), done.unwrap());
    assert_eq!(would, did);
    assert_eq!((dry.transferred, dry.referrers), (done.transferred, done.referrers));
    assert!(would.iter().any(|(_, stored)| *stored == Stored::Present));
    assert!(dry.is_complete() && dry.root_stored && done.is_complete());
}

/// Every target tells the same of what it has, and one that cannot tell counts as empty.
#[test]
fn a_dry_run_counts_the_bytes_that_are_missing() {
    let (image, runtime) = (Image::new(1, &[100, 2000]), SimRuntime::new());
    let sizes: u64 = image.manifest().blobs().map(|blob| blob.size).sum();
    let memory = MemoryStore::new();
    let dry = CopyOptions::new().with_dry_run();
    let store = image.store("v1");
    assert_eq!(
        told(&runtime, &store, &memory, dry.clone()).0.unwrap().transferred,
        sizes
    );
    memory.add_content(&image.manifest().layers[1], Arc::new(image.blobs[2].clone()));
    assert_eq!(
        told(&runtime, &store, &memory, dry.clone()).0.unwrap().transferred,
        sizes - 2000
    );
    assert_eq!(
        told(&runtime, &store, &memory, dry.clone().with_repair())
            .0
            .unwrap()
            .transferred,
        sizes
    );
    assert_eq!(told(&runtime, &store, &Mute(memory), dry).0.unwrap().transferred, sizes);
}

#[test]
fn a_copy_that_keeps_going_brings_all_that_does_not_depend_on_what_failed() {
    let images = [Image::new(1, &[10, 20]), Image::new(2, &[30]), Image::new(3, &[40])];
    let inner = index(&[&images[0].document, &images[1].document]);
    let root = index(&[&inner, &images[2].document]);
    let source = MemoryStore::new();
    images[1].add_to(&source, None);
    images[2].add_to(&source, None);
    source.add_manifest(images[0].document.clone(), None);
    source.add_content(&images[0].manifest().layers[0], Arc::new(images[0].blobs[1].clone()));
    source.add_manifest(inner.clone(), None);
    source.add_manifest(root, Some(tag("v1")));
    let missing = [&images[0].manifest().config, &images[0].manifest().layers[1]];

    let (runtime, memory) = (SimRuntime::new(), MemoryStore::new());
    let (copied, _) = told(&runtime, &source, &memory, CopyOptions::new());
    assert_eq!(copied.unwrap_err().kind(), ErrorKind::NotFound);

    let (copied, events) = told(&runtime, &source, &memory, CopyOptions::new().with_keep_going());
    let copied = copied.unwrap();
    assert!(!copied.is_complete() && !copied.root_stored);
    let mut failed: Vec<CopyPart> = copied.failures.iter().map(|failure| failure.part.clone()).collect();
    failed.sort_by_key(|part| format!("{part:?}"));
    let mut expected = missing.map(|blob| CopyPart::Blob(blob.digest.clone()));
    expected.sort_by_key(|part| format!("{part:?}"));
    assert_eq!(failed, expected);
    assert!(
        copied
            .failures
            .iter()
            .all(|failure| failure.error.kind() == ErrorKind::NotFound)
    );
    // What is whole is there; what lacks a part is not, up to the root.
    assert_eq!(events.len(), 5);
    runtime.run(async {
        for image in &images[1..] {
            assert!(memory.manifest(&by_digest(image.digest())).await.is_ok());
        }
        for absent in [
            &by_digest(images[0].digest()),
            &by_digest(inner.digest()),
            &target("v1"),
        ] {
            assert!(memory.manifest(absent).await.is_err(), "{absent}");
        }
    });

    // Once the rest is there, the next run transfers no more than that.
    images[0].add_to(&source, None);
    let (copied, events) = told(&runtime, &source, &memory, CopyOptions::new().with_keep_going());
    assert!(copied.unwrap().is_complete());
    let new = events.iter().filter(|(_, stored)| *stored == Stored::New);
    assert!(
        new.map(|(digest, _)| digest)
            .all(|digest| missing.iter().any(|blob| blob.digest == *digest))
    );
    assert!(runtime.run(memory.manifest(&target("v1"))).is_ok());
}

#[test]
fn a_referrer_that_fails_does_not_keep_the_root_back() {
    let (mut graph, runtime, memory) = (Graph::new(), SimRuntime::new(), MemoryStore::new());
    let subject = graph.root.descriptor();
    let lost = graph.attach(subject, "lost");
    let store = MemoryStore::new();
    graph.images.iter().for_each(|image| image.add_to(&store, None));
    store.add_manifest(graph.root.clone(), Some(tag("v1")));
    let (_, referrer) = graph.referrers.last().unwrap();
    store.add_manifest(referrer.clone(), None);
    let options = CopyOptions::new().with_referrers().with_keep_going();
    let copied = told(&runtime, &store, &memory, options).0.unwrap();
    assert!(copied.root_stored && !copied.is_complete());
    assert_eq!((copied.referrers, copied.failures.len()), (0, 2));
    assert!(runtime.run(memory.manifest(&by_digest(&lost.digest))).is_err());
    assert!(runtime.run(memory.manifest(&target("v1"))).is_ok());

    let silent = CopyOptions::new()
        .with_referrers_from(Arc::new(NoLists))
        .with_keep_going();
    let copied = told(&runtime, &store, &memory, silent).0.unwrap();
    assert!(copied.root_stored);
    assert_eq!(copied.failures.len(), 3);
    assert!(
        copied
            .failures
            .iter()
            .all(|failure| matches!(failure.part, CopyPart::Referrers(_)))
    );
}

#[test]
fn a_repairing_copy_sends_every_blob_though_the_target_says_that_it_has_it() {
    // Of small blobs a registry does not tell: they go up with the question.
    let (image, runtime) = (Image::new(1, &[1_100_000, 1_200_000]), SimRuntime::new());
    let there = repository(&runtime, Registry::in_memory());
    let stored = |options: CopyOptions| -> Vec<Stored> {
        let (copied, events) = told(&runtime, &image.store("v1"), &there, options);
        copied.unwrap();
        let large = events
            .into_iter()
            .filter(|(digest, _)| *digest != image.manifest().config.digest);
        large.map(|(_, stored)| stored).collect()
    };
    assert_eq!(stored(CopyOptions::new()), [Stored::New; 2]);
    assert_eq!(stored(CopyOptions::new()), [Stored::Present; 2]);
    assert_eq!(stored(CopyOptions::new().with_repair()), [Stored::New; 2]);
}

#[test]
fn what_is_tagged_with_a_digest_comes_along_with_its_tag_and_what_is_attached_to_it() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let [signature, attestation, other] = [Image::new(7, &[1]), Image::new(8, &[2]), Image::new(9, &[3])];
    let name = |digest: &Digest, suffix: &str| format!("{}{suffix}", digest.fallback_tag());
    let tags = [
        (&signature, name(graph.root.digest(), ".sig")),
        (&attestation, name(signature.digest(), ".att")),
        (&signature, name(graph.images[1].digest(), ".sbom")),
        // A list of referrers, the digest of something else, and no digest.
        (&other, name(graph.root.digest(), "")),
        (&other, name(other.digest(), ".sig")),
        (&other, "latest".to_owned()),
    ];
    for (image, tag) in &tags {
        image.add_to(&graph.store, Some(tag));
    }
    let [first, second] = [(); 2].map(|()| repository(&runtime, Registry::in_memory()));
    let options = CopyOptions::new().with_digest_tags();
    let stores: [(&dyn Source, &dyn Target, &dyn Source); 2] =
        [(&graph.store, &first, &first), (&first, &second, &second)];
    for (from, to, there) in stores {
        let copied = told(&runtime, from, to, options.clone()).0.unwrap();
        assert_eq!((copied.digest_tags, copied.referrers), (3, 0));
        let mut found = runtime.run(there.tags()).unwrap();
        let mut expected: Vec<Tag> = tags[..3].iter().map(|(_, tag)| tag.parse().unwrap()).collect();
        expected.push(tag("v1"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
    let error = told(&runtime, &Lists(graph.store), &MemoryStore::new(), options.clone())
        .0
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_stripped_index_lacks_nothing_and_says_what_it_was_made_from() {
    let images = [
        Image::new(1, &[10]),
        Image::new(2, &[20]),
        Image::new(3, &[30]),
        Image::new(4, &[40]),
    ];
    let attests = |image: &Image, subject: &Image| {
        let entry = image
            .document
            .descriptor()
            .with_platform("unknown/unknown".parse().unwrap());
        entry.with_annotation("vnd.docker.reference.digest", subject.digest().to_string())
    };
    let entry = |image: &Image, platform: &str| image.document.descriptor().with_platform(platform.parse().unwrap());
    let mut value = ImageIndex::new(vec![
        entry(&images[0], "linux/amd64"),
        entry(&images[1], "linux/arm64"),
        attests(&images[2], &images[0]),
        attests(&images[3], &images[1]),
    ])
    .with_annotation("kept", "yes");
    value.extra.insert("x-unknown", serde_json::json!({"of": 1.50}));
    let root = document(value);
    let store = MemoryStore::new();
    images.iter().for_each(|image| image.add_to(&store, None));
    store.add_manifest(root.clone(), Some(tag("v1")));
    let platforms = |names: &[&str]| -> Vec<Platform> { names.iter().map(|name| name.parse().unwrap()).collect() };

    let runtime = SimRuntime::new();
    let there = repository(&runtime, Registry::in_memory());
    let options = CopyOptions::new()
        .with_referrers()
        .with_stripped_platforms(platforms(&["linux/arm64"]));
    let copied = told(&runtime, &store, &there, options).0.unwrap();
    assert_eq!(copied.made_from.as_ref(), Some(root.digest()));
    assert_ne!(copied.root.digest(), root.digest());
    let found = runtime.run(there.manifest(&target("v1"))).unwrap();
    assert_eq!(found.bytes(), copied.root.bytes());
    let stripped = found.value().as_index().unwrap();
    let kept: Vec<&Digest> = stripped.manifests.iter().map(|entry| &entry.digest).collect();
    assert_eq!(kept, [images[1].digest(), images[3].digest()]);
    assert_eq!(stripped.annotations.get("kept"), Some("yes"));
    assert_eq!(stripped.extra.get("x-unknown"), Some(&serde_json::json!({"of": 1.50})));
    let back = MemoryStore::new();
    assert!(
        told(&runtime, &there, &back, CopyOptions::new())
            .0
            .unwrap()
            .is_complete()
    );

    // What is left whole stays what it was; the last choice counts.
    let all = CopyOptions::new().with_stripped_platforms(platforms(&["linux/arm64", "linux/amd64"]));
    let sparse = CopyOptions::new()
        .with_stripped_platforms(platforms(&["linux/amd64"]))
        .with_sparse_platforms(platforms(&["linux/amd64"]));
    for (options, blobs) in [(all, 8), (sparse, 4)] {
        let (copied, events) = told(&runtime, &store, &MemoryStore::new(), options);
        let copied = copied.unwrap();
        assert_eq!((copied.root.digest(), copied.made_from), (root.digest(), None));
        assert_eq!(events.len(), blobs);
    }
}

#[test]
fn referrers_may_come_from_one_place_and_go_to_another() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let (images, referrers) = (MemoryStore::new(), Arc::new(MemoryStore::new()));
    let elsewhere = Arc::new(graph.store);
    let only_images = MemoryStore::new();
    graph.images.iter().for_each(|image| image.add_to(&only_images, None));
    only_images.add_manifest(graph.root.clone(), Some(tag("v1")));
    let options = CopyOptions::new()
        .with_referrers_from(elsewhere)
        .with_referrers_to(referrers.clone());
    let copied = told(&runtime, &only_images, &images, options).0.unwrap();
    assert_eq!(copied.referrers, 3);
    runtime.run(async {
        for (subject, referrer) in &graph.referrers {
            let listed = referrers.referrers(subject).await.unwrap();
            assert_eq!(listed[0].digest, *referrer.digest());
            assert!(images.manifest(&by_digest(referrer.digest())).await.is_err());
            let layer = &referrer.value().as_image().unwrap().layers[0];
            assert!(referrers.content(&layer.digest).is_some() && images.content(&layer.digest).is_none());
        }
        assert!(referrers.manifest(&by_digest(graph.root.digest())).await.is_err());
    });
}

/// C28: what a source gives for a digest has to have it, whoever wrote the source.
#[test]
fn c28_a_source_that_gives_another_manifest_is_not_believed() {
    let runtime = SimRuntime::new();
    let other = Image::new(9, &[]);
    let swapped = Swapping {
        store: Graph::new().store,
        with: other.document.clone(),
    };
    let (copied, _) = told(&runtime, &swapped, &MemoryStore::new(), CopyOptions::new());
    assert_eq!(copied.unwrap_err().kind(), ErrorKind::Mismatch);
}
