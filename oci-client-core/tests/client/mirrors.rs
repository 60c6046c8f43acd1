//! Mirrors before a registry: who is asked for what, in which order, with which credentials, and what becomes of failures.

mod blame;
mod files;
mod referrers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oci_client_core::ErrorKind;
use oci_client_core::client::{PullOptions, Repository};
use oci_client_core::hosts::{Endpoint, HostCapabilities, HostConfig};
use oci_client_core::proto::{HostProfile, RetryPolicy};
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{CopyOptions, copy};
use oci_client_core::transport::TransportErrorKind;
use oci_registry::Registry;
use oci_spec_types::Digest;
use test_support::{Exchange, Recorder, Reply, Responder, ScriptedTransport, SimRuntime};

use crate::support::{
    Image, ORIGIN, app, blob_path, builder, by_digest, document, layer, manifest_path, noise, tag, target,
};

const M0: &str = "https://m0.test";
const M1: &str = "https://m1.test";

fn both() -> HostCapabilities {
    HostCapabilities::PULL.and(HostCapabilities::RESOLVE)
}

fn mirror(number: usize) -> Endpoint {
    Endpoint::mirror(format!("m{number}.test").parse().unwrap()).with_capabilities(both())
}

/// The registry of the tests, tried once, with these mirrors.
fn config(mirrors: impl IntoIterator<Item = Endpoint>) -> HostConfig {
    let profile = HostProfile::new("registry.test".parse().unwrap());
    let config = HostConfig::new(profile.with_retry(RetryPolicy::new().with_retries(0)));
    mirrors.into_iter().fold(config, HostConfig::with_mirror)
}

fn two() -> HostConfig {
    config([mirror(0), mirror(1)])
}

fn scripted(runtime: &SimRuntime, config: HostConfig, script: impl IntoIterator<Item = Exchange>) -> Repository {
    app(&builder(runtime, ScriptedTransport::new(runtime, script))
        .host(config)
        .build())
}

/// What may become of a request at one endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Broken,
    Denied,
    Garbage,
    Missing,
    RateLimited,
    Silent,
    Unauthorized,
    Unavailable,
}

const ANSWERS: [Answer; 8] = [
    Answer::Broken,
    Answer::Denied,
    Answer::Garbage,
    Answer::Missing,
    Answer::RateLimited,
    Answer::Silent,
    Answer::Unauthorized,
    Answer::Unavailable,
];

impl Answer {
    fn reply(self) -> Reply {
        match self {
            Self::Broken => Reply::failure(TransportErrorKind::Reset),
            Self::Denied => Reply::new(403),
            Self::Garbage => Reply::new(200)
                .with_header("content-type", "text/html")
                .with_body("<html>a captive portal</html>"),
            Self::Missing => Reply::new(404),
            Self::RateLimited => Reply::new(429).with_header("retry-after", "3600"),
            Self::Silent => Reply::new(200).delayed(Duration::from_secs(3600)),
            Self::Unauthorized => Reply::new(401),
            Self::Unavailable => Reply::new(503),
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::Broken => ErrorKind::Transport,
            Self::Denied => ErrorKind::Denied,
            Self::Garbage => ErrorKind::Protocol,
            Self::Missing => ErrorKind::NotFound,
            Self::RateLimited => ErrorKind::RateLimited,
            Self::Silent => ErrorKind::Timeout,
            Self::Unauthorized => ErrorKind::Unauthorized,
            Self::Unavailable => ErrorKind::Server,
        }
    }

    /// How often a mirror is asked: once more, where that is worth while.
    fn tries(self) -> usize {
        match self {
            Self::Broken | Self::Silent | Self::Unavailable => 2,
            _ => 1,
        }
    }
}

