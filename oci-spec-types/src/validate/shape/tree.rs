//! The tree of a document without what its schema does not look into.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Schema, schema::Shape};
use crate::json::folded_name;

/// Reads a document. Of a field that is not in its schema the name is there, and `null` for the value; a list or an object
/// where neither belongs is empty. So what nobody looks at takes no memory.
pub(crate) fn tree(text: &str, schema: &'static Schema, unknown: Unknown) -> serde_json::Result<Value> {
    let seed = TreeSeed {
        shape: Some(&Shape::Object(schema)),
        unknown,
    };
    seed.deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// Which fields that are not in the schema are there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unknown {
    All,
    /// Those with a name that some readers take for one of the schema: no other is ever a fault.
    LookAlikes,
}

/// A value that is to have a shape, or of which nothing is known.
#[derive(Clone, Copy)]
struct TreeSeed<'s> {
    shape: Option<&'s Shape>,
    unknown: Unknown,
}

impl TreeSeed<'_> {
    /// How the value of a member is read; `None` if it is left out.
    fn member(&self, name: &str) -> Option<TreeSeed<'_>> {
        let shape = match self.shape {
            Some(Shape::Map(element)) => Some(*element),
            Some(Shape::Object(schema)) => {
                let field = schema.fields.iter().find(|field| field.name == name);
                if field.is_none() && self.unknown == Unknown::LookAlikes {
                    folded_name(name, &schema.names())?;
                }
                field.map(|field| &field.shape)
            }
            _ => return None,
        };
        Some(TreeSeed { shape, ..*self })
    }
}

impl<'de> DeserializeSeed<'de> for TreeSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.shape {
            None => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Value::Null),
            Some(_) => deserializer.deserialize_any(self),
        }
    }
}

macro_rules! scalars {
    ($($visit:ident: $type:ty,)+) => {
        $(fn $visit<E>(self, value: $type) -> Result<Value, E> {
            Ok(value.into())
        })+
    };
}

impl<'de> Visitor<'de> for TreeSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! {
        visit_bool: bool,
        visit_f64: f64,
        visit_i64: i64,
        visit_str: &str,
        visit_u64: u64,
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            match self.member(&name) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(seed) => drop(values.insert(name, map.next_value_seed(seed)?)),
            }
        }
        Ok(values.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        if let Some(Shape::List(element)) = self.shape {
            let seed = TreeSeed {
                shape: Some(*element),
                ..self
            };
            while let Some(value) = seq.next_element_seed(seed)? {
                values.push(value);
            }
        } else {
            while let Some(IgnoredAny) = seq.next_element()? {}
        }
        Ok(values.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
