//! What the entries of a layout lead to.

use std::collections::{HashMap, HashSet};

use oci_spec_types::{AnyManifest, Descriptor, Digest, Document};

use super::files::Files;
use super::index::LayoutIndex;
use crate::{Error, ErrorKind};

/// Everything that is reached from `index.json` by way of manifests.
pub(super) struct Reachable {
    /// What is no manifest, each once, as it was described first.
    pub(super) blobs: HashMap<Digest, Descriptor>,
    /// The manifests, and why one could not be read.
    pub(super) manifests: Vec<(Descriptor, Result<Document<AnyManifest>, Error>)>,
}

impl Reachable {
    /// Reads each manifest once. What is described as something else is not looked into.
    pub(super) fn find(files: &Files, index: &LayoutIndex) -> Self {
        let mut found = Self {
            blobs: HashMap::new(),
            manifests: Vec::new(),
        };
        let mut seen = HashSet::new();
        let mut left: Vec<Descriptor> = index.entries().iter().rev().cloned().collect();
        while let Some(descriptor) = left.pop() {
            if !descriptor.media_type.is_manifest() {
                found.blobs.entry(descriptor.digest.clone()).or_insert(descriptor);
                continue;
            }
            if !seen.insert(descriptor.digest.clone()) {
                continue;
            }
            let read = files.read_manifest(&descriptor.digest);
            if let Ok(document) = &read {
                left.extend(document.value().children().cloned());
            }
            found.manifests.push((descriptor, read));
        }
        found
    }

    /// The digests of all, if every manifest could be read that is there: of one that could not be read it is unknown what it leads to.
    pub(super) fn into_digests(self) -> Result<HashSet<Digest>, Error> {
        let mut digests: HashSet<Digest> = self.blobs.into_keys().collect();
        for (descriptor, read) in self.manifests {
            match read {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => drop(digests.insert(descriptor.digest)),
            }
        }
        Ok(digests)
    }
}
