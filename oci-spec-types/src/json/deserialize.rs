//! Reading a typed value and refusing what is dangerous, in one pass over the text.

use std::fmt::{self, Display};

use serde::{
    Deserialize,
    de::{
        self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    Limits, ParseError, Rules,
    reader::{NumberToken, Reader, StringToken},
    rules::{TellingNames, duplicate},
};
use crate::extra::KEPT;

/// Reads a value from a text. Refuses what [`check`](super::check) refuses, and what `T` does.
///
/// The error says nothing: it is for `check`, and then for the schema of the document, to find out why.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str, rules: Rules<'de>) -> Result<T, Refused> {
    let mut source = Source::new(text, rules);
    let value = T::deserialize(source.value()?)?;
    source.reader.end()?;
    Ok(value)
}

/// Gives `use_value` the value of a text that was read before: no limits hold but that of depth.
pub(crate) fn with_value<'de, T>(
    text: &'de str,
    use_value: impl FnOnce(ValueReader<'_, 'de>) -> T,
) -> Result<T, Refused> {
    let mut source = Source::new(
        text,
        Rules {
            limits: &Limits::DEEPEST,
            manifest: false,
        },
    );
    source.value().map(use_value)
}

/// A text was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused;

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text was refused")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl From<Box<ParseError>> for Refused {
    fn from(_: Box<ParseError>) -> Self {
        Self
    }
}

struct Source<'de> {
    /// How many containers are open.
    depth: usize,
    /// The names of all open objects, as in a scan.
    names: Vec<StringToken>,
    reader: Reader<'de>,
    rules: Rules<'de>,
    telling_names: TellingNames,
    /// How many more values there may be.
    values_left: usize,
}

impl<'de> Source<'de> {
    fn new(text: &'de str, rules: Rules<'de>) -> Self {
        Self {
            depth: 0,
            names: Vec::with_capacity(32),
            reader: Reader::new(text),
            rules,
            telling_names: TellingNames::default(),
            values_left: rules.limits.values(),
        }
    }

    /// The outermost value.
    fn value(&mut self) -> Result<ValueReader<'_, 'de>, Refused> {
        let first = self.reader.token()?;
        self.count_value()?;
        Ok(ValueReader { first, source: self })
    }

    fn count_value(&mut self) -> Result<(), Refused> {
        self.values_left = self.values_left.checked_sub(1).ok_or(Refused)?;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Refused> {
        self.depth += 1;
        if self.depth > self.rules.limits.depth() {
            Err(Refused)
        } else {
            Ok(())
        }
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let left = match self.names.last() {
            Some(name) if self.depth == 1 => self.rules.max_items(*name, self.reader.text()),
            _ => usize::MAX,
        };
        self.enter()?;
        let mut elements = Elements {
            ended: false,
            left,
            source: self,
            started: false,
        };
        let value = visitor.visit_seq(&mut elements)?;
        if !elements.ended {
            return Err(Refused);
        }
        self.depth -= 1;
        Ok(value)
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        self.enter()?;
        let first_name = self.names.len();
        let mut members = Members {
            ended: false,
            source: self,
            started: false,
        };
        let value = visitor.visit_map(&mut members)?;
        if !members.ended {
            return Err(Refused);
        }
        let own = self.names.get_mut(first_name..).unwrap_or_default();
        if duplicate(own, self.reader.text()).is_some() {
            return Err(Refused);
        }
        self.names.truncate(first_name);
        self.depth -= 1;
        Ok(value)
    }

    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let string = self.reader.string()?;
        let text = self.reader.text();
        if string.has_escapes {
            visitor.visit_string(string.unescaped(text).into_owned())
        } else {
            visitor.visit_borrowed_str(string.raw(text))
        }
    }

    fn number<V: Visitor<'de>>(&mut self, first: u8, visitor: V) -> Result<V::Value, Refused> {
        let NumberToken { is_integer, text } = self.reader.number(first)?;
        if is_integer && text != "-0" {
            if let Ok(number) = text.parse() {
                return visitor.visit_u64(number);
            }
            if let Ok(number) = text.parse() {
                return visitor.visit_i64(number);
            }
        }
        text.parse().map_or(Err(Refused), |number| visitor.visit_f64(number))
    }
}

/// The value whose first byte has been read.
pub(crate) struct ValueReader<'s, 'de> {
    first: u8,
    source: &'s mut Source<'de>,
}

impl<'de> Deserializer<'de> for ValueReader<'_, 'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let Self { first, source } = self;
        match first {
            b'"' => source.string(visitor),
            b'{' => source.object(visitor),
            b'[' => source.array(visitor),
            b't' => {
                source.reader.literal(first, b"rue")?;
                visitor.visit_bool(true)
            }
            b'f' => {
                source.reader.literal(first, b"alse")?;
                visitor.visit_bool(false)
            }
            b'n' => {
                source.reader.literal(first, b"ull")?;
                visitor.visit_unit()
            }
            b'-' | b'0'..=b'9' => source.number(first, visitor),
            _ => Err(Refused),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.first == b'n' {
            self.source.reader.literal(self.first, b"ull")?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Refused> {
        if name != KEPT {
            return visitor.visit_newtype_struct(self);
        }
        // The value is held to the rules as any other is, and then its text is taken.
        let Self { first, source } = self;
        let start = source.reader.at() - 1;
        IgnoredAny::deserialize(ValueReader {
            first,
            source: &mut *source,
        })?;
        let text = source.reader.text().get(start..source.reader.at());
        visitor.visit_borrowed_bytes(text.unwrap_or_default().as_bytes())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The elements of an open array.
struct Elements<'s, 'de> {
    ended: bool,
    /// How many more there may be.
    left: usize,
    source: &'s mut Source<'de>,
    started: bool,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        let reader = &mut self.source.reader;
        let mut first = reader.token()?;
        if first == b']' {
            self.ended = true;
            return Ok(None);
        }
        if self.started {
            reader.expect(first, b',', "`,`")?;
            first = reader.token()?;
        }
        self.started = true;
        self.left = self.left.checked_sub(1).ok_or(Refused)?;
        self.source.count_value()?;
        seed.deserialize(ValueReader {
            first,
            source: self.source,
        })
        .map(Some)
    }
}

/// The members of an open object.
struct Members<'s, 'de> {
    ended: bool,
    source: &'s mut Source<'de>,
    started: bool,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let source = &mut *self.source;
        let mut token = source.reader.token()?;
        if token == b'}' {
            self.ended = true;
            return Ok(None);
        }
        if self.started {
            source.reader.expect(token, b',', "`,`")?;
            token = source.reader.token()?;
        }
        self.started = true;
        source.reader.expect(token, b'"', "a name")?;
        let name = source.reader.string()?;
        let text = source.reader.text();
        source.names.push(name);
        if source.depth == 1 && source.rules.manifest && source.telling_names.note(name, text) {
            return Err(Refused);
        }
        if name.has_escapes {
            seed.deserialize(StringDeserializer::new(name.unescaped(text).into_owned()))
                .map(Some)
        } else {
            seed.deserialize(BorrowedStrDeserializer::new(name.raw(text))).map(Some)
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refused> {
        let reader = &mut self.source.reader;
        let colon = reader.token()?;
        reader.expect(colon, b':', "`:`")?;
        let first = reader.token()?;
        self.source.count_value()?;
        seed.deserialize(ValueReader {
            first,
            source: self.source,
        })
    }
}
