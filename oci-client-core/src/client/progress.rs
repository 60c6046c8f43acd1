use oci_spec_types::Digest;

/// A step of one transfer of one blob.
///
/// A transfer begins with [`Started`](BlobProgress::Started) and ends with [`Failed`](BlobProgress::Failed), [`Mounted`](BlobProgress::Mounted), [`Skipped`](BlobProgress::Skipped) or
/// [`Verified`](BlobProgress::Verified). One whose future was dropped ends without a word.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BlobEvent<'a> {
    /// The blob.
    pub digest: &'a Digest,
    /// Where it goes.
    pub direction: Direction,
    /// What has happened.
    pub progress: BlobProgress,
    /// The blob's size in bytes.
    pub size: u64,
}

/// What has happened to a blob.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BlobProgress {
    /// More of the content is there. Told at most ten times a second, and before the end of a transfer where some has not been told.
    Advanced {
        /// How many bytes are there in all, those of an earlier run included. It goes back where an upload has to send bytes again.
        bytes: u64,
    },
    /// The transfer has failed; the operation's error says why.
    Failed,
    /// The registry has taken the content over from another of its repositories.
    Mounted,
    /// The transfer goes on in the middle of the blob, after a failure or where an earlier run had come to.
    Resumed {
        /// The first byte of what is asked for now.
        offset: u64,
    },
    /// The content was there already.
    Skipped,
    /// The transfer begins.
    Started,
    /// The whole is there, and it is what the descriptor says: checked here for a download, by the registry for an upload.
    Verified,
}

/// Which way content goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Direction {
    /// From the registry.
    Download,
    /// To the registry.
    Upload,
}