#[test]
fn p08_p28_a_manifest_comes_from_the_first_endpoint_that_has_it() {
    let image = Image::new(1, &[10]);
    let path = manifest_path(image.digest());
    let whole = || {
        Reply::new(200)
            .with_header("content-type", image.document.media_type().to_string())
            .with_body(image.document.bytes().to_vec())
    };
    for first in ANSWERS {
        for second in ANSWERS {
            let runtime = SimRuntime::new();
            let at_first = (0..first.tries()).map(|_| Exchange::get(&path, first.reply()).at(M0));
            let at_second = (0..second.tries()).map(|_| Exchange::get(&path, second.reply()).at(M1));
            let script = at_first
                .chain(at_second)
                .chain([Exchange::get(&path, whole()).at(ORIGIN)]);
            let repository = scripted(&runtime, two(), script);
            let found = runtime.run(repository.manifest(&by_digest(image.digest())));
            assert_eq!(found.unwrap().bytes(), image.document.bytes(), "{first:?}, {second:?}");
        }
    }
}

#[test]
fn p28_the_error_is_the_registrys_own_and_lists_what_each_mirror_said() {
    let path = manifest_path(&"1.0");
    for first in ANSWERS {
        for last in ANSWERS {
            let runtime = SimRuntime::new();
            let at_mirror = (0..first.tries()).map(|_| Exchange::get(&path, first.reply()).at(M0));
            let script = at_mirror.chain([Exchange::get(&path, last.reply()).at(ORIGIN)]);
            let repository = scripted(&runtime, config([mirror(0)]), script);
            let error = runtime.run(repository.manifest(&target("1.0"))).unwrap_err();
            assert_eq!(error.kind(), last.kind(), "{first:?}, {last:?}: {error}");
            let said: Vec<_> = error
                .mirrors()
                .iter()
                .map(|one| (one.host(), one.error().kind()))
                .collect();
            assert_eq!(said, [("m0.test", first.kind())], "{error}");
            assert!(error.to_string().contains("before that, m0.test: "), "{error}");
        }
    }
}

#[test]
fn p28_a_tag_is_asked_only_of_those_whose_word_counts() {
    let runtime = SimRuntime::new();
    let digest = Digest::sha256(b"{}");
    let head = Reply::new(200)
        .with_header("content-type", "application/vnd.oci.image.manifest.v1+json")
        .with_header("content-length", "2")
        .with_header("docker-content-digest", digest.to_string());
    let by_digest_only = mirror(0).with_capabilities(HostCapabilities::PULL);
    let by_tag_only = mirror(1).with_capabilities(HostCapabilities::RESOLVE);
    let script = [
        Exchange::head(manifest_path(&"1.0"), head.clone()).at(M1),
        Exchange::head(manifest_path(&digest), head).at(M0),
    ];
    let repository = scripted(&runtime, config([by_digest_only, by_tag_only]), script);
    runtime.run(async {
        assert_eq!(
            repository.resolve(&target("1.0")).await.unwrap().unwrap().digest,
            digest
        );
        let target = by_digest(&digest);
        assert_eq!(repository.resolve(&target).await.unwrap().unwrap().digest, digest);
    });
}

