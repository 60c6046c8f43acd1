use std::fmt;

use bytes::{Bytes, BytesMut};
use oci_spec_types::{Descriptor, Digest};

use super::Repository;
use super::driver::{Driver, Pause};
use crate::Error;
use crate::hosts::HostCapabilities;
use crate::proto::{IfWhole, Input, PullBlob};

impl Repository {
    /// A blob to be read in places, **unverified**: for those who want a header or a table of contents out of many gigabytes.
    ///
    /// What is read may be anything that the registry chooses to send: the digest is that of the whole, which nobody reads here. Trust it only as far as
    /// the registry is trusted, or check it by other means (the digests of a table of contents, say). Everything else that returns content verifies it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use oci_client_core::client::Client;
    /// # use oci_client_core::runtime::{ThreadRuntime, block_on};
    /// # use oci_spec_types::{Descriptor, MediaType, Reference};
    /// # let transport = Arc::new(oci_registry::Registry::in_memory());
    /// # let client = Client::new(transport, Arc::new(ThreadRuntime::new()));
    /// # let reference: Reference = "registry.example.com/models".parse()?;
    /// # let repository = client.repository(&reference);
    /// # let content = bytes::Bytes::from_static(b"header, and then gigabytes of weights");
    /// # let descriptor = Descriptor::of(MediaType::OCTET_STREAM, &content);
    /// # block_on(async {
    /// # repository.push_blob(&descriptor, Arc::new(content)).await?;
    /// let mut blob = repository.blob_unverified(&descriptor);
    /// assert_eq!(blob.read_at(0, 6).await?, "header");
    /// assert_eq!(blob.read_at(blob.size() - 7, 100).await?, "weights");
    /// # Ok::<(), oci_client_core::Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blob_unverified(&self, descriptor: &Descriptor) -> UnverifiedBlob {
        UnverifiedBlob {
            ahead: UnverifiedBlob::DEFAULT_READ_AHEAD,
            cached: Bytes::new(),
            cached_at: 0,
            digest: descriptor.digest.clone(),
            repository: self.clone(),
            size: descriptor.size,
        }
    }
}

/// A blob that is read in places, by ranges, without being verified. See [`Repository::blob_unverified`].
///
/// What was fetched last is kept, so that small readings that follow one another cost one request together. Clones have caches of their own.
#[derive(Clone)]
pub struct UnverifiedBlob {
    ahead: usize,
    cached: Bytes,
    cached_at: u64,
    digest: Digest,
    repository: Repository,
    size: u64,
}

impl UnverifiedBlob {
    /// How many bytes each request asks for at least, and how many are kept at most unless a single reading is larger; 0 asks for no more than what is read.
    #[must_use]
    pub const fn with_read_ahead(mut self, bytes: usize) -> Self {
        self.ahead = bytes;
        self
    }

    /// The bytes from `offset` on, `len` of them: fewer where the blob ends before, none from its end on.
    ///
    /// At most one request, which goes on where its connection breaks. Nothing is set aside for `len` before bytes arrive.
    ///
    /// # Errors
    /// Of kind [`Protocol`](crate::ErrorKind::Protocol) if the registry sends another range, or the whole blob where more than
    /// [`MAX_SKIPPED`](Self::MAX_SKIPPED) bytes of it lie before `offset`: then only [`Repository::blob`] can read it. Or whatever kept the bytes from arriving.
    ///
    /// # Cancellation
    /// A dropped future changes nothing.
    pub async fn read_at(&mut self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let end = offset.saturating_add(len as u64).min(self.size);
        if offset >= end {
            return Ok(Bytes::new());
        }
        if let Some(found) = self.cached(offset, end) {
            return Ok(found);
        }
        let until = end.max(offset.saturating_add(self.ahead as u64)).min(self.size);
        let fetched = self.fetch(offset, until).await?;
        let wanted = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let found = fetched.slice(..wanted.min(fetched.len()));
        (self.cached, self.cached_at) = (fetched, offset);
        Ok(found)
    }

    /// The digest that the whole should have.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The size of the blob in bytes, as its descriptor has it.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes a request asks for at least by default: 64 KiB.
    pub const DEFAULT_READ_AHEAD: usize = 64 << 10;

    /// How much is read and thrown away at most to come to a place in a blob of a registry without ranges: 1 MiB.
    pub const MAX_SKIPPED: u64 = 1 << 20;

    fn cached(&self, start: u64, end: u64) -> Option<Bytes> {
        let start = usize::try_from(start.checked_sub(self.cached_at)?).ok()?;
        let end = usize::try_from(end.checked_sub(self.cached_at)?).ok()?;
        (end <= self.cached.len()).then(|| self.cached.slice(start..end))
    }

    async fn fetch(&self, start: u64, end: u64) -> Result<Bytes, Error> {
        let (digest, size, most) = (self.digest.clone(), self.size, Self::MAX_SKIPPED);
        let make = move |name, at| {
            let rest = start.max(at).min(end)..end;
            PullBlob::part(name, digest.clone(), size, rest, IfWhole::Skip { most })
        };
        let mut driver = self
            .repository
            .reading(OPERATION, HostCapabilities::PULL, make, |()| false);
        let mut read = BytesMut::new();
        let mut input = Input::Start;
        loop {
            match driver.advance(input).await {
                Pause::Done(Ok(())) => break,
                Pause::Done(Err(error)) => return Err(driver.blame(error).during(OPERATION)),
                Pause::Receive { at, limit } => input = receive(&mut driver, &mut read, start, at, limit).await,
            }
        }
        Ok(read.freeze())
    }
}

impl fmt::Debug for UnverifiedBlob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UnverifiedBlob")
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Adds to `read`, which begins at `start`, what it lacks of a body that begins at `at`.
async fn receive(driver: &mut Driver<PullBlob>, read: &mut BytesMut, start: u64, at: u64, limit: u64) -> Input {
    let mut len = 0_u64;
    loop {
        let mut chunk = match driver.chunk().await {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                let error = error.into();
                return Input::Broken { len, error };
            }
            None => return Input::Received { len },
        };
        let (offset, room) = (at.saturating_add(len), limit.saturating_sub(len));
        len = len.saturating_add(chunk.len() as u64);
        chunk.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        let known = start.saturating_add(read.len() as u64).saturating_sub(offset);
        let known = usize::try_from(known).unwrap_or(usize::MAX).min(chunk.len());
        read.extend_from_slice(&chunk.split_off(known));
        if len > limit {
            driver.hang_up();
            return Input::Received { len };
        }
    }
}

const OPERATION: &str = "read blob";
