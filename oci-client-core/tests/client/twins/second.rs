//! What came after pushing and pulling: mounts, streams, referrers, lists, requests of one's own, files, places in blobs, mirrors.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::hosts::{Endpoint, HostCapabilities, HostConfig};
use oci_client_core::proto::HostProfile;
use oci_client_core::transport::{Transport, TransportErrorKind};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, RepositoryName};
use test_support::{FaultyTransport, Recorder, Reply, Responder, SimRuntime};

use super::operation::Operation;
use super::{Transcript, compare, compare_at, retries};
use crate::referrers::{WithoutApi, without_api};
use crate::support::{HOST, TokenGate, builder, by_digest, document, layer, noise, profile, tag};

fn subject() -> Document<AnyManifest> {
    document(ImageManifest::new(Descriptor::empty(), Vec::new()).with_annotation("subject", "yes"))
}

fn artifact(number: usize) -> Document<AnyManifest> {
    document(
        ImageManifest::artifact(MediaType::from_static("a/b"), Vec::new())
            .with_annotation("number", number.to_string())
            .with_subject(subject().descriptor()),
    )
}

fn other() -> RepositoryName {
    "other".parse().unwrap()
}

/// What the repository `other` has.
fn shared() -> Bytes {
    noise(7, 500)
}

fn registry(runtime: &SimRuntime) -> Registry {
    let registry = Registry::builder().allow_missing_blobs(true).build();
    let client = builder(runtime, registry.clone()).build();
    let there = client.registry(&HOST.parse().unwrap()).repository(other());
    runtime
        .run(there.push_blob(&layer(&shared()), Arc::new(shared())))
        .unwrap();
    registry
}

/// Blobs from elsewhere and of unknown length; a subject that others refer to; lists; what is read in places and into files; deletions.
fn life() -> Vec<Operation> {
    let (content, missing) = (noise(8, 60_000), noise(9, 100));
    let blob = Descriptor::of(MediaType::OCTET_STREAM, &content);
    let (first, second) = (artifact(1), artifact(2));
    let subject = subject();
    vec![
        Operation::Mount(layer(&missing).digest, other()),
        Operation::Mount(layer(&shared()).digest, other()),
        Operation::PushOrMount(layer(&shared()), shared(), other()),
        Operation::PushOrMount(layer(&missing), missing.clone(), other()),
        Operation::PushStream(missing.slice(..50)),
        Operation::PushStream(content),
        Operation::PushManifest(by_digest(subject.digest()), Box::new(subject.clone())),
        Operation::PushTagged(Box::new(first.clone()), vec![tag("one"), tag("two")]),
        Operation::PushManifest(by_digest(second.digest()), Box::new(second.clone())),
        Operation::Referrers(subject.digest().clone()),
        Operation::Referrer(subject.digest().clone(), first.descriptor()),
        Operation::Referrer(first.digest().clone(), second.descriptor()),
        Operation::Catalog,
        Operation::Send("/tags/list?n=1", "/v2/_catalog?n=1"),
        Operation::Send("/missing", "https://evil.test/v2/"),
        Operation::ReadAt(blob.clone(), 100, 20),
        Operation::ReadAt(blob.clone(), 59_000, 10_000),
        Operation::Save(blob),
        Operation::Save(Descriptor::of(MediaType::OCTET_STREAM, &noise(10, 30))),
        Operation::DeleteDocument(Box::new(first.clone())),
        Operation::DeleteManifest(by_digest(second.digest())),
        Operation::Referrers(subject.digest().clone()),
        Operation::DeleteManifest(by_digest(subject.digest())),
    ]
}

fn failures(transcript: &Transcript) -> usize {
    let failed = |result: &&String| result.contains("after [");
    transcript.results.iter().filter(failed).count()
}

/// The registry of the tests, where streams go up as they come.
fn config() -> HostConfig {
    HostConfig::new(profile(retries()).with_small_blob(1000))
}

fn gate<T: Transport>(inner: T) -> TokenGate<T> {
    TokenGate::new(inner).for_user("me", "secret")
}

#[test]
fn a_second_life_gives_the_same_transcript_with_and_without_the_referrers_api() {
    let (with, _) = compare_at(&config(), "with", &life(), |runtime| {
        Recorder::new(gate(registry(runtime)))
    });
    let (without, _) = compare_at(&config(), "without", &life(), |runtime| {
        Recorder::new(gate(without_api(&registry(runtime))))
    });
    for transcript in [&with, &without] {
        // What does not refer to that subject, a request elsewhere and one for nothing, a blob that is not there.
        assert_eq!(failures(transcript), 3, "{:#?}", transcript.results);
        let events = transcript.events.join("\n");
        for said in ["Verified", "Failed", "Mounted", "Advanced"] {
            assert!(events.contains(said), "{said}: {events}");
        }
    }
    assert!(without.requests.len() > with.requests.len() + 6);
}

