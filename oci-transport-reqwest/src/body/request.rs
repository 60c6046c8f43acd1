use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use sync_wrapper::SyncWrapper;

use super::Upload;
use super::upload::Stopped;

/// A request body as reqwest wants it: `Sync`, and held to the length that it announced.
pub(crate) struct RequestBody {
    body: SyncWrapper<Body>,
    ended: bool,
    remaining: Option<u64>,
    upload: Upload,
}

impl RequestBody {
    /// `declared` is the length in the request's header, which counts where the body does not know its own.
    pub(crate) fn new(body: Body, declared: Option<u64>, upload: Upload) -> Self {
        let remaining = http_body::Body::size_hint(&body).exact().or(declared);
        let ended = http_body::Body::is_end_stream(&body) || remaining == Some(0);
        if ended {
            upload.complete();
        }
        Self {
            body: SyncWrapper::new(body),
            ended,
            remaining,
            upload,
        }
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Stopped> {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        if let Some(remaining) = &mut self.remaining {
            let Some(left) = remaining.checked_sub(length) else {
                return Err(self.fail(source_error(
                    "the content is longer than its announced length".to_owned(),
                )));
            };
            *remaining = left;
        }
        if self.remaining == Some(0) {
            self.end();
        }
        Ok(frame)
    }

    fn end(&mut self) {
        self.ended = true;
        self.upload.complete();
    }

    fn fail(&mut self, error: TransportError) -> Stopped {
        self.ended = true;
        self.upload.fail(error);
        Stopped
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Stopped;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        ready!(self.upload.poll_open(context))?;
        let next = ready!(Pin::new(self.body.get_mut()).poll_frame(context));
        Poll::Ready(match (next, self.remaining) {
            (Some(Ok(frame)), _) => Some(self.pass(frame)),
            (Some(Err(error)), _) => Some(Err(self.fail(error))),
            (None, Some(missing)) => {
                let reason = format!("the content ended {missing} bytes before its announced length");
                Some(Err(self.fail(source_error(reason))))
            }
            (None, None) => {
                self.end();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn source_error(reason: String) -> TransportError {
    TransportError::new(TransportErrorKind::Source, reason)
}
