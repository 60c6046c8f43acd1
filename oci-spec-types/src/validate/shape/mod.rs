//! The shape of documents: which fields there are, and of which JSON type and grammar.
//!
//! The typed parser stops at the first fault and cannot name its place. The walk here goes over the JSON tree instead, names
//! the place of every fault, and puts a neutral value where it found one, so that the rest can still be read as typed values.

mod schema;
mod tree;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::schema::{Field, Need, Shape};
pub(crate) use self::{
    schema::Schema,
    tree::{Unknown, tree},
};
use crate::{
    Descriptor, Digest, MediaType, ParseError, ParseErrorKind,
    descriptor::SIZE_RANGE,
    json::{Path, folded_name, locate},
};

/// Finds why the typed parser refused a text that was scanned.
pub(crate) fn diagnose(text: &str, schema: &'static Schema) -> ParseError {
    let mut found = None;
    if let Ok(mut tree) = tree(text, schema, Unknown::LookAlikes) {
        walk(&mut tree, schema, &mut |path, fault| {
            if let (Some(kind), None) = (fault.refusal, &found) {
                found = Some(
                    ParseError::new(kind, fault.message)
                        .at_offset(locate(text, path))
                        .at_path(path),
                );
            }
        });
    }
    // The two readings agree on what they refuse; a property test holds them to that.
    found.unwrap_or_else(|| {
        ParseError::new(
            ParseErrorKind::WrongType,
            "the document does not have the fields of its type",
        )
    })
}

/// Reports every fault of a document, and mends the tree so that the typed parser takes it.
pub(crate) fn walk(tree: &mut Value, schema: &'static Schema, sink: &mut dyn FnMut(&Path<'_>, Fault)) {
    Walk { sink }.value(tree, &Shape::Object(schema), &Path::Root);
}

/// What is wrong at a place.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// Why the typed parser refuses it; `None` if it reads it all the same.
    pub(crate) refusal: Option<ParseErrorKind>,
    pub(crate) section: &'static str,
    /// Whether the spec only recommends otherwise.
    pub(crate) tolerable: bool,
}

struct Walk<'a> {
    sink: &'a mut dyn FnMut(&Path<'_>, Fault),
}

