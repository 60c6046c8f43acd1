//! Copying what belongs to what is copied: its referrers, and what is tagged with its digest.

use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use super::job::{Job, check_child};
use super::report::CopyPart;
use crate::{Error, ErrorKind};

/// How much belongs to what was copied.
#[derive(Default)]
pub(super) struct Attached {
    pub(super) digest_tags: usize,
    pub(super) referrers: usize,
}

impl Job<'_> {
    /// Copies what belongs to `root` and to all that was copied below it, what belongs to that, and so on. The root is there under its digest before them, as a registry
    /// may refuse what refers to nothing; it is not stored where there are none. The source has nothing for a root that is not `its_own`.
    pub(super) async fn attached(&mut self, root: &Document<AnyManifest>, its_own: bool) -> Result<Attached, Error> {
        let mut copied = Attached::default();
        if !self.options.referrers && !self.options.digest_tags {
            return Ok(copied);
        }
        let mut side = self.side();
        let mut left = self.unattended();
        if its_own {
            left.push(root.digest().clone());
        }
        self.enter(root.digest())?;
        let mut root_is_there = false;
        while let Some(subject) = left.pop() {
            if self.failed.contains(&subject) || !self.attend(&subject) {
                continue;
            }
            for listed in self.listed(&subject).await? {
                let job = side.as_mut().unwrap_or(self);
                if !job.enter(&listed.digest)? {
                    continue;
                }
                if side.is_none() && !root_is_there && !self.failed.contains(root.digest()) {
                    root_is_there = true;
                    if let Err(error) = self.put(root).await {
                        self.failed.insert(root.digest().clone());
                        self.fail(CopyPart::Manifest(root.digest().clone()), error)?;
                    }
                }
                let job = side.as_mut().unwrap_or(self);
                let found = job.referrer(&subject, &listed).await?;
                self.failures
                    .extend(side.iter_mut().flat_map(|side| side.failures.drain(..)));
                if let Some(referrer) = found {
                    left.extend(children_of(&referrer));
                    left.push(listed.digest);
                    copied.referrers = copied.referrers.saturating_add(1);
                }
            }
            for tag in self.digest_tags_of(&subject).await? {
                if let Some(document) = self.digest_tag(&tag).await? {
                    left.extend(children_of(&document));
                    left.push(document.digest().clone());
                    copied.digest_tags = copied.digest_tags.saturating_add(1);
                }
            }
        }
        Ok(copied)
    }

    /// What copies referrers, if they come from elsewhere or go there.
    fn side(&self) -> Option<Self> {
        let (source, target) = (&self.options.referrers_source, &self.options.referrers_target);
        if source.is_none() && target.is_none() {
            return None;
        }
        let source = source.as_deref().unwrap_or(self.source);
        Some(Self::new(
            source,
            target.as_deref().unwrap_or(self.target),
            self.options,
        ))
    }

    async fn listed(&mut self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        if !self.options.referrers {
            return Ok(Vec::new());
        }
        let source = self.options.referrers_source.as_deref().unwrap_or(self.source);
        match source.referrers(subject).await {
            Ok(listed) => Ok(listed),
            Err(error) => {
                self.fail(CopyPart::Referrers(subject.clone()), error)?;
                Ok(Vec::new())
            }
        }
    }

    async fn referrer(
        &mut self,
        subject: &Digest,
        listed: &Descriptor,
    ) -> Result<Option<Document<AnyManifest>>, Error> {
        let result = match self.read_referrer(subject, listed).await {
            Ok(document) if !self.below(&document, 0).await? => {
                self.failed.insert(listed.digest.clone());
                return Ok(None);
            }
            Ok(document) => self.put_root(&document, None).await.map(|()| document),
            Err(error) => Err(error),
        };
        match result {
            Ok(document) => Ok(Some(document)),
            Err(error) => {
                self.failed.insert(listed.digest.clone());
                self.fail(CopyPart::Manifest(listed.digest.clone()), error)?;
                Ok(None)
            }
        }
    }

    async fn read_referrer(&self, subject: &Digest, listed: &Descriptor) -> Result<Document<AnyManifest>, Error> {
        let document = self.read(&TagOrDigest::Digest(listed.digest.clone())).await?;
        check_child(listed, &document)?;
        let refers_to = document.value().subject().map(|found| &found.digest);
        if refers_to == Some(subject) {
            return Ok(document);
        }
        let message = format!(
            "{} does not refer to {subject}, among whose referrers it is listed",
            listed.digest
        );
        Err(Error::new(ErrorKind::Mismatch, message))
    }

    /// The tags that are made of the digest and a suffix.
    async fn digest_tags_of(&mut self, subject: &Digest) -> Result<Vec<Tag>, Error> {
        if !self.options.digest_tags {
            return Ok(Vec::new());
        }
        if self.digest_tags.is_none() {
            self.digest_tags = Some(match self.source.tags().await {
                Ok(mut tags) => {
                    tags.sort();
                    tags
                }
                Err(error) => {
                    self.fail(CopyPart::DigestTags, error)?;
                    Vec::new()
                }
            });
        }
        let prefix = format!("{}.", subject.fallback_tag());
        let tags = self.digest_tags.iter().flatten();
        Ok(tags.filter(|tag| tag.as_str().starts_with(&prefix)).cloned().collect())
    }

    async fn digest_tag(&mut self, tag: &Tag) -> Result<Option<Document<AnyManifest>>, Error> {
        let result = match self.read(&TagOrDigest::Tag(tag.clone())).await {
            Ok(document) => {
                let new = self.enter(document.digest())?;
                let whole = self.below(&document, 0).await?;
                let stored = match whole {
                    true => self.put_root(&document, Some(tag)).await,
                    false => Ok(()),
                };
                if new && (!whole || stored.is_err()) {
                    self.failed.insert(document.digest().clone());
                }
                if !whole {
                    return Ok(None);
                }
                stored.map(|()| document)
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(document) => Ok(Some(document)),
            Err(error) => {
                self.fail(CopyPart::DigestTag(tag.clone()), error)?;
                Ok(None)
            }
        }
    }
}

/// The manifests of an index that is attached itself; something may be attached to them too.
fn children_of(document: &Document<AnyManifest>) -> impl Iterator<Item = Digest> {
    let index = document.value().as_index();
    let children = index.into_iter().flat_map(|index| &index.manifests);
    children.map(|child| child.digest.clone())
}
