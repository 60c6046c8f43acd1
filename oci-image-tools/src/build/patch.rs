//! Changed documents, in which what has not changed keeps its text.

use std::fmt;
use std::sync::Arc;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Document, DocumentType};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The document with the value `new`; the document itself if that is the value it has.
pub(super) fn patched<T>(document: &Document<T>, new: &T) -> Result<Document<T>, Error>
where
    T: Clone + DocumentType + PartialEq + Serialize,
{
    if document.value() == new {
        return Ok(document.clone());
    }
    let text = serde_json::from_slice::<&RawValue>(document.bytes()).map_err(unwritable)?;
    let written = serde_json::value::to_raw_value(new).map_err(unwritable)?;
    let text = patch(
        Side::new(text, &serde_json::to_value(document.value()).map_err(unwritable)?),
        Side::new(&written, &serde_json::to_value(new).map_err(unwritable)?),
    );
    let text = text.map_err(unwritable)?;
    // The value knows its own type; for those that do not, it is the one of the document.
    let media_type = match Document::from_value(new.clone()) {
        Ok(written) if written.media_type().is_manifest() => written.media_type().clone(),
        Ok(_) => document.media_type().clone(),
        Err(error) => return Err(unwritable(error)),
    };
    Document::parse(Arc::<[u8]>::from(text.into_bytes()), media_type).map_err(unwritable)
}

pub(super) fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Invalid, "the document cannot be written").with_source(error)
}

/// A value and the text that it was read from or would be written as.
#[derive(Clone, Copy)]
struct Side<'a> {
    text: &'a RawValue,
    value: &'a Value,
}

impl<'a> Side<'a> {
    const fn new(text: &'a RawValue, value: &'a Value) -> Self {
        Self { text, value }
    }

    /// The items of an array.
    fn items(self) -> Result<Vec<Self>, serde_json::Error> {
        let texts: Vec<&RawValue> = serde_json::from_str(self.text.get())?;
        let values = self.value.as_array().into_iter().flatten();
        Ok(texts
            .into_iter()
            .zip(values)
            .map(|(text, value)| Self::new(text, value))
            .collect())
    }
}

/// The text of `old`, with what is another in `new`.
fn patch(old: Side<'_>, new: Side<'_>) -> Result<String, serde_json::Error> {
    match (old.value, new.value) {
        (one, other) if one == other => Ok(old.text.get().to_owned()),
        (Value::Object(_), Value::Object(_)) => patch_object(old, new),
        (Value::Array(_), Value::Array(_)) => patch_array(old, new),
        _ => Ok(new.text.get().to_owned()),
    }
}

/// What is added comes last, in the order in which a new document would have it.
fn patch_object(old: Side<'_>, new: Side<'_>) -> Result<String, serde_json::Error> {
    let found: Fields<'_> = serde_json::from_str(old.text.get())?;
    let wanted: Fields<'_> = serde_json::from_str(new.text.get())?;
    let mut written = Vec::new();
    for (name, text) in &found.0 {
        let wanted = wanted.get(name).zip(new.value.get(name));
        let value = match (old.value.get(name), wanted) {
            (Some(value), Some((to, new))) => patch(Side::new(text, value), Side::new(to, new))?,
            (None, Some((to, _))) => to.get().to_owned(),
            (Some(_), None) => continue,
            // What reading leaves out, such as a `null`.
            (None, None) => text.get().to_owned(),
        };
        written.push(format!("{}:{value}", serde_json::to_string(name)?));
    }
    for (name, value) in wanted.0.iter().filter(|(name, _)| found.get(name).is_none()) {
        written.push(format!("{}:{value}", serde_json::to_string(name)?));
    }
    Ok(format!("{{{}}}", written.join(",")))
}

fn patch_array(old: Side<'_>, new: Side<'_>) -> Result<String, serde_json::Error> {
    let known = old.items()?;
    let (mut written, mut next) = (Vec::new(), 0_usize);
    for (place, wanted) in new.items()?.into_iter().enumerate() {
        // It may have moved: items are put before others where images change their base. Mostly it follows the one before it.
        let follows = known.get(next).is_some_and(|known| known.value == wanted.value);
        let same = match follows {
            true => Some(next),
            false => known.iter().position(|known| known.value == wanted.value),
        };
        next = same.unwrap_or(next).saturating_add(1);
        written.push(match known.get(same.unwrap_or(place)) {
            Some(known) => patch(*known, wanted)?,
            None => wanted.text.get().to_owned(),
        });
    }
    Ok(format!("[{}]", written.join(",")))
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, text)| *text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
