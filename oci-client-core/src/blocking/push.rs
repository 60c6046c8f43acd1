use std::io::Read;
use std::sync::Arc;

use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, RepositoryName, Tag, TagOrDigest};

use super::content::{Opened, chunks};
use super::{Content, Repository};
use crate::Error;
use crate::proto::{StoredManifest, Uploaded};

/// Storing and deleting.
impl Repository {
    /// Stores a blob, unless it is there already.
    ///
    /// The content may be opened several times: an upload that is interrupted goes on where the registry's session has got to, and begins once more from the beginning if the
    /// registry has lost it.
    ///
    /// # Errors
    /// If the content cannot be read, does not have the descriptor's size and digest, or the registry refuses it.
    pub fn push_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Uploaded, Error> {
        let content = Arc::new(Opened(content));
        self.waiter.perform(self.inner.push_blob(descriptor, content))
    }

    /// Stores a blob that the repository `from` of this registry has: the registry takes it over from there if it can and may, and otherwise it goes up as by
    /// [`push_blob`](Self::push_blob), for which `content` is then opened.
    ///
    /// # Errors
    /// As [`push_blob`](Self::push_blob). A refusal to mount is none.
    pub fn push_or_mount_blob(
        &self,
        descriptor: &Descriptor,
        content: Arc<dyn Content>,
        from: &RepositoryName,
    ) -> Result<Uploaded, Error> {
        let content = Arc::new(Opened(content));
        let pushed = self.inner.push_or_mount_blob(descriptor, content, from);
        self.waiter.perform(pushed)
    }

    /// Takes a blob over from the repository `from` of this registry; says whether the registry did so.
    ///
    /// # Errors
    /// If the registry cannot be asked. A refusal is none.
    pub fn mount_blob(&self, digest: &Digest, from: &RepositoryName) -> Result<bool, Error> {
        self.waiter.perform(self.inner.mount_blob(digest, from))
    }

    /// Stores what `content` gives, whose length and digest need not be known, and describes it as `media_type`, with its sha256 digest.
    ///
    /// It is read once. Content of no more than [`HostProfile::small_blob`](crate::proto::HostProfile::small_blob) bytes is read into memory and goes up as by
    /// [`push_blob`](Self::push_blob); more than that goes up as it comes, in one request with chunked transfer coding, or in parts as by
    /// [`client::Repository::push_stream`](crate::client::Repository::push_stream). Authorization is settled before that request.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use oci_client_core::blocking::{BlockOn, Client};
    /// use oci_spec_types::MediaType;
    /// # let client = Client::new(Arc::new(BlockOn::new(oci_registry::Registry::in_memory())));
    /// # let repository = client.repository(&"registry.example.com/app".parse()?);
    ///
    /// let pushed = repository.push_stream(MediaType::OCTET_STREAM, &b"hello, world"[..])?;
    /// assert_eq!(pushed.size, 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the content cannot be read or the registry refuses it. Of kind [`Store`](crate::ErrorKind::Store) if the upload was interrupted and the registry has kept less than
    /// what is still held of the content: then push from content that can be opened again.
    ///
    /// # Limits
    /// The last 16 MiB of what was sent are held, so that an interrupted upload can go on where the registry has got to.
    pub fn push_stream(&self, media_type: MediaType, content: impl Read + Send + 'static) -> Result<Descriptor, Error> {
        self.waiter
            .perform(self.inner.push_stream(media_type, chunks(content, None)))
    }

    /// Stores a manifest or index under `target`, byte for byte. What it refers to must be there already, except its subject.
    ///
    /// One PUT. A manifest with a subject is entered into the list of that subject's referrers where the registry does not say that it does so itself: three more
    /// requests, one push to a subject at a time among all threads of a client. [`StoredManifest::referrer`] tells how it got there.
    ///
    /// # Errors
    /// As [`client::Repository::push_manifest`](crate::client::Repository::push_manifest).
    pub fn push_manifest(
        &self,
        target: &TagOrDigest,
        document: &Document<AnyManifest>,
    ) -> Result<StoredManifest, Error> {
        self.waiter.perform(self.inner.push_manifest(target, document))
    }

    /// Stores a manifest or index by its digest and sets `tags` to it: in one PUT where the registry takes tags along, else with one more for each tag that it
    /// left out.
    ///
    /// Under a tag, a registry may name the manifest by a digest of its own choice, most often sha256, where the document has another.
    ///
    /// # Errors
    /// As [`push_manifest`](Self::push_manifest).
    pub fn push_manifest_tagged(
        &self,
        document: &Document<AnyManifest>,
        tags: &[Tag],
    ) -> Result<StoredManifest, Error> {
        self.waiter.perform(self.inner.push_manifest_tagged(document, tags))
    }

    /// Deletes a tag, or a manifest by its digest together with all tags that name it.
    ///
    /// A tag takes one request. For a digest, a registry is asked first whether it lists referrers, unless that is known; where it does not, the manifest is read, taken
    /// out of the list of its subject's referrers, and its own list is deleted. What goes wrong after the delete is a warning for the
    /// [`Observer`](crate::client::Observer): the manifest is gone all the same.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Unsupported`](crate::ErrorKind::Unsupported) if the registry does not delete.
    pub fn delete_manifest(&self, target: &TagOrDigest) -> Result<(), Error> {
        self.waiter.perform(self.inner.delete_manifest(target))
    }

    /// As [`delete_manifest`](Self::delete_manifest) for the digest of `document`, which need not be read then.
    ///
    /// # Errors
    /// As [`delete_manifest`](Self::delete_manifest).
    pub fn delete_document(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.waiter.perform(self.inner.delete_document(document))
    }

    /// Deletes a blob.
    ///
    /// # Errors
    /// As [`delete_manifest`](Self::delete_manifest).
    pub fn delete_blob(&self, digest: &Digest) -> Result<(), Error> {
        self.waiter.perform(self.inner.delete_blob(digest))
    }
}
