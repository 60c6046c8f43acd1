//! The few services that an executor must offer: the [`Runtime`] trait, and one on plain threads.

#[cfg(feature = "thread-runtime")]
mod thread;

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_channel::oneshot;
use futures_core::future::BoxFuture;
use futures_util::TryFutureExt;

use crate::proto::Now;

#[cfg(feature = "thread-runtime")]
pub use thread::{ThreadRuntime, block_on};

/// What the client needs of an executor besides being polled.
///
/// The client never spawns work behind the caller's back, with one exception: a clean-up request that may still
/// run after the caller's future is gone.
pub trait Runtime: Send + Sync {
    /// The current time; the default reads the system's clocks.
    fn now(&self) -> Now {
        system_now()
    }

    /// A future that is ready once `duration` has passed. Dropping it cancels the timer.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs `task` to its end in the background. Its result does not matter, nor does it if the program ends first.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Runs `work`, which may block (files, hashing), where it holds up no future; the default starts a thread.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(work);
    }
}

/// Begins `work` by [`Runtime::spawn_blocking`], at once; the future waits for its result.
///
/// # Errors
/// [`Interrupted`] if the work panicked or the runtime dropped it, as a runtime does that is shutting down.
///
/// # Cancellation
/// Work that has begun runs to its end even if the future is dropped; only its result is lost.
pub fn unblock<T, F>(
    runtime: &dyn Runtime,
    work: F,
) -> impl Future<Output = Result<T, Interrupted>> + Send + Unpin + use<T, F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    // A receiver that is gone means that nobody waits for the result any more.
    runtime.spawn_blocking(Box::new(move || drop(sender.send(work()))));
    receiver.map_err(|oneshot::Canceled| Interrupted)
}

/// Blocking work that never delivered its result.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("blocking work was interrupted: it panicked or the runtime is shutting down")]
#[non_exhaustive]
pub struct Interrupted;

impl From<Interrupted> for std::io::Error {
    fn from(error: Interrupted) -> Self {
        Self::other(error)
    }
}

pub(crate) fn system_now() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    let monotonic = START.get_or_init(Instant::now).elapsed();
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now::new(monotonic, unix)
}
