//! `serde` for the objects of the wire, which keep the fields they do not know.
//!
//! A derived `#[serde(flatten)]` would copy every value of an object before it reads it, and would not see duplicate names
//! among the unknown fields.

use std::{
    borrow::Cow,
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};

use super::folded_name;
use crate::{Extra, extra::KeptValue};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

/// Implements `Serialize` and `Deserialize` for a struct with a field `extra`, and `NAMES`, the names of its fields on
/// the wire.
///
/// Each line is `"name" => field: mode,` where the mode is one of
/// - `required`: refused when missing or `null`;
/// - `optional`: an `Option`; `null` and missing are `None`;
/// - `name`: as `optional`, for names with a grammar, of which the empty text is `None` as well;
/// - `default`: a collection; `null` and missing are empty, and an empty one is not written;
/// - `list`: a collection that must be there and is always written; `null` is empty;
/// - `written`: as `default`, but always written.
///
/// `check = path` names a function that has the last word on the value read.
macro_rules! wire_object {
    ($type:ident $(, check = $check:expr)?; $($name:literal => $field:ident: $mode:ident,)+) => {
        impl $type {
            /// The names of the fields on the wire.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $($crate::json::wire_object!(@write $mode, map, $name, &self.$field);)+
                for (name, value) in self.extra.kept().filter(|(name, _)| !Self::NAMES.contains(name)) {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use ::serde::de::{Error, MapAccess};

                struct Visitor;

                impl<'de> ::serde::de::Visitor<'de> for Visitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        $(let mut $field = None;)+
                        let mut extra = $crate::Extra::new();
                        while let Some($crate::json::Key(key)) = map.next_key()? {
                            match key.as_ref() {
                                $($name => {
                                    if $field.is_some() {
                                        return Err(Error::duplicate_field($name));
                                    }
                                    $field = Some($crate::json::wire_object!(@read $mode, map));
                                })+
                                _ => $crate::json::read_unknown(key, $type::NAMES, &mut extra, &mut map)?,
                            }
                        }
                        if !extra.settle() {
                            return Err(Error::custom("a name occurs twice"));
                        }
                        let value = $type {
                            $($field: $crate::json::wire_object!(@take $mode, $field, $name),)+
                            extra,
                        };
                        $(($check)(&value).map_err(Error::custom)?;)?
                        Ok(value)
                    }
                }

                deserializer.deserialize_map(Visitor)
            }
        }
    };

    (@read name, $map:ident) => {
        $map.next_value::<Option<$crate::json::NonBlank<_>>>()?
    };
    (@read $mode:ident, $map:ident) => {
        $map.next_value::<Option<_>>()?
    };

    (@take required, $field:ident, $name:literal) => {
        $field.flatten().ok_or_else(|| Error::missing_field($name))?
    };
    (@take optional, $field:ident, $name:literal) => {
        $field.flatten()
    };
    (@take name, $field:ident, $name:literal) => {
        $field.flatten().and_then($crate::json::NonBlank::into_inner)
    };
    (@take default, $field:ident, $name:literal) => {
        $field.flatten().unwrap_or_default()
    };
    (@take written, $field:ident, $name:literal) => {
        $field.flatten().unwrap_or_default()
    };
    (@take list, $field:ident, $name:literal) => {
        $field.ok_or_else(|| Error::missing_field($name))?.unwrap_or_default()
    };

    (@write required, $map:ident, $name:literal, $value:expr) => {
        $map.serialize_entry($name, $value)?
    };
    (@write list, $map:ident, $name:literal, $value:expr) => {
        $map.serialize_entry($name, $value)?
    };
    (@write written, $map:ident, $name:literal, $value:expr) => {
        $map.serialize_entry($name, $value)?
    };
    (@write optional, $map:ident, $name:literal, $value:expr) => {
        if let Some(value) = $value {
            $map.serialize_entry($name, value)?;
        }
    };
    (@write name, $map:ident, $name:literal, $value:expr) => {
        $crate::json::wire_object!(@write optional, $map, $name, $value)
    };
    (@write default, $map:ident, $name:literal, $value:expr) => {
        if !$value.is_empty() {
            $map.serialize_entry($name, $value)?;
        }
    };
}
pub(crate) use wire_object;

/// A name of an object, borrowed from the document unless it is written with escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(name.to_owned())))
    }
}

/// A name with a grammar, or the empty text, which some writers use for "none".
pub(crate) struct NonBlank<T>(Option<T>);

impl<T> NonBlank<T> {
    pub(crate) fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for NonBlank<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NonBlankVisitor(PhantomData)).map(Self)
    }
}

struct NonBlankVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for NonBlankVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(E::custom)
    }
}

/// Keeps a field that is not among `known`, unless its name is one of them in another case.
pub(crate) fn read_unknown<'de, A: MapAccess<'de>>(
    name: Cow<'de, str>,
    known: &[&'static str],
    extra: &mut Extra,
    map: &mut A,
) -> Result<(), A::Error> {
    if let Some(known) = folded_name(&name, known) {
        return Err(de::Error::custom(format_args!(
            "a name differs from `{known}` only in case"
        )));
    }
    extra.push(name.into(), map.next_value::<KeptValue>()?);
    Ok(())
}
