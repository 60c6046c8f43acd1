//! A source that keeps what passes through it.

mod ledger;
mod stores;
mod tee;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use self::ledger::{Ledger, Room, Seen};
use self::tee::Tee;
use super::chain::Alternatives;
use super::{Source, Target, parse_stored_manifest};
use crate::Error;
use crate::client::{Chunks, Content, VerifiedContent};
use crate::proto::Span;

/// A source that keeps what is read through it in another store, and reads it from there the next time.
///
/// - **Verified**: only what was read to its end and is right is kept. What is damaged in the cache is removed when a reading finds it out; a reading that breaks off in the cache goes on from the source.
/// - **Bounded**: there are never more than `limit` bytes of manifests and blobs, those on their way in included. What was not read for the longest time goes first. A blob that is larger
///   than `limit`, or does not fit beside those on their way in, is read and not kept.
/// - **While it is read**: a blob is kept piece by piece as it passes; a slow cache slows the reading down. One that cannot be written is none of the reader's concern: the reading goes on without it.
/// - **Readers at once**: a blob that is read twice before it is kept is fetched twice, and kept once: whoever reads slowly, or never to the end, holds nobody up.
/// - **By digest only**: a tag may have moved, so what it stands for is asked of the source each time. So are referrers and the list of tags.
///
/// Parts of a blob come from the cache if it is there, and are not kept otherwise. A reader that is gone before the end leaves nothing; one that goes just at the end may leave a blob that is
/// counted from the next [`new`](Self::new) on.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::block_on;
/// use oci_client_core::store::{CachedSource, CopyOptions, MemoryStore, Source, copy};
/// use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let far = MemoryStore::new();
/// let config = far.add_blob(MediaType::IMAGE_CONFIG, "{}");
/// let image: AnyManifest = ImageManifest::new(config.clone(), Vec::new()).into();
/// far.add_manifest(Document::from_value(image)?, Some(Tag::latest()));
///
/// block_on(async {
///     let cache = Arc::new(MemoryStore::new());
///     let cached = CachedSource::new(Arc::new(far), cache.clone(), 1 << 30).await?;
///     copy(&cached, &Tag::latest().into(), &MemoryStore::new(), None, &CopyOptions::new()).await?;
///     assert!(cache.content(&config.digest).is_some());
///     # Ok::<(), oci_client_core::Error>(())
/// })?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CachedSource {
    kept: Arc<Kept>,
    source: Arc<dyn Source>,
}

impl CachedSource {
    /// Reads from `source`, and keeps at most `limit` bytes in `cache`, which is this source's alone: another one beside it would not know what it keeps.
    ///
    /// What is in the cache already counts, in the order in which it was written, where the cache knows it; what is too much of it is removed.
    ///
    /// # Errors
    /// If the cache cannot be read or is none, as [`CacheStore::take_stock`] says.
    ///
    /// # Cancellation
    /// A dropped future leaves less in the cache at most.
    pub async fn new(source: Arc<dyn Source>, cache: Arc<dyn CacheStore>, limit: u64) -> Result<Self, Error> {
        let mut ledger = Ledger::new(limit);
        for (digest, size) in cache.take_stock().await? {
            ledger.add(digest, size);
        }
        while let Some(oldest) = ledger.surplus() {
            cache.remove(&oldest.digest).await?;
            ledger.forget(&oldest);
        }
        let kept = Arc::new(Kept {
            cache,
            ledger: Mutex::new(ledger),
        });
        Ok(Self { kept, source })
    }

    /// How many bytes the cache has, those on their way in included.
    pub fn size(&self) -> u64 {
        self.kept.lock().used()
    }
}

impl fmt::Debug for CachedSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CachedSource")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for CachedSource {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        if let TagOrDigest::Digest(digest) = target
            && let Some(seen) = self.kept.touch(digest)
        {
            match self.kept.cache.manifest(target).await {
                Ok(document) if document.digest() == digest => return Ok(document),
                _ => self.kept.discard(&seen).await,
            }
        }
        let document = self.source.manifest(target).await?;
        self.kept.keep_manifest(&document).await;
        Ok(document)
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        if let Some(seen) = self.kept.touch(&descriptor.digest) {
            if let Ok(content) = self.kept.cache.blob(descriptor).await {
                return Ok(self.hit(descriptor, seen, content));
            }
            self.kept.discard(&seen).await;
        }
        let content = self.source.blob(descriptor).await?;
        let content = verified(content, descriptor);
        Ok(Arc::new(Tee::new(self.kept.clone(), content, descriptor.clone())))
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        if self.kept.touch(&descriptor.digest).is_some() && self.kept.cache.check_blob(descriptor).await.is_ok() {
            return Ok(());
        }
        self.source.check_blob(descriptor).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        self.source.referrers(subject).await
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.source.tags().await
    }
}

