use crate::limits::ImageLimits;

/// How an image is [validated](super::validate). By default everything is read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ValidateOptions {
    pub(super) fast: bool,
    pub(super) limits: ImageLimits,
}

impl ValidateOptions {
    /// The default options.
    pub const fn new() -> Self {
        Self {
            fast: false,
            limits: ImageLimits::new(),
        }
    }

    /// Reads manifests and configurations only; of other blobs it is asked whether they are there and, where the source can tell, of the right size
    /// ([`Source::check_blob`](oci_client_core::store::Source::check_blob)).
    #[must_use]
    pub const fn with_fast(mut self) -> Self {
        self.fast = true;
        self
    }

    /// What the layers of each image may ask of the reader.
    #[must_use]
    pub const fn with_limits(mut self, limits: ImageLimits) -> Self {
        self.limits = limits;
        self
    }
}
