//! A value as the text that it was read from.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        self, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::Value;

use super::transcode;

/// A JSON value that is read when somebody asks for it.
///
/// As values, a document of a hostile make takes a hundred times the memory of its text.
#[derive(Clone)]
pub(crate) struct KeptValue {
    /// JSON.
    text: Box<str>,
    value: OnceLock<Box<Value>>,
}

impl KeptValue {
    pub(super) fn of(value: Value) -> Self {
        Self {
            text: value.to_string().into(),
            value: OnceLock::from(Box::new(value)),
        }
    }

    pub(super) fn get(&self) -> &Value {
        self.value.get_or_init(|| Box::new(self.read()))
    }

    pub(super) fn into_value(self) -> Value {
        match self.value.into_inner() {
            Some(value) => *value,
            None => serde_json::from_str(&self.text).expect(IS_JSON),
        }
    }

    fn read(&self) -> Value {
        serde_json::from_str(&self.text).expect(IS_JSON)
    }
}

impl fmt::Debug for KeptValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for KeptValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(KEPT, KeptVisitor)
    }
}

impl Eq for KeptValue {}

impl Hash for KeptValue {
    /// Values that are equal can be written in more than one way, so that nothing of the text counts.
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialEq for KeptValue {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.get() == other.get()
    }
}

impl Serialize for KeptValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            Some(value) => value.serialize(serializer),
            None => transcode::pass_on(&self.text, serializer),
        }
    }
}

/// Takes bytes for the text of a value, which is what the reader of documents gives for the name [`KEPT`]. All else becomes a
/// value first, as with any other deserializer.
struct KeptVisitor;

macro_rules! through_value {
    ($($visit:ident: $type:ty,)+) => {
        $(fn $visit<E: de::Error>(self, value: $type) -> Result<KeptValue, E> {
            Ok(KeptValue::of(value.into()))
        })+
    };
}

impl<'de> Visitor<'de> for KeptVisitor {
    type Value = KeptValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    through_value! {
        visit_bool: bool,
        visit_f64: f64,
        visit_i64: i64,
        visit_str: &str,
        visit_string: String,
        visit_u64: u64,
    }

    fn visit_borrowed_bytes<E: de::Error>(self, text: &'de [u8]) -> Result<KeptValue, E> {
        // Whoever it comes from: what is kept can be read.
        serde_json::from_slice::<IgnoredAny>(text).map_err(E::custom)?;
        let text = str::from_utf8(text).map_err(E::custom)?;
        Ok(KeptValue {
            text: text.into(),
            value: OnceLock::new(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeptValue, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(KeptValue::of)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<KeptValue, D::Error> {
        Value::deserialize(deserializer).map(KeptValue::of)
    }

    fn visit_none<E: de::Error>(self) -> Result<KeptValue, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<KeptValue, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(KeptValue::of)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<KeptValue, D::Error> {
        self.visit_newtype_struct(deserializer)
    }

    fn visit_unit<E: de::Error>(self) -> Result<KeptValue, E> {
        Ok(KeptValue::of(Value::Null))
    }
}

/// The name under which a value asks the reader of documents for its text.
pub(crate) const KEPT: &str = "$oci_spec_types::KeptValue";

const IS_JSON: &str = "the text of a value was read as JSON before it was kept";
