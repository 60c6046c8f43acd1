//! Reading lists of names. They may be long, so that nothing but the names is kept.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient;
use crate::{ParseError, ParseErrorKind};

/// What an answer lists.
pub(super) struct NameList<T> {
    /// The field `name` of the answer, if it is a string.
    pub(super) name: Option<String>,
    /// The strings of the list that do not parse.
    pub(super) others: Vec<String>,
    /// The strings of the list that parse.
    pub(super) parsed: Vec<T>,
}

impl<T: FromStr> NameList<T> {
    /// Reads an answer whose list is in `field`. Elements that are no strings are left out; a field of another type is no list.
    pub(super) fn read(bytes: &[u8], field: &'static str) -> Result<Self, ParseError> {
        let text = lenient::utf8(bytes)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let answer = deserializer
            .deserialize_any(AnswerVisitor {
                field,
                names: PhantomData,
            })
            .and_then(|answer| deserializer.end().map(|()| answer));
        let (name, names) = answer.map_err(|error| lenient::not_an_object(&error, text))?;
        if names.total > MAX_LIST_ENTRIES {
            let message = format!("the list has more than {MAX_LIST_ENTRIES} entries");
            return Err(ParseError::new(ParseErrorKind::TooManyEntries, message).at_path_text(format!("$.{field}")));
        }
        Ok(Self {
            name,
            others: names.others,
            parsed: names.parsed,
        })
    }
}

struct AnswerVisitor<T> {
    field: &'static str,
    names: PhantomData<T>,
}

impl<'de, T: FromStr> Visitor<'de> for AnswerVisitor<T> {
    type Value = (Option<String>, Names<T>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut answer = Self::Value::default();
        while let Some(key) = fields.next_key::<String>()? {
            if key == self.field {
                answer.1 = fields.next_value_seed(Lenient(PhantomData::<Names<T>>))?;
            } else if key == "name" {
                answer.0 = fields.next_value_seed(Lenient(PhantomData::<Option<String>>))?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(answer)
    }
}

/// What is read from a value of any type: the default from those that give nothing.
trait FromAny: Default {
    fn from_text(_: &str) -> Self {
        Self::default()
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl FromAny for Option<String> {
    fn from_text(text: &str) -> Self {
        Some(text.to_owned())
    }
}

struct Names<T> {
    others: Vec<String>,
    parsed: Vec<T>,
    /// How many elements the list has, of any type.
    total: usize,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            others: Vec::new(),
            parsed: Vec::new(),
            total: 0,
        }
    }
}

impl<T: FromStr> FromAny for Names<T> {
    fn from_list<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let mut names = Self::default();
        while let Some(text) = elements.next_element_seed(Lenient(PhantomData::<Option<String>>))? {
            names.total += 1;
            match text.map(|text| text.parse().map_err(|_| text)) {
                _ if names.total > MAX_LIST_ENTRIES => {}
                Some(Ok(name)) => names.parsed.push(name),
                Some(Err(text)) => names.others.push(text),
                None => {}
            }
        }
        Ok(names)
    }
}

struct Lenient<T>(PhantomData<T>);

impl<'de, T: FromAny> DeserializeSeed<'de> for Lenient<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: FromAny> Visitor<'de> for Lenient<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<T, A::Error> {
        T::from_list(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<T, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// The most entries that a [`TagList`](super::TagList) or a [`Catalog`](super::Catalog) is read with: 1,000,000, as many as a
/// page of 16 MiB has with names of 13 bytes.
pub const MAX_LIST_ENTRIES: usize = 1_000_000;
