use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use oci_spec_types::Verifier;

use super::destination::Destination;
use super::front::Front;
use crate::Error;
use crate::runtime::{Runtime, unblock};

/// Where the parts of a blob are written, each at its place, and where the whole is checked from its beginning on as that grows.
///
/// A part that continues what has been checked is hashed from memory. What came before its turn is read again from the file, a little with each
/// write, so that the end of the download is the end of the check.
#[derive(Clone)]
pub(super) struct Sink {
    epoch: u64,
    kept: bool,
    runtime: Arc<dyn Runtime>,
    shared: Arc<Shared>,
}

/// Bytes on their way into the file; they get there also if this is dropped.
pub(super) type Writing = BoxFuture<'static, Result<(), Error>>;

impl Sink {
    /// Opens the partial file, which is empty unless it was `kept` by an earlier run.
    pub(super) async fn open(
        path: PathBuf,
        verifier: Verifier,
        kept: bool,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        let opened = unblock(&*runtime, move || {
            let destination = Destination::open(path, verifier.digest(), kept)?;
            let pieces = destination.recover(verifier.size())?;
            Ok::<_, Error>(Shared::new(destination, verifier, &pieces))
        });
        let shared = Arc::new(opened.await.map_err(io::Error::from)??);
        Ok(Self {
            epoch: 0,
            kept,
            runtime,
            shared,
        })
    }

    /// How much is there from the beginning on, without a gap.
    pub(super) fn prefix(&self) -> u64 {
        self.shared.front().prefix()
    }

    /// What is missing, in order.
    pub(super) fn gaps(&self) -> Vec<Range<u64>> {
        self.shared.front().gaps(self.shared.verifier.size())
    }

    /// Makes ready for parts that come in any order.
    pub(super) async fn expect_parts(&self) -> Result<(), Error> {
        self.blocking(|shared, file| {
            shared.front().has_gaps = true;
            shared.note(file)
        })
        .await
    }

    /// Makes ready for one stream behind the prefix: what lies there is not to be taken for what the stream brings.
    pub(super) async fn expect_stream(&self) -> Result<(), Error> {
        if !self.kept && self.shared.front().is_without_gaps() {
            return Ok(());
        }
        self.blocking(|shared, file| {
            let mut front = shared.front();
            front.forget_ahead();
            file.truncate(front.prefix())
        })
        .await
    }

    /// Begins to write the bytes from `at` on.
    pub(super) fn write(&self, at: u64, batch: Vec<Bytes>) -> Writing {
        Box::pin(self.blocking(move |shared, file| shared.write(file, at, &batch)))
    }

    /// Hashes all that is there from the beginning on.
    pub(super) async fn catch_up(&self) -> Result<(), Error> {
        while !self.blocking(|shared, file| shared.check(file, None)).await? {}
        Ok(())
    }

    /// Says whether the whole is there and right.
    pub(super) async fn finish(&self) -> Result<(), Error> {
        if !self.shared.front().is_checked() {
            self.catch_up().await?;
        }
        let verifier = self.shared.front().take_verifier();
        let verifier = verifier.ok_or_else(|| Error::misuse("a part is still being written"))?;
        Ok(verifier.finish()?)
    }

    /// Lets writes under way come to their end, and none begin any more that was asked for before: whoever asked is gone.
    pub(super) async fn settled(&self) -> Result<Self, Error> {
        self.anew(|_, _| Ok(())).await
    }

    /// The same, and forgets all that is there.
    pub(super) async fn emptied(&self) -> Result<Self, Error> {
        self.anew(|shared, file| {
            file.truncate(0)?;
            *shared.front() = Front::new(shared.verifier.clone());
            Ok(())
        })
        .await
    }

    /// Gives the file its name.
    pub(super) async fn commit(self) -> Result<(), Error> {
        self.last(|shared, file| {
            // What may have been noted behind the content.
            file.truncate(shared.verifier.size())?;
            file.commit()
        })
        .await
    }

    /// Removes the file.
    pub(super) async fn discard(self) -> Result<(), Error> {
        self.last(|_, file| file.discard()).await
    }