/// A store that a [`CachedSource`] keeps things in: memory, a layout directory, or one of your own.
#[async_trait]
pub trait CacheStore: Source + Target {
    /// The digest and size of every manifest and blob that is there, the one that was written longest ago first, where that is known. Removes what broken writers have left.
    ///
    /// # Errors
    /// Of kind [`Misuse`](crate::ErrorKind::Misuse) if the store has anything that it is to keep, else if it cannot be read.
    async fn take_stock(&self) -> Result<Vec<(Digest, u64)>, Error>;

    /// Removes a manifest or blob, if it is there. Whoever is reading it may go on or get an error, never other content.
    ///
    /// # Errors
    /// If it may still be there.
    async fn remove(&self, digest: &Digest) -> Result<(), Error>;
}

impl CachedSource {
    /// What is in the cache, or from where it breaks off what the source has.
    fn hit(&self, descriptor: &Descriptor, seen: Seen, cached: Arc<dyn Content>) -> Arc<dyn Content> {
        let near = Watched {
            // So that what is wrong is found out there, and removed.
            cached: verified(cached, descriptor),
            kept: self.kept.clone(),
            seen,
        };
        let far = Unopened {
            descriptor: descriptor.clone(),
            source: self.source.clone(),
        };
        let both: [Arc<dyn Content>; 2] = [Arc::new(near), Arc::new(far)];
        let content = Alternatives::new(both.into(), descriptor.size);
        Arc::new(VerifiedContent::new(Arc::new(content), descriptor.clone()))
    }
}

/// What is kept, and how much it is.
struct Kept {
    cache: Arc<dyn CacheStore>,
    ledger: Mutex<Ledger>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, digest: &Digest) -> Option<Seen> {
        self.lock().touch(digest)
    }

    /// Makes room for something of `size` bytes; `None` if it is not to be kept.
    async fn reserve(self: &Arc<Self>, digest: &Digest, size: u64) -> Option<Reservation> {
        loop {
            let room = self.lock().reserve(digest, size);
            match room {
                Room::Made => {
                    return Some(Reservation {
                        digest: digest.clone(),
                        kept: self.clone(),
                    });
                }
                Room::None => return None,
                // Counted until it is gone, whoever removes it.
                Room::Without(oldest) => {
                    self.cache.remove(&oldest.digest).await.ok()?;
                    self.lock().forget(&oldest);
                }
            }
        }
    }

    async fn keep_manifest(self: &Arc<Self>, document: &Document<AnyManifest>) {
        // A store may keep no more than the bytes: what they do not say of themselves would be lost.
        let again = parse_stored_manifest(document.bytes().to_vec(), document.digest());
        if !again.is_ok_and(|again| again.media_type() == document.media_type()) {
            return;
        }
        let size = document.bytes().len() as u64;
        if let Some(reservation) = self.reserve(document.digest(), size).await
            && self.cache.put_manifest(document).await.is_ok()
        {
            reservation.keep();
        }
    }

    /// Removes what cannot be used. What cannot be removed still counts.
    async fn discard(&self, seen: &Seen) {
        // Somebody else may have found it out, and put the right one there.
        let is_there = self.lock().has(seen);
        if is_there && self.cache.remove(&seen.digest).await.is_ok() {
            self.lock().forget(seen);
        }
    }
}

/// Room for something on its way in, which is given back when it does not come.
struct Reservation {
    digest: Digest,
    kept: Arc<Kept>,
}

impl Reservation {
    fn keep(self) {
        self.kept.lock().keep(&self.digest);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.kept.lock().release(&self.digest);
    }
}

/// Content of the cache; removed from there if it cannot be read or is wrong.
struct Watched {
    cached: Arc<dyn Content>,
    kept: Arc<Kept>,
    seen: Seen,
}

#[async_trait]
impl Content for Watched {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let chunks = match self.cached.open(span).await {
            Ok(chunks) => chunks,
            Err(error) => {
                self.kept.discard(&self.seen).await;
                return Err(error);
            }
        };
        let (kept, seen) = (self.kept.clone(), self.seen.clone());
        Ok(Box::pin(chunks.or_else(move |error| {
            let (kept, seen) = (kept.clone(), seen.clone());
            async move {
                kept.discard(&seen).await;
                Err(error)
            }
        })))
    }
}

/// Content of the source, which is asked once it is needed.
struct Unopened {
    descriptor: Descriptor,
    source: Arc<dyn Source>,
}

#[async_trait]
impl Content for Unopened {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        self.source.blob(&self.descriptor).await?.open(span).await
    }
}

/// The content, checked by this crate's own code.
fn verified(content: Arc<dyn Content>, descriptor: &Descriptor) -> Arc<dyn Content> {
    let checked = content.checked(crate::client::sealed::Sealed);
    match checked.is_some_and(|checked| checked.digest == descriptor.digest && checked.size == descriptor.size) {
        true => content,
        false => Arc::new(VerifiedContent::new(content, descriptor.clone())),
    }
}
