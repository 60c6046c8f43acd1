//! Entries of `index.json` and their names.

use oci_spec_types::{Annotations, Descriptor, ImageIndex, Tag};

/// Whether `entry` carries the name `tag`.
pub(super) fn names(entry: &Descriptor, tag: &Tag) -> bool {
    entry
        .annotations
        .get(Annotations::REF_NAME)
        .is_some_and(|name| name == tag.as_str())
}

/// Puts `entry` under the name `tag`, which it takes away from any other entry. Without a tag the entry is added unless the manifest is
/// there already.
pub(super) fn put(index: &mut ImageIndex, mut entry: Descriptor, tag: Option<&Tag>) {
    match tag {
        Some(tag) => {
            index.manifests.retain(|known| !names(known, tag));
            entry.annotations.insert(Annotations::REF_NAME, tag.as_str());
            index.manifests.push(entry);
        }
        None if index.manifests.iter().any(|known| known.digest == entry.digest) => {}
        None => index.manifests.push(entry),
    }
}
