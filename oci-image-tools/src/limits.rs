use std::time::Duration;

/// What layers may hold, whoever makes, reads or unpacks them. What exceeds a limit is an error of kind
/// [`TooLarge`](oci_client_core::ErrorKind::TooLarge), or [`Timeout`](oci_client_core::ErrorKind::Timeout) for the time.
///
/// The defaults let every image through that is known to be in use. All of them count over all layers together that one call reads, except where they say so; where a layer is made, they
/// count for that layer. Ratio and time are for what is uncompressed. Paths and the targets of links that are made or read never have more than 4,096 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ImageLimits {
    pub(crate) bytes: u64,
    pub(crate) depth: usize,
    pub(crate) entries: u64,
    pub(crate) file_size: u64,
    pub(crate) name_bytes: u64,
    pub(crate) ratio: u64,
    pub(crate) time: Option<Duration>,
}

impl ImageLimits {
    /// The defaults, which the constants name.
    pub const fn new() -> Self {
        Self {
            bytes: Self::BYTES,
            depth: Self::DEPTH,
            entries: Self::ENTRIES,
            file_size: Self::FILE_SIZE,
            name_bytes: Self::NAME_BYTES,
            ratio: Self::RATIO,
            time: None,
        }
    }

    /// The most bytes that the layers may have once they are uncompressed.
    #[must_use]
    pub const fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// The most components that a path may have.
    #[must_use]
    pub const fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// The most entries that the layers may have.
    #[must_use]
    pub const fn with_entries(mut self, entries: u64) -> Self {
        self.entries = entries;
        self
    }

    /// The largest file in bytes, the holes of a sparse one included.
    #[must_use]
    pub const fn with_file_size(mut self, bytes: u64) -> Self {
        self.file_size = bytes;
        self
    }

    /// The most bytes that the names of all entries may have together.
    #[must_use]
    pub const fn with_name_bytes(mut self, bytes: u64) -> Self {
        self.name_bytes = bytes;
        self
    }

    /// How many times larger than its compressed form a layer may be, from [`RATIO_FROM`](Self::RATIO_FROM) bytes on. 0 counts as 1.
    #[must_use]
    pub const fn with_ratio(mut self, ratio: u64) -> Self {
        self.ratio = if ratio == 0 { 1 } else { ratio };
        self
    }

    /// How long all of it may take, waiting for the source included; there is no such limit by default.
    #[must_use]
    pub const fn with_time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// The default of [`with_bytes`](Self::with_bytes): 256 GiB.
    pub const BYTES: u64 = 256 << 30;

    /// The default of [`with_depth`](Self::with_depth).
    pub const DEPTH: usize = 256;

    /// The default of [`with_entries`](Self::with_entries).
    pub const ENTRIES: u64 = 2_000_000;

    /// The default of [`with_file_size`](Self::with_file_size): 128 GiB.
    pub const FILE_SIZE: u64 = 128 << 30;

    /// The default of [`with_name_bytes`](Self::with_name_bytes): 256 MiB.
    pub const NAME_BYTES: u64 = 256 << 20;

    /// The default of [`with_ratio`](Self::with_ratio).
    pub const RATIO: u64 = 100;

    /// The size of an uncompressed layer up to which its ratio does not matter: 512 MiB.
    pub const RATIO_FROM: u64 = 512 << 20;
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self::new()
    }
}
