//! The content that a descriptor may carry inside itself.

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::Mismatch;

/// The `data` of a descriptor: its content in base64, as it was written. Not verified, and not even decoded.
///
/// Use [`Descriptor::embedded_content`](crate::Descriptor::embedded_content), which does both.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct EmbeddedData(String);

impl EmbeddedData {
    /// The `data` for this content.
    #[must_use]
    pub fn encode(content: &[u8]) -> Self {
        Self(STANDARD.encode(content))
    }

    /// The base64 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The content, without a check that it is what the descriptor names.
    ///
    /// ```
    /// use oci_spec_types::EmbeddedData;
    ///
    /// assert_eq!(EmbeddedData::encode(b"{}").decode_unverified()?, b"{}");
    /// # Ok::<(), oci_spec_types::InvalidBase64>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is not base64 with the standard alphabet and padding (RFC 4648, section 4), without line breaks.
    pub fn decode_unverified(&self) -> Result<Vec<u8>, InvalidBase64> {
        STANDARD.decode(&self.0).map_err(|error| InvalidBase64 {
            position: match error {
                DecodeError::InvalidByte(position, _) | DecodeError::InvalidLastSymbol { offset: position, .. } => {
                    position
                }
                _ => self.0.len(),
            },
        })
    }
}

/// The text of a `data` field is not base64.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid base64 at byte {position} of `data`: it must have the standard alphabet, padding and no line breaks")]
pub struct InvalidBase64 {
    position: usize,
}

impl InvalidBase64 {
    /// The byte of the text where it is wrong; its length if something is missing at the end.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

/// The `data` of a descriptor is not its content.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedDataError {
    /// It cannot be decoded.
    #[error(transparent)]
    Base64(#[from] InvalidBase64),
    /// It is not what digest and size name.
    #[error("`data` is not the content that the descriptor names")]
    Mismatch(#[from] Mismatch),
}
