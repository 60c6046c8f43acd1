//! The same operations against the same servers through both clients: the same requests, the same results, in the same time.

mod operation;
mod second;

use std::collections::HashSet;
use std::mem::discriminant;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use oci_client_core::blocking::{self, BlockOn};
use oci_client_core::client::{BlobEvent, BlobProgress, Observer, RateLimitEvent, WarningEvent};
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::hosts::HostConfig;
use oci_client_core::proto::{Credential, RetryPolicy};
use oci_client_core::transport::{Transport, TransportErrorKind};
use oci_registry::Registry;
use oci_spec_types::Digest;
use test_support::{FaultyTransport, Recorded, Recorder, Reply, Responder, SimRuntime};

use self::operation::Operation;
use crate::support::{HOST, Image, TokenGate, app, builder, by_digest, layer, noise, profile, target};

/// A life in a registry: an image is pushed, looked at, pulled and deleted.
fn life(image: &Image) -> Vec<Operation> {
    let blobs: Vec<_> = image.manifest().blobs().cloned().collect();
    let push = blobs.iter().zip(&image.blobs);
    let mut life: Vec<_> = push
        .map(|(descriptor, content)| Operation::Push(descriptor.clone(), content.clone()))
        .collect();
    life.push(Operation::Push(blobs[0].clone(), image.blobs[0].clone()));
    life.push(Operation::PushManifest(target("v1"), Box::new(image.document.clone())));
    life.push(Operation::PushManifest(
        by_digest(image.digest()),
        Box::new(image.document.clone()),
    ));
    life.extend([
        Operation::Resolve(target("v1")),
        Operation::Resolve(target("missing")),
        Operation::Manifest(target("v1")),
        Operation::Manifest(target("missing")),
        Operation::Tags,
    ]);
    for blob in blobs {
        life.push(Operation::HasBlob(blob.digest.clone()));
        life.push(Operation::Pull(blob.clone()));
        life.push(Operation::DeleteBlob(blob.digest));
    }
    life.push(Operation::DeleteManifest(target("v1")));
    life.push(Operation::DeleteManifest(by_digest(image.digest())));
    life
}

/// What came of a run: results, requests, what the observer was told and the time it took.
#[derive(Debug, Eq, PartialEq)]
struct Transcript {
    elapsed: Duration,
    events: Vec<String>,
    requests: Vec<String>,
    results: Vec<String>,
}

/// Runs `operations` through both clients, each against a server of its own made by `server`; gives the transcript that they share, and the
/// servers.
fn compare<T: Transport + 'static>(
    name: &str,
    operations: &[Operation],
    server: impl Fn(&SimRuntime) -> Recorder<T>,
) -> (Transcript, Recorder<T>) {
    compare_at(&HostConfig::new(profile(retries())), name, operations, server)
}

/// The same with a registry that is reached as `config` says.
fn compare_at<T: Transport + 'static>(
    config: &HostConfig,
    name: &str,
    operations: &[Operation],
    server: impl Fn(&SimRuntime) -> Recorder<T>,
) -> (Transcript, Recorder<T>) {
    let (runtime, log) = (SimRuntime::new(), Arc::new(Log::default()));
    let recorder = server(&runtime);
    let client = builder(&runtime, recorder.clone())
        .credentials(credentials())
        .host(config.clone())
        .observer(log.clone())
        .build();
    let app = app(&client);
    let mut results = Vec::new();
    for operation in operations {
        results.push(runtime.run(operation.perform(&client, &app)));
    }
    let waiting = transcript(&runtime, &recorder, &log, results);

    let (runtime, log) = (SimRuntime::new(), Arc::new(Log::default()));
    let clock = Arc::new(runtime.clone());
    let recorder = server(&runtime);
    let client = blocking::Client::builder(Arc::new(BlockOn::with_clock(recorder.clone(), clock.clone())))
        .clock(clock)
        .credentials(credentials())
        .jitter_seed(1)
        .host(config.clone())
        .observer(log.clone())
        .build();
    let app = client
        .registry(&HOST.parse().unwrap())
        .repository("app".parse().unwrap());
    let results = operations
        .iter()
        .map(|operation| operation.perform_blocking(&client, &app))
        .collect();
    let blocking = transcript(&runtime, &recorder, &log, results);

    for (waiting, blocking) in waiting.results.iter().zip(&blocking.results) {
        assert_eq!(waiting, blocking, "{name}");
    }
    for (waiting, blocking) in waiting.requests.iter().zip(&blocking.requests) {
        assert_eq!(waiting, blocking, "{name}");
    }
    assert_eq!(waiting, blocking, "{name}");
    assert_eq!(runtime.timers(), 0, "{name}");
    (blocking, recorder)
}

fn transcript<T: Transport>(
    runtime: &SimRuntime,
    recorder: &Recorder<T>,
    log: &Log,
    results: Vec<String>,
) -> Transcript {
    Transcript {
        elapsed: runtime.elapsed(),
        events: std::mem::take(&mut log.0.lock().unwrap()),
        requests: recorder.requests().iter().map(line).collect(),
        results,
    }
}

/// A request on one line, with all that a server can see of it.
fn line(request: &Recorded) -> String {
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let content = Digest::sha256(&request.content);
    // Upload sessions have random names.
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let path = match path.split_once("/blobs/uploads/") {
        Some((before, _)) => format!("{before}/blobs/uploads/SESSION"),
        None => path.to_owned(),
    };
    let (method, origin, sent, status) = (&request.method, &request.origin, request.sent, request.status);
    format!("{method} {origin}{path}?{query} {headers:?} {sent} {content} {status:?}")
}

