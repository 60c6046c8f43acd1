//! Where a registry keeps its content: the [`Storage`] trait, in memory and in a directory.

mod change;
mod directory;
mod error;
mod memory;
mod shared;
mod upload_id;

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_spec_types::{Descriptor, Digest, MediaType, RepositoryName, Tag};

pub(crate) use change::EntityTag;
pub use change::{DeleteReference, Precondition, PutManifest};
pub use directory::DirectoryStorage;
pub use error::{StorageError, StorageErrorKind};
pub use memory::MemoryStorage;
pub use upload_id::{InvalidUploadId, UploadId};

/// A place for blobs, manifests, tags and the index of referrers.
///
/// The registry above it does the protocol: it hashes everything before it is committed, validates manifests and decides
/// what to answer. A storage keeps bytes under names, with these promises:
///
/// - **Whole or not at all.** A blob, manifest or tag is visible only once all of it is stored, and once a call that
///   stores it has returned, it stays. [`Upload::commit`] and [`put_manifest`](Self::put_manifest) are the moments where
///   something becomes visible; how that comes about (a rename, a pointer, a transaction) is the storage's own affair.
/// - **Membership.** Equal blobs may share their bytes, but a blob, manifest or upload is found only in the repositories
///   that it was put into.
/// - **Reads survive deletes.** What a returned [`StoredBlob`] or [`Body`] has begun to read can be read to its end,
///   or ends in an error; it never turns into something else.
///
/// # Errors
/// Every call may fail with a [`StorageError`] when the storage cannot tell or do what is asked. That something is not there
/// is no error, but `None` or `false`.
///
/// # Cancellation
/// Dropping any of the futures leaves the storage as it was before the call or as after it.
#[async_trait]
pub trait Storage: Send + Sync {
    /// The blob `digest` of `repository`, `None` if it has none.
    async fn blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<StoredBlob>, StorageError>;

