//! Why a document was refused.

use std::{borrow::Cow, fmt};

use super::Path;
use crate::Mismatch;

/// Why a document was refused: the kind of fault, its byte and its place in the document.
///
/// ```
/// use oci_spec_types::{Document, ImageIndex, MediaType, ParseErrorKind};
///
/// let bytes = br#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#;
/// let error = Document::<ImageIndex>::parse(*bytes, MediaType::IMAGE_INDEX).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::DuplicateName);
/// assert_eq!((error.offset(), error.path()), (Some(34), Some("$.manifests")));
/// assert_eq!(error.to_string(), "the name occurs twice in one object: $.manifests, byte 34");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseError {
    kind: ParseErrorKind,
    message: Cow<'static, str>,
    mismatch: Option<Mismatch>,
    offset: Option<usize>,
    path: Option<String>,
}

impl ParseError {
    /// `message` must not hold remote text that could act on a terminal.
    pub(crate) fn new(kind: ParseErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            mismatch: None,
            offset: None,
            path: None,
        }
    }

    pub(crate) fn at_offset(self, offset: usize) -> Self {
        Self {
            offset: Some(offset),
            ..self
        }
    }

    pub(crate) fn at_path(self, path: &Path<'_>) -> Self {
        self.at_path_text(path.to_string())
    }

    pub(crate) fn at_path_text(self, path: String) -> Self {
        Self {
            path: Some(path),
            ..self
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// What is wrong, in words, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The byte of the document where it is wrong, where there is one: of an object that lacks a field, its start.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The place in the document, such as `$.layers[3].digest`, where it is known.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(path) = &self.path {
            write!(f, ": {path}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, "{} byte {offset}", if self.path.is_some() { "," } else { " at" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.mismatch.as_ref().map(|mismatch| mismatch as _)
    }
}

impl From<Mismatch> for ParseError {
    fn from(mismatch: Mismatch) -> Self {
        Self {
            mismatch: Some(mismatch),
            ..Self::new(
                ParseErrorKind::ContentMismatch,
                "the document is not the one that was asked for",
            )
        }
    }
}

/// What is wrong with a document that was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// It has `layers` or `config`, as a manifest, and `manifests`, as an index, in any case: two readers could see two images.
    Ambiguous,
    /// It starts with a byte order mark.
    ByteOrderMark,
    /// Its bytes do not have the digest or size that was asked for.
    ContentMismatch,
    /// A name occurs twice in one object.
    DuplicateName,
    /// A name equals a known one but for its case.
    FoldedName,
    /// A digest does not fit the grammar or the rules of its algorithm.
    InvalidDigest,
    /// A media type does not fit the grammar.
    InvalidMediaType,
    /// A size is not an integer from 0 to 2^63-1, or contradicts the digest (only empty content has size 0).
    InvalidSize,
    /// A token is empty, or has characters that no header can carry.
    InvalidToken,
    /// A `\u` escape is half of a surrogate pair.
    LoneSurrogate,
    /// The `mediaType` inside is not the type that the document is used as.
    MediaTypeMismatch,
    /// A required field is missing or `null`.
    MissingField,
    /// It is not UTF-8.
    NotUtf8,
    /// A number is too large for a double.
    NumberRange,
    /// It is not JSON.
    Syntax,
    /// Objects and arrays are nested deeper than the limit.
    TooDeep,
    /// It is larger than the limit.
    TooLarge,
    /// It has more layers or entries than the limit.
    TooManyEntries,
    /// It has more JSON values than the limit.
    TooManyValues,
    /// More follows after its end.
    TrailingData,
    /// It is of a type that is not read here.
    UnsupportedMediaType,
    /// Its `schemaVersion` is not 2.
    UnsupportedSchemaVersion,
    /// A value is of another JSON type than its field.
    WrongType,
}
