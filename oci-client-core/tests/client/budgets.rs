//! How many requests each operation takes, in a fresh process. One more fails the test.

use std::time::Duration;

use oci_client_core::ErrorKind;
use oci_client_core::client::Repository;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::Credential;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_registry::{Limits, Registry};
use oci_spec_types::TagOrDigest;
use test_support::{Canary, Recorder, SimRuntime};

use crate::support::{
    HOST, Image, ORIGIN, Slow, TokenGate, WithoutSinglePost, app, blob_path, builder, manifest_path, repository, tag,
    target,
};

fn image() -> Image {
    Image::new(1, &[100, 2000, 30_000])
}

#[test]
fn pulling_an_image_takes_a_request_for_each_blob_and_one_for_the_manifest() {
    let image = image();
    let (runtime, registry) = with_image(&image);
    let recorder = Recorder::new(registry).with_budget(5);
    let target = MemoryStore::new();
    pull(&runtime, &repository(&runtime, recorder.clone()), &target);
    let mut expected = vec![format!("GET {}", manifest_path(&"v1"))];
    expected.extend(
        image
            .manifest()
            .blobs()
            .map(|blob| format!("GET {}", blob_path(&blob.digest))),
    );
    assert_eq!(recorder.lines(), expected);
}

#[test]
fn pushing_an_image_takes_a_request_for_each_blob_where_content_comes_with_the_post() {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(registry.clone()).with_budget(5);
    push(&runtime, &repository(&runtime, recorder.clone()), "v1");
    assert_eq!(recorder.count(), 5);
    let recorder = Recorder::new(registry).with_budget(5);
    push(&runtime, &repository(&runtime, recorder.clone()), "v2");
    assert_eq!(recorder.count(), 5);
    assert_eq!(recorder.count_where(|request| request.status != Some(201)), 0);
}

#[test]
fn pushing_an_image_takes_two_requests_for_each_blob_where_a_session_is_opened() {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(WithoutSinglePost(registry.clone())).with_budget(9);
    push(&runtime, &repository(&runtime, recorder.clone()), "v1");
    assert_eq!(recorder.count(), 9);
    // Again under a new tag: the mount shows that each blob is there.
    let recorder = Recorder::new(WithoutSinglePost(registry)).with_budget(5);
    push(&runtime, &repository(&runtime, recorder.clone()), "v2");
    assert_eq!(recorder.count(), 5);
}

#[test]
fn pushing_several_blobs_at_once_takes_no_more_requests() {
    let (runtime, image) = (SimRuntime::new(), image());
    let recorder = Recorder::new(WithoutSinglePost(Registry::in_memory())).with_budget(9);
    let slow = Slow {
        inner: recorder.clone(),
        pause: Duration::from_millis(1),
        runtime: runtime.clone(),
    };
    let (store, there) = (image.store("v1"), repository(&runtime, slow));
    let options = CopyOptions::new();
    runtime
        .run(copy(&store, &target("v1"), &there, Some(&tag("v1")), &options))
        .unwrap();
    assert_eq!(recorder.count(), 9);
    // What fits into the first flight of a connection goes at once; the largest waits until that has shown that the content does not come with the POST.
    let in_vain = recorder.count_where(|request| request.method == "POST" && request.path.contains("digest="));
    assert_eq!(in_vain, 3, "{:?}", recorder.lines());
}

#[test]
fn pushing_several_blobs_at_once_takes_one_request_each_where_content_comes_with_the_post() {
    let (runtime, image) = (SimRuntime::new(), image());
    let recorder = Recorder::new(Registry::in_memory()).with_budget(5);
    let slow = Slow {
        inner: recorder.clone(),
        pause: Duration::from_millis(1),
        runtime: runtime.clone(),
    };
    let (store, there) = (image.store("v1"), repository(&runtime, slow));
    runtime
        .run(copy(
            &store,
            &target("v1"),
            &there,
            Some(&tag("v1")),
            &CopyOptions::new(),
        ))
        .unwrap();
    assert_eq!(recorder.count(), 5);
}

#[test]
fn content_goes_up_once_where_it_comes_with_the_post() {
    let image = image();
    let sizes: u64 = image.manifest().blobs().map(|blob| blob.size).sum();
    let runtime = SimRuntime::new();
    let ours = Recorder::new(Registry::in_memory());
    push(&runtime, &repository(&runtime, ours.clone()), "v1");
    let sent: u64 = ours.requests().iter().map(|request| request.sent).sum();
    assert_eq!(sent, sizes + image.document.bytes().len() as u64);
}

#[test]
fn resolving_takes_one_request_and_getting_a_manifest_another() {
    let (runtime, registry) = with_image(&image());
    let recorder = Recorder::new(registry).with_budget(2);
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        app.resolve(&target("v1")).await.unwrap().unwrap();
        app.manifest(&target("v1")).await.unwrap();
    });
    let path = manifest_path(&"v1");
    assert_eq!(recorder.lines(), [format!("HEAD {path}"), format!("GET {path}")]);
}

