//! Where a registry keeps its content: the [`Storage`] trait, in memory and in a directory.

mod change;
mod directory;
mod error;
mod export;
mod kept;
mod memory;
mod page;
mod shared;
mod stored;
#[cfg(feature = "storage-testing")]
pub mod testing;
mod upload;
mod upload_id;

use std::time::SystemTime;

use async_trait::async_trait;
use oci_spec_types::{Descriptor, Digest, RepositoryName, Tag};

pub(crate) use change::EntityTag;
pub use change::{DeleteReference, Precondition, PutManifest};
pub use directory::{DirectoryOptions, DirectoryStorage, Durability};
pub use error::{StorageError, StorageErrorKind};
pub use export::export_layout;
pub use kept::{Kept, KeptKind, OpenUpload, Reclaimed};
pub use memory::MemoryStorage;
pub use page::Page;
pub use stored::{Referrer, StoredBlob, StoredManifest};
pub use upload::Upload;
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
/// - **Reads survive deletes.** What a returned [`StoredBlob`] or [`Body`](oci_client_core::transport::Body) has begun to read can be read to its end,
///   or ends in an error; it never turns into something else.
/// - **Ages.** Each blob and manifest of a repository has an age, which begins anew when it is committed, linked, stored again or
///   [refreshed](Self::refresh). [`sweep`](Self::sweep) looks at the age and removes in one step, so that whoever was told that something is
///   there keeps it for as long as the collection of garbage spares what is young.
///
/// # Shape
/// Nothing here needs a file system. A store of objects keeps bytes under a name of their own and a small object for each blob of a repository
/// that points to them: writing that pointer is the commit, and its date the age. `link_blob` writes one more pointer,
/// [`reclaim`](Self::reclaim) deletes bytes that none points to. What must be one step (a precondition with its change, a sweep
/// with its look at the age) is a conditional write or delete of one object; an upload is a multipart upload whose parts are
/// what [`Upload::append`] collects.
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

    /// Puts the blob `digest` of `source` into `target` too; `false` if `source` has none.
    async fn link_blob(
        &self,
        source: &RepositoryName,
        target: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, StorageError>;

    /// Takes the blob `digest` out of `repository`; `false` if it had none. Other repositories keep it.
    async fn unlink_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, StorageError>;

    /// Whether `repository` has the blob or manifest `digest`; if so, its age begins anew.
    async fn refresh(&self, repository: &RepositoryName, kind: KeptKind, digest: &Digest)
    -> Result<bool, StorageError>;

    /// At most `size` blobs or manifests of `repository` in the order of their digests, from the first one that is greater than
    /// `after`.
    async fn kept(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        after: Option<&Digest>,
        size: usize,
    ) -> Result<Page<Kept>, StorageError>;

    /// Takes the blob or manifest `digest` out of `repository` if its age began before `before`; `false` if it is younger or not there.
    ///
    /// A manifest goes with its entry in the index of referrers. The caller has seen, after `before`, that no tag points to it;
    /// a tag that was set since has made it younger.
    async fn sweep(
        &self,
        repository: &RepositoryName,
        kind: KeptKind,
        digest: &Digest,
        before: SystemTime,
    ) -> Result<bool, StorageError>;

    /// Frees the bytes of blobs that no repository has any more, if they were last used for a commit or link before `before`; and says how many.
    /// If it is a `dry_run`, frees nothing and says how many could be freed. A storage whose bytes go with the last repository that had them
    /// has nothing to do.
    async fn reclaim(&self, before: SystemTime, dry_run: bool) -> Result<Reclaimed, StorageError>;

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

    /// At most `size` uploads that have been saved, in the order of their ids, from the first one that is greater than `after`.
    async fn uploads(&self, after: Option<UploadId>, size: usize) -> Result<Page<OpenUpload>, StorageError>;

    /// Ends the upload `id` of `repository` and discards what it has, even while it is being written: every later step of its writer fails with
    /// [`StorageErrorKind::Ended`]. `false` if there is none.
    async fn end_upload(&self, repository: &RepositoryName, id: UploadId) -> Result<bool, StorageError>;

    /// The manifest `digest` of `repository`, `None` if it has none.
    async fn manifest(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<StoredManifest>, StorageError>;

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

    /// The manifest that `tag` points to with its content, `None` if there is no such tag. The content is `None` where the manifest has been deleted since the tag was read.
    ///
    /// By default it is what [`tag`](Self::tag) and then [`manifest`](Self::manifest) give; a storage that can find both at one go is faster.
    async fn tagged_manifest(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
    ) -> Result<Option<(Digest, Option<StoredManifest>)>, StorageError> {
        let Some(digest) = self.tag(repository, tag).await? else {
            return Ok(None);
        };
        let manifest = self.manifest(repository, &digest).await?;
        Ok(Some((digest, manifest)))
    }

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

/// After how many bytes a page of referrers ends.
const REFERRERS_BYTES: usize = 4 * 1024 * 1024;
