use std::io::{self, Cursor, Read};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;

use crate::client::{self, Chunks};
use crate::proto::Span;
use crate::{Error, ErrorKind};

/// The content of a blob for threads, which can be opened again at any offset: that is what lets an upload go on after a failure.
pub trait Content: Send + Sync {
    /// Opens the part of the content that `span` names.
    ///
    /// A reader that ends before that part does is an error of the upload. An [`io::Error`](std::io::Error) that carries an [`Error`] becomes that error again.
    ///
    /// # Errors
    /// If the content is gone or cannot be read.
    fn open(&self, span: Span) -> Result<Box<dyn Read + Send>, Error>;
}

impl Content for Bytes {
    fn open(&self, span: Span) -> Result<Box<dyn Read + Send>, Error> {
        let outside = || Error::new(ErrorKind::Store, "the content is shorter than its descriptor says");
        let start = usize::try_from(span.start).map_err(|_| outside())?;
        let end = match span.len {
            Some(len) => usize::try_from(len).ok().and_then(|len| start.checked_add(len)),
            None => Some(self.len()),
        };
        match end {
            Some(end) if start <= end && end <= self.len() => Ok(Box::new(Cursor::new(self.slice(start..end)))),
            _ => Err(outside()),
        }
    }
}

/// The same content for the async client.
pub(super) struct Opened(pub(super) Arc<dyn Content>);

#[async_trait]
impl client::Content for Opened {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        Ok(chunks(self.0.open(span)?, span.len))
    }
}

/// What `reader` gives, in pieces, of which there are none beyond `length`.
pub(super) fn chunks(reader: impl Read + Send + 'static, length: Option<u64>) -> Chunks {
    Box::pin(stream::try_unfold((reader, length), |(mut reader, length)| {
        let piece = piece(&mut reader, length);
        let piece = piece.map(|piece| {
            let left = length.map(|length| length.saturating_sub(piece.len() as u64));
            (!piece.is_empty()).then_some((piece, (reader, left)))
        });
        std::future::ready(piece)
    }))
}

/// The next piece; empty at the end.
fn piece(reader: &mut impl Read, left: Option<u64>) -> Result<Bytes, Error> {
    let room = left.map_or(CHUNK, |left| left.min(CHUNK as u64) as usize);
    let mut piece = BytesMut::zeroed(room);
    let length = loop {
        match reader.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
            Ok(length) => break length,
        }
    };
    if length == 0 && room > 0 && left.is_some() {
        return Err(Error::new(
            ErrorKind::Store,
            "the content ended before its descriptor says",
        ));
    }
    piece.truncate(length);
    Ok(piece.freeze())
}

fn failed(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::Store, "the content cannot be read").with_source(error),
    }
}

/// How much is read at a time: 64 KiB.
const CHUNK: usize = 64 << 10;
