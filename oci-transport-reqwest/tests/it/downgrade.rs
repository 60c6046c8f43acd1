//! From a registry over TLS to somewhere without (A03, A06, A26): nothing is sent there, whatever leads to it.

use std::sync::Arc;
use std::time::Duration;

use oci_client_core::client::{Client, Repository};
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::{Credential, HostProfile, RetryPolicy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, MediaType, RegistryHost};
use oci_transport_reqwest::TokioRuntime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, Step};
use crate::tls::{authority, builder, server_config, server_params};

/// The repository `app` of a registry over TLS that gives these answers, one per connection, and a server without TLS that takes note of who comes.
async fn registry(answers: impl Fn(&str) -> Vec<String>) -> (Repository, tokio::net::TcpListener) {
    let authority = authority();
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = plain.local_addr().unwrap().to_string();
    let scripts = answers(&elsewhere)
        .into_iter()
        .map(|answer| vec![Step::Request, Step::Reply(answer.into_bytes())]);
    let acceptor = TlsAcceptor::from(Arc::new(server_config(&authority, server_params())));
    let server = Server::launch(scripts.collect(), Some(acceptor)).await;
    let host: RegistryHost = server.address.to_string().parse().unwrap();
    let base = format!("https://{host}/").parse().unwrap();
    let profile = HostProfile::new(host.clone()).with_base(base).unwrap();
    let transport = builder().root_certificates_pem(authority.pem()).build().unwrap();
    let credential = Credential::password("me", "hunter2".to_owned());
    let client = Client::builder(Arc::new(transport), Arc::new(TokioRuntime::try_current().unwrap()))
        .credentials(StaticCredentials::new().with(host.clone(), credential))
        .profile(profile)
        .build();
    (client.registry(&host).repository("app".parse().unwrap()), plain)
}

/// That the error says so and nobody came.
async fn refused<T>(result: Result<T, Error>, plain: tokio::net::TcpListener) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::UnsafeUrl, "{error}");
    assert!(!error.to_string().contains("hunter2"));
    let waiting = std::future::poll_fn(|context| std::task::Poll::Ready(plain.poll_accept(context).is_ready()));
    assert!(!waiting.await, "somebody connected");
}

#[tokio::test]
async fn a03_a_blob_is_not_fetched_without_tls() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (app, plain) = registry(|elsewhere| {
            vec![format!(
                "HTTP/1.1 {status}\r\nLocation: http://{elsewhere}/blob\r\nContent-Length: 0\r\n\r\n"
            )]
        })
        .await;
        let blob = app
            .blob(&Descriptor::of(MediaType::IMAGE_LAYER_GZIP, b"content"))
            .unwrap();
        refused(blob.bytes(100).await, plain).await;
    }
}

#[tokio::test]
async fn a03_the_next_page_is_not_fetched_without_tls() {
    let (app, plain) = registry(|elsewhere| {
        let page = r#"{"name":"app","tags":["v1"]}"#;
        let link = format!("<http://{elsewhere}/v2/app/tags/list?last=v1>; rel=\"next\"");
        vec![format!(
            "HTTP/1.1 200 OK\r\nLink: {link}\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        )]
    })
    .await;
    refused(app.tags().all().await, plain).await;
}

#[tokio::test]
async fn a06_a_token_is_not_asked_for_without_tls() {
    let (app, plain) = registry(|elsewhere| {
        let challenge = format!("Bearer realm=\"http://{elsewhere}/token\",service=s");
        vec![format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n"
        )]
    })
    .await;
    refused(app.resolve(&"v1".parse().unwrap()).await, plain).await;
}

#[tokio::test]
async fn a26_no_request_goes_out_in_the_clear_where_tls_fails() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28".to_vec();
    let in_the_clear = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    for answer in [alert, in_the_clear, Vec::new()] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host: RegistryHost = listener.local_addr().unwrap().to_string().parse().unwrap();
        let (seen, mut first_bytes) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let byte = stream.read_u8().await;
                // The test may be over.
                let _ = seen.send(byte.ok());
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        });
        let base = format!("https://{host}/").parse().unwrap();
        let profile = HostProfile::new(host.clone()).with_base(base).unwrap();
        let transport = builder().build().unwrap();
        let client = Client::builder(Arc::new(transport), Arc::new(TokioRuntime::try_current().unwrap()))
            .profile(profile.with_retry(RetryPolicy::new().with_retries(2).with_pauses(PAUSE, PAUSE)))
            .build();
        let app = client.registry(&host).repository("app".parse().unwrap());
        let layer = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, b"content");
        let content = Arc::new(bytes::Bytes::from_static(b"content"));
        for error in [
            app.manifest(&"v1".parse().unwrap()).await.unwrap_err(),
            app.push_blob(&layer, content).await.unwrap_err(),
            client.registry(&host).check().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
        }
        // Each connection has begun with a handshake, and there was one for each operation at least.
        drop((app, client));
        let mut connections = 0;
        while let Ok(byte) = first_bytes.try_recv() {
            assert_eq!(byte, Some(HANDSHAKE));
            connections += 1;
        }
        assert!(connections >= 3, "{connections}");
    }
}

/// The first byte of a TLS connection.
const HANDSHAKE: u8 = 22;

const PAUSE: Duration = Duration::from_millis(1);
