//! The layers of an image, by their content.

use crate::{Digest, Extra, chain_id, json::wire_object};

/// The layers of an image, by the digests of their uncompressed archives (DiffIDs).
///
/// Spec: [image-spec, config.md, Properties](https://github.com/opencontainers/image-spec/blob/main/config.md#properties).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RootFs {
    /// How the layers are given: `layers`, the only way that the spec defines.
    pub kind: String,
    /// The digests of the uncompressed layers, from the base up.
    pub diff_ids: Vec<Digest>,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl RootFs {
    /// The kind that the spec defines.
    pub const LAYERS: &'static str = "layers";

    /// Layers with these digests of their uncompressed archives.
    #[must_use]
    pub fn new(diff_ids: Vec<Digest>) -> Self {
        Self {
            kind: Self::LAYERS.to_owned(),
            diff_ids,
            extra: Extra::new(),
        }
    }

    /// The name of the whole stack of layers; `None` if there are none. See [`chain_id`](crate::chain_id()).
    #[must_use]
    pub fn chain_id(&self) -> Option<Digest> {
        chain_id(&self.diff_ids)
    }
}

// `diff_ids` must be there by the spec, but images without layers are written without it.
wire_object!(RootFs;
    "type" => kind: required,
    "diff_ids" => diff_ids: written,
);
