//! One copy, or several that share what is known to have arrived.

use std::collections::HashSet;

use futures_core::future::BoxFuture;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, Tag, TagOrDigest};

use super::options::{CopyEvent, CopyOptions};
use super::report::{Copied, CopyFailure, CopyPart};
use crate::store::{Source, Stored, Target};
use crate::{Error, ErrorKind};

pub(super) struct Job<'a> {
    /// The manifests whose referrers and digest tags were copied.
    attended: HashSet<Digest>,
    /// Those among them of this copy.
    attended_now: Vec<Digest>,
    /// The entries that are wanted of the root; `None` if all are.
    pub(super) chosen: Option<HashSet<Digest>>,
    /// The tags of the source that are made of digests, once they are known.
    pub(super) digest_tags: Option<Vec<Tag>>,
    /// The manifests that were met for the first time in this copy.
    entered: Vec<Digest>,
    /// The blobs and manifests that did not arrive.
    pub(super) failed: HashSet<Digest>,
    pub(super) failures: Vec<CopyFailure>,
    /// The blobs of which the target has said that it has them.
    pub(super) found: HashSet<Digest>,
    pub(super) manifests: HashSet<Digest>,
    pub(super) options: &'a CopyOptions,
    /// The blobs that were asked for.
    seen: HashSet<Digest>,
    pub(super) source: &'a dyn Source,
    pub(super) target: &'a dyn Target,
    transferred: u64,
}

impl<'a> Job<'a> {
    pub(super) fn new(source: &'a dyn Source, target: &'a dyn Target, options: &'a CopyOptions) -> Self {
        Self {
            attended: HashSet::new(),
            attended_now: Vec::new(),
            chosen: None,
            digest_tags: None,
            entered: Vec::new(),
            failed: HashSet::new(),
            failures: Vec::new(),
            found: HashSet::new(),
            manifests: HashSet::new(),
            options,
            seen: HashSet::new(),
            source,
            target,
            transferred: 0,
        }
    }

    /// The parts that were copied for another one before are not looked at again.
    pub(super) async fn copy(&mut self, from: &TagOrDigest, tag: Option<&Tag>) -> Result<Copied, Error> {
        self.entered.clear();
        self.attended_now.clear();
        let copied = self.all_of(from, tag).await;
        if copied.is_err() {
            self.give_up();
        }
        copied
    }

    async fn all_of(&mut self, from: &TagOrDigest, tag: Option<&Tag>) -> Result<Copied, Error> {
        let before = self.transferred;
        let found = self.read(from).await?;
        let (root, made_from) = self.choose(found).await?;
        match self.below(&root, 0).await? {
            // Whatever came of it as a part of another one.
            true => self.failed.remove(root.digest()),
            false => self.failed.insert(root.digest().clone()),
        };
        let attached = self.attached(&root, made_from.is_none()).await?;
        let mut root_stored = !self.failed.contains(root.digest());
        if root_stored && let Err(error) = self.put_root(&root, tag).await {
            root_stored = false;
            self.failed.insert(root.digest().clone());
            self.fail(CopyPart::Manifest(root.digest().clone()), error)?;
        }
        Ok(Copied {
            digest_tags: attached.digest_tags,
            failures: std::mem::take(&mut self.failures),
            made_from,
            referrers: attached.referrers,
            root,
            root_stored,
            transferred: self.transferred.saturating_sub(before),
        })
    }

    /// Of a copy that ends in an error nobody knows which manifests have arrived: another one has to look at them again.
    fn give_up(&mut self) {
        for digest in self.entered.drain(..) {
            self.manifests.remove(&digest);
        }
        for digest in self.attended_now.drain(..) {
            self.attended.remove(&digest);
        }
        self.failures.clear();
    }

    /// A manifest of the source, which is what it was asked for.
    pub(super) async fn read(&self, from: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let document = self.source.manifest(from).await?;
        match from {
            TagOrDigest::Digest(digest) if document.digest() != digest => {
                let message = format!("the source gives the manifest {} for {digest}", document.digest());
                Err(Error::new(ErrorKind::Mismatch, message))
            }
            _ => Ok(document),
        }
    }