#[test]
fn behind_a_bearer_challenge_the_first_request_takes_three_and_later_ones_one() {
    let (runtime, registry) = with_image(&image());
    let recorder = Recorder::new(TokenGate::new(registry)).with_budget(8);
    let app = repository(&runtime, recorder.clone());
    runtime.run(app.resolve(&target("v1"))).unwrap();
    assert_eq!(recorder.count(), 3);
    runtime.run(app.resolve(&target("v1"))).unwrap();
    assert_eq!(recorder.count(), 4);
    // A pull of four blobs and a manifest at the same time would want a token each.
    recorder.clear();
    pull(&runtime, &app, &MemoryStore::new());
    assert_eq!(recorder.count(), 5);
}

#[test]
fn many_requests_at_once_share_one_challenge_and_one_token() {
    let (runtime, registry) = with_image(&image());
    let recorder = Recorder::new(TokenGate::new(registry));
    let app = repository(&runtime, recorder.clone());
    let found = runtime.run(futures_util::future::join_all((0..64).map(|_| {
        let app = app.clone();
        async move { app.resolve(&target("v1")).await }
    })));
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
    assert_eq!(recorder.count_where(|request| request.path.starts_with("/token")), 1);
}

#[test]
fn pulling_takes_two_more_with_a_password_behind_a_bearer_challenge() {
    let (runtime, registry) = with_image(&image());
    let canary = Canary::new();
    let gate = TokenGate::new(registry).for_user("me", canary.text());
    let recorder = Recorder::new(gate).with_budget(7);
    let credentials = StaticCredentials::new().with(
        HOST.parse().unwrap(),
        Credential::password("me", canary.text().to_owned()),
    );
    let app = app(&builder(&runtime, recorder.clone()).credentials(credentials).build());
    pull(&runtime, &app, &MemoryStore::new());
    assert_eq!(recorder.count(), 7);
    recorder.assert_confined(&canary, &[ORIGIN]);
}

#[test]
fn a_push_behind_a_bearer_challenge_asks_for_all_that_it_needs_with_the_first_token() {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let recorder = Recorder::new(TokenGate::new(registry)).with_budget(7);
    push(&runtime, &repository(&runtime, recorder.clone()), "v1");
    assert_eq!(recorder.count(), 7);
    let tokens: Vec<_> = recorder
        .lines()
        .into_iter()
        .filter(|line| line.contains("/token"))
        .collect();
    assert_eq!(
        tokens,
        ["GET /token?service=registry.test&scope=repository%3Aapp%3Apull%2Cpush"]
    );
}

#[test]
fn listing_tags_takes_a_request_for_each_page() {
    let runtime = SimRuntime::new();
    let registry = Registry::builder().limits(Limits::new().with_tags_page(3)).build();
    let app_there = repository(&runtime, registry.clone());
    let store = image().store("v1");
    let tags: Vec<_> = (0..7).map(|number| tag(&format!("v{number}"))).collect();
    for tag in &tags {
        runtime
            .run(copy(&store, &target("v1"), &app_there, Some(tag), &CopyOptions::new()))
            .unwrap();
    }
    let recorder = Recorder::new(registry).with_budget(3);
    let found = runtime
        .run(repository(&runtime, recorder.clone()).tags().all())
        .unwrap();
    assert_eq!((found, recorder.count()), (tags, 3));
}

#[test]
fn what_is_not_there_takes_one_request_to_find_out() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Registry::in_memory()).with_budget(3);
    let app = repository(&runtime, recorder);
    runtime.run(async {
        assert_eq!(app.resolve(&target("v1")).await.unwrap(), None);
        assert!(!app.has_blob(image().digest()).await.unwrap());
        assert_eq!(
            app.delete_manifest(&target("v1")).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    });
}

/// A registry that holds `image` as `v1`.
fn with_image(image: &Image) -> (SimRuntime, Registry) {
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let store = image.store("v1");
    let app = repository(&runtime, registry.clone());
    runtime
        .run(copy(&store, &target("v1"), &app, Some(&tag("v1")), &CopyOptions::new()))
        .unwrap();
    (runtime, registry)
}

fn push(runtime: &SimRuntime, app: &Repository, name: &str) {
    let store = image().store(name);
    let from = TagOrDigest::Tag(tag(name));
    // One at a time: what the first blob teaches is known for the others.
    let options = CopyOptions::new().with_jobs(1);
    runtime
        .run(copy(&store, &from, app, Some(&tag(name)), &options))
        .unwrap();
}

fn pull(runtime: &SimRuntime, app: &Repository, store: &MemoryStore) {
    let copied = runtime
        .run(copy(app, &target("v1"), store, Some(&tag("v1")), &CopyOptions::new()))
        .unwrap();
    assert_eq!(copied.root.digest(), image().digest());
}
