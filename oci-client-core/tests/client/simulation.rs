//! Thousands of schedules of faults between the client and the embedded registry. Each ends in the right bytes or in an error that
//! says what happened, never in anything else, and the same seed gives the same end.

use std::sync::Arc;

use oci_client_core::client::{PullOptions, Repository};
use oci_client_core::proto::{HostProfile, RetryPolicy};
use oci_client_core::store::{CopyOptions, MemoryStore, Source, copy};
use oci_client_core::{Attempt, Error, ErrorKind};
use oci_registry::Registry;
use oci_spec_types::TagOrDigest;
use test_support::{FaultyTransport, SimRuntime};

use crate::support::{Image, app, builder, by_digest, layer, noise, profile, repository, tag, target};

const SCHEDULES: u64 = 700;

/// Several pieces, in and out of the registry.
const LARGE: usize = 300_000;

/// Runs `scenario` with many seeds; most must succeed.
fn schedules(scenario: impl Fn(u64) -> Result<(), Error>) {
    run_schedules(SCHEDULES, scenario);
}

fn run_schedules(count: u64, scenario: impl Fn(u64) -> Result<(), Error>) {
    let mut failures = 0;
    for seed in 0..count {
        let result = scenario(seed);
        if let Err(error) = &result {
            failures += 1;
            assert_explains(seed, error);
        }
        if seed.is_multiple_of(50) {
            assert_eq!(result.map_err(course), scenario(seed).map_err(course));
        }
    }
    assert!(failures < count / 4, "{failures} of {count} failed");
}

/// A client on a registry between which things go wrong.
fn faulty(runtime: &SimRuntime, registry: &Registry, seed: u64) -> Repository {
    let transport = FaultyTransport::new(registry.clone(), runtime, seed).with_rate(30);
    // Every other time, most content goes up in sessions.
    let small_blob = if seed.is_multiple_of(2) {
        1000
    } else {
        HostProfile::SMALL_BLOB
    };
    let profile = profile(RetryPolicy::new()).with_small_blob(small_blob);
    app(&builder(runtime, transport).jitter_seed(seed).profile(profile).build())
}

#[test]
fn pulling_an_image_gives_that_image_or_an_error() {
    let image = Image::new(1, &[100, 5000]);
    let registry = Registry::in_memory();
    store(&registry, &image);
    schedules(|seed| {
        let (runtime, back) = (SimRuntime::new(), MemoryStore::new());
        let source = faulty(&runtime, &registry, seed);
        let pulled = runtime.run(copy(
            &source,
            &target("v1"),
            &back,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ));
        match pulled {
            Ok(_) => assert_holds(&runtime, &back, &image),
            // The root comes last: where it is missing, nobody finds an image with a part missing.
            Err(_) => assert!(runtime.run(Source::manifest(&back, &target("v1"))).is_err()),
        }
        pulled.map(drop)
    });
}

#[test]
fn pushing_an_image_stores_that_image_or_is_an_error() {
    let image = Image::new(2, &[100, 5000]);
    schedules(|seed| {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let there = faulty(&runtime, &registry, seed);
        let pushed = runtime.run(copy(
            &image.store("v1"),
            &target("v1"),
            &there,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ));
        let tagged = runtime
            .run(repository(&runtime, registry.clone()).resolve(&target("v1")))
            .unwrap();
        assert!(pushed.is_err() || tagged.is_some());
        // An answer that got lost leaves an error here and an image there, but a whole one.
        if tagged.is_some() {
            assert_holds(&runtime, &repository(&runtime, registry), &image);
        }
        pushed.map(drop)
    });
}

#[test]
fn copying_between_two_registries_gives_the_same_image_or_an_error() {
    let image = Image::new(3, &[100, 5000]);
    let registry = Registry::in_memory();
    store(&registry, &image);
    schedules(|seed| {
        let (runtime, other) = (SimRuntime::new(), Registry::in_memory());
        let (from, to) = (faulty(&runtime, &registry, seed), faulty(&runtime, &other, !seed));
        copied(&runtime, &from, &to)?;
        assert_holds(&runtime, &repository(&runtime, other), &image);
        Ok(())
    });
}

