//! From a JSON text to a serializer, value by value: no tree is built.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, SerializeMap, SerializeSeq},
};

use crate::json::{self, Key};

/// Writes the value that `text` stands for.
pub(super) fn pass_on<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let passed = json::with_value(text, |value| Passed::new(value).serialize(serializer));
    passed.unwrap_or_else(|_| Err(S::Error::custom("a field that was kept cannot be read")))
}

/// What a deserializer reads, to be written once.
struct Passed<D>(Cell<Option<D>>);

impl<D> Passed<D> {
    const fn new(deserializer: D) -> Self {
        Self(Cell::new(Some(deserializer)))
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Passed<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let deserializer = self
            .0
            .take()
            .ok_or_else(|| S::Error::custom("a value is passed on once"))?;
        deserializer
            .deserialize_any(PassVisitor(serializer))
            .map_err(S::Error::custom)
    }
}

struct PassVisitor<S>(S);

macro_rules! scalars {
    ($($visit:ident => $serialize:ident: $type:ty,)+) => {
        $(fn $visit<E: de::Error>(self, value: $type) -> Result<S::Ok, E> {
            self.0.$serialize(value).map_err(E::custom)
        })+
    };
}

impl<'de, S: Serializer> Visitor<'de> for PassVisitor<S> {
    type Value = S::Ok;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! {
        visit_bool => serialize_bool: bool,
        visit_f64 => serialize_f64: f64,
        visit_i64 => serialize_i64: i64,
        visit_str => serialize_str: &str,
        visit_u64 => serialize_u64: u64,
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S::Ok, A::Error> {
        let mut output = self.0.serialize_map(None).map_err(de::Error::custom)?;
        while let Some(Key(name)) = map.next_key()? {
            output.serialize_key(name.as_ref()).map_err(de::Error::custom)?;
            map.next_value_seed(MemberSeed(&mut output))?;
        }
        output.end().map_err(de::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<S::Ok, A::Error> {
        let mut output = self.0.serialize_seq(None).map_err(de::Error::custom)?;
        while let Some(()) = seq.next_element_seed(ElementSeed(&mut output))? {}
        output.end().map_err(de::Error::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.0.serialize_unit().map_err(E::custom)
    }
}

struct ElementSeed<'a, O>(&'a mut O);

impl<'de, O: SerializeSeq> DeserializeSeed<'de> for ElementSeed<'_, O> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0
            .serialize_element(&Passed::new(deserializer))
            .map_err(de::Error::custom)
    }
}

struct MemberSeed<'a, O>(&'a mut O);

impl<'de, O: SerializeMap> DeserializeSeed<'de> for MemberSeed<'_, O> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0
            .serialize_value(&Passed::new(deserializer))
            .map_err(de::Error::custom)
    }
}
