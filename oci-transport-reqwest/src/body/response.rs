use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use oci_client_core::transport::TransportError;

use super::Upload;
use crate::connections::Place;
use crate::transport_error::in_response_body;

/// A response body as it comes; with its end, or when it is dropped, an upload that is still under way ends too.
pub(crate) struct ResponseBody {
    body: reqwest::Body,
    place: Option<Place>,
    upload: Upload,
}

impl ResponseBody {
    pub(crate) const fn new(body: reqwest::Body, upload: Upload, place: Option<Place>) -> Self {
        Self { body, place, upload }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.upload.abandon();
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let next = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(next, Some(Ok(_))) {
            self.upload.abandon();
            self.place = None;
        }
        Poll::Ready(
            next.map(|frame| {
                frame.map_err(|error| self.upload.take_failure().unwrap_or_else(|| in_response_body(error)))
            }),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
