use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use oci_client_core::transport::{Body, TransportError};

use super::record::Record;

/// The body of an answer on its way to the client. When it is dropped, its request is over.
pub(super) struct ResponseBody {
    inner: Body,
    record: Record,
}

impl ResponseBody {
    pub(super) fn new(inner: Body, mut record: Record) -> Self {
        record.expect(HttpBody::size_hint(&inner).exact());
        Self { inner, record }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        match &frame {
            Poll::Ready(None) => self.record.completed(),
            Poll::Ready(Some(Ok(frame))) => self.record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Pending | Poll::Ready(Some(Err(_))) => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }
}
