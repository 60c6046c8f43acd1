//! Reading answers in which something may be missing or of another type.

use serde_json::{Map, Value};

use crate::{
    Limits, ParseError, ParseErrorKind,
    json::{self, Rules, check_all, offset_of},
};

/// The object that an answer is. There is no limit on its size, which is for whoever receives it, but [`Limits::VALUES`]
/// applies.
///
/// The error quotes nothing of the answer, which may hold a secret.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, ParseError> {
    let text = utf8(bytes)?;
    check_values(text)?;
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ParseError::new(ParseErrorKind::WrongType, NOT_AN_OBJECT).at_offset(0)),
        Err(error) => Err(not_an_object(&error, text)),
    }
}

/// The text of an answer.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, ParseError> {
    json::utf8(bytes, &Limits::new().with_document_bytes(usize::MAX))
}

/// Why an answer could not be read as an object of which any field may be of any type.
pub(super) fn not_an_object(error: &serde_json::Error, text: &str) -> ParseError {
    if error.is_data() {
        return ParseError::new(ParseErrorKind::WrongType, NOT_AN_OBJECT).at_offset(0);
    }
    ParseError::new(ParseErrorKind::Syntax, "the answer is not JSON").at_offset(offset_of(error, text))
}

/// Refuses an answer with more values than the limit, and nothing else.
fn check_values(text: &str) -> Result<(), ParseError> {
    let rules = Rules {
        limits: &Limits::new(),
        manifest: false,
    };
    match check_all(text, rules, &mut Vec::new()) {
        Err(error) if error.kind() == ParseErrorKind::TooManyValues => {
            let message = format!("the answer has more than {} JSON values", Limits::VALUES);
            Err(ParseError::new(ParseErrorKind::TooManyValues, message))
        }
        _ => Ok(()),
    }
}

/// The elements of a list; none if it is missing or no list.
pub(super) fn list(object: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match object.remove(name) {
        Some(Value::Array(elements)) => elements,
        _ => Vec::new(),
    }
}

/// A string that is there and not empty.
pub(super) fn text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

const NOT_AN_OBJECT: &str = "the answer must be a JSON object";
