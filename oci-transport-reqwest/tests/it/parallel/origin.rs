use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::SendResponse;
use http::{Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How an [`Origin`] behaves.
#[derive(Clone)]
pub(super) struct Settings {
    /// What it speaks.
    pub(super) alpn: Vec<u8>,
    pub(super) config: rustls::ServerConfig,
    pub(super) content: Vec<u8>,
    /// It hangs up on all connections after so many.
    pub(super) most_connections: usize,
    /// Where it has its content, if not itself.
    pub(super) redirect: Option<String>,
    /// How many requests there must have been before the first of them gets any content.
    pub(super) together: usize,
}

/// A server of one content over TLS, whole or in parts, that counts.
pub(super) struct Origin(Arc<Shared>);

impl Origin {
    pub(super) async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            connections: AtomicUsize::new(0),
            requests: watch::Sender::new(0),
            settings,
        });
        let served = shared.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if served.connections.load(Ordering::Relaxed) < served.settings.most_connections {
                    served.connections.fetch_add(1, Ordering::Relaxed);
                    tokio::spawn(connection(stream, served.clone()));
                }
            }
        });
        Self(shared)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.address
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}/content", self.0.address)
    }

    /// How many connections it has taken.
    pub(super) fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> usize {
        *self.0.requests.borrow()
    }
}

/// A proxy that makes tunnels to `target`, whatever it is asked for, and tells what that was.
pub(super) async fn serve_proxy(target: SocketAddr) -> (SocketAddr, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, tunnels) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = asked.clone();
            tokio::spawn(async move {
                let head = head(&mut stream).await.unwrap();
                let mut words = head.split_whitespace();
                assert_eq!(words.next(), Some("CONNECT"));
                asked.send(words.next().unwrap().to_owned()).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let mut there = TcpStream::connect(target).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
            });
        }
    });
    (address, tunnels)
}

struct Shared {
    address: SocketAddr,
    connections: AtomicUsize,
    requests: watch::Sender<usize>,
    settings: Settings,
}

impl Shared {
    fn answer(&self, range: Option<&str>) -> (Response<()>, Bytes) {
        self.requests.send_modify(|requests| *requests += 1);
        if let Some(location) = &self.settings.redirect {
            let response = Response::builder()
                .status(307)
                .header("location", location)
                .header("content-length", 0);
            return (response.body(()).unwrap(), Bytes::new());
        }
        let size = self.settings.content.len();
        let part = range.map_or(0..size, parse);
        let content = Bytes::copy_from_slice(self.settings.content.get(part.clone()).unwrap());
        let response = Response::builder().header("content-length", content.len());
        let response = match range {
            Some(_) => {
                let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                response
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header("content-range", place)
            }
            None => response,
        };
        (response.body(()).unwrap(), content)
    }

    /// Waits until as many requests have come as belong together.
    async fn gathered(&self) {
        let mut requests = self.requests.subscribe();
        requests
            .wait_for(|&requests| requests >= self.settings.together)
            .await
            .unwrap();
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut config = shared.settings.config.clone();
    config.alpn_protocols = vec![shared.settings.alpn.clone(), b"http/1.1".to_vec()];
    // A client that does not trust the certificate breaks off here.
    let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(stream, shared).await;
    } else {
        http1(stream, shared).await;
    }
}

async fn http2(stream: TlsStream<TcpStream>, shared: Arc<Shared>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        let range = request.headers().get("range").map(|range| range.to_str().unwrap());
        let (response, content) = shared.answer(range);
        tokio::spawn(send(respond, response, content, shared.clone()));
    }
}

async fn send(mut respond: SendResponse<Bytes>, response: Response<()>, content: Bytes, shared: Arc<Shared>) {
    let Ok(mut body) = respond.send_response(response, content.is_empty()) else {
        return;
    };
    if !content.is_empty() {
        shared.gathered().await;
        // Whoever has gone meanwhile gets nothing.
        let _ = body.send_data(content, true);
    }
}

async fn http1(mut stream: TlsStream<TcpStream>, shared: Arc<Shared>) {
    while let Some(head) = head(&mut stream).await {
        let range = head.lines().find_map(|line| line.strip_prefix("range: "));
        let (response, content) = shared.answer(range);
        let mut text = format!("HTTP/1.1 {}\r\n", response.status());
        for (name, value) in response.headers() {
            text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        stream.write_all((text + "\r\n").as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        shared.gathered().await;
        let _ = stream.write_all(&content).await;
        let _ = stream.flush().await;
    }
}

/// The head of a request without content; `None` where the client has hung up.
async fn head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(
        String::from_utf8(head)
            .unwrap()
            .to_ascii_lowercase()
            .replacen("connect", "CONNECT", 1),
    )
}

/// The bytes that a closed range asks for.
fn parse(range: &str) -> Range<usize> {
    let (start, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    start.parse().unwrap()..last.parse::<usize>().unwrap() + 1
}
