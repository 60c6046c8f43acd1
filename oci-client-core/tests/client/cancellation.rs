//! Futures that are dropped after each of their polls (P24): nothing stays behind, and nobody waits for what will not come.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_channel::oneshot;
use http::Request;
use oci_client_core::client::Repository;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, copy};
use oci_client_core::transport::Transport;
use oci_registry::Registry;
use oci_spec_types::Digest;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{Image, Slow, TokenGate, files_below, layer, noise, repository, tag, target};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A registry behind a token, on which every step takes a while.
fn slow(runtime: &SimRuntime, registry: impl Transport + 'static) -> Repository {
    let inner = TokenGate::new(registry);
    repository(
        runtime,
        Slow {
            inner,
            pause: MILLISECOND,
            runtime: runtime.clone(),
        },
    )
}

/// Runs `scenario` for 0, 1, 2, … polls until it comes to its end. Gives how many that took.
fn sweep(mut scenario: impl FnMut(usize) -> bool) -> usize {
    (0..).find(|&polls| scenario(polls)).unwrap()
}

#[test]
fn p24_a_pull_into_a_layout_may_be_dropped_at_any_time() {
    let image = Image::new(1, &[10, 100_000]);
    let registry = Registry::in_memory();
    let polls = sweep(|polls| {
        let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
        runtime
            .run(copy(
                &image.store("v1"),
                &target("v1"),
                &repository(&runtime, registry.clone()),
                Some(&tag("v1")),
                &CopyOptions::new(),
            ))
            .unwrap();
        let source = slow(&runtime, registry.clone());
        let pull = || async {
            let layout = OciLayout::create(folder.path(), Arc::new(runtime.clone())).await?;
            copy(
                &source,
                &target("v1"),
                &layout,
                Some(&tag("v1")),
                &CopyOptions::new().with_jobs(2),
            )
            .await
        };
        let finished = runtime.run_for(polls, pull());
        assert_eq!(runtime.timers(), 0, "after {polls} polls");
        assert_whole(folder.path());
        // The same client goes on: nothing of what it shares is held by the one that is gone.
        runtime.run(pull()).unwrap();
        finished.is_some()
    });
    assert!(polls > 20, "{polls}");
}

#[test]
fn p24_a_push_may_be_dropped_at_any_time() {
    let image = Image::new(1, &[10, 100_000]);
    let store = image.store("v1");
    let polls = sweep(|polls| {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let there = slow(&runtime, registry.clone());
        let (from, options) = (target("v1"), CopyOptions::new().with_jobs(2));
        let push = || copy(&store, &from, &there, None, &options);
        let finished = runtime.run_for(polls, push());
        assert_eq!(runtime.timers(), 0, "after {polls} polls");
        runtime.run(push()).unwrap();
        let back = MemoryStore::new();
        let at = repository(&runtime, registry);
        let digest = crate::support::by_digest(image.digest());
        runtime
            .run(copy(&at, &digest, &back, None, &CopyOptions::new()))
            .unwrap();
        finished.is_some()
    });
    assert!(polls > 20, "{polls}");
}

#[test]
fn p24_a_download_into_a_file_may_be_dropped_at_any_time() {
    let content = noise(1, 1000);
    sweep(|polls| {
        let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
        let pieces = (0..10).map(|piece| content.slice(piece * 100..piece * 100 + 100));
        let reply = pieces.fold(Reply::new(200), |reply, piece| {
            reply.pausing(MILLISECOND).with_piece(piece)
        });
        let app = repository(&runtime, Responder::new(&runtime, move |_| reply.clone()));
        let save = app.blob(&layer(&content)).unwrap().save(folder.path().join("layer"));
        let finished = runtime.run_for(polls, save).is_some();
        assert_eq!(
            files_below(folder.path()).len(),
            usize::from(finished),
            "after {polls} polls"
        );
        finished
    });
}

#[test]
fn p24_a_pause_between_two_tries_may_be_dropped_and_no_request_follows() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| {
        Reply::new(503).with_header("retry-after", "10")
    }));
    let app = repository(&runtime, recorder.clone());
    assert!(runtime.run_for(1, app.resolve(&target("v1"))).is_none());
    assert_eq!((recorder.count(), runtime.timers()), (1, 0));
    runtime.run(runtime.sleep(Duration::from_secs(60)));
    assert_eq!(recorder.count(), 1);
}

#[test]
fn p24_whoever_waits_for_a_token_gets_it_when_the_one_that_fetches_it_is_dropped() {
    let registry = Registry::in_memory();
    sweep(|polls| {
        let runtime = SimRuntime::new();
        let app = slow(&runtime, registry.clone());
        let (sender, receiver) = oneshot::channel();
        let follower = app.clone();
        runtime.spawn(Box::pin({
            let runtime = runtime.clone();
            async move {
                runtime.sleep(MILLISECOND / 2).await;
                sender.send(follower.resolve(&target("v1")).await.is_ok()).unwrap();
            }
        }));
        let finished = runtime.run_for(polls, app.resolve(&target("v1"))).is_some();
        assert!(runtime.run(receiver).unwrap(), "after {polls} polls");
        finished
    });
}

