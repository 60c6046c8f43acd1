//! `index.json`: entries, and what they are called.

use std::collections::HashSet;

use oci_spec_types::{
    Annotations, AnyManifest, Descriptor, Digest, Document, ImageIndex, MediaType, ParseError, Tag, TagOrDigest,
};

use crate::{Error, ErrorKind};

/// The `index.json` of an image layout: its manifests, and the names that they go by.
///
/// For stores that keep a layout in a form of their own, such as an archive. What this crate does not know of the file stays in it.
///
/// ```
/// use oci_client_core::store::LayoutIndex;
/// use oci_spec_types::{Descriptor, MediaType, Tag};
///
/// let mut index = LayoutIndex::new();
/// let (tag, image) = (Tag::latest(), Descriptor::of(MediaType::IMAGE_MANIFEST, b"..."));
/// index.put(image.clone(), Some(&tag));
/// assert_eq!(index.find(&tag).unwrap().digest, image.digest);
/// assert!(index.remove_tag(&tag));
/// assert!(index.entries().is_empty());
/// ```
///
/// Spec: [image-spec, image-layout.md](https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LayoutIndex {
    index: ImageIndex,
}

impl LayoutIndex {
    /// The name of the file.
    pub const FILE_NAME: &'static str = "index.json";

    /// An index without entries.
    pub const fn new() -> Self {
        Self {
            index: ImageIndex::new(Vec::new()),
        }
    }

    /// Reads the content of an `index.json`.
    ///
    /// # Errors
    /// If it is no image index.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ParseError> {
        let document = Document::<ImageIndex>::parse(bytes, MediaType::IMAGE_INDEX)?;
        Ok(Self {
            index: document.into_value(),
        })
    }

    /// Puts `entry` under the name `tag`, which it takes away from any other entry. Without a tag the entry is added unless the manifest is
    /// there already.
    pub fn put(&mut self, mut entry: Descriptor, tag: Option<&Tag>) {
        let entries = &mut self.index.manifests;
        match tag {
            Some(tag) => {
                entries.retain(|known| !names(known, tag));
                entry.annotations.insert(Annotations::REF_NAME, tag.as_str());
                entries.push(entry);
            }
            None if entries.iter().any(|known| known.digest == entry.digest) => {}
            None => entries.push(entry),
        }
    }

    /// Removes all entries with this digest, whatever they are called. Says whether there were any.
    pub fn remove(&mut self, digest: &Digest) -> bool {
        self.index.remove(digest)
    }

    /// Removes the entry of this name. Says whether there was one.
    pub fn remove_tag(&mut self, tag: &Tag) -> bool {
        let before = self.index.manifests.len();
        self.index.manifests.retain(|entry| !names(entry, tag));
        self.index.manifests.len() < before
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Descriptor] {
        &self.index.manifests
    }

    /// The entry of this name.
    pub fn find(&self, tag: &Tag) -> Option<&Descriptor> {
        self.index.manifests.iter().find(|entry| names(entry, tag))
    }

    /// The names of the entries that are tags, each once, in order.
    pub fn tags(&self) -> Vec<Tag> {
        let names = self.index.manifests.iter();
        let mut tags: Vec<Tag> = names
            .filter_map(|entry| entry.annotations.get(Annotations::REF_NAME)?.parse().ok())
            .collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// The digest that a tag stands for, or the digest itself, whether there is an entry for it or not.
    pub fn resolve(&self, target: &TagOrDigest) -> Option<Digest> {
        match target {
            TagOrDigest::Digest(digest) => Some(digest.clone()),
            TagOrDigest::Tag(tag) => self.find(tag).map(|entry| entry.digest.clone()),
        }
    }

    /// The manifests that refer to `subject`, in both forms that are in use: entries of their own, and a list under the fallback tag. Each is read by `read`
    /// and listed only if it does refer to the subject; entries whose manifests are not there are left out.
    ///
    /// # Errors
    /// Those of `read`, except that something is not there or is no manifest.
    pub fn referrers(
        &self,
        subject: &Digest,
        mut read: impl FnMut(&Digest) -> Result<Document<AnyManifest>, Error>,
    ) -> Result<Vec<Descriptor>, Error> {
        let mut candidates: Vec<Digest> = Vec::new();
        if let Some(list) = self.find(&subject.fallback_tag())
            && let Some(AnyManifest::Index(list)) = readable(read(&list.digest))?.map(Document::into_value)
        {
            candidates.extend(list.manifests.into_iter().map(|entry| entry.digest));
        }
        let entries = self.index.manifests.iter();
        candidates.extend(
            entries
                .filter(|entry| entry.media_type.is_manifest())
                .map(|entry| entry.digest.clone()),
        );
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for digest in candidates {
            if !seen.insert(digest.clone()) {
                continue;
            }
            let document = readable(read(&digest))?;
            found.extend(
                document
                    .filter(|document| refers_to(document, subject))
                    .map(|document| document.referrer()),
            );
        }
        Ok(found)
    }

    /// The file's content.
    ///
    /// # Errors
    /// If an entry breaks a rule that documents are read by.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ParseError> {
        let document = Document::from_value(self.index.clone())?;
        Ok(document.bytes().to_vec())
    }
}

impl Default for LayoutIndex {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn refers_to(document: &Document<AnyManifest>, subject: &Digest) -> bool {
    document.value().subject().is_some_and(|found| found.digest == *subject)
}

/// `None` for what is not there, which a layout need not have, or is no manifest.
pub(super) fn readable(read: Result<Document<AnyManifest>, Error>) -> Result<Option<Document<AnyManifest>>, Error> {
    match read {
        Ok(document) => Ok(Some(document)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Unsupported
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether `entry` carries the name `tag`.
fn names(entry: &Descriptor, tag: &Tag) -> bool {
    entry
        .annotations
        .get(Annotations::REF_NAME)
        .is_some_and(|name| name == tag.as_str())
}
