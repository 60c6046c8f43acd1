//! A server in the background, and clients that write bytes.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::{Registry, Server, ServerLimits, ServerMonitor};
use oci_spec_types::Digest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that runs in the background.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) monitor: ServerMonitor,
    pub(crate) task: JoinHandle<()>,
    shutdown: oneshot::Sender<()>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::serve(Registry::in_memory()).await
    }

    pub(crate) async fn serve(service: impl Transport + 'static) -> Self {
        Self::run(Server::bind(service, "127.0.0.1:0").await.unwrap())
    }

    /// A registry in memory behind these limits.
    pub(crate) async fn limited(limits: ServerLimits) -> Self {
        let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await.unwrap();
        Self::run(server.with_limits(limits))
    }

    pub(crate) fn run(server: Server) -> Self {
        let (address, monitor) = (server.local_addr(), server.monitor());
        let (shutdown, signal) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve_until(async { drop(signal.await) }));
        Self {
            address,
            monitor,
            task,
            shutdown,
        }
    }

    pub(crate) fn shut_down(self) -> JoinHandle<()> {
        self.shutdown.send(()).unwrap();
        self.task
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes the connection.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        read(&mut stream).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
        );
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    pub(crate) async fn send_head(&self, method: &str, path: &str, headers: &str) -> String {
        self.raw(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes())
            .await
    }

    pub(crate) async fn push(&self, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let answer = self
            .send("POST", &format!("/v2/a/blobs/uploads/?digest={digest}"), "", content)
            .await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        digest
    }

    pub(crate) async fn start_upload(&self) -> String {
        let answer = self.send("POST", "/v2/a/blobs/uploads/", "", b"").await;
        header(&answer, "location").unwrap()
    }

    pub(crate) async fn received(&self, location: &str) -> usize {
        let answer = self.send("GET", location, "", b"").await;
        let range = header(&answer, "range").unwrap();
        range
            .strip_prefix("0-")
            .unwrap()
            .parse::<usize>()
            .map_or(0, |last| last + 1)
    }
}

/// Never answers.
pub(crate) struct Silent;

#[async_trait]
impl Transport for Silent {
    async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
        std::future::pending().await
    }
}

/// Everything up to the end of the connection, which must come.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(answer).unwrap()
}

/// Everything up to the end of the connection or to where it was reset, one of which must come.
pub(crate) async fn read_until_gone(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
    if let Err(error) = end.await.unwrap() {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    answer
}

/// Waits until what another task does has come to pass.
pub(crate) async fn until(done: impl Fn() -> bool) {
    let all = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
}

pub(crate) fn header(answer: &str, name: &str) -> Option<String> {
    let prefix = format!("{name}: ");
    answer
        .lines()
        .find_map(|line| line.strip_prefix(&prefix))
        .map(str::to_owned)
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
