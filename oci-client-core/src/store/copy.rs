mod referrers;

use std::collections::HashSet;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{
    AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, Platform, PlatformMatcher, Tag, TagOrDigest,
};

use super::{Source, Stored, Target};
use crate::{Error, ErrorKind};

/// Copies what `from` stands for, with everything below it, and tags it where there is a `tag`.
///
/// Bytes are forwarded as they are, so digests stay. Each distinct blob is copied once, several at a time, in manifest order; children come before their
/// parents and the root last, so that nothing visible ever lacks a part. Layers that may not be distributed are left where they are.
///
/// # Errors
/// The first failure of either side. What was copied until then stays, and another run goes on from there.
///
/// # Limits
/// Indexes nested deeper than [`CopyOptions::MAX_DEPTH`] or more than [`CopyOptions::MAX_MANIFESTS`] manifests in all are an error.
///
/// # Cancellation
/// Dropping the future stops at once; each blob and manifest is then whole in the target or not there.
pub async fn copy(
    source: &dyn Source,
    from: &TagOrDigest,
    target: &dyn Target,
    tag: Option<&Tag>,
    options: &CopyOptions,
) -> Result<Copied, Error> {
    let mut root = source.manifest(from).await?;
    if let (Some(platform), AnyManifest::Index(index)) = (&options.platform, root.value()) {
        let chosen = choose(index, platform)?;
        root = source.manifest(&TagOrDigest::Digest(chosen)).await?;
    }
    let mut job = Job {
        chosen: None,
        found: HashSet::new(),
        manifests: HashSet::new(),
        options,
        seen: HashSet::new(),
        source,
        target,
    };
    job.choose(&root)?;
    job.below(&root, 0).await?;
    let referrers = match options.referrers {
        true => job.with_referrers(&root).await?,
        false => 0,
    };
    job.put_root(&root, tag).await?;
    Ok(Copied { referrers, root })
}

/// How to copy.
#[derive(Clone)]
pub struct CopyOptions {
    jobs: usize,
    observer: Option<Arc<Observer>>,
    platform: Option<Platform>,
    referrers: bool,
    sparse: Vec<Platform>,
}

impl CopyOptions {
    /// Everything below the root, [`DEFAULT_JOBS`](Self::DEFAULT_JOBS) blobs at a time.
    pub fn new() -> Self {
        Self {
            jobs: Self::DEFAULT_JOBS,
            observer: None,
            platform: None,
            referrers: false,
            sparse: Vec::new(),
        }
    }

    /// How many blobs are on their way at a time; 0 counts as 1.
    #[must_use]
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Copies only the image for `platform` where the root is an index: that image becomes the root.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Copies the root as it is, and of its images those for `platforms` only, where the root is an index: a sparse index, which keeps its digest. Some registries refuse one, and what
    /// is left out cannot be pulled. No platforms mean all.
    #[must_use]
    pub fn with_sparse_platforms(mut self, platforms: impl IntoIterator<Item = Platform>) -> Self {
        self.sparse = platforms.into_iter().collect();
        self
    }

    /// Copies also what refers to any manifest that is copied, what refers to that, and so on: signatures, SBOMs and other artifacts.
    ///
    /// They arrive before the root gets its tag. The source has to be able to list them ([`Source::referrers`]).
    #[must_use]
    pub const fn with_referrers(mut self) -> Self {
        self.referrers = true;
        self
    }

    /// Calls `observer` for each blob that has arrived. It must not block.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(&CopyEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// How many blobs are on their way at a time by default.
    pub const DEFAULT_JOBS: usize = 4;

    /// How deep indexes may be nested.
    pub const MAX_DEPTH: usize = 8;

    /// The most manifests of one copy.
    pub const MAX_MANIFESTS: usize = 10_000;
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CopyOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            jobs,
            platform,
            referrers,
            sparse,
            ..
        } = self;
        formatter
            .debug_struct("CopyOptions")
            .field("jobs", jobs)
            .field("platform", platform)
            .field("referrers", referrers)
            .field("sparse", sparse)
            .finish_non_exhaustive()
    }
}

/// A blob has arrived in the target.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CopyEvent<'a> {
    /// The blob.
    pub descriptor: &'a Descriptor,
    /// Whether its content had to be transferred.
    pub stored: Stored,
}

/// What was copied.
#[derive(Debug)]
#[non_exhaustive]
pub struct Copied {
    /// How many referrers were copied, if they were asked for.
    pub referrers: usize,
    /// The manifest or index that is now in the target: what `from` stood for or, with a platform, the image chosen from it.
    pub root: Document<AnyManifest>,
}

type Observer = dyn Fn(&CopyEvent<'_>) + Send + Sync;

struct Job<'a> {
    /// The images that are wanted of the root; `None` if all are.
    chosen: Option<HashSet<Digest>>,
    /// The blobs of which the target has said that it has them.
    found: HashSet<Digest>,
    manifests: HashSet<Digest>,
    options: &'a CopyOptions,
    seen: HashSet<Digest>,
    source: &'a dyn Source,
    target: &'a dyn Target,
}

