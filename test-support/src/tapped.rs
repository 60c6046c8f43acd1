use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use oci_client_core::transport::{Body, TransportError};

/// What passes on in place of each piece of a body.
pub(crate) type Tap = Box<dyn FnMut(Bytes) -> Bytes + Send>;

/// A body whose pieces all pass through `tap`. Its size hint stays.
pub(crate) fn tapped(body: Body, tap: Tap) -> Body {
    Body::new(Tapped { body, tap })
}

struct Tapped {
    body: Body,
    tap: Tap,
}

impl http_body::Body for Tapped {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let passed = frame.map(|frame| frame.map_data(|content| (self.tap)(content)));
        Poll::Ready(Some(passed))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
