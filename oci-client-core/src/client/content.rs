use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;
use futures_util::stream;
use oci_spec_types::Digest;

use crate::proto::Span;
use crate::{Error, ErrorKind};

/// Content in pieces, none of them empty; an error ends it.
pub type Chunks = BoxStream<'static, Result<Bytes, Error>>;

/// The content of a blob, which can be opened again at any offset: that is what lets an upload go on after a failure.
#[async_trait]
pub trait Content: Send + Sync {
    /// Opens the part of the content that `span` names.
    ///
    /// # Errors
    /// If the content is gone or cannot be read.
    async fn open(&self, span: Span) -> Result<Chunks, Error>;

    /// The digest that the content itself checks a reading of all of it against, ending in an error if that fails; `None`: it checks nothing.
    ///
    /// A store that is given such content need not hash it once more.
    fn verified(&self) -> Option<&Digest> {
        None
    }
}

#[async_trait]
impl Content for Bytes {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let outside = || Error::new(ErrorKind::Store, "the content is shorter than its descriptor says");
        let start = usize::try_from(span.start)
            .ok()
            .filter(|&start| start <= self.len())
            .ok_or_else(outside)?;
        let end = match span.len {
            Some(len) => usize::try_from(len)
                .ok()
                .and_then(|len| start.checked_add(len))
                .ok_or_else(outside)?,
            None => self.len(),
        };
        if end > self.len() {
            return Err(outside());
        }
        let part = self.slice(start..end);
        let chunks = if part.is_empty() { None } else { Some(Ok(part)) };
        Ok(Box::pin(stream::iter(chunks)))
    }
}
