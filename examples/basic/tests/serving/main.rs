//! `serve` as a process: what its options do.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

mod caching;
mod garbage;
mod process;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use http::{Request, StatusCode};
use oci_client_core::transport::{Body, Transport};
use oci_transport_reqwest::ReqwestTransport;

use crate::process::{Serving, serve};

/// Over TLS with a certificate that the client trusts, and with a line for each request; then read-only over the same folder.
#[tokio::test]
async fn tls_log_and_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key, store) = ["cert.pem", "key.pem", "store"]
        .map(|name| folder.path().join(name))
        .into();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let transport = ReqwestTransport::builder()
        .no_proxy()
        .root_certificates_pem(made.cert.pem());
    let transport = Arc::new(transport.build().unwrap());
    let tls = [
        "--dir".as_ref(),
        store.as_os_str(),
        "--tls-cert".as_ref(),
        cert.as_os_str(),
        "--tls-key".as_ref(),
        key.as_os_str(),
    ];

    let mut writable = Serving::start(tls.into_iter().chain(["--log".as_ref()]));
    let port = writable.address.strip_prefix("https://127.0.0.1:").unwrap();
    let digest = oci_spec_types::Digest::sha256(b"hello");
    let push = format!("https://localhost:{port}/v2/a/blobs/uploads/?digest={digest}");
    assert_eq!(post(&*transport, &push).await, StatusCode::CREATED);
    let log = writable.line_with("request_id=");
    assert!(log.contains("method=POST") && log.contains("status=201"), "{log}");
    drop(writable);

    let reader = Serving::start(tls.into_iter().chain(["--read-only".as_ref()]));
    let port = reader.address.strip_prefix("https://127.0.0.1:").unwrap();
    let base = format!("https://localhost:{port}/v2/a/blobs");
    assert_eq!(
        post(&*transport, &format!("{base}/uploads/")).await,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let pull = Request::get(format!("{base}/{digest}")).body(Body::empty()).unwrap();
    let pulled = transport.send(pull).await.unwrap();
    assert_eq!(pulled.into_body().collect(100).await.unwrap(), "hello");
}

#[test]
fn whoever_opens_it_to_all_is_told() {
    let mut serving = Serving::start(["--addr", "0.0.0.0:0"].map(OsStr::new));
    serving.line_with("whoever can reach 0.0.0.0:");
}

#[test]
fn certificates_that_do_not_go() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (cert, told) in [
        (Path::new("/nonexistent"), "could not read /nonexistent"),
        (&empty, "there is no certificate"),
    ] {
        let arguments = [
            "--addr".as_ref(),
            "127.0.0.1:0".as_ref(),
            "--tls-cert".as_ref(),
            cert.as_os_str(),
            "--tls-key".as_ref(),
            cert.as_os_str(),
        ];
        let output = serve(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn options_that_do_not_go() {
    for arguments in [
        ["--tls-cert", "x"].as_slice(),
        &["--tls-key", "x"],
        &["--tls-cert", "x", "--tls-key", "x", "--profile", "ghcr"],
        &["--upstream", "x.test", "--profile", "ghcr"],
        &["--upstream", "https://x.test"],
        &["--plain-http"],
        &["--upstream-logins"],
        &["--gc-interval", "1h"],
    ] {
        assert_eq!(serve(arguments).output().unwrap().status.code(), Some(2));
    }
}

async fn post(transport: &dyn Transport, url: &str) -> StatusCode {
    let request = Request::post(url).body(Body::from(b"hello".to_vec())).unwrap();
    transport.send(request).await.unwrap().status()
}
