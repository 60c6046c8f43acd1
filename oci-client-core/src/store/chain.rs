use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use super::Source;
use crate::client::{Chunks, Content, VerifiedContent};
use crate::proto::Span;
use crate::{Error, ErrorKind};

/// Several sources as one: what one does not have or cannot give is asked of the next, such as a layout beside a program before a registry.
///
/// A tag is what the first source says that has it. A blob whose reading breaks goes on from the next source, and is verified as a whole. Mirrors of one registry belong into
/// its [`HostConfig`](crate::hosts::HostConfig), where they share what is known of it.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::block_on;
/// use oci_client_core::store::{MemoryStore, Source, SourceChain};
/// use oci_spec_types::MediaType;
///
/// let (near, far) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
/// let blob = far.add_blob(MediaType::OCTET_STREAM, "content");
/// let chain = SourceChain::new().then(near).then(far);
/// assert!(block_on(chain.blob(&blob)).is_ok());
/// ```
#[derive(Clone, Default)]
pub struct SourceChain {
    sources: Vec<Arc<dyn Source>>,
}

impl SourceChain {
    /// A chain of no sources, which has nothing.
    pub const fn new() -> Self {
        Self { sources: Vec::new() }
    }

    /// The same, with one more source that is asked after the others.
    #[must_use]
    pub fn then(mut self, source: Arc<dyn Source>) -> Self {
        self.sources.push(source);
        self
    }
}

impl fmt::Debug for SourceChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SourceChain")
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for SourceChain {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let mut failure = Failure::default();
        for source in &self.sources {
            match source.manifest(target).await {
                Ok(document) => return Ok(document),
                Err(error) => failure.add(error),
            }
        }
        Err(failure.into_error())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let (mut failure, mut contents) = (Failure::default(), Vec::new());
        for source in &self.sources {
            match source.blob(descriptor).await {
                Ok(content) => contents.push(content),
                Err(error) => failure.add(error),
            }
        }
        if contents.is_empty() {
            return Err(failure.into_error());
        }
        let content = Arc::new(Alternatives::new(contents.into(), descriptor.size));
        Ok(Arc::new(VerifiedContent::new(content, descriptor.clone())))
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        let mut failure = Failure::default();
        for source in &self.sources {
            match source.check_blob(descriptor).await {
                Ok(()) => return Ok(()),
                Err(error) => failure.add(error),
            }
        }
        Err(failure.into_error())
    }

    /// Those that any source lists, each once. A source that cannot tell is left out, unless none can.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let (mut failure, mut found) = (Failure::default(), Vec::<Descriptor>::new());
        let mut told = false;
        for source in &self.sources {
            match source.referrers(subject).await {
                Ok(listed) => {
                    told = true;
                    for referrer in listed {
                        if !found.iter().any(|known| known.digest == referrer.digest) {
                            found.push(referrer);
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::Unsupported => failure.add(error),
                Err(error) => return Err(error),
            }
        }
        match told {
            true => Ok(found),
            false => Err(failure.into_error()),
        }
    }

    /// Those of any source. A source that cannot tell is left out, unless none can.
    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        let (mut failure, mut found) = (Failure::default(), BTreeSet::new());
        let mut told = false;
        for source in &self.sources {
            match source.tags().await {
                Ok(tags) => {
                    told = true;
                    found.extend(tags);
                }
                Err(error) if error.kind() == ErrorKind::Unsupported => failure.add(error),
                Err(error) => return Err(error),
            }
        }
        match told {
            true => Ok(found.into_iter().collect()),
            false => Err(failure.into_error()),
        }
    }
}

/// The same content from several places.
pub(super) struct Alternatives {
    contents: Arc<[Arc<dyn Content>]>,
    size: u64,
}

impl Alternatives {
    pub(super) const fn new(contents: Arc<[Arc<dyn Content>]>, size: u64) -> Self {
        Self { contents, size }
    }
}

#[async_trait]
impl Content for Alternatives {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let reading = Reading {
            chunks: None,
            contents: self.contents.clone(),
            end: span.len.map_or(Some(self.size), |len| span.start.checked_add(len)),
            failure: Failure::default(),
            next: 0,
            offset: span.start,
        };
        Ok(Box::pin(stream::try_unfold(reading, Reading::next)))
    }
}

struct Reading {
    chunks: Option<Chunks>,
    contents: Arc<[Arc<dyn Content>]>,
    /// Behind the last byte; `None` is further than any content.
    end: Option<u64>,
    failure: Failure,
    next: usize,
    offset: u64,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        loop {
            match self.piece().await {
                Ok(Some(piece)) => {
                    self.offset = self.offset.saturating_add(piece.len() as u64);
                    return Ok(Some((piece, self)));
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.failure.add(error);
                    self.chunks = None;
                    if self.next >= self.contents.len() {
                        return Err(self.failure.into_error());
                    }
                }
            }
        }
    }

    /// The next piece of what is open, which is the next content from here on if nothing is.
    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        if self.chunks.is_none() {
            let (Some(content), Some(end)) = (self.contents.get(self.next).cloned(), self.end) else {
                return Err(Error::new(
                    ErrorKind::Store,
                    "the content is shorter than what is asked for",
                ));
            };
            self.next = self.next.saturating_add(1);
            let span = Span::new(self.offset, end.saturating_sub(self.offset));
            self.chunks = Some(content.open(span).await?);
        }
        match &mut self.chunks {
            Some(chunks) => chunks.try_next().await,
            None => Ok(None),
        }
    }
}

/// What to say if nobody has it: the first failure, where there was one besides its not being there.
#[derive(Default)]
struct Failure(Option<Error>);

impl Failure {
    fn add(&mut self, error: Error) {
        let known = self.0.as_ref().map(Error::kind);
        if known.is_none_or(|known| known == ErrorKind::NotFound && error.kind() != ErrorKind::NotFound) {
            self.0 = Some(error);
        }
    }

    fn into_error(self) -> Error {
        let nobody = || Error::new(ErrorKind::NotFound, "there is no source to ask");
        self.0.unwrap_or_else(nobody)
    }
}
