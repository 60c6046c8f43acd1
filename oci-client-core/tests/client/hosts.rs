//! What is configured of hosts: credentials and header fields of mirrors, transports by origin, names.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use oci_client_core::client::Repository;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::hosts::files::RegistriesConf;
use oci_client_core::hosts::{Endpoint, HostCapabilities, HostConfig, TransportSettings};
use oci_client_core::proto::{Credential, HostProfile};
use oci_client_core::transport::{Body, Transport, TransportError, TransportFactory};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::RegistryHost;
use test_support::{Canary, Exchange, Recorder, Reply, Responder, ScriptedTransport, SimRuntime};

use crate::support::{HOST, ORIGIN, app, blob_path, builder, layer, manifest_path, noise, target};

const MIRROR: &str = "https://m0.test";

fn profile() -> HostProfile {
    HostProfile::new(HOST.parse().unwrap())
}

fn mirror() -> Endpoint {
    let both = HostCapabilities::PULL.and(HostCapabilities::RESOLVE);
    Endpoint::mirror("m0.test".parse().unwrap()).with_capabilities(both)
}

fn of(host: &str, canary: &Canary) -> StaticCredentials {
    StaticCredentials::new().with(
        host.parse().unwrap(),
        Credential::password("me", canary.text().to_owned()),
    )
}

/// A server whose requests are recorded.
type Server = Recorder<Responder<fn(&Request<Bytes>) -> Reply>>;

fn server(runtime: &SimRuntime, answer: fn(&Request<Bytes>) -> Reply) -> Arc<Server> {
    Arc::new(Recorder::new(Responder::new(runtime, answer)))
}

/// Wants a password everywhere, and has nothing.
fn greedy(request: &Request<Bytes>) -> Reply {
    match request.headers().contains_key("authorization") {
        true => Reply::new(404),
        false => Reply::new(401).with_header("www-authenticate", "Basic realm=\"x\""),
    }
}