    async fn anew(&self, work: fn(&Shared, &Destination) -> Result<(), Error>) -> Result<Self, Error> {
        let Self {
            epoch,
            kept,
            runtime,
            shared,
        } = self.clone();
        let next = epoch.saturating_add(1);
        let working = shared.clone();
        let worked = unblock(&*runtime, move || {
            let mut gate = working.close();
            gate.epoch = next;
            work(&working, gate.destination.as_ref().ok_or_else(gone)?)
        });
        worked.await.map_err(io::Error::from)??;
        Ok(Self {
            epoch: next,
            kept,
            runtime,
            shared,
        })
    }

    async fn last(self, work: fn(&Shared, Destination) -> Result<(), Error>) -> Result<(), Error> {
        let shared = self.shared;
        let worked = unblock(&*self.runtime, move || {
            let destination = shared.close().destination.take();
            work(&shared, destination.ok_or_else(gone)?)
        });
        worked.await.map_err(io::Error::from)?
    }

    /// Begins `work` at once.
    fn blocking<T, F>(&self, work: F) -> impl Future<Output = Result<T, Error>> + Send + use<T, F>
    where
        F: FnOnce(&Shared, &Destination) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        let (shared, epoch) = (self.shared.clone(), self.epoch);
        let working = unblock(&*self.runtime, move || {
            let gate = shared.enter();
            let destination = gate.destination.as_ref().filter(|_| gate.epoch == epoch);
            work(&shared, destination.ok_or_else(gone)?)
        });
        async move { working.await.map_err(io::Error::from)? }
    }
}

struct Shared {
    front: Mutex<Front>,
    gate: RwLock<Gate>,
    /// As it was before the first byte.
    verifier: Verifier,
}

/// Who may write: those of this epoch, until the file is done with.
struct Gate {
    destination: Option<Destination>,
    epoch: u64,
}

impl Shared {
    fn new(destination: Destination, verifier: Verifier, pieces: &[Range<u64>]) -> Self {
        let mut front = Front::new(verifier.clone());
        for piece in pieces {
            front.written(piece.start, piece.end);
        }
        Self {
            front: Mutex::new(front),
            gate: RwLock::new(Gate {
                destination: Some(destination),
                epoch: 0,
            }),
            verifier,
        }
    }

    fn write(&self, file: &Destination, at: u64, batch: &[Bytes]) -> Result<(), Error> {
        let mut end = at;
        for chunk in batch {
            file.write_at(end, chunk)?;
            end = end.saturating_add(chunk.len() as u64);
        }
        self.front().written(at, end);
        self.note(file)?;
        self.check(file, Some((at, batch))).map(drop)
    }

    /// Hashes on from what has been checked, unless somebody else is at it; `fresh` has just been written. Says whether nothing is left.
    fn check(&self, file: &Destination, fresh: Option<(u64, &[Bytes])>) -> Result<bool, Error> {
        let Some(mut verifier) = self.front().take_verifier() else {
            return Ok(true);
        };
        let hashed = self.hash(&mut verifier, file, fresh);
        let mut front = self.front();
        let done = verifier.position() >= front.prefix();
        front.give_back(verifier);
        hashed.map(|()| done)
    }

    fn hash(&self, verifier: &mut Verifier, file: &Destination, fresh: Option<(u64, &[Bytes])>) -> Result<(), Error> {
        if let Some((at, batch)) = fresh
            && at == verifier.position()
        {
            for chunk in batch {
                verifier.update(chunk)?;
            }
        }
        let mut piece = Vec::new();
        for _ in 0..PIECES {
            let left = self.front().prefix().saturating_sub(verifier.position());
            if left == 0 {
                break;
            }
            piece.resize(left.min(PIECE as u64) as usize, 0);
            file.read_at(verifier.position(), &mut piece)?;
            verifier.update(&piece)?;
        }
        Ok(())
    }

    /// Notes what is there, where the file may be found by another process and has gaps.
    fn note(&self, file: &Destination) -> Result<(), Error> {
        let front = self.front();
        if front.has_gaps && file.is_kept() {
            // Under the lock, so that an older note does not replace a newer one.
            file.note(self.verifier.size(), front.pieces())
        } else {
            Ok(())
        }
    }

    // Nothing behind these locks can be half-done in a way that matters when a thread panics: the digest has the last word.

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> RwLockReadGuard<'_, Gate> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> RwLockWriteGuard<'_, Gate> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> Error {
    Error::misuse("the file of this download is not written any more")
}

/// How much is read again at a time: 256 KiB.
const PIECE: usize = 256 << 10;

/// How many pieces are read again along with one write: more than a write brings, so that the check never falls behind for long.
const PIECES: usize = 16;
