//! How layers are compressed: the one place that compresses and the one that uncompresses.

mod decode;
mod encode;

use oci_client_core::Error;
use oci_spec_types::MediaType;

use crate::errors::unsupported;

#[cfg(feature = "helm")]
pub(crate) use self::decode::gunzipped;
pub(crate) use self::decode::uncompressed;
pub(crate) use self::encode::Encoder;

/// How a layer is compressed, and by what: the bytes of a compressed layer, and so its digest, are those of one encoder at one level.
///
/// The DiffID of a layer does not depend on any of this.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Compression {
    /// gzip by flate2 over zlib-rs, level 6, without a time or name in its header. Another crate in the same program that has flate2 use another backend changes the bytes.
    #[default]
    Gzip,
    /// The tar archive as it is.
    None,
    /// zstd by the reference implementation, level 3, one frame. Needs the feature `zstd`.
    Zstd,
}

impl Compression {
    /// How a layer of this type is compressed; `None` if it is not the type of a layer.
    pub fn of(media_type: &MediaType) -> Option<Self> {
        if !media_type.is_layer() {
            return None;
        }
        let suffix = media_type.as_str().rsplit(['.', '+']).next();
        Some(match suffix {
            Some(suffix) if suffix.eq_ignore_ascii_case("gzip") => Self::Gzip,
            Some(suffix) if suffix.eq_ignore_ascii_case("zstd") => Self::Zstd,
            _ => Self::None,
        })
    }

    /// The same for a layer that has to be read.
    pub(crate) fn of_layer(media_type: &MediaType) -> Result<Self, Error> {
        Self::of(media_type).ok_or_else(|| unsupported(format!("{media_type} is not the type of an image layer")))
    }

    /// The type of an OCI layer that is compressed like this.
    pub const fn media_type(self) -> MediaType {
        match self {
            Self::Gzip => MediaType::IMAGE_LAYER_GZIP,
            Self::None => MediaType::IMAGE_LAYER,
            Self::Zstd => MediaType::IMAGE_LAYER_ZSTD,
        }
    }
}

#[cfg(not(feature = "zstd"))]
fn without_zstd() -> Error {
    unsupported("zstd was left out of this program; build it with the feature `zstd` of oci-image-tools")
}
