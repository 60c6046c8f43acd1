use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use oci_client_core::transport::{TransportError, TransportErrorKind};
use tokio::time::timeout;

use super::limits::ServerLimits;
use super::record::BytesIn;
use super::stall::Stall;

/// The body of a request on its way into the registry. What is dropped unread can be had back.
pub(super) struct RequestBody {
    bytes_in: BytesIn,
    fate: Fate,
    incoming: Option<Incoming>,
    stall: Stall,
    /// Whether the client sends the body only when it is told to, which has not happened yet.
    withheld: bool,
}

impl RequestBody {
    /// The body; `withheld` says whether its sender expects a `100 Continue` first.
    pub(super) fn new(incoming: Incoming, withheld: bool, limits: ServerLimits, bytes_in: BytesIn) -> (Self, Fate) {
        let fate = Fate::default();
        (
            Self {
                bytes_in,
                fate: fate.clone(),
                incoming: Some(incoming),
                stall: Stall::new(limits),
                withheld,
            },
            fate,
        )
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        this.withheld = false;
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        match Pin::new(incoming).poll_frame(context) {
            Poll::Pending if this.stall.poll_waiting(context).is_ready() => {
                this.incoming = None;
                this.fate.put(End::Stalled);
                let error = TransportError::new(TransportErrorKind::Timeout, "the client sends too slowly");
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                this.stall.passed(length);
                this.bytes_in.add(length);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(end) => Poll::Ready(
                end.map(|frame| frame.map_err(|error| TransportError::new(TransportErrorKind::Body, error))),
            ),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && !self.withheld
            && !incoming.is_end_stream()
        {
            self.fate.put(End::Unread(incoming));
        }
    }
}

/// What has become of a body; known at the latest when it is dropped.
#[derive(Clone, Default)]
pub(super) struct Fate(Arc<Mutex<Option<End>>>);

impl Fate {
    /// How it ended, unless it was read to its end or there was none.
    pub(super) fn take(&self) -> Option<End> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, end: End) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }
}

/// How a body ended that was not read to its end.
pub(super) enum End {
    /// Its sender was too slow.
    Stalled,
    /// The answer did not need all of it.
    Unread(Incoming),
}

/// Reads and drops what a client is still sending, up to a bound.
///
/// A client that reads the answer only after it has sent everything would wait for ever, or lose the answer when the
/// connection is reset under it. Beyond the bound the connection is closed.
pub(super) async fn drain(mut incoming: Incoming) {
    let mut read: u64 = 0;
    let all = async {
        while let Some(Ok(frame)) = std::future::poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
            read = read.saturating_add(frame.data_ref().map_or(0, |data| data.len() as u64));
            if read > DRAIN_SIZE {
                break;
            }
        }
    };
    // Out of time is like out of bounds.
    drop(timeout(DRAIN_TIME, all).await);
}

/// How much of an unneeded body is read.
const DRAIN_SIZE: u64 = 16 * 1024 * 1024;
/// How long an unneeded body is read.
const DRAIN_TIME: Duration = Duration::from_secs(10);
