use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use oci_client_core::transport::{TransportError, TransportErrorKind};
use tokio::time::timeout;

/// The body of a request on its way into the registry. What is dropped unread can be had back.
pub(super) struct RequestBody {
    incoming: Option<Incoming>,
    unread: Unread,
    /// Whether the client sends the body only when it is told to, which has not happened yet.
    withheld: bool,
}

impl RequestBody {
    /// The body; `withheld` says whether its sender expects a `100 Continue` first.
    pub(super) fn new(incoming: Incoming, withheld: bool) -> (Self, Unread) {
        let unread = Unread::default();
        (
            Self {
                incoming: Some(incoming),
                unread: unread.clone(),
                withheld,
            },
            unread,
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
        self.withheld = false;
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(incoming).poll_frame(context);
        frame.map_err(|error| TransportError::new(TransportErrorKind::Body, error))
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
            self.unread.put(incoming);
        }
    }
}

/// Where a dropped body is put.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<Mutex<Option<Incoming>>>);

impl Unread {
    pub(super) fn take(&self) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, incoming: Incoming) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(incoming);
    }
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