impl Walk<'_> {
    /// Checks a value. Says whether it may stay; if not, it has been reported.
    fn value(&mut self, value: &mut Value, shape: &Shape, path: &Path<'_>) -> bool {
        let fault = match (shape, &mut *value) {
            (Shape::Digest, Value::String(text)) => fault_of(text.parse::<Digest>(), ParseErrorKind::InvalidDigest),
            (Shape::MediaType, Value::String(text)) => {
                fault_of(text.parse::<MediaType>(), ParseErrorKind::InvalidMediaType)
            }
            (Shape::Text, Value::String(_)) | (Shape::Bool, Value::Bool(_)) | (Shape::OpenObject, Value::Object(_)) => {
                None
            }
            (Shape::Size, value) => check_size(value),
            (Shape::SchemaVersion, value) => check_schema_version(value),
            (Shape::List(element), Value::Array(values)) => {
                self.list(values, element, path);
                None
            }
            (Shape::Map(element), Value::Object(values)) => {
                self.map(values, element, path);
                None
            }
            (Shape::Object(schema), Value::Object(values)) => {
                self.object(values, schema, path);
                None
            }
            (shape, value) => Some((ParseErrorKind::WrongType, wrong_type(shape, value))),
        };
        match fault {
            None => true,
            Some((kind, message)) => {
                self.refuse(path, kind, message, shape.section());
                false
            }
        }
    }

    fn list(&mut self, values: &mut [Value], element: &Shape, path: &Path<'_>) {
        for (index, value) in values.iter_mut().enumerate() {
            if !self.value(value, element, &path.index(index)) {
                *value = element.neutral();
            }
        }
    }

    fn map(&mut self, values: &mut Map<String, Value>, element: &Shape, path: &Path<'_>) {
        values.retain(|name, value| self.value(value, element, &path.name(name)));
    }

    fn object(&mut self, values: &mut Map<String, Value>, schema: &'static Schema, path: &Path<'_>) {
        let size_is_sound = values.get("size").is_some_and(|size| check_size(size).is_none());
        for field in schema.fields {
            self.field(values, schema, field, path);
        }
        if schema.is_descriptor() {
            self.descriptor(values, size_is_sound, path);
        }
        let known = schema.names();
        values.retain(|name, _| match folded_name(name, &known) {
            None => true,
            Some(known) => {
                let message =
                    format!("the name differs from `{known}` only in case, so that some readers take it for that");
                self.refuse(&path.name(name), ParseErrorKind::FoldedName, message, schema.section);
                false
            }
        });
    }

    fn field(&mut self, values: &mut Map<String, Value>, schema: &Schema, field: &Field, path: &Path<'_>) {
        let path = path.name(field.name);
        match values.get_mut(field.name) {
            None => self.missing(values, schema, field, &path),
            Some(Value::Null) => self.null(values, schema, field, &path),
            Some(Value::String(text)) if text.is_empty() && field.need == Need::Name => {
                let message = "the field is empty; leave it out instead".to_owned();
                self.report(
                    &path,
                    Fault {
                        message,
                        refusal: None,
                        section: schema.section,
                        tolerable: false,
                    },
                );
                values.remove(field.name);
            }
            Some(value) => {
                if self.value(value, &field.shape, &path) {
                    return;
                }
                if matches!(field.need, Need::Required | Need::List) {
                    *value = field.shape.neutral();
                } else {
                    values.remove(field.name);
                }
            }
        }
    }

    fn missing(&mut self, values: &mut Map<String, Value>, schema: &Schema, field: &Field, path: &Path<'_>) {
        let message = "the required field is missing".to_owned();
        match field.need {
            Need::Required | Need::List => {
                self.refuse(path, ParseErrorKind::MissingField, message, schema.section);
                values.insert(field.name.to_owned(), field.shape.neutral());
            }
            Need::Written => self.report(
                path,
                Fault {
                    message,
                    refusal: None,
                    section: schema.section,
                    tolerable: false,
                },
            ),
            Need::Name | Need::Optional => {}
        }
    }

    fn null(&mut self, values: &mut Map<String, Value>, schema: &Schema, field: &Field, path: &Path<'_>) {
        let required = "the required field is null".to_owned();
        let (message, refusal, tolerable) = match field.need {
            Need::Required => (required, Some(ParseErrorKind::MissingField), false),
            Need::List | Need::Written => (required, None, false),
            Need::Name | Need::Optional if schema.null_is_absent => return,
            Need::Name | Need::Optional => ("the field is null; leave it out instead".to_owned(), None, true),
        };
        self.report(
            path,
            Fault {
                message,
                refusal,
                section: schema.section,
                tolerable,
            },
        );
        match field.need {
            Need::Required | Need::List => values.insert(field.name.to_owned(), field.shape.neutral()),
            _ => values.remove(field.name),
        };
    }

    /// Checks size and digest of a descriptor against each other.
    fn descriptor(&mut self, values: &mut Map<String, Value>, size_is_sound: bool, path: &Path<'_>) {
        let digest = values
            .get("digest")
            .and_then(Value::as_str)
            .and_then(|digest| digest.parse().ok());
        let size = values.get("size").and_then(Value::as_u64);
        let (Some(digest), Some(size)) = (digest, size) else {
            return;
        };
        let mut descriptor = Descriptor::new(MediaType::OCTET_STREAM, digest, size);
        let checked = descriptor.check_size();
        if let (Err(message), true) = (checked, size_is_sound) {
            let section = Schema::DESCRIPTOR.section;
            self.refuse(
                &path.name("size"),
                ParseErrorKind::InvalidSize,
                message.to_owned(),
                section,
            );
        }
        if checked.is_err() || !size_is_sound {
            descriptor.size = 0;
            let possible = u64::from(descriptor.check_size().is_err());
            values.insert("size".to_owned(), possible.into());
            // Nothing can be said of it without the size.
            values.remove("data");
        }
    }

    fn refuse(&mut self, path: &Path<'_>, kind: ParseErrorKind, message: String, section: &'static str) {
        self.report(
            path,
            Fault {
                message,
                refusal: Some(kind),
                section,
                tolerable: false,
            },
        );
    }

    fn report(&mut self, path: &Path<'_>, fault: Fault) {
        (self.sink)(path, fault);
    }
}

fn fault_of<T, E: ToString>(parsed: Result<T, E>, kind: ParseErrorKind) -> Option<(ParseErrorKind, String)> {
    parsed.err().map(|error| (kind, error.to_string()))
}

fn check_size(value: &Value) -> Option<(ParseErrorKind, String)> {
    if value.as_u64().is_some_and(|size| size <= Descriptor::MAX_SIZE) {
        return None;
    }
    Some((
        ParseErrorKind::InvalidSize,
        format!("{SIZE_RANGE}, found {}", shown(value)),
    ))
}

fn check_schema_version(value: &Value) -> Option<(ParseErrorKind, String)> {
    if value.as_u64() == Some(2) {
        return None;
    }
    let message = format!("the only schemaVersion that is supported is 2, found {}", shown(value));
    Some((ParseErrorKind::UnsupportedSchemaVersion, message))
}

fn wrong_type(shape: &Shape, found: &Value) -> String {
    format!("the value must be {}, found {}", shape.in_words(), shown(found))
}

/// A value in a message: numbers as they are, of others the type.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
