use std::fmt;
use std::str::FromStr;

use oci_spec_types::Digest;

use super::{StorageError, StorageErrorKind};

/// The name of an upload session: 128 random bits, written as 32 hexadecimal digits.
///
/// Whoever knows the name may write to the session, so it cannot be guessed.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UploadId(u128);

impl UploadId {
    /// A new name, from the operating system's random numbers.
    ///
    /// # Errors
    /// If the operating system has none.
    pub fn random() -> Result<Self, StorageError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| StorageError::new(StorageErrorKind::Other, "random numbers").with_source(error))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }

    /// The name of the session of the user `name`, or of somebody without an account, who knows it by this name.
    ///
    /// Whoever else gets to know this name can do nothing with it, and nothing has to be kept of who began which session.
    pub(crate) fn of(self, name: Option<&str>) -> Self {
        let owner = name.map_or_else(|| "anonymous".to_owned(), |name| format!("user {name}"));
        let digest = Digest::sha256(format!("{self} {owner}").as_bytes()).encoded_string();
        let half = digest.get(..32).and_then(|half| half.parse().ok());
        half.expect("a sha256 digest has 64 hexadecimal digits")
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UploadId(…)")
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl FromStr for UploadId {
    type Err = InvalidUploadId;

    /// Reads the form that `Display` writes, and no other.
    ///
    /// # Errors
    /// If `text` is not 32 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, InvalidUploadId> {
        let well_formed = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let value = u128::from_str_radix(text, 16).map_err(|_| InvalidUploadId)?;
        if well_formed {
            Ok(Self(value))
        } else {
            Err(InvalidUploadId)
        }
    }
}

/// A text that is not the name of an upload.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an upload id is 32 lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct InvalidUploadId;

#[cfg(test)]
mod tests;
