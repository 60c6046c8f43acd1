//! The layers of a manifest beside the DiffIDs of its configuration.

use super::ImageConfig;
use crate::{Descriptor, Digest, ImageManifest};

impl ImageConfig {
    /// Each layer of `manifest` with the digest that it must have once it is uncompressed, from the base up.
    ///
    /// # Errors
    ///
    /// If there are not as many layers as digests: manifest and configuration do not belong together.
    ///
    /// ```
    /// use oci_spec_types::{Architecture, Descriptor, Digest, ImageConfig, ImageManifest, MediaType, Os, RootFs};
    ///
    /// let config = ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(vec![Digest::sha256(b"tar")]));
    /// let layer = Descriptor::of(MediaType::IMAGE_LAYER, b"tar");
    /// let manifest = ImageManifest::new(Descriptor::empty(), vec![layer.clone()]);
    /// let pairs: Vec<_> = config.layers_of(&manifest)?.collect();
    /// assert_eq!(pairs, [(&layer, &layer.digest)]);
    /// # Ok::<(), oci_spec_types::LayerCountMismatch>(())
    /// ```
    pub fn layers_of<'a>(
        &'a self,
        manifest: &'a ImageManifest,
    ) -> Result<impl ExactSizeIterator<Item = (&'a Descriptor, &'a Digest)>, LayerCountMismatch> {
        let (layers, diff_ids) = (&manifest.layers, &self.rootfs.diff_ids);
        if layers.len() != diff_ids.len() {
            return Err(LayerCountMismatch {
                layers: layers.len(),
                diff_ids: diff_ids.len(),
            });
        }
        Ok(layers.iter().zip(diff_ids))
    }
}

/// A manifest has not as many layers as its configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the manifest has {layers} layers, but its configuration has {diff_ids} diff_ids")]
pub struct LayerCountMismatch {
    diff_ids: usize,
    layers: usize,
}

impl LayerCountMismatch {
    /// How many digests the configuration has.
    #[must_use]
    pub const fn diff_ids(&self) -> usize {
        self.diff_ids
    }

    /// How many layers the manifest has.
    #[must_use]
    pub const fn layers(&self) -> usize {
        self.layers
    }
}
