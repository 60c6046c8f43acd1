//! How a server ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::storage::DirectoryStorage;
use oci_registry::{Registry, Server, ServerLimits};
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::running::{PATIENCE, Running, read, read_until_gone, until};

/// S21: what is under way is answered, nothing new is taken, and the port is free again.
#[tokio::test(flavor = "multi_thread")]
async fn s21_graceful_shutdown() {
    let server = Running::start().await;
    let idle = server.connect().await;
    let mut busy = server.connect().await;
    let digest = Digest::sha256(b"12345");
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
    );
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.read_exact(&mut [0; 25]).await.unwrap();
    let address = server.address;
    let ended = server.shut_down();
    busy.write_all(b"12345").await.unwrap();
    assert!(read(&mut busy).await.starts_with("HTTP/1.1 201 "));
    ended.await.unwrap();
    drop(idle);
    Server::bind(Registry::in_memory(), address).await.unwrap();
}

/// S21: dropping the server ends its connections.
#[tokio::test]
async fn s21_dropped_server_closes_everything() {
    let server = Running::start().await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"HEAD /v2/ HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    stream.read_u8().await.unwrap();
    server.task.abort();
    let rest = read(&mut stream).await;
    assert!(rest.ends_with("\r\n\r\n"), "{rest}");
}

/// S21: a request that does not end in time is cut off.
#[tokio::test(flavor = "multi_thread")]
async fn s21_stragglers_have_a_deadline() {
    let server = Running::limited(ServerLimits::new().with_shutdown_time(Duration::from_millis(100))).await;
    let mut straggler = server.connect().await;
    let digest = Digest::sha256(b"12345");
    straggler.write_all(head(&digest, 5).as_bytes()).await.unwrap();
    let monitor = server.monitor.clone();
    until(|| monitor.counts().uploads_in_progress() == 1).await;
    tokio::time::timeout(PATIENCE, server.shut_down())
        .await
        .unwrap()
        .unwrap();
    let counts = monitor.counts();
    assert_eq!((counts.connections_open(), counts.requests_open()), (0, 0));
    assert_eq!(counts.requests_aborted(), 1);
    assert_eq!(read_until_gone(&mut straggler).await, b"");
}

/// S21: of an upload that no client knows of, nothing stays in the directory.
#[tokio::test(flavor = "multi_thread")]
async fn s21_dropped_server_leaves_no_temporary_files() {
    let directory = tempfile::tempdir().unwrap();
    let storage = DirectoryStorage::open(directory.path(), Arc::new(ThreadRuntime::new()))
        .await
        .unwrap();
    let registry = Registry::builder().storage(storage).build();
    let server = Running::serve(registry).await;
    let mut stream = server.connect().await;
    let content = vec![7; 600_000];
    let digest = Digest::sha256(&content);
    stream.write_all(head(&digest, content.len()).as_bytes()).await.unwrap();
    stream.write_all(content.get(..590_000).unwrap()).await.unwrap();
    // Two chunks of 256 KiB are in the file by then.
    until(|| bytes_below(directory.path()) >= 512 * 1024).await;
    server.task.abort();
    until(|| bytes_below(directory.path()) < 1024).await;
}

fn head(digest: &Digest, length: usize) -> String {
    format!("POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n")
}

/// How large all files in `directory` are together.
fn bytes_below(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        // Gone since.
        Err(_) => 0,
    });
    sizes.sum()
}