    /// Copies everything that `document` refers to. Says whether all of it has arrived.
    pub(super) fn below<'b>(
        &'b mut self,
        document: &'b Document<AnyManifest>,
        depth: usize,
    ) -> BoxFuture<'b, Result<bool, Error>> {
        Box::pin(async move {
            match document.value() {
                AnyManifest::Image(image) => self.blobs(image).await,
                AnyManifest::Index(index) => self.children(index, depth).await,
            }
        })
    }

    async fn blobs(&mut self, image: &ImageManifest) -> Result<bool, Error> {
        let wanted = blobs_of(image).filter(|descriptor| self.seen.insert(descriptor.digest.clone()));
        let wanted: Vec<Descriptor> = wanted.cloned().collect();
        for (descriptor, result) in self.transfer(wanted, false).await {
            match result {
                Ok(Stored::New) => self.transferred = self.transferred.saturating_add(descriptor.size),
                Ok(_) => drop(self.found.insert(descriptor.digest)),
                Err(error) => {
                    self.failed.insert(descriptor.digest.clone());
                    self.fail(CopyPart::Blob(descriptor.digest), error)?;
                }
            }
        }
        Ok(blobs_of(image).all(|blob| !self.failed.contains(&blob.digest)))
    }

    /// Copies blobs, several at a time; to the first failure, unless the copy is to keep going.
    pub(super) async fn transfer(
        &self,
        wanted: Vec<Descriptor>,
        regardless: bool,
    ) -> Vec<(Descriptor, Result<Stored, Error>)> {
        let (mut waiting, mut running) = (wanted.into_iter().peekable(), FuturesUnordered::new());
        let (mut bytes, mut results) = (0_u64, Vec::new());
        loop {
            while let Some(next) = waiting.next_if(|next| self.options.admits(running.len(), bytes, next.size)) {
                bytes = bytes.saturating_add(next.size);
                running.push(async move {
                    let result = self.blob(&next, regardless).await;
                    (next, result)
                });
            }
            let Some((descriptor, result)) = running.next().await else {
                return results;
            };
            bytes = bytes.saturating_sub(descriptor.size);
            let failed = result.is_err();
            results.push((descriptor, result));
            if failed && !self.options.keep_going {
                return results;
            }
        }
    }

    async fn blob(&self, descriptor: &Descriptor, regardless: bool) -> Result<Stored, Error> {
        let stored = if self.options.dry_run {
            self.look(descriptor).await?
        } else {
            let content = self.source.blob(descriptor).await?;
            match regardless || self.options.repair {
                true => self.target.put_blob_regardless(descriptor, content).await?,
                false => self.target.put_blob(descriptor, content).await?,
            }
        };
        if let Some(observer) = &self.options.observer {
            observer(&CopyEvent { descriptor, stored });
        }
        Ok(stored)
    }

    /// What storing the blob would take.
    async fn look(&self, descriptor: &Descriptor) -> Result<Stored, Error> {
        if self.options.repair {
            return Ok(Stored::New);
        }
        match self.target.has_blob(descriptor).await {
            Ok(true) => Ok(Stored::Present),
            Ok(false) => Ok(Stored::New),
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Stored::New),
            Err(error) => Err(error),
        }
    }

    async fn children(&mut self, index: &ImageIndex, depth: usize) -> Result<bool, Error> {
        if depth >= CopyOptions::MAX_DEPTH {
            let message = format!("indexes are nested more than {} deep", CopyOptions::MAX_DEPTH);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        // Once the root's images are chosen, what is below them is wanted as a whole.
        let chosen = self.chosen.take();
        let mut whole = true;
        for descriptor in &index.manifests {
            if chosen
                .as_ref()
                .is_some_and(|chosen| !chosen.contains(&descriptor.digest))
            {
                continue;
            }
            if self.enter(&descriptor.digest)? {
                self.child(descriptor, depth).await?;
            }
            whole &= !self.failed.contains(&descriptor.digest);
        }
        Ok(whole)
    }

    /// Whether a manifest is met for the first time.
    pub(super) fn enter(&mut self, digest: &Digest) -> Result<bool, Error> {
        let new = self.manifests.insert(digest.clone());
        if new {
            self.entered.push(digest.clone());
        }
        if self.entered.len() > CopyOptions::MAX_MANIFESTS {
            let message = format!("there are more than {} manifests", CopyOptions::MAX_MANIFESTS);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(new)
    }

    /// The manifests that were not attended to yet, in order.
    pub(super) fn unattended(&self) -> Vec<Digest> {
        let mut left: Vec<Digest> = self.manifests.difference(&self.attended).cloned().collect();
        left.sort();
        left
    }

    /// Whether a manifest is attended to for the first time.
    pub(super) fn attend(&mut self, digest: &Digest) -> bool {
        let new = self.attended.insert(digest.clone());
        if new {
            self.attended_now.push(digest.clone());
        }
        new
    }

    async fn child(&mut self, descriptor: &Descriptor, depth: usize) -> Result<(), Error> {
        let read = self.read(&TagOrDigest::Digest(descriptor.digest.clone())).await;
        let child = read.and_then(|child| check_child(descriptor, &child).map(|()| child));
        let result = match child {
            Ok(child) => match self.below(&child, depth.saturating_add(1)).await? {
                true => self.put(&child).await,
                false => {
                    self.failed.insert(descriptor.digest.clone());
                    return Ok(());
                }
            },
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.failed.insert(descriptor.digest.clone());
            self.fail(CopyPart::Manifest(descriptor.digest.clone()), error)?;
        }
        Ok(())
    }

    pub(super) async fn put(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        if self.options.dry_run {
            return Ok(());
        }
        match self.target.put_manifest(document).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.mend(document, error).await?;
                self.target.put_manifest(document).await
            }
        }
    }

    pub(super) async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        if self.options.dry_run {
            return Ok(());
        }
        match self.target.put_root(document, tag).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.mend(document, error).await?;
                self.target.put_root(document, tag).await
            }
        }
    }

    /// Takes a failure down, where the copy is to keep going; else it is the end.
    pub(super) fn fail(&mut self, part: CopyPart, error: Error) -> Result<(), Error> {
        if !self.options.keep_going {
            return Err(error);
        }
        self.failures.push(CopyFailure { error, part });
        Ok(())
    }
}

/// What of an image is to be copied besides its manifest.
pub(super) fn blobs_of(image: &ImageManifest) -> impl Iterator<Item = &Descriptor> {
    let all = std::iter::once(&image.config).chain(&image.layers);
    all.filter(|descriptor| !descriptor.media_type.is_nondistributable())
}

/// What an index says of its children must be true: others will believe it without a look.
pub(super) fn check_child(descriptor: &Descriptor, child: &Document<AnyManifest>) -> Result<(), Error> {
    let found = child.descriptor();
    if (found.size, &found.media_type) == (descriptor.size, &descriptor.media_type) {
        return Ok(());
    }
    let message = format!(
        "{} is said to have {} bytes of {}, but it has {} bytes of {}",
        descriptor.digest, descriptor.size, descriptor.media_type, found.size, found.media_type
    );
    Err(Error::new(ErrorKind::Mismatch, message))
}