#[test]
fn p28_only_the_registry_says_that_a_tag_is_not_there() {
    let path = manifest_path(&"1.0");
    let runtime = SimRuntime::new();
    let missing = |origin| Exchange::head(&path, Reply::new(404)).at(origin);
    let repository = scripted(&runtime, two(), [missing(M0), missing(M1), missing(ORIGIN)]);
    assert!(runtime.run(repository.resolve(&target("1.0"))).unwrap().is_none());

    // A mirror that wants a login does not know; the registry does.
    let script = [Exchange::head(&path, Reply::new(401)).at(M0), missing(ORIGIN)];
    let repository = scripted(&runtime, config([mirror(0)]), script);
    assert!(runtime.run(repository.resolve(&target("1.0"))).unwrap().is_none());

    // Where the registry is not to be asked, a refusal stays a refusal.
    let registry = Endpoint::new(HostProfile::new("registry.test".parse().unwrap()));
    let registry = registry.with_capabilities(HostCapabilities::PUSH);
    let without = HostConfig::of("registry.test".parse().unwrap(), registry);
    let without = without.with_mirror(mirror(0)).with_mirror(mirror(1));
    let script = [Exchange::head(&path, Reply::new(403)).at(M0), missing(M1)];
    let error = runtime
        .run(scripted(&runtime, without, script).resolve(&target("1.0")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[test]
fn p28_what_a_mirror_sends_is_verified_and_the_next_one_asked_where_it_is_wrong() {
    let image = Image::new(2, &[10]);
    let other = Image::new(3, &[10]);
    let path = manifest_path(image.digest());
    let reply = |image: &Image| {
        Reply::new(200)
            .with_header("content-type", image.document.media_type().to_string())
            .with_body(image.document.bytes().to_vec())
    };
    let runtime = SimRuntime::new();
    let script = [
        Exchange::get(&path, reply(&other)).at(M0),
        Exchange::get(&path, reply(&image)).at(M1),
        // The one that was wrong is passed over for a while.
        Exchange::get(&path, reply(&image)).at(M1),
    ];
    let repository = scripted(&runtime, two(), script);
    for _ in 0..2 {
        let found = runtime.run(repository.manifest(&by_digest(image.digest()))).unwrap();
        assert_eq!(found.digest(), image.digest());
    }
}

#[test]
fn p08_a_mirror_that_failed_is_passed_over_for_a_while() {
    let path = manifest_path(&"1.0");
    let image = document(Image::new(4, &[]).manifest().clone());
    let whole = |origin| {
        let reply = Reply::new(200)
            .with_header("content-type", image.media_type().to_string())
            .with_body(image.bytes().to_vec());
        Exchange::get(&path, reply).at(origin)
    };
    let broken = || Exchange::get(&path, Reply::new(503)).at(M0);
    let runtime = SimRuntime::new();
    let script = [broken(), broken(), whole(ORIGIN), whole(ORIGIN), whole(M0), whole(M0)];
    let repository = scripted(&runtime, config([mirror(0)]), script);
    runtime.run(async {
        repository.manifest(&target("1.0")).await.unwrap();
        repository.manifest(&target("1.0")).await.unwrap();
        runtime.sleep(Duration::from_secs(31)).await;
        repository.manifest(&target("1.0")).await.unwrap();
        repository.manifest(&target("1.0")).await.unwrap();
    });
}

#[test]
fn p08_requests_are_bounded_however_many_mirrors_fail() {
    let runtime = SimRuntime::new();
    let count = Arc::new(Mutex::new(0_usize));
    let counter = count.clone();
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
        *counter.lock().unwrap() += 1;
        Reply::new(503)
    });
    let client = builder(&runtime, server).host(config((0..40).map(mirror))).build();
    let error = runtime.run(app(&client).manifest(&target("1.0"))).unwrap_err();
    assert_eq!(*count.lock().unwrap(), 2 * HostConfig::MAX_MIRRORS + 1);
    assert_eq!(error.mirrors().len(), HostConfig::MAX_MIRRORS);
    // All are out now: the registry alone is asked.
    runtime.run(app(&client).manifest(&target("1.0"))).unwrap_err();
    assert_eq!(*count.lock().unwrap(), 2 * HostConfig::MAX_MIRRORS + 2);
}

/// A part of a blob, and what then becomes of the connection.
fn part(content: &Bytes, first: usize, end: usize) -> Reply {
    let size = content.len();
    let reply = match first {
        0 => Reply::new(200),
        _ => Reply::new(206).with_header("content-range", format!("bytes {first}-{}/{size}", size - 1)),
    };
    let reply = reply
        .with_header("content-length", (size - first).to_string())
        .with_piece(content.slice(first..end));
    if end < size {
        reply.breaking_off(TransportErrorKind::Reset)
    } else {
        reply
    }
}

#[test]
fn p28_a_blob_goes_on_at_the_next_endpoint_where_it_broke_off() {
    let content = noise(5, 1_000_000);
    let path = blob_path(&layer(&content).digest);
    let rest = |origin, reply| {
        Exchange::get(&path, reply)
            .at(origin)
            .with_header("range", "bytes=300000-999999")
    };
    let runtime = SimRuntime::new();
    let script = [
        Exchange::get(&path, part(&content, 0, 300_000))
            .at(M0)
            .without_header("range"),
        rest(M0, Reply::new(503)),
        rest(M1, Reply::new(404)),
        rest(ORIGIN, part(&content, 300_000, 1_000_000)),
    ];
    let repository = scripted(&runtime, two(), script);
    let read = runtime.run(repository.blob(&layer(&content)).unwrap().bytes(1_000_000));
    assert_eq!(read.unwrap(), content);
}

#[test]
fn p28_no_byte_is_fetched_twice_whatever_the_place_of_the_break() {
    let content = noise(6, 100_000);
    for cut in [1, 4095, 50_000, 99_999] {
        let runtime = SimRuntime::new();
        let sent = Arc::new(Mutex::new(0_usize));
        let (counter, whole) = (sent.clone(), content.clone());
        let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
            let from: usize = request.headers().get("range").map_or(0, |range| {
                let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
                range.split_once('-').unwrap().0.parse().unwrap()
            });
            // Each mirror breaks off once, and then has nothing any more.
            let end = match request.uri().host().unwrap() {
                "m0.test" if from == 0 => cut,
                "m1.test" if from == cut => cut + (100_000 - cut) / 2,
                "registry.test" => 100_000,
                _ => return Reply::new(404),
            };
            *counter.lock().unwrap() += end - from;
            part(&whole, from, end)
        });
        let client = builder(&runtime, server).host(two()).build();
        let read = runtime.run(app(&client).blob(&layer(&content)).unwrap().bytes(100_000));
        assert_eq!(read.unwrap(), content, "{cut}");
        assert_eq!(*sent.lock().unwrap(), 100_000, "{cut}");
    }
}

