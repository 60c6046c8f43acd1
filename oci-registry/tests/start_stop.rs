//! Servers that come and go, in a process of their own: what it counts must be nobody else's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use oci_registry::{Registry, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// S21: a thousand servers on the same port, each with a client that is idle and one that is in the middle of an upload, leave no task and no
/// file descriptor behind; every second one is dropped, the others end by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_a_thousand_servers() {
    let address = one_server("127.0.0.1:0".parse().unwrap(), true).await;
    let (tasks, descriptors) = (settled_tasks(0).await, descriptors());
    for round in 0..1000 {
        one_server(address, round % 2 == 0).await;
    }
    assert_eq!(settled_tasks(tasks).await, tasks);
    // A few that are being closed, or that the runtime opens for itself.
    assert!(self::descriptors() <= descriptors + 4, "{descriptors} before");
}

async fn one_server(address: SocketAddr, dropped: bool) -> SocketAddr {
    let server = Server::bind(Registry::in_memory(), address).await.unwrap();
    let (address, monitor) = (server.local_addr(), server.monitor());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.serve_until(async { drop(stopped.await) }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"HEAD /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    let head = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.read_exact(&mut [0; 12]).await.unwrap();
    if dropped {
        running.abort();
    } else {
        stop.send(()).unwrap();
    }
    drop((idle, busy));
    drop(running.await);
    settle(|| monitor.counts().connections_open() == 0).await;
    address
}

/// How many tasks there are, once there are no more than `expected` or time is up.
async fn settled_tasks(expected: usize) -> usize {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let until = tokio::time::timeout(Duration::from_secs(5), settle(|| tasks() <= expected));
    drop(until.await);
    tasks()
}

async fn settle(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// How many file descriptors the process has; 0 where the system does not say.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
