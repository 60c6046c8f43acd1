use std::io::{self, Read};

use bytes::{Buf, Bytes, BytesMut};
use http::Response;

use super::clock::Waiter;
use crate::client;
use crate::{Error, ErrorKind};

/// The body of a response to a request of your own. It implements [`Read`]. Nothing in it is verified.
///
/// Dropping it lets go of the connection.
#[derive(Debug)]
pub struct ResponseBody {
    inner: client::ResponseBody,
    /// What has arrived and not yet been read.
    piece: Bytes,
    waiter: Waiter,
}

impl ResponseBody {
    pub(super) fn of(response: Response<client::ResponseBody>, waiter: &Waiter) -> Response<Self> {
        response.map(|inner| Self {
            inner,
            piece: Bytes::new(),
            waiter: waiter.clone(),
        })
    }

    /// The next piece, never empty; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks, or nothing comes for longer than the client's idle timeout. The body has ended then.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.piece.is_empty() {
            return Ok(Some(std::mem::take(&mut self.piece)));
        }
        self.waiter.perform(self.inner.chunk())
    }

    /// What has not been read yet, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`TooLarge`](ErrorKind::TooLarge) as soon as it turns out to be longer.
    pub fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk()? {
            if whole.len().saturating_add(chunk.len()) > limit {
                let message = format!("the body is longer than {limit} bytes");
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

/// An [`io::Error`] of this carries the [`Error`], for [`io::Error::downcast`].
impl Read for ResponseBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !buffer.is_empty() {
            self.piece = self.chunk().map_err(io::Error::other)?.unwrap_or_default();
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}
