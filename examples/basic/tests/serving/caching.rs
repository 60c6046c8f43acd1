//! `serve --upstream`: a cache of another registry.

use std::ffi::OsStr;

use http::{Method, Request, Response, StatusCode};
use oci_client_core::transport::{Body, Transport};
use oci_spec_types::Digest;
use oci_transport_reqwest::ReqwestTransport;

use crate::process::Serving;

/// What is there comes, and stays when the upstream has gone; nothing can be pushed.
#[tokio::test]
async fn what_the_upstream_has_comes_and_stays() {
    let far = Serving::start([]);
    let path = push(&far.address).await;
    // That it is loopback is said by its address only; by this one it has to be told.
    let any = host(&far).replace("127.0.0.1", "0.0.0.0");
    for (option, status) in [(Some("--plain-http"), StatusCode::OK), (None, StatusCode::BAD_GATEWAY)] {
        let near = Serving::start(["--upstream", &any].into_iter().chain(option).map(OsStr::new));
        assert_eq!(
            send(Method::GET, &near.address, &path).await.status(),
            status,
            "{option:?}"
        );
    }
    let near = Serving::start(["--upstream", host(&far)].map(OsStr::new));
    assert_eq!(content(send(Method::GET, &near.address, &path).await).await, "hello");
    let push = send(Method::POST, &near.address, "/v2/a/blobs/uploads/").await;
    assert_eq!(push.status(), StatusCode::METHOD_NOT_ALLOWED);
    // The first answer ends with the last byte from the upstream; only one that waits for the storage says that all is there.
    let part = Request::get(format!("{}{path}", near.address)).header("range", "bytes=1-3");
    let part = transport().send(part.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(content(part).await, "ell");
    drop(far);
    assert_eq!(content(send(Method::GET, &near.address, &path).await).await, "hello");
}

/// Logins are used only if that is asked for.
#[tokio::test]
async fn logins_are_used_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let (users, store) = (folder.path().join("users"), folder.path().join("store"));
    std::fs::write(
        &users,
        "me:$2y$04$rCfsru7MThouw2H3xT9Q6e7j8ZwEVKOgoE4FMUDrB3OjSSMXvt7Jq\n",
    )
    .unwrap();
    let path = push(&Serving::start(["--dir".as_ref(), store.as_os_str()]).address).await;
    let far = Serving::start([
        "--dir".as_ref(),
        store.as_os_str(),
        "--htpasswd".as_ref(),
        users.as_os_str(),
    ]);
    // me:s3cret
    let logins = format!(r#"{{"auths":{{"{}":{{"auth":"bWU6czNjcmV0"}}}}}}"#, host(&far));
    std::fs::write(folder.path().join("config.json"), logins).unwrap();
    for (login, status) in [
        (None, StatusCode::FORBIDDEN),
        (Some("--upstream-logins"), StatusCode::OK),
    ] {
        let arguments = ["--upstream", host(&far)].into_iter().chain(login).map(OsStr::new);
        let near = Serving::start_with(arguments, |command| {
            command.env("DOCKER_CONFIG", folder.path());
        });
        assert_eq!(
            send(Method::GET, &near.address, &path).await.status(),
            status,
            "{status}"
        );
    }
}

fn host(serving: &Serving) -> &str {
    serving.address.strip_prefix("http://").unwrap()
}

/// Pushes a blob to a registry, and returns its path.
async fn push(address: &str) -> String {
    let digest = Digest::sha256(b"hello");
    let request = Request::post(format!("{address}/v2/a/blobs/uploads/?digest={digest}"));
    let request = request.body(Body::from(b"hello".to_vec())).unwrap();
    assert_eq!(transport().send(request).await.unwrap().status(), StatusCode::CREATED);
    format!("/v2/a/blobs/{digest}")
}

async fn send(method: Method, address: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(format!("{address}{path}"));
    transport().send(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn content(response: Response<Body>) -> bytes::Bytes {
    response.into_body().collect(100).await.unwrap()
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::builder().no_proxy().build().unwrap()
}
