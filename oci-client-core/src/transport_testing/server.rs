//! A server that does with each connection what its script says.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server does next on a connection; at the end of the script it closes it.
#[derive(Clone)]
pub(super) enum Step {
    /// Reads until the client closes.
    Drain,
    /// Reads the head of a request, and records it.
    Head,
    Reply(Vec<u8>),
    /// Reads a whole request, and records it.
    Request,
}

/// A request as it was on the wire.
#[derive(Clone, Default)]
pub(super) struct Recorded {
    pub(super) body: Vec<u8>,
    pub(super) head: Vec<u8>,
}

impl Recorded {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// The values of a header field.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// The names of all header fields, in lower case.
    pub(super) fn names(&self) -> Vec<String> {
        let text = self.text();
        let fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }
}

pub(super) struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Recorded>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves one connection after the other, one script each; further ones are closed at once.
    pub(super) fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (recorded, over) = (log.clone(), stop.clone());
        let thread = thread::spawn(move || {
            let mut scripts = scripts.into_iter();
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (script, recorded) = (scripts.next().unwrap_or_default(), recorded.clone());
                // A client that has seen enough closes: that is no error here.
                thread::spawn(move || drop(play(stream, script, &recorded)));
            }
        });
        Self {
            address,
            log,
            stop,
            thread: Some(thread),
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(super) fn recorded(&self) -> Vec<Recorded> {
        lock(&self.log).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts; where even that fails, the thread ends with the process.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            drop(thread.join());
        }
    }
}

fn play(mut stream: TcpStream, script: Vec<Step>, log: &Mutex<Vec<Recorded>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    for step in script {
        match step {
            Step::Drain => drop(io::copy(&mut stream, &mut io::sink())),
            Step::Head => {
                let head = read_head(&mut stream)?;
                lock(log).push(Recorded { body: Vec::new(), head });
            }
            Step::Reply(bytes) => stream.write_all(&bytes)?,
            Step::Request => {
                let mut recorded = Recorded {
                    body: Vec::new(),
                    head: read_head(&mut stream)?,
                };
                recorded.body = read_body(&mut stream, &recorded)?;
                lock(log).push(recorded);
            }
        }
    }
    Ok(())
}

/// Byte by byte, so that what follows stays on the connection.
fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(head)
}

/// The body as it is on the wire: chunks keep their framing.
fn read_body(stream: &mut TcpStream, request: &Recorded) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if let Some(length) = request.values("content-length").first() {
        let length = length.parse().map_err(io::Error::other)?;
        stream.take(length).read_to_end(&mut body)?;
    } else if !request.values("transfer-encoding").is_empty() {
        let mut byte = [0];
        while !body.ends_with(b"0\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            body.extend(byte);
        }
    }
    Ok(body)
}

fn lock(log: &Mutex<Vec<Recorded>>) -> MutexGuard<'_, Vec<Recorded>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a client may keep the server waiting.
const PATIENCE: Duration = Duration::from_secs(5);
