//! Taking entries out of `index.json`.

use std::collections::HashSet;

use oci_spec_types::{Digest, Tag};

use super::OciLayout;
use super::files::Files;
use super::index::LayoutIndex;
use crate::{Error, ErrorKind};

impl OciLayout {
    /// Takes the name `tag` away. Its manifest and blobs stay until [`gc`](Self::gc), if nothing else leads to them. Says whether there was such a name.
    ///
    /// # Errors
    /// If `index.json` cannot be read or replaced; it is as it was then.
    ///
    /// # Cancellation
    /// It is done as a whole or not at all.
    pub async fn untag(&self, tag: &Tag) -> Result<bool, Error> {
        let tag = tag.clone();
        self.blocking(move |files| files.change(|index| Ok(index.remove_tag(&tag))))
            .await
    }

    /// Takes all entries of a manifest out of `index.json`, whatever they are called, and with them the entries without a name that refer to it as their subject, those that refer
    /// to these, and the lists under their fallback tags. Blobs stay until [`gc`](Self::gc). Gives the digests of the manifests that were entered.
    ///
    /// # Errors
    /// Of kind [`NotFound`](ErrorKind::NotFound) if there is no such entry; else as for [`untag`](Self::untag).
    ///
    /// # Cancellation
    /// It is done as a whole or not at all.
    pub async fn delete(&self, digest: &Digest) -> Result<Vec<Digest>, Error> {
        let digest = digest.clone();
        self.blocking(move |files| files.change(|index| delete(files, index, digest)))
            .await
    }
}

fn delete(files: &Files, index: &mut LayoutIndex, digest: Digest) -> Result<Vec<Digest>, Error> {
    if !index.entries().iter().any(|entry| entry.digest == digest) {
        let message = format!("the layout in {} has no entry {digest}", files.root().display());
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let mut removed = Vec::new();
    let (mut left, mut seen) = (vec![digest], HashSet::new());
    while let Some(digest) = left.pop() {
        if !seen.insert(digest.clone()) {
            continue;
        }
        let referrers = index.referrers(&digest, |digest| files.read_manifest(digest))?;
        left.extend(
            referrers
                .into_iter()
                .map(|referrer| referrer.digest)
                .filter(|referrer| !is_named(index, referrer)),
        );
        index.remove_tag(&digest.fallback_tag());
        if index.remove(&digest) {
            removed.push(digest);
        }
    }
    Ok(removed)
}

/// Whether somebody has given the manifest a name, and so wants to keep it.
fn is_named(index: &LayoutIndex, digest: &Digest) -> bool {
    let mut entries = index.entries().iter();
    entries
        .any(|entry| entry.digest == *digest && entry.annotations.get(oci_spec_types::Annotations::REF_NAME).is_some())
}
