use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use oci_spec_types::{AnyManifest, Descriptor, Document, Tag, TagOrDigest};

use super::{Source, Stored, Target};
use crate::Error;
use crate::client::{Chunks, Content, Repository, Uploaded, covers, sealed};
use crate::proto::Span;

#[async_trait]
impl Source for Repository {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        Repository::manifest(self, target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        // Only to learn at once whether the digest can be verified.
        self.blob(descriptor)?;
        Ok(Arc::new(RemoteBlob {
            descriptor: descriptor.clone(),
            repository: self.clone(),
        }))
    }
}

#[async_trait]
impl Target for Repository {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let source = content
            .repository(sealed::Sealed)
            .filter(|from| from.host() == self.host());
        let uploaded = match source.map(|from| from.name().clone()) {
            Some(from) => self.push_or_mount_blob(descriptor, content, &from).await?,
            None => self.push_blob(descriptor, content).await?,
        };
        Ok(stored(uploaded))
    }

    async fn put_blob_regardless(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.push_blob_regardless(descriptor, content).await.map(stored)
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.put_root(document, None).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        let target = match tag {
            Some(tag) => TagOrDigest::Tag(tag.clone()),
            None => TagOrDigest::Digest(document.digest().clone()),
        };
        self.push_manifest(&target, document).await.map(drop)
    }
}

const fn stored(uploaded: Uploaded) -> Stored {
    match uploaded {
        Uploaded::Mounted => Stored::Mounted,
        Uploaded::Present => Stored::Present,
        Uploaded::Stored => Stored::New,
    }
}

/// A blob in a registry, as content for another store.
struct RemoteBlob {
    descriptor: Descriptor,
    repository: Repository,
}

#[async_trait]
impl Content for RemoteBlob {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let chunks = self.repository.blob(&self.descriptor)?.into_chunks();
        if covers(span, &self.descriptor) {
            return Ok(chunks);
        }
        Ok(part(chunks, span))
    }

    fn repository(&self, _: sealed::Sealed) -> Option<&Repository> {
        Some(&self.repository)
    }

    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        Some(&self.descriptor)
    }
}

/// A part of verified content: what lies before it is read too, since the digest is that of the whole.
fn part(chunks: Chunks, span: Span) -> Chunks {
    let end = span.len.map(|len| span.start.saturating_add(len));
    let placed = chunks.scan(0_u64, move |offset, chunk| {
        let chunk = chunk.map(|mut chunk| {
            let begin = *offset;
            *offset = begin.saturating_add(chunk.len() as u64);
            if let Some(end) = end {
                chunk.truncate(clamp(end.saturating_sub(begin), chunk.len()));
            }
            chunk.split_off(clamp(span.start.saturating_sub(begin), chunk.len()))
        });
        std::future::ready(Some(chunk))
    });
    Box::pin(placed.filter(|chunk| std::future::ready(!chunk.as_ref().is_ok_and(|chunk| chunk.is_empty()))))
}

fn clamp(offset: u64, length: usize) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX).min(length)
}