#[test]
fn p28_a_mirror_that_sent_a_wrong_blob_is_not_asked_again_at_once() {
    let (content, wrong) = (noise(7, 1000), noise(8, 1000));
    let path = blob_path(&layer(&content).digest);
    let whole = |content: &Bytes, origin| Exchange::get(&path, Reply::new(200).with_body(content.clone())).at(origin);
    let runtime = SimRuntime::new();
    let repository = scripted(
        &runtime,
        config([mirror(0)]),
        [whole(&wrong, M0), whole(&content, ORIGIN)],
    );
    let read = || runtime.run(repository.blob(&layer(&content)).unwrap().bytes(1000));
    assert_eq!(read().unwrap_err().kind(), ErrorKind::Mismatch);
    assert_eq!(read().unwrap(), content);

    // A file has not been shown to anybody: the next one is asked within the same call.
    let (folder, script) = (
        tempfile::tempdir().unwrap(),
        [whole(&wrong, M0), whole(&content, ORIGIN)],
    );
    let repository = scripted(&runtime, config([mirror(0)]), script);
    let (path, options) = (folder.path().join("layer"), PullOptions::new());
    runtime
        .run(repository.save_blob(&layer(&content), &path, &options))
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[test]
fn what_is_stored_goes_to_the_registry_alone() {
    let runtime = SimRuntime::new();
    let registry = Registry::in_memory();
    let recorder = Arc::new(Recorder::new(registry));
    let client = builder(&runtime, recorder.clone()).host(two()).build();
    let image = Image::new(9, &[1000]);
    let repository = app(&client);
    runtime.run(async {
        copy(
            &image.store("1.0"),
            &target("1.0"),
            &repository,
            Some(&tag("1.0")),
            &CopyOptions::new(),
        )
        .await
        .unwrap();
        assert!(repository.has_blob(&layer(&image.blobs[1]).digest).await.unwrap());
        assert_eq!(repository.tags().all().await.unwrap(), [tag("1.0")]);
        repository.delete_manifest(&by_digest(image.digest())).await.unwrap();
    });
    for request in recorder.requests() {
        assert_eq!(request.origin, ORIGIN, "{} {}", request.method, request.path);
    }
}
