use std::fmt;
use std::io::{self, Read};

use bytes::{Buf, Bytes, BytesMut};

use crate::transport::{TransportError, TransportErrorKind};

/// The body of a request or response for threads: nothing, bytes, or a reader.
///
/// It is `Send`, not `Sync`, is read once, and reads as what it holds: it implements [`Read`].
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

    /// A body that is read from `reader`; `length` is its exact length in bytes where that is known.
    ///
    /// Where the reader ends before `length`, the body fails with an error of kind [`Body`](TransportErrorKind::Body); nothing is read of it
    /// beyond `length`.
    pub fn from_reader(reader: impl Read + Send + 'static, length: Option<u64>) -> Self {
        Self {
            inner: Inner::Reader {
                reader: Box::new(reader),
                remaining: length,
            },
        }
    }

    /// The number of bytes left, where it is known.
    pub const fn len(&self) -> Option<u64> {
        match &self.inner {
            Inner::Reader { remaining, .. } => *remaining,
            Inner::Whole(bytes) => Some(bytes.len() as u64),
        }
    }

    /// Whether it is known that no byte is left.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Whether it comes from a reader rather than from memory.
    pub const fn is_streamed(&self) -> bool {
        matches!(self.inner, Inner::Reader { .. })
    }

    /// The next chunk, never empty, or `None` at the end. At most 64 KiB are read at a time.
    ///
    /// # Errors
    /// The transport's error where the connection broke. After an error the body has ended.
    pub fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        if let Inner::Whole(bytes) = &mut self.inner {
            return Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()).map(Ok);
        }
        let mut chunk = BytesMut::zeroed(CHUNK);
        match self.read(&mut chunk) {
            Ok(0) => None,
            Ok(length) => {
                chunk.truncate(length);
                Some(Ok(chunk.freeze()))
            }
            Err(error) => {
                *self = Self::empty();
                Some(Err(TransportError::from_io(error, TransportErrorKind::Body)))
            }
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// The transport's error, or one of kind [`TooLarge`](TransportErrorKind::TooLarge) as soon as the body turns out to be
    /// longer than `limit`; at most one chunk more than `limit` is ever held.
    pub fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let first = match self.chunk().transpose()? {
            Some(first) if self.is_streamed() => first,
            first => return within(first.unwrap_or_default(), limit),
        };
        let mut whole = BytesMut::from(within(first, limit)?);
        while let Some(chunk) = self.chunk().transpose()? {
            if whole.len().saturating_add(chunk.len()) > limit {
                return Err(too_large(limit));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Body")
            .field("len", &self.len())
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

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (reader, remaining) = match &mut self.inner {
            Inner::Reader { reader, remaining } => (reader, remaining),
            Inner::Whole(bytes) => {
                let length = bytes.len().min(buffer.len());
                bytes.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
                return Ok(length);
            }
        };
        let allowed = remaining.map_or(buffer.len(), |remaining| {
            usize::try_from(remaining).map_or(buffer.len(), |remaining| remaining.min(buffer.len()))
        });
        let Some(room) = buffer.get_mut(..allowed).filter(|room| !room.is_empty()) else {
            return Ok(0);
        };
        let length = loop {
            match reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if let Some(remaining) = remaining {
            if length == 0 {
                let message = format!("it ended {remaining} bytes early");
                return Err(TransportError::new(TransportErrorKind::Body, message).into());
            }
            *remaining = remaining.saturating_sub(length as u64);
        }
        Ok(length)
    }
}

impl TransportError {
    /// What reading or writing failed with: the transport error that `error` carries, such as that of a request's own content, or else one of kind `otherwise`, or
    /// [`Timeout`](TransportErrorKind::Timeout) where `error` says that it is one.
    pub fn from_io(error: io::Error, otherwise: TransportErrorKind) -> Self {
        match error.downcast::<Self>() {
            Ok(carried) => carried,
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                Self::new(TransportErrorKind::Timeout, error)
            }
            Err(error) => Self::new(otherwise, error),
        }
    }
}

/// For readers: [`TransportError::from_io`] gets it back.
impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::other(error)
    }
}

enum Inner {
    Reader {
        reader: Box<dyn Read + Send>,
        /// How much it still has to give, where that is known.
        remaining: Option<u64>,
    },
    Whole(Bytes),
}

fn within(bytes: Bytes, limit: usize) -> Result<Bytes, TransportError> {
    if bytes.len() > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> TransportError {
    let message = format!("the body is longer than {limit} bytes");
    TransportError::new(TransportErrorKind::TooLarge, message)
}

/// How much is read at a time.
const CHUNK: usize = 64 << 10;
