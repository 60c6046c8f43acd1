//! Where content comes from and goes to: registries, layout directories and memory behind the same two traits, and
//! [`copy`] between any two of them.

mod cache;
mod chain;
mod copy;
mod layout;
mod memory;
mod repository;
mod save;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use crate::client::Content;
use crate::proto::Span;
use crate::{Error, ErrorKind};

pub use cache::{CacheStore, CachedSource};
pub use chain::SourceChain;
pub use copy::{
    Copied, CopyEvent, CopyFailure, CopyOptions, CopyPart, InvalidTagPattern, RepositoryCopied, RepositoryCopyOptions,
    TagCopied, TagOutcome, TagPattern, copy, copy_repository,
};
pub use layout::{LayoutGarbage, LayoutIndex, LayoutProblem, LayoutReport, OciLayout, parse_stored_manifest};
pub use memory::MemoryStore;
pub use save::save_blob;

/// Something to read manifests and blobs from.
#[async_trait]
pub trait Source: Send + Sync {
    /// The manifest or index that a tag or digest stands for, verified.
    ///
    /// # Errors
    /// Of kind [`NotFound`](ErrorKind::NotFound) if it is not there.
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error>;

    /// The content of a blob. Reading it may still fail, also because it is not there.
    ///
    /// # Errors
    /// If the blob is known not to be there, or its digest could not be verified.
    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error>;

    /// Whether a blob is there and, as far as that is known without reading it, has its size; a registry is sent one HEAD, of files the size is looked at. By default the blob's first piece is read.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Mismatch`](crate::ErrorKind::Mismatch) if it has another size, and if the source cannot be asked.
    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        let content = self.blob(descriptor).await?;
        let first = content.open(Span::new(0, descriptor.size)).await?.try_next().await?;
        match (first, descriptor.size) {
            (None, 1..) => Err(Error::new(crate::ErrorKind::Mismatch, "the content is empty")),
            _ => Ok(()),
        }
    }

    /// The manifests that refer to `subject`, described as in a list of referrers; none if there are none. By default a source cannot tell.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if the source cannot tell, else if it cannot be read.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let message = format!("this source cannot list the referrers of {subject}");
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// All tags, each once, in any order. By default a source cannot tell.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if the source cannot tell, else if it cannot be read.
    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        Err(Error::new(ErrorKind::Unsupported, "this source cannot list its tags"))
    }
}

/// Something to write manifests and blobs to.
#[async_trait]
pub trait Target: Send + Sync {
    /// Stores a blob, verified, unless it is there already.
    ///
    /// # Errors
    /// If the content cannot be read, is not what the descriptor says, or cannot be stored. Nothing is left under the blob's name then.
    ///
    /// # Cancellation
    /// A dropped future leaves the blob whole or not there at all.
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error>;

    /// Stores a blob that [`put_blob`](Self::put_blob) has said to be there, after a manifest that refers to it was refused: what was said may not be so. By default
    /// it is `put_blob` once more.
    ///
    /// # Errors
    /// As for [`put_blob`](Self::put_blob).
    ///
    /// # Cancellation
    /// As for [`put_blob`](Self::put_blob).
    async fn put_blob_regardless(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.put_blob(descriptor, content).await
    }

    /// Stores a manifest or index that another one refers to, under its digest. What it refers to itself must be there already.
    ///
    /// # Errors
    /// If it cannot be stored.
    ///
    /// # Cancellation
    /// As for [`put_blob`](Self::put_blob).
    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error>;

    /// Stores a manifest or index that is to be found by itself: under its digest and, where there is one, a tag.
    ///
    /// # Errors
    /// If it cannot be stored.
    ///
    /// # Cancellation
    /// As for [`put_blob`](Self::put_blob).
    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error>;

    /// Whether a blob is there, which [`put_blob`](Self::put_blob) finds out by itself: for copies that change nothing. By default a target cannot tell.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if the target cannot tell, else if it cannot be asked.
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        let message = format!("this target cannot tell whether it has {}", descriptor.digest);
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// What a tag or digest stands for already; `None` if there is nothing. By default a target cannot tell.
    ///
    /// # Errors
    /// As for [`has_blob`](Self::has_blob).
    async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        let message = format!("this target cannot tell what `{target}` stands for");
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

/// What storing a blob took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Stored {
    /// The target took it over from another of its repositories; nothing was transferred.
    Mounted,
    /// The content was transferred.
    New,
    /// It was there already.
    Present,
}