    /// Whether `repository` has the blob `digest`.
    async fn has_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        Ok(self.blob(repository, digest).await?.is_some())
    }

    /// Puts the blob `digest` of `source` into `target` too; `false` if `source` has none.
    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError>;

    /// Takes the blob `digest` out of `repository`; `false` if it had none. Other repositories keep it.
    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError>;

    /// Starts the upload `id`, bound to `repository`. The id has not been used before.
    async fn begin_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<Box<dyn Upload>, StorageError>;

    /// Takes up the upload `id` of `repository` where it stopped; `None` if there is none.
    ///
    /// # Errors
    /// [`StorageErrorKind::Busy`] while another [`Upload`] of the same id is alive: an upload has one writer.
    async fn resume_upload(
        &self,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Option<Box<dyn Upload>>, StorageError>;

    /// How many bytes the upload `id` of `repository` has, even while it is being written; `None` if there is none.
    async fn upload_size(&self, repository: &RepositoryName, id: UploadId) -> Result<Option<u64>, StorageError>;

    /// The manifest `digest` of `repository`, `None` if it has none.
    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError>;

    /// Whether `repository` has the manifest `digest`.
    async fn has_manifest(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError> {
        Ok(self.manifest(repository, digest).await?.is_some())
    }

    /// Stores the manifest, its entry in the index of referrers if it has a subject, and tags that point to it.
    ///
    /// A tag that exists moves. On an error some of it may have been done, in this order: a tag never points to a manifest
    /// that is not there.
    ///
    /// # Errors
    /// [`StorageErrorKind::PreconditionFailed`] if the precondition does not hold; nothing is done then.
    async fn put_manifest(&self, put: PutManifest) -> Result<(), StorageError>;

    /// Deletes a tag and leaves the manifest, or deletes a manifest with its entry in the index of referrers and all tags
    /// that point to it; `false` if there is no such tag or manifest, whatever the precondition.
    ///
    /// # Errors
    /// [`StorageErrorKind::PreconditionFailed`] if the precondition does not hold; nothing is done then.
    async fn delete_reference(&self, delete: DeleteReference) -> Result<bool, StorageError>;

    /// The manifest that `tag` points to, `None` if there is no such tag.
    async fn tag(&self, repository: &RepositoryName, tag: &Tag) -> Result<Option<Digest>, StorageError>;

    /// At most `size` tags of `repository` in the order of their bytes, from the first one that is greater than `after`;
    /// `None` if there is no such repository. A repository exists from its first blob or manifest on.
    async fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> Result<Option<Page<Tag>>, StorageError>;

    /// At most `size` descriptors of manifests of `repository` whose subject is `subject`, in the order of their digests'
    /// text, from the first one that is greater than `after`. Descriptors may be large: the page may end early, but not
    /// before its first entry, if there is one.
    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
        after: Option<&str>,
        size: usize,
    ) -> Result<Page<Descriptor>, StorageError>;

    /// At most `size` repositories in the order of their bytes, from the first one that is greater than `after`.
    async fn repositories(&self, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, StorageError>;
}

/// The one writer of an upload.
///
/// Dropping it ends the writing. An upload that has been saved before stays, with all or the first part of what was
/// appended; one that was begun and never saved is gone, since nobody knows of it.
#[async_trait]
pub trait Upload: Send {
    /// How many bytes the upload has.
    fn size(&self) -> u64;

    /// Appends `chunk`, which the registry has filled from the request: at most 256 KiB, and less only at its end.
    ///
    /// After an error only dropping and [`cancel`](Self::cancel) make sense.
    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError>;

    /// Everything that the upload has, from its first byte.
    async fn read(&mut self) -> Result<Body, StorageError>;

    /// Ends the writing for now; [`Storage::resume_upload`] goes on with all that was appended.
    async fn save(self: Box<Self>) -> Result<(), StorageError>;

    /// Makes the content a blob of the upload's repository and ends the upload.
    ///
    /// The caller has verified that the content hashes to `digest`. A blob that is there already stays as it is.
    async fn commit(self: Box<Self>, digest: &Digest) -> Result<(), StorageError>;

    /// Ends the upload and discards what it has.
    async fn cancel(self: Box<Self>) -> Result<(), StorageError>;
}

/// A blob that a storage has found.
pub struct StoredBlob {
    size: u64,
    read: Box<dyn FnOnce(Range<u64>) -> Body + Send>,
}

impl StoredBlob {
    /// A blob of `size` bytes; `read` streams the bytes of a range, in chunks of bounded size.
    ///
    /// The range lies within the blob.
    pub fn new(size: u64, read: impl FnOnce(Range<u64>) -> Body + Send + 'static) -> Self {
        Self {
            size,
            read: Box::new(read),
        }
    }

    /// The size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The bytes of `range`, as far as the blob has them.
    pub fn read(self, range: Range<u64>) -> Body {
        let end = range.end.min(self.size);
        (self.read)(range.start.min(end)..end)
    }
}

impl fmt::Debug for StoredBlob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredBlob")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A manifest as a storage keeps it.
#[derive(Clone, Debug)]
pub struct StoredManifest {
    media_type: MediaType,
    content: Bytes,
}

impl StoredManifest {
    /// A manifest of `media_type` with exactly these bytes.
    pub const fn new(media_type: MediaType, content: Bytes) -> Self {
        Self { media_type, content }
    }

    /// The media type under which it was pushed.
    pub const fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// The exact bytes.
    pub const fn content(&self) -> &Bytes {
        &self.content
    }
}

/// The entry of a manifest in the index of referrers.
#[derive(Clone, Debug)]
pub struct Referrer {
    subject: Digest,
    descriptor: Descriptor,
}

impl Referrer {
    /// The manifest that `descriptor` describes refers to `subject`, which need not exist.
    pub const fn new(subject: Digest, descriptor: Descriptor) -> Self {
        Self { subject, descriptor }
    }

    /// What the manifest refers to.
    pub const fn subject(&self) -> &Digest {
        &self.subject
    }

    /// The descriptor of the manifest, as a list of referrers shows it.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

/// A part of a sorted list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    items: Vec<T>,
    more: bool,
}

impl<T> Page<T> {
    /// A page of `items`; `more` says whether others come after them.
    pub const fn new(items: Vec<T>, more: bool) -> Self {
        Self { items, more }
    }

    /// The first `size` of `items`, which may be any number.
    pub fn first(items: impl IntoIterator<Item = T>, size: usize) -> Self {
        let mut rest = items.into_iter();
        let items = rest.by_ref().take(size).collect();
        Self {
            items,
            more: rest.next().is_some(),
        }
    }

    /// The entries, in order.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Whether others come after them.
    pub const fn has_more(&self) -> bool {
        self.more
    }

    /// The entries, by value.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

/// After how many bytes a page of referrers ends.
const REFERRERS_BYTES: usize = 4 * 1024 * 1024;
