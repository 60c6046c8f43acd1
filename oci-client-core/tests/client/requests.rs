//! Requests of the caller's own, the catalog, warnings and rate limits.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use oci_client_core::ErrorKind;
use oci_client_core::client::{Observer, RateLimitEvent, WarningEvent, WarningOrigin};
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::Credential;
use oci_client_core::store::{CopyOptions, copy};
use oci_registry::{Limits, Registry};
use oci_spec_types::RepositoryName;
use test_support::{Canary, Recorder, Reply, Responder, SimRuntime};

use crate::support::{HOST, Image, ORIGIN, TokenGate, app, builder, by_digest, repository, tag, target};

fn get(uri: &str) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

#[test]
fn x1_a_request_of_one_s_own_has_the_client_s_authorization() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[10]));
    let registry = Registry::in_memory();
    let writer = repository(&runtime, registry.clone());
    let canary = Canary::new();
    let recorder = Recorder::new(TokenGate::new(registry).for_user("me", canary.text()));
    let credential = Credential::password("me", canary.text().to_owned());
    let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential);
    let app = app(&builder(&runtime, recorder.clone()).credentials(credentials).build());
    runtime.run(async {
        let store = image.store("v1");
        copy(&store, &target("v1"), &writer, Some(&tag("v1")), &CopyOptions::new())
            .await
            .unwrap();
        let response = app.send(get("/tags/list?n=1")).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.into_body().bytes(1000).await.unwrap();
        assert_eq!(body, r#"{"name":"app","tags":["v1"]}"#);
        // In pieces, and up to a limit.
        let absolute = format!("{ORIGIN}/v2/app/manifests/v1");
        let mut body = app.send(get(&absolute)).await.unwrap().into_body();
        let mut whole = Vec::new();
        while let Some(chunk) = body.chunk().await.unwrap() {
            whole.extend_from_slice(&chunk);
        }
        assert_eq!(whole, image.document.bytes());
        let body = app.send(get(&absolute)).await.unwrap().into_body();
        assert_eq!(body.bytes(10).await.unwrap_err().kind(), ErrorKind::TooLarge);
        let error = app.send(get("/manifests/v2")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::NotFound, Some("send request"))
        );
    });
    recorder.assert_confined(&canary, &[ORIGIN]);
}

#[test]
fn a02_a_request_to_another_origin_is_not_sent() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Registry::in_memory()).with_budget(0);
    let app = repository(&runtime, recorder);
    for (uri, kind) in [
        ("https://evil.test/v2/", ErrorKind::UnsafeUrl),
        ("/../other/tags/list", ErrorKind::Invalid),
    ] {
        let error = runtime.run(app.send(get(uri))).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn x3_the_catalog_comes_page_by_page() {
    let runtime = SimRuntime::new();
    let registry = Registry::builder().limits(Limits::new().with_catalog_page(2)).build();
    let recorder = Recorder::new(registry);
    let client = builder(&runtime, recorder.clone()).build();
    let there = client.registry(&HOST.parse().unwrap());
    let names: Vec<RepositoryName> = ["a", "a/b", "c", "d", "e"].map(|name| name.parse().unwrap()).into();
    runtime.run(async {
        for name in &names {
            let blob = oci_spec_types::Descriptor::empty();
            let content = Arc::new(Bytes::from_static(b"{}"));
            there.repository(name.clone()).push_blob(&blob, content).await.unwrap();
        }
        recorder.clear();
        assert_eq!(there.catalog().all().await.unwrap(), names);
        assert_eq!(recorder.count(), 3);
        let response = there.send(get("/v2/_catalog?n=1")).await.unwrap();
        assert_eq!(
            response.into_body().bytes(100).await.unwrap(),
            r#"{"repositories":["a"]}"#
        );
    });
}

#[test]
fn x3_the_catalog_has_a_scope_of_its_own() {
    let runtime = SimRuntime::new();
    let mut asked = Vec::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
        let authorized = request.headers().contains_key("authorization");
        log.lock().unwrap().push(request.uri().to_string());
        match (request.uri().path(), authorized) {
            ("/token", _) => Reply::new(200).with_json(r#"{"token":"t"}"#),
            (_, true) => Reply::new(200).with_json(r#"{"repositories":["a",null]}"#),
            _ => Reply::new(401).with_header(
                "www-authenticate",
                format!("Bearer realm=\"{ORIGIN}/token\",service=\"registry.test\""),
            ),
        }
    });
    let client = builder(&runtime, server).build();
    let catalog = client.registry(&HOST.parse().unwrap()).catalog();
    let names = runtime.run(catalog.all()).unwrap();
    assert_eq!(names, ["a".parse().unwrap()]);
    asked.extend(
        seen.lock()
            .unwrap()
            .iter()
            .filter(|url| url.contains("/token"))
            .cloned(),
    );
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("scope=registry%3Acatalog%3A*"), "{asked:?}");
}

#[test]
fn p01_a_catalog_in_circles_is_an_error() {
    let runtime = SimRuntime::new();
    for link in ["</v2/_catalog>; rel=next", "</v2/_catalog?last=a>; rel=next"] {
        let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
            Reply::new(200)
                .with_json(r#"{"repositories":["a"]}"#)
                .with_header("link", link)
        });
        let recorder = Recorder::new(server).with_budget(3);
        let client = builder(&runtime, recorder).build();
        let catalog = client.registry(&HOST.parse().unwrap()).catalog();
        assert_eq!(runtime.run(catalog.all()).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn warning(&self, event: &WarningEvent<'_>) {
        let who = match event.origin {
            WarningOrigin::Registry => "registry",
            _ => "client",
        };
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {who}: {}", event.host, event.text));
    }

    fn rate_limit(&self, event: &RateLimitEvent<'_>) {
        let (remaining, limit) = (event.limit.remaining.unwrap(), event.limit.limit.unwrap());
        self.0.lock().unwrap().push(format!("{remaining} of {limit}"));
    }
}

#[test]
fn w2_p18_warnings_and_rate_limits_reach_the_observer_once() {
    let runtime = SimRuntime::new();
    let mut left = 3_u32;
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
        left = left.saturating_sub(1);
        let reply = Reply::new(200)
            .with_json(r#"{"tags":["v1"]}"#)
            .with_header("ratelimit-limit", "100;w=21600")
            .with_header("ratelimit-remaining", left.max(1).to_string());
        (0..3_000).fold(reply, |reply, _| reply.with_header("warning", "299 - \"going away\""))
    });
    let log = Arc::new(Log::default());
    let app = app(&builder(&runtime, server).observer(log.clone()).build());
    for _ in 0..4 {
        assert_eq!(runtime.run(app.tags().all()).unwrap(), [tag("v1")]);
    }
    let told = log.0.lock().unwrap().clone();
    assert_eq!(told, ["registry.test registry: going away", "2 of 100", "1 of 100"]);
}

#[test]
fn c11_a_manifest_that_is_sent_as_another_type_is_a_warning_where_its_digest_is_right() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[10]));
    let bytes = image.document.bytes().to_vec();
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
        Reply::new(200)
            .with_body(bytes.clone())
            .with_header("content-type", "application/vnd.oci.image.index.v1+json")
    });
    let log = Arc::new(Log::default());
    let app = app(&builder(&runtime, server).observer(log.clone()).build());
    runtime.run(app.manifest(&by_digest(image.digest()))).unwrap();
    let told = log.0.lock().unwrap().clone();
    assert!(
        matches!(&*told, [text] if text.starts_with("registry.test client: ") && text.contains("but it was sent as")),
        "{told:?}"
    );
}