#[test]
fn a_blob_of_many_pieces_goes_up_and_comes_down_whole_or_not_at_all() {
    let content = noise(4, LARGE);
    let blob = layer(&content);
    schedules(|seed| {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let there = faulty(&runtime, &registry, seed);
        let pushed = runtime.run(there.push_blob(&blob, Arc::new(content.clone())));
        let honest = repository(&runtime, registry);
        let stored = runtime.run(honest.has_blob(&blob.digest)).unwrap();
        assert!(pushed.is_err() || stored);
        pushed?;
        assert_eq!(runtime.run(honest.blob(&blob)?.bytes(LARGE)).unwrap(), content);
        let pulled = runtime.run(there.blob(&blob)?.bytes(LARGE))?;
        assert_eq!(pulled, content);
        Ok(())
    });
}

#[test]
fn a_blob_in_parts_arrives_whole_or_not_at_all_and_another_run_goes_on() {
    let content = noise(5, LARGE);
    let blob = layer(&content);
    let registry = Registry::in_memory();
    let runtime = SimRuntime::new();
    runtime
        .run(repository(&runtime, registry.clone()).push_blob(&blob, Arc::new(content.clone())))
        .unwrap();
    // Fewer than of the others, as each writes to the disk and waits for it.
    run_schedules(SCHEDULES / 4, |seed| {
        let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
        let path = folder.path().join("blob");
        let options = PullOptions::new()
            .with_threshold(0)
            .with_part_size(10_000 + seed * 50)
            .with_resume(true);
        let there = faulty(&runtime, &registry, seed);
        let saved = runtime.run(there.save_blob(&blob, &path, &options));
        assert_eq!(saved.is_ok(), path.exists(), "{seed}");
        runtime.run(repository(&runtime, registry.clone()).save_blob(&blob, &path, &options))?;
        assert_eq!(std::fs::read(&path).unwrap(), content, "{seed}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{seed}");
        saved
    });
}

fn copied(runtime: &SimRuntime, from: &Repository, to: &Repository) -> Result<(), Error> {
    runtime
        .run(copy(
            from,
            &target("v1"),
            to,
            Some(&tag("v1")),
            &CopyOptions::new().with_jobs(1),
        ))
        .map(drop)
}

fn store(registry: &Registry, image: &Image) {
    let runtime = SimRuntime::new();
    let there = repository(&runtime, registry.clone());
    runtime
        .run(copy(
            &image.store("v1"),
            &target("v1"),
            &there,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ))
        .unwrap();
}

/// `store` has all of `image`, as `v1`, byte for byte.
fn assert_holds(runtime: &SimRuntime, store: &dyn Source, image: &Image) {
    let memory = MemoryStore::new();
    runtime.run(async {
        for target in [TagOrDigest::Tag(tag("v1")), by_digest(image.digest())] {
            let found = store.manifest(&target).await.unwrap();
            assert_eq!(found.bytes(), image.document.bytes());
        }
        copy(store, &target("v1"), &memory, None, &CopyOptions::new())
            .await
            .unwrap();
    });
}

/// What led to an error. Its URL may hold a session's random name.
fn course(error: Error) -> (ErrorKind, Vec<Attempt>) {
    (error.kind(), error.attempts().to_vec())
}

/// Says which operation failed, and why in the end.
fn assert_explains(seed: u64, error: &Error) {
    let text = error.to_string();
    assert!(error.operation().is_some() && error.url().is_some(), "{seed}: {text}");
    let known = [
        ErrorKind::Mismatch,
        ErrorKind::Protocol,
        ErrorKind::RateLimited,
        ErrorKind::Refused,
        ErrorKind::Server,
        ErrorKind::Timeout,
        ErrorKind::Transport,
    ];
    assert!(known.contains(&error.kind()), "{seed}: {:?} {text}", error.kind());
}
