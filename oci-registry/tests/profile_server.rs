//! A profile on ports: each part of the registry on one of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::Registry;
use oci_registry::profile::{Profile, ProfileServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[tokio::test]
async fn each_part_has_a_port_and_any_name_of_the_machine_will_do() {
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime = Arc::new(ThreadRuntime::new());
    let server = ProfileServer::bind(Profile::docker_hub(), Registry::in_memory(), runtime, "127.0.0.1:0");
    let server = server.await.unwrap();
    let origins = server.registry().profile().origins().clone();
    assert_eq!(origins.registry(), format!("http://{}", server.local_addr()));
    let serving = tokio::spawn(server.serve_until(async move { drop(stopped.await) }));

    let refused = get(origins.registry(), "localhost:5000", "/v2/").await;
    let realm = format!("Bearer realm=\"{}/token\"", origins.token());
    assert!(
        refused.starts_with("HTTP/1.1 401 ") && refused.contains(&realm),
        "{refused}"
    );
    let token = get(origins.token(), "localhost", "/token?service=registry.docker.io").await;
    assert!(
        token.starts_with("HTTP/1.1 200 ") && token.contains("\"expires_in\":300"),
        "{token}"
    );
    // The token endpoint is there only, and content without a signature nowhere.
    assert!(
        get(origins.registry(), "localhost", "/token")
            .await
            .starts_with("HTTP/1.1 401 ")
    );
    for content in origins.content() {
        let refused = get(content, "localhost", "/content?signature=x").await;
        assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    }

    stop.send(()).unwrap();
    serving.await.unwrap();
    let address = origins.token().strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap_err();
}

async fn get(origin: &str, host: &str, path: &str) -> String {
    let address = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
