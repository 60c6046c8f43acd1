//! Over how many connections the parts of a blob come, over real TLS: one for each part under way, however HTTP is spoken, and never more than are of use.

mod origin;

use std::sync::Arc;

use http::Method;
use oci_client_core::client::{Client, PullOptions, Repository};
use oci_client_core::proto::outbound::ServerSupplied;
use oci_client_core::proto::{HostProfile, ParallelPart, RetryPolicy};
use oci_client_core::transport::{Body, Transport as _};
use oci_spec_types::{Descriptor, MediaType, RegistryHost};
use oci_transport_reqwest::{ReqwestTransport, ReqwestTransportBuilder, TokioRuntime};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

use self::origin::{Origin, Settings, serve_proxy};
use crate::support::{read, request};
use crate::tls::{asking_config, authority, builder, server_config};

#[tokio::test]
async fn parts_under_way_have_connections_of_their_own() {
    let tls = Tls::new();
    for (name, alpn, transport, jobs, expected) in [
        ("HTTP/2", H2, tls.builder(), 4, 4),
        ("HTTP/2, at most three", H2, tls.builder().parallel_connections(3), 4, 3),
        ("HTTP/2, at most one", H2, tls.builder().parallel_connections(1), 4, 1),
        ("HTTP/2, none", H2, tls.builder().parallel_connections(0), 4, 1),
        ("HTTP/2, two parts at a time", H2, tls.builder(), 2, 2),
        ("HTTP/2, one stream", H2, tls.builder(), 1, 1),
        ("HTTP/1.1 by the server", HTTP_1, tls.builder(), 4, 4),
        (
            "HTTP/1.1, at most one",
            HTTP_1,
            tls.builder().parallel_connections(1),
            4,
            4,
        ),
        ("HTTP/1.1 by the client", H2, tls.builder().http1_only(), 4, 4),
    ] {
        let origin = Origin::start(tls.settings(alpn, jobs)).await;
        let repository = repository(&origin, transport);
        save(&repository, jobs).await;
        assert_eq!(origin.connections(), expected, "{name}");
        if name.starts_with("HTTP/2") {
            // Over the connections that there are.
            save(&repository, jobs).await;
            assert_eq!(origin.connections(), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_small_blob_comes_over_one_connection() {
    let tls = Tls::new();
    for alpn in [H2, HTTP_1] {
        let origin = Origin::start(tls.settings(alpn, 1)).await;
        let repository = repository(&origin, tls.builder());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        repository
            .save_blob(&descriptor(), path, &PullOptions::new())
            .await
            .unwrap();
        assert_eq!((origin.connections(), origin.requests()), (1, 1));
    }
}

#[tokio::test]
async fn a_registry_that_redirects_needs_no_more_than_one_connection() {
    let tls = Tls::new();
    let content = Origin::start(tls.settings(H2, 4)).await;
    let redirects = Settings {
        redirect: Some(format!("https://{}/content", content.address())),
        ..tls.settings(H2, 1)
    };
    let registry = Origin::start(redirects).await;
    save(&repository(&registry, tls.builder()), 4).await;
    assert_eq!((registry.connections(), registry.requests()), (1, 4));
    assert_eq!((content.connections(), content.requests()), (4, 4));
}

#[tokio::test]
async fn a_server_that_allows_few_connections_is_asked_over_those() {
    let tls = Tls::new();
    for most in [1, 2] {
        let settings = Settings {
            most_connections: most,
            ..tls.settings(H2, 4)
        };
        let origin = Origin::start(settings).await;
        save(&repository(&origin, tls.builder()), 4).await;
        assert_eq!((origin.connections(), origin.requests()), (most, 4));
    }
}

/// A07: what a server has named goes over connections of the same kind, also where there are several.
#[tokio::test]
async fn a07_further_connections_have_the_same_proxy_and_guard() {
    let authority = authority();
    let params = CertificateParams::new(vec!["content.test".to_owned()]).unwrap();
    for server_supplied in [false, true] {
        let origin = Origin::start(Settings {
            config: server_config(&authority, params.clone()),
            ..Tls::new().settings(H2, 3)
        })
        .await;
        let (proxy, mut tunnels) = serve_proxy(origin.address()).await;
        let transport = ReqwestTransport::builder()
            .proxy(format!("http://{proxy}"))
            .root_certificates_pem(authority.pem())
            .build()
            .unwrap();
        let part = |host: &str| {
            let mut request = request(Method::GET, &format!("https://{host}/content"), Body::empty());
            request.extensions_mut().insert(ParallelPart::default());
            if server_supplied {
                request.extensions_mut().insert(ServerSupplied::default());
            }
            request
        };
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(transport.send(part("content.test")).await.unwrap());
        }
        for answer in answers {
            assert_eq!(read(answer).await.unwrap(), content());
        }
        let mut asked = Vec::new();
        while let Ok(target) = tunnels.try_recv() {
            asked.push(target);
        }
        assert_eq!(asked, ["content.test:443"; 3]);
        let refused = transport.send(part("10.0.0.1")).await.is_err() && tunnels.try_recv().is_err();
        assert_eq!(
            refused, server_supplied,
            "an address that is not public, named by a server"
        );
    }
}

#[tokio::test]
async fn a_part_makes_room_for_others_when_it_has_ended_or_was_dropped() {
    let tls = Tls::new();
    let origin = Origin::start(tls.settings(H2, 1)).await;
    let transport = tls.builder().build().unwrap();
    let send = |marked: bool| {
        let mut request = request(Method::GET, &origin.url(), Body::empty());
        if marked {
            request.extensions_mut().insert(ParallelPart::default());
        }
        let sent = transport.send(request);
        async move { sent.await.unwrap() }
    };
    let first = send(true).await;
    // What is no part shares the first connection, whatever is under way there.
    let (_unmarked, _other) = (send(false).await, send(false).await);
    assert_eq!(origin.connections(), 1);
    assert_eq!(read(first).await.unwrap(), content());
    let second = send(true).await;
    assert_eq!(origin.connections(), 1, "the first part has come to its end");
    let third = send(true).await;
    assert_eq!(origin.connections(), 2);
    drop((second, third));
    drop((send(true).await, send(true).await));
    assert_eq!(origin.connections(), 2, "the parts before were dropped");
}

/// What parties of a TLS connection need; the server wants a certificate from the client.
struct Tls {
    chain: String,
    config: rustls::ServerConfig,
    key: String,
    root: String,
}

impl Tls {
    fn new() -> Self {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Self {
            chain: params.signed_by(&key, &authority).unwrap().pem(),
            config: asking_config(&authority),
            key: key.serialize_pem(),
            root: authority.pem(),
        }
    }

    fn builder(&self) -> ReqwestTransportBuilder {
        builder()
            .root_certificates_pem(self.root.clone())
            .client_certificate_pem(self.chain.clone(), self.key.clone())
    }

    /// A server of `alpn` that sends no content before so many parts of it have been asked for.
    fn settings(&self, alpn: &[u8], together: usize) -> Settings {
        Settings {
            alpn: alpn.to_vec(),
            config: self.config.clone(),
            content: content(),
            most_connections: usize::MAX,
            redirect: None,
            together,
        }
    }
}

fn repository(origin: &Origin, transport: ReqwestTransportBuilder) -> Repository {
    let host: RegistryHost = origin.address().to_string().parse().unwrap();
    let pause = std::time::Duration::from_millis(1);
    let profile = HostProfile::new(host.clone())
        .with_base(format!("https://{host}/").parse().unwrap())
        .unwrap()
        .with_retry(RetryPolicy::new().with_pauses(pause, pause));
    let runtime = Arc::new(TokioRuntime::try_current().unwrap());
    let client = Client::builder(Arc::new(transport.build().unwrap()), runtime)
        .profile(profile)
        .build();
    client.registry(&host).repository("app".parse().unwrap())
}

/// Saves the blob in four parts, `jobs` of them at a time, or in one stream.
async fn save(repository: &Repository, jobs: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob");
    let options = PullOptions::new()
        .with_jobs(jobs)
        .with_part_size(content().len() as u64 / 4)
        .with_threshold(0);
    repository.save_blob(&descriptor(), &path, &options).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content());
}

fn descriptor() -> Descriptor {
    Descriptor::of(MediaType::OCTET_STREAM, &content())
}

fn content() -> Vec<u8> {
    (0..40_000_u32).flat_map(u32::to_le_bytes).collect()
}

const H2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";
