//! Annotations: text by name, on descriptors, manifests and indexes, and as the labels of an image configuration.

mod keys;

use std::{fmt, vec};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};

/// Annotations: text by name, in the order of the names, so that what is written is the same every time.
///
/// The names that the spec defines are associated constants. Values come from whoever wrote the document: show them
/// through [`Sanitized`](crate::Sanitized), and never use one as a path as it is.
///
/// ```
/// use oci_spec_types::Annotations;
///
/// let mut annotations = Annotations::new();
/// annotations.insert(Annotations::TITLE, "hello.txt");
/// assert_eq!(annotations.get("org.opencontainers.image.title"), Some("hello.txt"));
/// ```
///
/// Spec: [image-spec, annotations.md](https://github.com/opencontainers/image-spec/blob/main/annotations.md).
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Annotations(
    /// In the order of the names. There are a few on each of many descriptors, and a list takes a fraction of the memory of a
    /// tree.
    Vec<(String, String)>,
);

impl Annotations {
    /// No annotations.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets an annotation and returns the value it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) -> Option<String> {
        let name = name.into();
        match self.find(&name) {
            Ok(index) => self
                .0
                .get_mut(index)
                .map(|(_, old)| std::mem::replace(old, value.into())),
            Err(index) => {
                self.0.insert(index, (name, value.into()));
                None
            }
        }
    }

    /// Removes an annotation and returns the value it had.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.find(name).ok().map(|index| self.0.remove(index).1)
    }

    /// The value of an annotation, exactly as it was written.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.find(name).ok()?;
        self.0.get(index).map(|(_, value)| value.as_str())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The annotations in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The place of a name, or the one where it belongs.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    /// Brings annotations in any order into that of the names; of those with one name, the last one stays.
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

impl fmt::Debug for Annotations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnnotationsVisitor)
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for Annotations {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, annotations: I) {
        self.0
            .extend(annotations.into_iter().map(|(name, value)| (name.into(), value.into())));
        self.sort();
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Annotations {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(annotations: I) -> Self {
        let mut result = Self::new();
        result.extend(annotations);
        result
    }
}

impl<N: Into<String>, V: Into<String>, const LEN: usize> From<[(N, V); LEN]> for Annotations {
    fn from(annotations: [(N, V); LEN]) -> Self {
        annotations.into_iter().collect()
    }
}

impl IntoIterator for Annotations {
    type Item = (String, String);
    type IntoIter = vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

struct AnnotationsVisitor;

impl<'de> Visitor<'de> for AnnotationsVisitor {
    type Value = Annotations;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
        let mut annotations = Annotations::new();
        while let Some(entry) = map.next_entry()? {
            annotations.0.push(entry);
        }
        let read = annotations.len();
        if !annotations.0.is_sorted_by(|(left, _), (right, _)| left < right) {
            annotations.sort();
        }
        if annotations.len() < read {
            return Err(A::Error::custom("an annotation occurs twice"));
        }
        Ok(annotations)
    }
}
