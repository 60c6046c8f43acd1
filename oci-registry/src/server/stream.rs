use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::limits::ServerLimits;
use super::stall::Stall;

/// A connection that fails once its client takes too long to take what it is sent.
pub(super) struct Stream {
    stall: Stall,
    tcp: TcpStream,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, limits: ServerLimits) -> Self {
        // Small answers are not to wait for more. A socket that does not know of this works all the same.
        drop(tcp.set_nodelay(true));
        Self {
            stall: Stall::new(limits),
            tcp,
        }
    }

    /// Closes the connection so that the last answer arrives.
    ///
    /// A socket that is closed while something unread lies in it takes back what was sent: the client would see a reset in place of why
    /// its request was refused.
    pub(super) async fn linger(mut self) {
        let rest = async {
            self.tcp.shutdown().await?;
            let mut unread = [0; 4096];
            let mut left = LINGER_SIZE;
            while left > 0 {
                match self.tcp.read(&mut unread).await? {
                    0 => break,
                    length => left = left.saturating_sub(length),
                }
            }
            Ok::<(), io::Error>(())
        };
        // Whatever goes wrong now, the connection is closed.
        drop(timeout(LINGER_TIME, rest).await);
    }

    /// Resets the connection if that is what is wanted: what is on its way may be lost, as on a line that breaks.
    pub(super) fn unless_reset(self, reset: bool) -> Option<Self> {
        if !reset {
            return Some(self);
        }
        // Where this cannot be set, the connection is closed in order.
        drop(self.tcp.set_zero_linger());
        None
    }

    fn taken(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending if self.stall.poll_waiting(context).is_ready() => Poll::Ready(Err(too_slow())),
            Poll::Ready(Ok(length)) => {
                self.stall.passed(length);
                Poll::Ready(Ok(length))
            }
            written => written,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(context, slices);
        self.taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Comes when everything has been written, so that nothing is waited for until the next answer.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stall.rest();
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client takes its answer too slowly")
}

/// How much of what a client is still sending is read before its connection is closed.
const LINGER_SIZE: usize = 1024 * 1024;
/// How long a client may take to close a connection that we have closed.
const LINGER_TIME: Duration = Duration::from_secs(5);
