//! Our client against hundreds of random plans: each ends in the right content or in an error that says what has happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::client::{Client, PullOptions, Repository};
use oci_client_core::proto::HostProfile;
use oci_client_core::store::{CopyOptions, MemoryStore, Source as _, copy};
use oci_client_core::transport::Transport;
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use oci_registry::faults::{FaultInjector, FaultPlan};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag, TagOrDigest};
use test_support::{Rng, SimRuntime};

const SEEDS: u64 = 400;

#[test]
fn any_plan_ends_in_the_right_content_or_an_error() {
    let (mut ended, mut happened) = ([0; 2], BTreeSet::new());
    for seed in 0..SEEDS {
        let plan = FaultPlan::random(seed, 20);
        let (result, faults) = run(seed, plan.clone());
        if let Err(error) = &result {
            assert!(error.operation().is_some() && error.url().is_some(), "{plan}{error}");
            assert_ne!(error.kind(), ErrorKind::Invalid, "{plan}{error}");
        }
        ended[usize::from(result.is_err())] += 1;
        happened.extend(faults.log().iter().map(|record| word(&record.fault().to_string())));
        if seed.is_multiple_of(50) {
            let (_, again) = run(seed, plan);
            assert_eq!(again.log().len(), faults.log().len(), "{seed}");
        }
    }
    let [right, failed] = ended;
    assert!(right > SEEDS / 2 && failed > 0, "{right} of {SEEDS}");
    // What can come of a seed has come of one.
    let rare = BTreeSet::from([
        "early",
        "foreign-location",
        "link-loop",
        "missing-link",
        "success",
        "unauthorized",
    ]);
    let missing: Vec<&str> = WORDS.iter().copied().filter(|word| !happened.contains(*word)).collect();
    assert_eq!(missing, Vec::from_iter(rare));
}

/// Pushes an image and what is attached to it, lists both, and pulls the image.
fn run(seed: u64, plan: FaultPlan) -> (Result<(), Error>, Arc<FaultInjector>) {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let faults = Arc::new(FaultInjector::new(registry.clone(), plan, Arc::new(runtime.clone())));
    let there = repository(seed, &runtime, Arc::clone(&faults) as _);
    let honest = repository(seed, &runtime, Arc::new(registry));
    // Each writes to the disk and waits for it.
    let in_parts = seed.is_multiple_of(4);
    (runtime.run(Box::pin(round(&there, &honest, in_parts))), faults)
}

async fn round(there: &Repository, honest: &Repository, in_parts: bool) -> Result<(), Error> {
    let (image, blobs) = image();
    let store = MemoryStore::new();
    for (descriptor, content) in &blobs {
        store.add_content(descriptor, Arc::new(content.clone()));
    }
    store.add_manifest(image.clone(), Some(name("v1")));
    let options = CopyOptions::new();
    copy(&store, &tag("v1"), there, Some(&name("v1")), &options).await?;
    let found = honest.manifest(&tag("v1")).await?;
    assert_eq!(found.bytes(), image.bytes());
    let back = MemoryStore::new();
    copy(honest, &tag("v1"), &back, None, &options).await?;

    let back = MemoryStore::new();
    copy(there, &tag("v1"), &back, Some(&name("v1")), &options).await?;
    for (descriptor, content) in &blobs {
        assert_eq!(there.blob(descriptor)?.bytes(SIZE).await?, content);
    }
    assert_eq!(back.manifest(&tag("v1")).await?.bytes(), image.bytes());

    if in_parts {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        let options = PullOptions::new().with_threshold(0).with_part_size(10_000);
        let (descriptor, content) = blobs.last().unwrap();
        there.save_blob(descriptor, &path, &options).await?;
        assert_eq!(std::fs::read(&path).unwrap(), **content);
    }
    let tags = there.tags().all().await?;
    assert!(tags.contains(&name("v1")), "{tags:?}");
    Ok(())
}

fn image() -> (Document<AnyManifest>, Vec<(Descriptor, Bytes)>) {
    let config = Bytes::from(r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#);
    let config = (Descriptor::of(MediaType::IMAGE_CONFIG, &config), config);
    let layers = [1000, SIZE].map(|size| {
        let content = Bytes::from(Rng::new(size as u64).bytes(size));
        (Descriptor::of(MediaType::IMAGE_LAYER_GZIP, &content), content)
    });
    let descriptors = layers.iter().map(|(descriptor, _)| descriptor.clone()).collect();
    let manifest = ImageManifest::new(config.0.clone(), descriptors);
    let document = Document::from_value(AnyManifest::from(manifest)).unwrap();
    (document, std::iter::once(config).chain(layers).collect())
}

/// With every other seed, most content goes up in sessions.
fn repository(seed: u64, runtime: &SimRuntime, transport: Arc<dyn Transport>) -> Repository {
    let host = "registry.test".parse().unwrap();
    let small_blob = if seed.is_multiple_of(2) {
        500
    } else {
        HostProfile::SMALL_BLOB
    };
    let profile = HostProfile::new(host).with_small_blob(small_blob);
    let client = Client::builder(transport, Arc::new(runtime.clone()))
        .jitter_seed(seed)
        .profile(profile)
        .build();
    client
        .registry(&"registry.test".parse().unwrap())
        .repository("app".parse().unwrap())
}

fn name(tag: &str) -> Tag {
    tag.parse().unwrap()
}

fn tag(tag: &str) -> TagOrDigest {
    TagOrDigest::Tag(name(tag))
}

/// A fault without its argument and its direction.
fn word(fault: &str) -> String {
    let word = fault.split_once('=').map_or(fault, |(word, _)| word);
    word.to_owned()
}

/// Several pieces.
const SIZE: usize = 100_000;

const WORDS: [&str; 33] = [
    "absolute-location",
    "corrupt-request",
    "corrupt-response",
    "cut-request",
    "cut-response",
    "delay",
    "duplicate",
    "early",
    "foreign-location",
    "ignore-range",
    "link-loop",
    "lost-answer",
    "lost-request",
    "missing-digest",
    "missing-link",
    "missing-location",
    "page",
    "page-of-one",
    "redirect",
    "relative-location",
    "reset-request",
    "reset-response",
    "silence",
    "stall",
    "status",
    "success",
    "too-many-requests",
    "truncate",
    "truncate-chunked",
    "unauthorized",
    "wrong-content-range",
    "wrong-digest",
    "zero-range",
];
