//! Reading answers in which something may be missing or of another type.

use serde_json::{Map, Value};

use crate::{
    Limits, ParseError, ParseErrorKind,
    json::{offset_of, utf8},
};

/// The object that an answer is. There is no limit on its size: that is for whoever receives it.
///
/// The error quotes nothing of the answer, which may hold a secret.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, ParseError> {
    let text = utf8(bytes, &Limits::new().with_document_bytes(usize::MAX))?;
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ParseError::new(ParseErrorKind::WrongType, "the answer must be a JSON object").at_offset(0)),
        Err(error) => {
            Err(ParseError::new(ParseErrorKind::Syntax, "the answer is not JSON").at_offset(offset_of(&error, text)))
        }
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

/// The strings among `elements`: those that parse, and the others as they are. `null` and other types are left out.
pub(super) fn parse_each<T: std::str::FromStr>(elements: Vec<Value>) -> (Vec<T>, Vec<String>) {
    let mut parsed = Vec::with_capacity(elements.len());
    let mut others = Vec::new();
    for element in elements {
        if let Value::String(text) = element {
            match text.parse() {
                Ok(name) => parsed.push(name),
                Err(_) => others.push(text),
            }
        }
    }
    (parsed, others)
}
