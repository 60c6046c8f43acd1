use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What a [`RawServer`] does next on a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RawStep {
    /// Closes the connection in order.
    Fin,
    /// Reads this many bytes, and keeps them.
    Receive(usize),
    /// Reads up to the empty line after a request's head, and keeps what it read.
    ReceiveHead,
    /// Resets the connection.
    Rst,
    /// Sends these bytes, whatever they are.
    Send(Bytes),
    /// Waits for [`RawServer::resume`].
    Stall,
}

impl RawStep {
    /// Sends these bytes.
    pub fn send(bytes: impl Into<Bytes>) -> Self {
        Self::Send(bytes.into())
    }
}

/// A server on loopback that does with each connection what its script says, byte by byte.
///
/// The first connection gets the first script, and so on; further ones are closed at once. At the end of its script a
/// connection is closed.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl RawServer {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start(scripts: impl IntoIterator<Item = Vec<RawStep>>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let scripts = scripts.into_iter().collect::<Vec<_>>().into_iter();
        let task = tokio::spawn(accept(listener, scripts, shared.clone()));
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.received().len()
    }

    /// What came on each connection, in the order in which they were made.
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.shared.received().clone()
    }

    /// Lets one connection that stalls go on, now or when it gets there.
    pub fn resume(&self) {
        self.shared.resumed.notify_one();
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<Vec<u8>>>,
    resumed: Notify,
}

impl Shared {
    fn received(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, connection: usize, bytes: &[u8]) {
        if let Some(received) = self.received().get_mut(connection) {
            received.extend_from_slice(bytes);
        }
    }
}

async fn accept(listener: TcpListener, mut scripts: std::vec::IntoIter<Vec<RawStep>>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.received().len();
        shared.received().push(Vec::new());
        let script = scripts.next().unwrap_or_default();
        let shared = shared.clone();
        // The client may close at any point of the script: that is what the test is about, not an error here.
        tokio::spawn(async move { drop(play(stream, script, number, &shared).await) });
    }
}

async fn play(mut stream: TcpStream, script: Vec<RawStep>, number: usize, shared: &Shared) -> io::Result<()> {
    for step in script {
        match step {
            RawStep::Fin => return stream.shutdown().await,
            RawStep::Receive(length) => {
                let mut bytes = vec![0; length];
                stream.read_exact(&mut bytes).await?;
                shared.note(number, &bytes);
            }
            RawStep::ReceiveHead => receive_head(&mut stream, number, shared).await?,
            RawStep::Rst => return stream.set_zero_linger(),
            RawStep::Send(bytes) => stream.write_all(&bytes).await?,
            RawStep::Stall => shared.resumed.notified().await,
        }
    }
    Ok(())
}

/// Byte by byte, so that what follows the head stays for the next step.
async fn receive_head(stream: &mut TcpStream, number: usize, shared: &Shared) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    shared.note(number, &head);
    Ok(())
}

#[cfg(test)]
mod tests;
