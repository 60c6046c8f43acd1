//! From bytes to text.

use super::{Limits, ParseError, ParseErrorKind};

/// The text of a document, if its size and encoding allow.
pub(crate) fn utf8<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, ParseError> {
    check_len(bytes, limits)?;
    if bytes.starts_with(BYTE_ORDER_MARK) {
        let message = "the document starts with a byte order mark, which JSON does not allow";
        return Err(ParseError::new(ParseErrorKind::ByteOrderMark, message).at_offset(0));
    }
    str::from_utf8(bytes).map_err(|error| {
        ParseError::new(ParseErrorKind::NotUtf8, "the document is not UTF-8").at_offset(error.valid_up_to())
    })
}

/// Checks the size of a document.
pub(crate) fn check_len(bytes: &[u8], limits: &Limits) -> Result<(), ParseError> {
    if bytes.len() > limits.document_bytes() {
        let message = format!(
            "the document has {} bytes, more than the limit of {}; raise it with `Limits::with_document_bytes`",
            bytes.len(),
            limits.document_bytes()
        );
        return Err(ParseError::new(ParseErrorKind::TooLarge, message));
    }
    Ok(())
}

/// The byte where `serde_json` stopped, from its line and column, which count from 1.
pub(crate) fn offset_of(error: &serde_json::Error, text: &str) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let start: usize = lines.map(str::len).sum();
    (start + error.column().saturating_sub(1)).min(text.len())
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
