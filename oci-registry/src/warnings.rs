//! Notices for the users of clients, in `Warning` fields.

use http::header::{HeaderMap, HeaderValue, WARNING};

use crate::registry::RegistryBuilder;
use crate::response;

impl RegistryBuilder {
    /// Adds a notice that comes with every answer, in a `Warning` field; clients show it to their users ([spec, "Warnings"]).
    ///
    /// ```
    /// use oci_registry::Registry;
    ///
    /// let registry = Registry::builder().warning("this registry is read-only from Friday on")?.build();
    /// # Ok::<(), oci_registry::InvalidWarning>(())
    /// ```
    ///
    /// # Errors
    /// The text is empty, has other characters than those of ASCII that are printed, or all notices together would have more
    /// than 4096 bytes.
    ///
    /// [spec, "Warnings"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#warnings
    pub fn warning(mut self, text: &str) -> Result<Self, InvalidWarning> {
        self.warnings.add(text)?;
        Ok(self)
    }
}

/// Why a text cannot be a notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWarning {
    /// It has another character than those of ASCII that are printed.
    #[error("the character at byte {position} of the warning is none of printable ASCII")]
    Character {
        /// Where the character begins, in bytes.
        position: usize,
    },
    /// It has no character.
    #[error("the warning is empty")]
    Empty,
    /// All notices together would be larger than an answer may have.
    #[error("all warnings together have more than {} bytes", MAX_LEN)]
    TooLong,
}

/// The fields of every answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings {
    values: Vec<HeaderValue>,
}

impl Warnings {
    pub(crate) fn extend(&self, headers: &mut HeaderMap) {
        for value in &self.values {
            headers.append(WARNING, value.clone());
        }
    }

    fn add(&mut self, text: &str) -> Result<(), InvalidWarning> {
        if text.is_empty() {
            return Err(InvalidWarning::Empty);
        }
        if let Some(position) = text.find(|character| !matches!(character, ' '..='~')) {
            return Err(InvalidWarning::Character { position });
        }
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let value = response::ascii(format_args!("299 - \"{quoted}\""));
        let before: usize = self.values.iter().map(HeaderValue::len).sum();
        if before + value.len() > MAX_LEN {
            return Err(InvalidWarning::TooLong);
        }
        self.values.push(value);
        Ok(())
    }
}

/// How many bytes the spec lets all `Warning` fields of an answer have.
const MAX_LEN: usize = 4096;
