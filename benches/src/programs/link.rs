//! A link between a client and a server on this machine: it delays what passes, holds each connection to a rate, and counts requests.
//!
//! What it leaves out: slow start, loss, and connections that share a bottleneck. Opening a connection takes one round trip, as TCP does; TLS then takes its own.

mod requests;

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::requests::RequestCounter;
use crate::Outcome;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the server is.
    to: String,
    /// The time of a round trip in milliseconds.
    #[arg(long, default_value_t = 0)]
    round_trip: u64,
    /// What one connection carries in each direction, in Mbit/s; 0: whatever it can.
    #[arg(long, default_value_t = 0)]
    rate: u64,
}

/// Runs until standard input ends. Writes where it listens, and at its end how many requests have passed.
pub(super) async fn run(args: Args) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let requests = Arc::new(AtomicU64::new(0));
    let link = Arc::new(Link {
        delay: Duration::from_millis(args.round_trip) / 2,
        rate: args.rate * 1_000_000 / 8,
        requests: requests.clone(),
        to: args.to,
    });
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(link.clone().connect(client));
        }
    });
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("{}", requests.load(Ordering::Relaxed));
    Ok(())
}

struct Link {
    delay: Duration,
    /// Bytes per second; 0: no limit.
    rate: u64,
    requests: Arc<AtomicU64>,
    to: String,
}

impl Link {
    async fn connect(self: Arc<Self>, client: TcpStream) {
        // The client has a connection at once; what it sends over it waits for as long as its handshake would have taken.
        let open = Instant::now() + self.delay * 2;
        let Ok(server) = TcpStream::connect(&self.to).await else {
            return;
        };
        // Neither can fail in a way that matters: it would only be slower.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (client, to_client) = client.into_split();
        let (server, to_server) = server.into_split();
        let counter = RequestCounter::new(self.requests.clone());
        tokio::join!(
            self.pass(client, to_server, open, Some(counter)),
            self.pass(server, to_client, open, None)
        );
    }

    async fn pass(&self, from: OwnedReadHalf, to: OwnedWriteHalf, open: Instant, counter: Option<RequestCounter>) {
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        // Either side may hang up; then the other one's connection ends too.
        tokio::join!(self.take(from, open, counter, sender), deliver(to, receiver));
    }

    /// Takes what comes and says when it arrives at the other end.
    async fn take(
        &self,
        mut from: OwnedReadHalf,
        open: Instant,
        mut counter: Option<RequestCounter>,
        sender: mpsc::Sender<(Instant, BytesMut)>,
    ) {
        let mut free = open;
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            if !matches!(from.read_buf(&mut chunk).await, Ok(length) if length > 0) {
                return;
            }
            if let Some(counter) = &mut counter {
                counter.passed(&chunk);
            }
            free = free.max(Instant::now()) + self.duration(chunk.len());
            if sender.send((free + self.delay, chunk)).await.is_err() {
                return;
            }
        }
    }

    /// How long so many bytes occupy the connection.
    fn duration(&self, bytes: usize) -> Duration {
        let nanoseconds = (bytes as u64 * 1_000_000_000).checked_div(self.rate);
        Duration::from_nanos(nanoseconds.unwrap_or_default())
    }
}

async fn deliver(mut to: OwnedWriteHalf, mut receiver: mpsc::Receiver<(Instant, BytesMut)>) {
    while let Some((when, chunk)) = receiver.recv().await {
        if when > Instant::now() {
            sleep_until(when).await;
        }
        if to.write_all(&chunk).await.is_err() {
            return;
        }
    }
    // A connection that is gone already has ended as well.
    let _ = to.shutdown().await;
}

/// What is read at a time.
const CHUNK: usize = 64 << 10;

/// How many chunks are under way on a connection in each direction: 4 MiB, about what a TCP window comes to.
const IN_FLIGHT: usize = 64;
