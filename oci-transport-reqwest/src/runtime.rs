use std::time::Duration;

use futures_core::future::BoxFuture;
use oci_client_core::runtime::Runtime;
use tokio::runtime::{Handle, TryCurrentError};

/// The [`Runtime`] of a Tokio runtime.
///
/// It works from any thread, also from one that the Tokio runtime knows nothing of.
///
/// ```
/// use std::time::Duration;
///
/// use oci_client_core::runtime::Runtime;
/// use oci_transport_reqwest::TokioRuntime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// let runtime = TokioRuntime::new(tokio.handle().clone());
/// tokio.block_on(runtime.sleep(Duration::from_millis(1)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// The runtime that `handle` belongs to, which must have its time driver enabled.
    pub const fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// The runtime that the calling code runs in.
    ///
    /// # Errors
    /// If it runs in none: start one, or pass the handle of one to [`new`](Self::new).
    pub fn try_current() -> Result<Self, TryCurrentError> {
        Handle::try_current().map(Self::new)
    }
}

impl From<Handle> for TokioRuntime {
    fn from(handle: Handle) -> Self {
        Self::new(handle)
    }
}

impl Runtime for TokioRuntime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // A timer registers with the runtime that is current when it is made, not when it is polled.
        let _current = self.handle.enter();
        Box::pin(tokio::time::sleep(duration))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.handle.spawn(task));
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(self.handle.spawn_blocking(work));
    }
}
