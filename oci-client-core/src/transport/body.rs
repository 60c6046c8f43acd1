use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_core::stream::BoxStream;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use super::{TransportError, TransportErrorKind};

/// The body of a request or response: a sequence of byte chunks, whole or streamed.
///
/// A body is `Send` but not `Sync`, is read once, and implements [`http_body::Body`], so that any hyper or tower
/// service can take it. Trailers are dropped: the distribution spec gives them no meaning.
pub struct Body {
    inner: Inner,
}

impl Body {
    /// A body of zero bytes.
    pub const fn empty() -> Self {
        Self {
            inner: Inner::Whole(Bytes::new()),
        }
    }

    /// A body that streams `inner`, whose size hint is kept.
    pub fn new<B>(inner: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<TransportError>,
    {
        Self {
            inner: Inner::Streamed(inner.map_err(Into::into).boxed_unsync()),
        }
    }

    /// A body that streams the chunks of `stream`; `length` is its exact length in bytes where that is known.
    ///
    /// The length becomes the size hint. Whether the stream keeps to it is for the peer to find out.
    pub fn from_stream<S>(stream: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    {
        let chunks = Chunks {
            stream: Box::pin(stream),
            remaining: length,
        };
        Self {
            inner: Inner::Streamed(chunks.boxed_unsync()),
        }
    }

    /// The next chunk, never empty, or `None` at the end.
    ///
    /// # Errors
    /// The transport's error where the connection broke. After an error the body has ended.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing: a chunk is either returned or still in the body.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            let frame = poll_fn(|context| http_body::Body::poll_frame(Pin::new(self), context)).await?;
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) if !data.is_empty() => return Some(Ok(data)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// The transport's error, or one of kind [`TransportErrorKind::TooLarge`] as soon as the body turns out to be
    /// longer than `limit`; at most one chunk more than `limit` is ever held.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let Some(first) = self.chunk().await.transpose()? else {
            return Ok(Bytes::new());
        };
        check_limit(first.len(), limit)?;
        let Some(second) = self.chunk().await.transpose()? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            check_limit(whole.len().saturating_add(chunk.len()), limit)?;
            whole.extend_from_slice(&chunk);
            next = self.chunk().await.transpose()?;
        }
        Ok(whole.freeze())
    }

    /// The bytes of a body that is in memory.
    #[cfg(feature = "blocking")]
    pub(crate) fn into_whole(self) -> Result<Bytes, Self> {
        match self.inner {
            Inner::Streamed(_) => Err(self),
            Inner::Whole(bytes) => Ok(bytes),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = http_body::Body::size_hint(self);
        formatter
            .debug_struct("Body")
            .field("exact", &hint.exact())
            .finish_non_exhaustive()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: Inner::Whole(bytes),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut self.inner {
            Inner::Streamed(inner) => Pin::new(inner).poll_frame(context),
            Inner::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Streamed(inner) => inner.is_end_stream(),
            Inner::Whole(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Streamed(inner) => inner.size_hint(),
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

enum Inner {
    Streamed(UnsyncBoxBody<Bytes, TransportError>),
    Whole(Bytes),
}

/// A stream of chunks and the number of bytes that it still promises.
struct Chunks {
    stream: BoxStream<'static, Result<Bytes, TransportError>>,
    remaining: Option<u64>,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let next = ready!(self.stream.as_mut().poll_next(context));
        if let (Some(Ok(chunk)), Some(remaining)) = (&next, &mut self.remaining) {
            *remaining = remaining.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn check_limit(length: usize, limit: usize) -> Result<(), TransportError> {
    if length <= limit {
        return Ok(());
    }
    Err(TransportError::new(
        TransportErrorKind::TooLarge,
        format!("the body is longer than {limit} bytes"),
    ))
}
