/// How much one layer may hold. More is an error of kind [`TooLarge`](oci_client_core::ErrorKind::TooLarge).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LayerLimits {
    /// The most bytes of the tar archive: 64 GiB by default.
    pub bytes: u64,
    /// The most levels of a path: 256 by default.
    pub depth: usize,
    /// The most entries: 1,000,000 by default. They are held in memory until they are written, a few hundred bytes each.
    pub entries: usize,
    /// The most bytes of a path or link target: 4,096 by default.
    pub path: usize,
}

impl LayerLimits {
    /// The default limits.
    pub const fn new() -> Self {
        Self {
            bytes: 64 << 30,
            depth: 256,
            entries: 1_000_000,
            path: 4096,
        }
    }
}

impl Default for LayerLimits {
    fn default() -> Self {
        Self::new()
    }
}