impl Job<'_> {
    /// Chooses the images of a sparse index.
    fn choose(&mut self, root: &Document<AnyManifest>) -> Result<(), Error> {
        if let (AnyManifest::Index(index), false) = (root.value(), self.options.sparse.is_empty()) {
            let chosen = self.options.sparse.iter().map(|platform| choose(index, platform));
            self.chosen = Some(chosen.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// Copies everything that `document` refers to.
    fn below<'b>(&'b mut self, document: &'b Document<AnyManifest>, depth: usize) -> BoxFuture<'b, Result<(), Error>> {
        Box::pin(async move {
            match document.value() {
                AnyManifest::Image(image) => {
                    let wanted: Vec<Descriptor> = blobs_of(image)
                        .filter(|descriptor| self.seen.insert(descriptor.digest.clone()))
                        .cloned()
                        .collect();
                    let found = self.blobs(wanted).await?;
                    self.found.extend(found);
                    Ok(())
                }
                AnyManifest::Index(index) => self.children(index, depth).await,
            }
        })
    }

    /// Copies blobs; gives those of which the target says that it has them.
    async fn blobs(&self, wanted: Vec<Descriptor>) -> Result<Vec<Digest>, Error> {
        let transfers = stream::iter(wanted).map(|descriptor| self.blob(descriptor));
        let found = transfers.buffer_unordered(self.options.jobs);
        found.try_filter_map(|found| ready(Ok(found))).try_collect().await
    }

    async fn blob(&self, descriptor: Descriptor) -> Result<Option<Digest>, Error> {
        let content = self.source.blob(&descriptor).await?;
        let stored = self.target.put_blob(&descriptor, content).await?;
        self.tell(&descriptor, stored);
        Ok((stored != Stored::New).then_some(descriptor.digest))
    }

    async fn blob_regardless(&self, descriptor: Descriptor) -> Result<(), Error> {
        let content = self.source.blob(&descriptor).await?;
        let stored = self.target.put_blob_regardless(&descriptor, content).await?;
        self.tell(&descriptor, stored);
        Ok(())
    }

    fn tell(&self, descriptor: &Descriptor, stored: Stored) {
        if let Some(observer) = &self.options.observer {
            observer(&CopyEvent { descriptor, stored });
        }
    }

    async fn children(&mut self, index: &ImageIndex, depth: usize) -> Result<(), Error> {
        if depth >= CopyOptions::MAX_DEPTH {
            let message = format!("indexes are nested more than {} deep", CopyOptions::MAX_DEPTH);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        // Once the root's images are chosen, what is below them is wanted as a whole.
        let chosen = self.chosen.take();
        for descriptor in &index.manifests {
            let wanted = chosen.as_ref().is_none_or(|chosen| chosen.contains(&descriptor.digest));
            if !wanted || !self.manifests.insert(descriptor.digest.clone()) {
                continue;
            }
            if self.manifests.len() > CopyOptions::MAX_MANIFESTS {
                let message = format!("there are more than {} manifests", CopyOptions::MAX_MANIFESTS);
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            let child = self
                .source
                .manifest(&TagOrDigest::Digest(descriptor.digest.clone()))
                .await?;
            check_child(descriptor, &child)?;
            self.below(&child, depth.saturating_add(1)).await?;
            self.put(&child).await?;
        }
        Ok(())
    }

    async fn put(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        match self.target.put_manifest(document).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.mend(document, error).await?;
                self.target.put_manifest(document).await
            }
        }
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        match self.target.put_root(document, tag).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.mend(document, error).await?;
                self.target.put_root(document, tag).await
            }
        }
    }

    /// Stores once more what `document` refers to, where the target says that it lacks some of it: it may have been deleted meanwhile. Where the target says no more
    /// than that the manifest is invalid, that is what it had said to be there: it may have spoken of another repository. Any other error stays one.
    async fn mend(&self, document: &Document<AnyManifest>, error: Error) -> Result<(), Error> {
        if error.has_code(&ErrorCode::MANIFEST_BLOB_UNKNOWN) {
            return self.put_children_again(document).await;
        }
        let AnyManifest::Image(image) = document.value() else {
            return Err(error);
        };
        let doubtful: Vec<Descriptor> = blobs_of(image)
            .filter(|blob| self.found.contains(&blob.digest))
            .cloned()
            .collect();
        if !error.has_code(&ErrorCode::MANIFEST_INVALID) || doubtful.is_empty() {
            return Err(error);
        }
        let transfers = stream::iter(doubtful).map(|blob| self.blob_regardless(blob));
        transfers.buffer_unordered(self.options.jobs).try_collect().await
    }

    async fn put_children_again(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        match document.value() {
            AnyManifest::Image(image) => self.blobs(blobs_of(image).cloned().collect()).await.map(drop),
            AnyManifest::Index(index) => {
                let copied = index.manifests.iter();
                for descriptor in copied.filter(|descriptor| self.manifests.contains(&descriptor.digest)) {
                    let from = TagOrDigest::Digest(descriptor.digest.clone());
                    let child = self.source.manifest(&from).await?;
                    self.target.put_manifest(&child).await?;
                }
                Ok(())
            }
        }
    }
}

/// What of an image is to be copied besides its manifest.
fn blobs_of(image: &ImageManifest) -> impl Iterator<Item = &Descriptor> {
    let all = std::iter::once(&image.config).chain(&image.layers);
    all.filter(|descriptor| !descriptor.media_type.is_nondistributable())
}

/// What an index says of its children must be true: others will believe it without a look.
fn check_child(descriptor: &Descriptor, child: &Document<AnyManifest>) -> Result<(), Error> {
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

fn choose(index: &ImageIndex, platform: &Platform) -> Result<Digest, Error> {
    let chosen = index.select(&PlatformMatcher::new(platform.clone())).map_err(|error| {
        Error::new(ErrorKind::NotFound, "the index has no image for the platform").with_source(error)
    })?;
    Ok(chosen.digest.clone())
}
