//! The version of the schema of manifests and indexes.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The version of the schema of manifests and indexes. There is one that OCI defines.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct SchemaVersion(());

impl SchemaVersion {
    pub(crate) const V2: Self = Self(());

    pub(crate) const fn as_u64(self) -> u64 {
        2
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            2 => Ok(Self::V2),
            _ => Err(D::Error::custom("the only schemaVersion that is supported is 2")),
        }
    }
}

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.as_u64())
    }
}
