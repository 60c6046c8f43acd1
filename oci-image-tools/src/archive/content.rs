//! The content of a file in an archive.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use oci_client_core::client::{Chunks, Content, VerifiedContent};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Descriptor;

use super::files::Files;
use super::scan::Place;

/// A blob of `descriptor`, verified as it is read. One of another size is refused at once.
pub(super) fn blob(
    files: &Arc<Files>,
    place: Option<Place>,
    descriptor: &Descriptor,
    runtime: &Arc<dyn Runtime>,
) -> Result<Arc<dyn Content>, Error> {
    let (digest, path) = (&descriptor.digest, files.path().display());
    if !digest.is_verifiable() {
        let message = format!("the digest {digest} could not be verified: its algorithm is not supported");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let Some(place) = place else {
        return Err(Error::new(ErrorKind::NotFound, format!("{path} has no blob {digest}")));
    };
    if place.size != descriptor.size {
        let message = format!(
            "the blob {digest} in {path} has {} bytes instead of {}",
            place.size, descriptor.size
        );
        return Err(Error::new(ErrorKind::Mismatch, message));
    }
    let content = ArchivedFile {
        files: files.clone(),
        place,
        runtime: runtime.clone(),
    };
    Ok(Arc::new(VerifiedContent::new(Arc::new(content), descriptor.clone())))
}

struct ArchivedFile {
    files: Arc<Files>,
    place: Place,
    runtime: Arc<dyn Runtime>,
}

#[async_trait]
impl Content for ArchivedFile {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let left = self.place.size.checked_sub(span.start);
        let left = left.filter(|left| span.len.is_none_or(|len| len <= *left));
        let left = left.ok_or_else(|| Error::new(ErrorKind::Store, "the content is shorter than what is asked for"))?;
        let reading = Reading {
            files: self.files.clone(),
            left: span.len.unwrap_or(left),
            offset: span.start,
            place: self.place,
            runtime: self.runtime.clone(),
        };
        Ok(Box::pin(stream::try_unfold(reading, Reading::next)))
    }
}

struct Reading {
    files: Arc<Files>,
    left: u64,
    offset: u64,
    place: Place,
    runtime: Arc<dyn Runtime>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let len = self.left.min(CHUNK);
        if len == 0 {
            return Ok(None);
        }
        let (files, place, offset) = (self.files.clone(), self.place, self.offset);
        let read = unblock(&*self.runtime, move || files.read(place, offset, len)).await;
        let chunk = read.map_err(io::Error::from)??;
        self.left = self.left.saturating_sub(len);
        self.offset = self.offset.saturating_add(len);
        Ok(Some((chunk.into(), self)))
    }
}

/// How much is read at a time.
const CHUNK: u64 = 128 << 10;