#[test]
fn a_second_life_full_of_faults_gives_the_same_transcript() {
    let mut failed = 0;
    for seed in 0..60 {
        let (transcript, _) = compare_at(&config(), &format!("seed {seed}"), &life(), |runtime| {
            let server: WithoutApi<Registry> = without_api(&registry(runtime));
            Recorder::new(FaultyTransport::new(gate(server), runtime, seed).with_rate(30))
        });
        failed += failures(&transcript);
    }
    assert!(failed > 60 * 3, "{failed} failed");
}

/// Whatever a mirror answers, both clients go on at the same place.
#[test]
fn mirrors_that_fail_give_the_same_transcript() {
    let content = noise(1, 60_000);
    let pull = [Operation::Pull(layer(&content)), Operation::Save(layer(&content))];
    let both = HostCapabilities::PULL.and(HostCapabilities::RESOLVE);
    let mirror = Endpoint::mirror("m0.test".parse().unwrap()).with_capabilities(both);
    let config = HostConfig::new(HostProfile::new(HOST.parse().unwrap()).with_retry(retries())).with_mirror(mirror);
    let begun = || Reply::new(200).with_piece(content.slice(..100));
    for (name, reply) in [
        ("broken", begun().breaking_off(TransportErrorKind::Reset)),
        ("busy", Reply::new(429)),
        ("missing", Reply::new(404)),
        ("silent", Reply::silence()),
        ("stalling", begun().stalling()),
        ("wrong", Reply::new(200).with_body(noise(2, content.len()))),
    ] {
        let (transcript, _) = compare_at(&config, name, &pull, |runtime| {
            let (reply, whole) = (reply.clone(), content.clone());
            Recorder::new(Responder::new(runtime, move |request: &Request<Bytes>| {
                match request.uri().host() {
                    Some("m0.test") => reply.clone(),
                    _ => Reply::new(200).with_body(whole.clone()),
                }
            }))
        });
        assert!(transcript.requests.len() > 1, "{name}: {:?}", transcript.requests);
    }
}

/// Whatever a mirror says of referrers, both clients ask the same next.
#[test]
fn mirrors_that_list_referrers_give_the_same_transcript() {
    let capabilities = HostCapabilities::PULL.and(HostCapabilities::REFERRERS);
    let mirror = Endpoint::mirror("m0.test".parse().unwrap()).with_capabilities(capabilities);
    let config = HostConfig::new(HostProfile::new(HOST.parse().unwrap()).with_retry(retries())).with_mirror(mirror);
    let list = [Operation::Referrers(subject().digest().clone())];
    let index = |text: &str| {
        let index = "application/vnd.oci.image.index.v1+json";
        let text = format!(r#"{{"schemaVersion":2,"mediaType":"{index}","manifests":[{text}]}}"#);
        Reply::new(200).with_header("content-type", index).with_body(text)
    };
    let entry = |number| serde_json::to_string(&artifact(number).descriptor()).unwrap();
    let more = index(&entry(1)).with_header("link", "</v2/app/referrers/next>; rel=\"next\"");
    for (name, reply, requests) in [
        ("lists", index(&entry(1)), 1),
        ("lists and breaks", more, 3),
        ("empty", index(""), 2),
        ("busy", Reply::new(429), 3),
        ("missing", Reply::new(404), 2),
        ("silent", Reply::silence(), 3),
    ] {
        let (transcript, _) = compare_at(&config, name, &list, |runtime| {
            let (reply, own) = (reply.clone(), index(&entry(2)));
            Recorder::new(Responder::new(runtime, move |request: &Request<Bytes>| {
                match (request.uri().host(), request.uri().path()) {
                    (Some("m0.test"), "/v2/app/referrers/next") => Reply::new(503),
                    (Some("m0.test"), _) => reply.clone(),
                    _ => own.clone(),
                }
            }))
        });
        assert_eq!(
            transcript.requests.len(),
            requests,
            "{name}: {:#?}",
            transcript.requests
        );
    }
}

/// Warnings and rate limits reach the observers of both.
#[test]
fn what_a_registry_says_besides_gives_the_same_transcript() {
    let (transcript, _) = compare("besides", &[Operation::Tags, Operation::Catalog], |runtime| {
        Recorder::new(Responder::new(runtime, |_: &Request<Bytes>| {
            Reply::new(200)
                .with_json(r#"{"name":"app","tags":["a"],"repositories":["app"]}"#)
                .with_header("warning", "299 - \"it is late\"")
                .with_header("ratelimit-limit", "100;w=21600")
                .with_header("ratelimit-remaining", "3;w=21600")
        }))
    });
    let events = transcript.events.join("\n");
    assert!(events.contains("it is late"), "{events}");
    assert!(events.contains("RateLimitEvent"), "{events}");
}
