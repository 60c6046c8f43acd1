//! Credentials over real sockets (A01, A02, A05), with TLS and without: they go to the origin that they are for, and no further.

use std::sync::Arc;

use oci_client_core::client::{Client, Repository};
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::{Descriptor, MediaType, RegistryHost};
use oci_transport_reqwest::TokioRuntime;
use rcgen::{CertifiedIssuer, KeyPair};
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, Step};
use crate::tls::{authority, builder, server_config, server_params};

/// A server that gives one of these answers on each connection.
async fn serve(answers: Vec<String>, authority: Option<&CertifiedIssuer<'static, KeyPair>>) -> Server {
    let scripts = answers
        .into_iter()
        .map(|answer| vec![Step::Request, Step::Reply(answer.into_bytes())]);
    let tls = authority.map(|authority| TlsAcceptor::from(Arc::new(server_config(authority, server_params()))));
    Server::launch(scripts.collect(), tls).await
}

/// The repository `app` of `server`, for somebody with a password.
fn repository(server: &Server, authority: Option<&CertifiedIssuer<'static, KeyPair>>) -> Repository {
    let host: RegistryHost = server.address.to_string().parse().unwrap();
    let mut transport = builder();
    let mut profile = HostProfile::new(host.clone());
    if let Some(authority) = authority {
        transport = transport.root_certificates_pem(authority.pem());
        profile = profile.with_base(format!("https://{host}/").parse().unwrap()).unwrap();
    }
    let credential = Credential::password("me", "hunter2".to_owned());
    let runtime = Arc::new(TokioRuntime::try_current().unwrap());
    let client = Client::builder(Arc::new(transport.build().unwrap()), runtime)
        .credentials(StaticCredentials::new().with(host.clone(), credential))
        .profile(profile)
        .build();
    client.registry(&host).repository("app".parse().unwrap())
}

#[tokio::test]
async fn a01_a02_a_redirect_to_another_port_takes_no_credential_along() {
    for authority in [None, Some(authority())] {
        let authority = authority.as_ref();
        for status in ["301", "302", "303", "307", "308"] {
            let scheme = if authority.is_some() { "https" } else { "http" };
            let content = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\ncontent".to_owned();
            let mut elsewhere = serve(vec![content], authority).await;
            let there = format!("{scheme}://{}/blob", elsewhere.address);
            let challenge = "HTTP/1.1 401 U\r\nConnection: close\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
            let redirect =
                format!("HTTP/1.1 {status} R\r\nConnection: close\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
            let mut registry = serve(vec![challenge.to_owned(), redirect], authority).await;
            let layer = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, b"content");
            let blob = repository(&registry, authority).blob(&layer).unwrap();
            assert_eq!(blob.bytes(100).await.unwrap(), "content");
            assert_eq!(registry.recorded().await.header("authorization"), None);
            // me:hunter2
            let sent = registry.recorded().await;
            assert_eq!(sent.header("authorization"), Some("Basic bWU6aHVudGVyMg=="));
            let seen = elsewhere.recorded().await;
            assert!(seen.head.starts_with("GET /blob HTTP/1.1\r\n"), "{}", seen.head);
            assert_eq!(seen.header("authorization"), None);
        }
    }
}

#[tokio::test]
async fn a05_a_realm_elsewhere_is_not_told_the_password() {
    for authority in [None, Some(authority())] {
        let authority = authority.as_ref();
        let scheme = if authority.is_some() { "https" } else { "http" };
        let realm = format!("{scheme}://evil.invalid/token");
        let challenge = format!(
            "HTTP/1.1 401 U\r\nConnection: close\r\nWWW-Authenticate: Bearer realm=\"{realm}\"\r\nContent-Length: 0\r\n\r\n"
        );
        let registry = serve(vec![challenge], authority).await;
        let app = repository(&registry, authority);
        let error = app.manifest(&"v1".parse().unwrap()).await.unwrap_err();
        // Refused, and not tried in vain.
        assert_eq!(error.kind(), oci_client_core::ErrorKind::UnsafeUrl, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
