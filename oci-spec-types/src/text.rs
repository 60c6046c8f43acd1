//! What the types that are text on the wire share: conversions, serde, and how an error shows a
//! character.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};

use serde::{
    Deserializer,
    de::{Error, Visitor},
};

/// Implements `Debug` (as `Display`), `TryFrom<&str>`, `TryFrom<String>` and serde for a type with
/// `Display` and `FromStr`, so that every way in goes through the one parser.
macro_rules! text_conversions {
    ($type:ident, $error:ident, $expected:literal) => {
        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::deserialize(deserializer, $expected)
            }
        }
    };
}

/// Declares the error of a parser: a kind, and the byte of the text where it applies.
macro_rules! text_error {
    ($(#[$doc:meta])* pub struct $error:ident($kind:ident) = $title:literal;) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $error {
            kind: $kind,
            position: usize,
        }

        impl $error {
            /// What is wrong.
            #[must_use]
            pub const fn kind(&self) -> $kind {
                self.kind
            }

            /// The byte of the text where it is wrong; the length of the text if something is
            /// missing at its end.
            #[must_use]
            pub const fn position(&self) -> usize {
                self.position
            }
        }

        impl ::std::fmt::Display for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($title, " at byte {}: {}"), self.position, self.kind)
            }
        }

        impl ::std::error::Error for $error {}

        impl $kind {
            pub(crate) const fn at(self, position: usize) -> $error {
                $error { kind: self, position }
            }
        }
    };
}
pub(crate) use {text_conversions, text_error};

/// Reads a string and parses it, without an intermediate `String`.
pub(crate) fn deserialize<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    deserializer.deserialize_str(TextVisitor {
        expected,
        result: PhantomData,
    })
}

/// The character of `text` that starts at byte `position`.
pub(crate) fn char_at(text: &str, position: usize) -> Option<char> {
    text.get(position..)?.chars().next()
}

/// A character as an error message shows it: by its code point unless it is printable ASCII, since
/// others may be invisible, reorder the line or look like a letter that they are not.
pub(crate) struct Shown(pub(crate) char);

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' '..='~' => write!(f, "`{}`", self.0),
            other => write!(f, "U+{:04X}", u32::from(other)),
        }
    }
}

struct TextVisitor<T> {
    expected: &'static str,
    result: PhantomData<T>,
}

impl<T: FromStr<Err: Display>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