/// What an observer is told. How often it is told of large content depends on the pieces that this comes in.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn blob(&self, event: &BlobEvent<'_>) {
        if event.size > 1 << 16 && matches!(event.progress, BlobProgress::Advanced { .. }) {
            return;
        }
        self.0.lock().unwrap().push(format!("{event:?}"));
    }

    fn warning(&self, event: &WarningEvent<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }

    fn rate_limit(&self, event: &RateLimitEvent<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

fn credentials() -> StaticCredentials {
    StaticCredentials::new().with(HOST.parse().unwrap(), Credential::password("me", "secret".to_owned()))
}

fn retries() -> RetryPolicy {
    RetryPolicy::new().with_retries(3)
}

#[test]
fn a_whole_life_gives_the_same_transcript() {
    let image = Image::new(1, &[0, 10, 300_000]);
    let gate = |inner| TokenGate::new(inner).for_user("me", "secret");
    let (transcript, _) = compare("life", &life(&image), |_| Recorder::new(gate(Registry::in_memory())));
    assert_eq!(transcript.elapsed, Duration::ZERO);
    let failures = transcript
        .results
        .iter()
        .filter(|result| result.contains("after ["))
        .count();
    // What is missing, and what was deleted already with its tag.
    assert!(failures < 3, "{:#?}", transcript.results);
    assert!(
        transcript
            .requests
            .iter()
            .any(|request| request.contains("authorization: Bearer let-me-in"))
    );
}

/// Cuts, lost requests and answers, refusals, wrong bytes, silence: whatever happens, it happens to both alike.
#[test]
fn a_life_full_of_faults_gives_the_same_transcript() {
    let (mut kinds, mut failed, mut whole) = (HashSet::new(), 0, 0);
    // In pieces that either client takes as they are: how much is on its way when a fault strikes is the same then.
    let image = Image::new(1, &[10, 60_000]);
    let life = life(&image);
    for seed in 0..100 {
        let (transcript, recorder) = compare(&format!("seed {seed}"), &life, |runtime| {
            let gate = TokenGate::new(Registry::in_memory()).for_user("me", "secret");
            Recorder::new(FaultyTransport::new(gate, runtime, seed).with_rate(30))
        });
        kinds.extend(recorder.inner().faults().iter().map(discriminant));
        let failures = transcript
            .results
            .iter()
            .filter(|result| result.contains("after ["))
            .count();
        failed += failures;
        whole += transcript.results.len() - failures;
    }
    assert_eq!(kinds.len(), 11, "not every fault has come up");
    assert!(failed > 100 && whole > 1000, "{failed} failed, {whole} did not");
}

/// Answers that only a server by hand gives.
#[test]
fn answers_of_every_kind_give_the_same_transcript() {
    let content = noise(1, 200_000);
    let descriptor = layer(&content);
    let operations = [
        Operation::Check,
        Operation::Pull(descriptor.clone()),
        Operation::Push(descriptor.clone(), content.clone()),
        Operation::Resolve(target("v1")),
        Operation::Manifest(target("v1")),
        Operation::HasBlob(descriptor.digest.clone()),
        Operation::Tags,
        Operation::DeleteManifest(target("v1")),
        Operation::DeleteBlob(descriptor.digest),
    ];
    for (name, reply) in statuses().into_iter().chain(bodies(&content)) {
        for operation in &operations {
            compare(&name, std::slice::from_ref(operation), |runtime| {
                let reply = reply.clone();
                Recorder::new(Responder::new(runtime, move |_| reply.clone()))
            });
        }
    }
}

/// Answers that are no more than a head.
fn statuses() -> Vec<(String, Reply)> {
    let mut replies: Vec<(String, Reply)> = [200, 204, 301, 307, 400, 401, 403, 404, 405, 416, 429, 500, 502, 503]
        .map(|status| (status.to_string(), Reply::new(status)))
        .into();
    let challenge = |text| Reply::new(401).with_header("www-authenticate", text);
    replies.extend([
        ("silent".to_owned(), Reply::silence()),
        ("asks for a password".to_owned(), challenge("Basic realm=\"r\"")),
        (
            "asks for a token".to_owned(),
            challenge("Bearer realm=\"https://registry.test/token\""),
        ),
        (
            "sends away".to_owned(),
            Reply::new(307).with_header("location", "https://cdn.test/blob"),
        ),
        ("is busy".to_owned(), Reply::new(429).with_header("retry-after", "7")),
        ("is no JSON".to_owned(), Reply::new(200).with_json("{")),
    ]);
    replies
}

/// Answers whose bodies are `content`, more or less.
fn bodies(content: &Bytes) -> Vec<(String, Reply)> {
    let ok = || Reply::new(200);
    let first = || ok().with_piece(content.slice(..100));
    let late = |seconds| ok().with_body(content.clone()).delayed(Duration::from_secs(seconds));
    let mut replies = vec![
        ("wrong bytes".to_owned(), ok().with_body(noise(2, content.len()))),
        ("too long".to_owned(), ok().with_piece(content.clone()).with_piece("!")),
        ("endless".to_owned(), ok().with_endless(content.slice(..10_000))),
        ("too short".to_owned(), first()),
        ("stalls".to_owned(), first().stalling()),
        ("slow".to_owned(), late(29)),
        ("too slow".to_owned(), late(31)),
    ];
    for kind in [
        TransportErrorKind::Body,
        TransportErrorKind::Reset,
        TransportErrorKind::Timeout,
        TransportErrorKind::Other,
    ] {
        let broken = first().with_piece(content.slice(100..150_000)).breaking_off(kind);
        replies.push((format!("{kind:?}"), Reply::failure(kind)));
        replies.push((format!("{kind:?} in the body"), broken));
    }
    replies
}
