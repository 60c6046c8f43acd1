use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_spec_types::Digest;

use super::StorageError;

/// The one writer of an upload.
///
/// Dropping it ends the writing. An upload that has been saved before stays, with all or the first part of what was
/// appended; one that was begun and never saved is gone, since nobody knows of it.
#[async_trait]
pub trait Upload: Send {
    /// How many bytes the upload has.
    fn size(&self) -> u64;

    /// Appends `chunk`, which the registry has filled from the request: at most 256 KiB, and less only at its end and where the
    /// request pauses.
    ///
    /// After an error only dropping and [`cancel`](Self::cancel) make sense.
    async fn append(&mut self, chunk: Bytes) -> Result<(), StorageError>;

    /// Everything that the upload has, from its first byte.
    async fn read(&mut self) -> Result<Body, StorageError>;

    /// Ends the writing for now; [`Storage::resume_upload`](super::Storage::resume_upload) goes on with all that was appended.
    async fn save(self: Box<Self>) -> Result<(), StorageError>;

    /// Makes the content a blob of the upload's repository and ends the upload.
    ///
    /// The caller has verified that the content hashes to `digest`. A blob that is there already stays as it is.
    async fn commit(self: Box<Self>, digest: &Digest) -> Result<(), StorageError>;

    /// Ends the upload and discards what it has.
    async fn cancel(self: Box<Self>) -> Result<(), StorageError>;
}
