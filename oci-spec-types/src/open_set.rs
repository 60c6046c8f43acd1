//! Names of the wire whose set is open: anyone may send one that no spec lists.

/// Declares a type over the text of such a name, with a constant for each name that is known. Known names take no heap
/// memory.
macro_rules! open_set {
    (
        $(#[$type_doc:meta])*
        $type:ident { $($(#[$doc:meta])* $name:ident = $text:literal;)* }
    ) => {
        $(#[$type_doc])*
        #[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $type(::std::borrow::Cow<'static, str>);

        impl $type {
            $($(#[$doc])* pub const $name: Self = Self(::std::borrow::Cow::Borrowed($text));)*

            /// The names that have a constant.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];

            /// The text, as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        /// Writes the text without control characters, as [`Sanitized`](crate::Sanitized) does.
        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&$crate::Sanitized::new(self.as_str()), f)
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    other => Self(other.to_owned().into()),
                }
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$name,)*
                    _ => Self(text.into()),
                }
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::deserialize(deserializer, "a string")
            }
        }
    };
}
pub(crate) use open_set;