#[test]
fn px2_a_mirror_gets_the_registrys_credentials_only_when_told_so() {
    for told in [false, true] {
        let runtime = SimRuntime::new();
        let (canary, server) = (Canary::new(), server(&runtime, greedy));
        let mirror = if told {
            mirror().with_upstream_credentials()
        } else {
            mirror()
        };
        let client = builder(&runtime, server.clone())
            .credentials(of(HOST, &canary))
            .host(HostConfig::new(profile()).with_mirror(mirror))
            .build();
        let error = runtime.run(app(&client).manifest(&target("1.0"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        canary.assert_absent_from_error(&error);
        let at_mirror = |one: &test_support::Recorded| one.origin == MIRROR && one.header("authorization").is_some();
        assert_eq!(server.count_where(at_mirror), usize::from(told));
        server.assert_confined(&canary, if told { &[ORIGIN, MIRROR] } else { &[ORIGIN] });
    }
}

#[test]
fn px2_a_mirror_has_credentials_of_its_own() {
    let runtime = SimRuntime::new();
    let (canary, server) = (Canary::new(), server(&runtime, greedy));
    let client = builder(&runtime, server.clone())
        .credentials(of("m0.test", &canary))
        .host(HostConfig::new(profile()).with_mirror(mirror()))
        .build();
    let error = runtime.run(app(&client).manifest(&target("1.0"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.mirrors()[0].error().kind(), ErrorKind::NotFound);
    server.assert_confined(&canary, &[MIRROR]);
}

#[test]
fn px1_header_fields_and_namespace_stay_at_their_endpoint() {
    let content = noise(1, 100);
    let path = blob_path(&layer(&content).digest);
    let runtime = SimRuntime::new();
    let at_mirror = mirror().profile().clone().with_header("x-team", "hunter2").unwrap();
    let at_mirror = at_mirror.with_namespace(HOST.parse().unwrap());
    let detour = Reply::new(307).with_header("location", "https://cdn.test/blob");
    let script = [
        Exchange::get(format!("{path}?ns={HOST}"), detour)
            .at(MIRROR)
            .with_header("x-team", "hunter2"),
        Exchange::get("/blob", Reply::new(404))
            .at("https://cdn.test")
            .without_header("x-team"),
        Exchange::get(&path, Reply::new(200).with_body(content.clone()))
            .at(ORIGIN)
            .without_header("x-team"),
    ];
    let config = HostConfig::new(profile()).with_mirror(mirror().with_profile(at_mirror));
    let client = builder(&runtime, ScriptedTransport::new(&runtime, script))
        .host(config)
        .build();
    let read = runtime.run(app(&client).blob(&layer(&content)).unwrap().bytes(100));
    assert_eq!(read.unwrap(), content);
}

#[test]
fn names_are_rewritten_and_blocked_as_the_files_say() {
    let conf = RegistriesConf::parse(
        "[[registry]]\nprefix='registry.test'\nlocation='moved.test/all'\n[[registry.mirror]]\nlocation='m0.test/hub'\n[[registry]]\nlocation='registry.test/bad'\nblocked=true\n",
    )
    .unwrap();
    let runtime = SimRuntime::new();
    let script = [
        Exchange::head("/v2/hub/app/manifests/1.0", Reply::new(404)).at(MIRROR),
        Exchange::head("/v2/all/app/manifests/1.0", Reply::new(404)).at("https://moved.test"),
        Exchange::get(
            "/v2/all/app/tags/list",
            Reply::new(200).with_json("{\"name\":\"app\",\"tags\":[]}"),
        )
        .at("https://moved.test"),
        Exchange::head(format!("/v2/all/app/blobs/{}", layer(b"").digest), Reply::new(404)).at("https://moved.test"),
    ];
    let client = builder(&runtime, ScriptedTransport::new(&runtime, script))
        .hosts(conf)
        .build();
    let repository = app(&client);
    assert_eq!((repository.host().as_str(), repository.name().as_str()), (HOST, "app"));
    runtime.run(async {
        assert!(repository.resolve(&target("1.0")).await.unwrap().is_none());
        assert!(repository.tags().all().await.unwrap().is_empty());
        assert!(!repository.has_blob(&layer(b"").digest).await.unwrap());
    });
    let blocked: Repository = client
        .registry(&HOST.parse().unwrap())
        .repository("bad/app".parse().unwrap());
    let errors = runtime.run(async {
        [
            blocked.resolve(&target("1.0")).await.unwrap_err(),
            blocked.tags().all().await.unwrap_err(),
            blocked.blob(&layer(b"x")).unwrap().bytes(1).await.unwrap_err(),
        ]
    });
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.to_string().contains("registries.conf:8"), "{error}");
    }
}

#[test]
fn a_function_says_how_hosts_are_reached_that_nobody_listed() {
    let runtime = SimRuntime::new();
    let script = [
        Exchange::head(manifest_path(&"1.0"), Reply::new(404)).at("http://registry.test"),
        Exchange::head(manifest_path(&"1.0"), Reply::new(404)).at("https://listed.test"),
    ];
    let client = builder(&runtime, ScriptedTransport::new(&runtime, script))
        .profile(HostProfile::new("listed.test".parse().unwrap()))
        .hosts(|host: &RegistryHost| HostProfile::new(host.clone()).with_plain_http())
        .build();
    for host in [HOST, "listed.test"] {
        let repository = client
            .registry(&host.parse().unwrap())
            .repository("app".parse().unwrap());
        assert!(runtime.run(repository.resolve(&target("1.0"))).unwrap().is_none());
    }
}

/// Makes transports that mark what goes through them, and refuses roots that say `bad`.
struct Marking(Arc<Server>);

impl TransportFactory for Marking {
    fn transport(&self, origin: &url::Origin, settings: &TransportSettings) -> Result<Arc<dyn Transport>, Error> {
        if settings.roots().any(|pem| pem == b"bad") {
            return Err(Error::new(ErrorKind::Invalid, "the roots are bad"));
        }
        let mark = origin.ascii_serialization();
        Ok(Arc::new(Marked {
            inner: self.0.clone(),
            mark,
        }))
    }
}

struct Marked<T> {
    inner: T,
    mark: String,
}

#[async_trait]
impl<T: Transport> Transport for Marked<T> {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        request.headers_mut().insert("x-through", self.mark.parse().unwrap());
        self.inner.send(request).await
    }
}

/// A token realm elsewhere, and blobs on yet another host.
fn spread(request: &Request<Bytes>) -> Reply {
    let authorized = request.headers().contains_key("authorization");
    match request.uri().host().unwrap() {
        "realm.test" => Reply::new(200).with_json(r#"{"token":"t"}"#),
        "cdn.test" => Reply::new(200).with_body("content"),
        _ if !authorized => {
            Reply::new(401).with_header("www-authenticate", r#"Bearer realm="https://realm.test/token""#)
        }
        _ => Reply::new(307).with_header("location", "https://cdn.test/blob"),
    }
}

#[test]
fn a_transport_is_given_requests_to_its_own_origin_only() {
    for realm_listed in [false, true] {
        let runtime = SimRuntime::new();
        let recorder = server(&runtime, spread);
        let settings = || TransportSettings::new().with_client_certificate("chain", "key".to_owned());
        let with = |host: &str| {
            let profile = HostProfile::new(host.parse().unwrap());
            HostConfig::of(host.parse().unwrap(), Endpoint::new(profile).with_transport(settings()))
        };
        let mut client = builder(&runtime, recorder.clone())
            .transport_factory(Marking(recorder.clone()))
            .host(with(HOST));
        if realm_listed {
            client = client.host(with("realm.test"));
        }
        let client = client.try_build().unwrap();
        let read = runtime.run(app(&client).blob(&layer(b"content")).unwrap().bytes(10));
        assert_eq!(read.unwrap(), "content");
        for request in recorder.requests() {
            let marked = request.origin == ORIGIN || (realm_listed && request.origin == "https://realm.test");
            let expected = marked.then_some(request.origin.as_str());
            assert_eq!(request.header("x-through"), expected, "{}", request.origin);
        }
        assert_eq!(recorder.count(), 4);
    }
}

#[test]
fn a27_a_setting_that_cannot_be_honoured_is_an_error_and_nothing_is_sent() {
    let settings = TransportSettings::new().with_roots("bad");
    let bad = |endpoint: Endpoint| endpoint.with_transport(settings.clone());
    for config in [
        HostConfig::of(HOST.parse().unwrap(), bad(Endpoint::new(profile()))),
        HostConfig::new(profile()).with_mirror(bad(mirror())),
    ] {
        for with_factory in [false, true] {
            let runtime = SimRuntime::new();
            let recorder = server(&runtime, spread);
            let build = || {
                let client = builder(&runtime, recorder.clone()).host(config.clone());
                if with_factory {
                    client.transport_factory(Marking(recorder.clone()))
                } else {
                    client
                }
            };
            assert_eq!(build().try_build().unwrap_err().kind(), ErrorKind::Invalid);
            let error = runtime.run(app(&build().build()).manifest(&target("1.0"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            assert_eq!(recorder.count(), 0);
        }
    }
}