#[test]
fn a_failing_leader_does_not_take_its_followers_along() {
    let runtime = SimRuntime::new();
    let mut tokens = 0;
    let recorder = Recorder::new(Responder::new(&runtime, move |request: &Request<Bytes>| {
        let reply = match (request.uri().path(), request.headers().contains_key("authorization")) {
            ("/token", _) => {
                tokens += 1;
                if tokens == 1 {
                    Reply::new(403)
                } else {
                    Reply::new(200).with_json(r#"{"token":"t"}"#)
                }
            }
            (_, true) => Reply::new(404),
            (_, false) => {
                Reply::new(401).with_header("www-authenticate", "Bearer realm=\"https://registry.test/token\"")
            }
        };
        reply.delayed(MILLISECOND)
    }));
    let app = repository(&runtime, recorder.clone());
    let found = runtime.run(futures_util::future::join_all((0..10).map(|_| {
        let app = app.clone();
        async move { app.resolve(&target("v1")).await }
    })));
    assert_eq!(found.iter().filter(|found| found.is_err()).count(), 1);
    assert_eq!(recorder.count_where(|request| request.path.starts_with("/token")), 2);
}

/// No file is there that is not whole, under its name.
/// CB19: an upload whose future is dropped cancels its session in the background.
#[test]
fn p24_cb19_a_dropped_upload_leaves_no_session_behind() {
    let content = noise(1, 2 << 20);
    let mut cancelled = 0;
    sweep(|polls| {
        let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
        let recorder = Recorder::new(registry);
        let there = slow(&runtime, recorder.clone());
        let descriptor = layer(&content);
        let push = there.push_blob(&descriptor, Arc::new(content.clone()));
        let done = runtime.run_for(polls, push).is_some();
        // What was spawned goes on by itself, and comes to an end.
        runtime.run(runtime.sleep(Duration::from_secs(60)));
        let opened = recorder.count_where(|request| request.status == Some(202));
        let deletes: Vec<_> = recorder
            .requests()
            .into_iter()
            .filter(|request| request.method == "DELETE")
            .collect();
        assert!(deletes.len() <= 1 && (done || opened == deletes.len() || polls == 0 || opened == 1));
        for request in &deletes {
            assert_eq!(request.headers["authorization"], "Bearer let-me-in");
            assert!(!done && matches!(request.status, Some(204 | 404)), "{request}");
        }
        cancelled += deletes.len();
        done
    });
    assert!(cancelled > 1);
}

#[test]
fn p24_the_clean_up_after_a_dropped_upload_takes_no_longer_than_ten_seconds() {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |request: &Request<Bytes>| match request.method().as_str() {
        "POST" => Reply::new(202).with_header("location", "/u/1"),
        _ => Reply::silence(),
    });
    let recorder = Recorder::new(server);
    let there = repository(&runtime, recorder.clone());
    let content = noise(2, 2 << 20);
    let descriptor = layer(&content);
    let push = there.push_blob(&descriptor, Arc::new(content));
    assert!(runtime.run_for(1, push).is_none());
    assert_eq!(recorder.requests().last().unwrap().method, "PUT");
    let begun = runtime.elapsed();
    runtime.run(runtime.sleep(Duration::from_millis(1)));
    assert_eq!(recorder.requests().last().unwrap().method, "DELETE");
    runtime.run(runtime.sleep(Duration::from_secs(20)));
    assert_eq!((runtime.timers(), recorder.count()), (0, 3), "since {begun:?}");
}

/// A future that came to its end, or never began, has nothing to clean up.
#[test]
fn what_has_ended_sends_nothing_more() {
    let (runtime, content) = (SimRuntime::new(), noise(3, 2 << 20));
    let recorder = Recorder::new(Registry::in_memory());
    let there = repository(&runtime, recorder.clone());
    drop(there.push_blob(&layer(&content), Arc::new(content.clone())));
    runtime
        .run(there.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    runtime.run(runtime.sleep(Duration::from_secs(60)));
    assert_eq!(recorder.count_where(|request| request.method == "DELETE"), 0);
}

fn assert_whole(folder: &Path) {
    for file in files_below(folder) {
        let (name, content) = (
            file.file_name().unwrap().to_str().unwrap(),
            std::fs::read(folder.join(&file)).unwrap(),
        );
        match file.to_str().unwrap() {
            "index.json" | "oci-layout" => assert!(serde_json::from_slice::<serde_json::Value>(&content).is_ok()),
            _ => assert_eq!(name, Digest::sha256(&content).encoded_string()),
        }
    }
}
