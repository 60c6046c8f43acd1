//! The fields of an object that this crate has no field for.

mod kept;
mod transcode;

#[cfg(test)]
mod tests;

use std::{fmt, vec};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

pub(crate) use self::kept::{KEPT, KeptValue};

/// The fields of an object that this crate has no field for, by name.
///
/// They are kept when a document is read and written when it is serialised, after the known fields and in the order of
/// their names, so that changing a document does not lose what a newer spec or another tool put there. A name that the
/// object has a field for is not written from here.
///
/// They are held as text, so that they take no more memory than the document does; a value is made of a field when somebody
/// asks for it, and stays. Numbers are read as `serde_json` reads them: integers outside 64 bits become floating point.
///
/// ```
/// use oci_spec_types::{Descriptor, MediaType};
///
/// let mut descriptor = Descriptor::of(MediaType::JSON, b"{}");
/// descriptor.extra.insert("com.example.kept", true);
/// let json = serde_json::to_string(&descriptor)?;
/// let again: Descriptor = serde_json::from_str(&json)?;
/// assert_eq!(again.extra.get("com.example.kept"), Some(&true.into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Extra(
    /// In the order of the names. Most objects have none, and few have many.
    Vec<(Box<str>, KeptValue)>,
);

impl Extra {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a field and returns the value it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), KeptValue::of(value.into()));
        match self.find(&name) {
            Ok(index) => {
                let old = self.0.get_mut(index).map(|(_, old)| std::mem::replace(old, value));
                old.map(KeptValue::into_value)
            }
            Err(index) => {
                self.0.insert(index, (name.into(), value));
                None
            }
        }
    }

    /// Removes a field and returns the value it had.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.find(name).ok()?;
        Some(self.0.remove(index).1.into_value())
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.find(name).ok()?;
        self.0.get(index).map(|(_, value)| value.get())
    }

    /// Whether there are no fields.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value.get()))
    }

    /// How many fields there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The fields as they are kept, to be written.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&str, &KeptValue)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Adds a field that is read, whatever there is already: [`Extra::settle`] has to follow.
    pub(crate) fn push(&mut self, name: Box<str>, value: KeptValue) {
        self.0.push((name, value));
    }

    /// Brings what was pushed into order. Says whether each name was there once.
    pub(crate) fn settle(&mut self) -> bool {
        if self.0.is_sorted_by(|(left, _), (right, _)| left < right) {
            return true;
        }
        let before = self.len();
        self.sort();
        self.len() == before
    }

    /// The place of a name, or the one where it belongs.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    /// Brings fields in any order into that of the names; of those with one name, the last one stays.
    fn sort(&mut self) {
        self.0.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.0.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.kept()).finish()
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExtraVisitor)
    }
}

impl<N: Into<String>, V: Into<Value>> Extend<(N, V)> for Extra {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, fields: I) {
        let fields = fields.into_iter();
        self.0
            .extend(fields.map(|(name, value)| (name.into().into(), KeptValue::of(value.into()))));
        self.sort();
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Extra {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut extra = Self::new();
        extra.extend(fields);
        extra
    }
}

impl IntoIterator for Extra {
    type Item = (String, Value);
    type IntoIter = vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        let fields = self.0.into_iter();
        let read: Vec<_> = fields.map(|(name, value)| (name.into(), value.into_value())).collect();
        read.into_iter()
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.kept())
    }
}

struct ExtraVisitor;

impl<'de> Visitor<'de> for ExtraVisitor {
    type Value = Extra;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Extra, A::Error> {
        let mut extra = Extra::new();
        while let Some((name, value)) = map.next_entry()? {
            extra.push(name, value);
        }
        extra.settle();
        Ok(extra)
    }
}
