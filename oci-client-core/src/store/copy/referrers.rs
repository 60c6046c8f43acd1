//! Copying what refers to what is copied.

use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, TagOrDigest};

use super::{CopyOptions, Job, check_child};
use crate::{Error, ErrorKind};

impl Job<'_> {
    /// Copies the referrers of `root` and of all that was copied below it, their referrers, and so on. The root is there under its digest before them, as a registry
    /// may refuse what refers to nothing; it is not stored where there are none. Gives their number.
    pub(super) async fn with_referrers(&mut self, root: &Document<AnyManifest>) -> Result<usize, Error> {
        let mut subjects: Vec<Digest> = self.manifests.iter().cloned().collect();
        subjects.sort();
        subjects.push(root.digest().clone());
        self.manifests.insert(root.digest().clone());
        let mut copied = 0_usize;
        while let Some(subject) = subjects.pop() {
            for listed in self.source.referrers(&subject).await? {
                if !self.manifests.insert(listed.digest.clone()) {
                    continue;
                }
                if self.manifests.len() > CopyOptions::MAX_MANIFESTS {
                    let message = format!("there are more than {} manifests", CopyOptions::MAX_MANIFESTS);
                    return Err(Error::new(ErrorKind::TooLarge, message));
                }
                if copied == 0 {
                    self.put(root).await?;
                }
                let referrer = self.referrer(&subject, &listed).await?;
                subjects.extend(children_of(&referrer));
                subjects.push(listed.digest);
                copied = copied.saturating_add(1);
            }
        }
        Ok(copied)
    }

    async fn referrer(&mut self, subject: &Digest, listed: &Descriptor) -> Result<Document<AnyManifest>, Error> {
        let from = TagOrDigest::Digest(listed.digest.clone());
        let document = self.source.manifest(&from).await?;
        check_child(listed, &document)?;
        let refers_to = document.value().subject().map(|found| &found.digest);
        if refers_to != Some(subject) {
            let message = format!(
                "{} does not refer to {subject}, among whose referrers it is listed",
                listed.digest
            );
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        self.below(&document, 0).await?;
        self.put_root(&document, None).await?;
        Ok(document)
    }
}

/// The manifests of an index that is a referrer itself; they may have referrers too.
fn children_of(document: &Document<AnyManifest>) -> impl Iterator<Item = Digest> {
    let index = document.value().as_index();
    let children = index.into_iter().flat_map(|index| &index.manifests);
    children.map(|child| child.digest.clone())
}
