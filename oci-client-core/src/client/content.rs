use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;
use futures_util::{TryStreamExt, stream};
use oci_spec_types::{Descriptor, Verifier};

use super::Repository;
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

    /// The repository that the content comes from, if it does: the same registry may mount it elsewhere.
    #[doc(hidden)]
    fn repository(&self, _: sealed::Sealed) -> Option<&Repository> {
        None
    }

    /// What a reading of the whole is checked against by this crate's own code, which then need not hash it once more.
    #[doc(hidden)]
    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        None
    }
}

/// Content that is checked against its descriptor: a reading of the whole holds the last piece back until size and digest are right.
///
/// A part cannot be checked, as the digest is that of the whole. What a [`Source`](crate::store::Source) of your own gives out belongs in one of these.
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use futures_util::TryStreamExt;
/// use oci_client_core::client::{Content, VerifiedContent};
/// use oci_client_core::proto::Span;
/// use oci_client_core::runtime::block_on;
/// use oci_spec_types::{Descriptor, MediaType};
///
/// let descriptor = Descriptor::of(MediaType::OCTET_STREAM, b"right");
/// let content = VerifiedContent::new(Arc::new(Bytes::from_static(b"wrong")), descriptor);
/// let read = block_on(async { content.open(Span::new(0, 5)).await?.try_collect::<Vec<_>>().await });
/// assert!(read.unwrap_err().mismatch().is_some());
/// ```
pub struct VerifiedContent {
    content: Arc<dyn Content>,
    descriptor: Descriptor,
}

impl VerifiedContent {
    /// `content`, which has to be what `descriptor` says.
    pub fn new(content: Arc<dyn Content>, descriptor: Descriptor) -> Self {
        Self { content, descriptor }
    }
}

impl fmt::Debug for VerifiedContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedContent")
            .field("descriptor", &self.descriptor)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Content for VerifiedContent {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let chunks = self.content.open(span).await?;
        if !covers(span, &self.descriptor) {
            return Ok(chunks);
        }
        let reading = Reading {
            chunks,
            held: None,
            verifier: Some(self.descriptor.verifier()?),
        };
        Ok(Box::pin(stream::try_unfold(reading, Reading::next)))
    }

    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        Some(&self.descriptor)
    }
}

/// Whether `span` is all of what the descriptor names.
pub(super) fn covers(span: Span, descriptor: &Descriptor) -> bool {
    span.start == 0 && span.len.is_none_or(|len| len == descriptor.size)
}

pub(crate) mod sealed {
    /// Keeps a method of a public trait to this crate: others can neither call nor replace it.
    #[derive(Debug)]
    pub struct Sealed;
}

/// A reading that is one piece behind.
struct Reading {
    chunks: Chunks,
    held: Option<Bytes>,
    /// Gone once the content has turned out to be right.
    verifier: Option<Verifier>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        while let Some(verifier) = &mut self.verifier {
            match self.chunks.try_next().await? {
                Some(chunk) => {
                    verifier.update(&chunk)?;
                    if let Some(piece) = self.held.replace(chunk) {
                        return Ok(Some((piece, self)));
                    }
                }
                None => {
                    if let Some(verifier) = self.verifier.take() {
                        verifier.finish()?;
                    }
                }
            }
        }
        Ok(self.held.take().map(|piece| (piece, self)))
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
