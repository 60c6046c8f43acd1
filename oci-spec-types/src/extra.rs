//! The fields of an object that this crate has no field for.

use std::collections::{BTreeMap, btree_map};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fields of an object that this crate has no field for, by name.
///
/// They are kept when a document is read and written when it is serialised, after the known fields and in the order of
/// their names, so that changing a document does not lose what a newer spec or another tool put there. A name that the
/// object has a field for is not written from here.
///
/// Numbers are held as `serde_json` holds them: integers outside 64 bits become floating point.
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
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Extra(BTreeMap<String, Value>);

impl Extra {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets a field and returns the value it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(name.into(), value.into())
    }

    /// Removes a field and returns the value it had.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<N: Into<String>, V: Into<Value>> Extend<(N, V)> for Extra {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, fields: I) {
        self.0
            .extend(fields.into_iter().map(|(name, value)| (name.into(), value.into())));
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
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
