use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use oci_client_core::transport::Body;
use oci_spec_types::{Descriptor, Digest, MediaType};

/// A blob that a storage has found.
pub struct StoredBlob {
    file: Option<PathBuf>,
    size: u64,
    read: Box<dyn FnOnce(Range<u64>) -> Body + Send>,
}

impl StoredBlob {
    /// A blob of `size` bytes; `read` streams the bytes of a range, in chunks of bounded size.
    ///
    /// The range lies within the blob.
    pub fn new(size: u64, read: impl FnOnce(Range<u64>) -> Body + Send + 'static) -> Self {
        Self {
            file: None,
            size,
            read: Box::new(read),
        }
    }

    /// With the file that has exactly the bytes of the blob, and is not written to any more.
    #[must_use]
    pub fn with_file(mut self, file: PathBuf) -> Self {
        self.file = Some(file);
        self
    }

    /// The file that has the bytes of the blob, where the storage keeps it as one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
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
    pub(super) subject: Digest,
    pub(super) descriptor: Descriptor,
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
