//! A server on a real socket that does exactly what a script says.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// What the server does next on a connection; at the end of the script it closes it.
pub(crate) enum Step {
    /// Reads until the client closes, and records how much that was.
    Drain,
    /// Reads the head of a request and at least this much of its body, and records both.
    Partial(usize),
    /// Writes these bytes, as far as the client takes them.
    Reply(Vec<u8>),
    /// Reads a whole request and records it.
    Request,
    /// Ends the connection with a reset in place of a close.
    Reset,
    /// Reads this many bytes.
    Take(usize),
}

/// What a request looked like on the wire.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// The value of a header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    drained: UnboundedReceiver<u64>,
    recorded: UnboundedReceiver<Recorded>,
}

impl Server {
    /// Serves one connection after the other, one script each.
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        Self::launch(scripts, None).await
    }

    /// Serves one connection after the other, one script each, with TLS if there is something to accept it with.
    pub(crate) async fn launch(scripts: Vec<Vec<Step>>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (record, recorded) = unbounded_channel();
        let (drain, drained) = unbounded_channel();
        let log = Log { drain, record };
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, tls.as_ref(), script, &log).await;
            }
        });
        Self {
            address,
            drained,
            recorded,
        }
    }

    /// A server that gives one answer to one request.
    pub(crate) async fn once(reply: impl Into<Vec<u8>>) -> Self {
        Self::start(vec![vec![Step::Request, Step::Reply(reply.into())]]).await
    }

    pub(crate) fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.address)
    }

    /// The next request that arrived.
    pub(crate) async fn recorded(&mut self) -> Recorded {
        self.recorded.recv().await.unwrap()
    }

    /// How much the next [`Step::Drain`] to end has read.
    pub(crate) async fn drained(&mut self) -> u64 {
        self.drained.recv().await.unwrap()
    }
}

struct Log {
    drain: UnboundedSender<u64>,
    record: UnboundedSender<Recorded>,
}

async fn serve(mut stream: TcpStream, tls: Option<&TlsAcceptor>, script: Vec<Step>, log: &Log) {
    if matches!(script.last(), Some(Step::Reset)) {
        stream.set_zero_linger().unwrap();
    }
    match tls {
        None => play(&mut stream, script, log).await,
        Some(acceptor) => {
            // A client that does not trust the certificate breaks off here.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                play(&mut stream, script, log).await;
                let _ = stream.shutdown().await;
            }
        }
    }
}

async fn play(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), script: Vec<Step>, log: &Log) {
    for step in script {
        match step {
            Step::Drain => {
                // However it ends, the client is gone then.
                let mut total = 0;
                let mut buffer = vec![0; 1 << 16];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    total += length as u64;
                }
                let _ = log.drain.send(total);
            }
            Step::Partial(length) => record(read_request(stream, Some(length)).await, log),
            Step::Reply(bytes) => {
                // A client that has seen enough closes.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
            }
            Step::Request => record(read_request(stream, None).await, log),
            Step::Reset => {}
            Step::Take(length) => {
                stream.read_exact(&mut vec![0; length]).await.unwrap();
            }
        }
    }
}

fn record(request: Option<Recorded>, log: &Log) {
    if let Some(request) = request {
        // A test that is over does not look at it any more.
        let _ = log.record.send(request);
    }
}

/// A request with `body` bytes of its body or, if that is `None`, with all of it.
async fn read_request(stream: &mut (impl AsyncRead + Unpin), body: Option<usize>) -> Option<Recorded> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let mut request = Recorded {
        head: String::from_utf8(bytes).unwrap(),
        body: Vec::new(),
    };
    let length = body.or_else(|| request.header("content-length").map(|length| length.parse().unwrap()));
    if length.is_none() && request.header("transfer-encoding").is_some() {
        while !request.body.ends_with(b"0\r\n\r\n") {
            request.body.push(stream.read_u8().await.ok()?);
        }
        return Some(request);
    }
    request.body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
