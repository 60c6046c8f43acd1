use std::future::Future;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_timer::Delay;

use super::Runtime;

/// A [`Runtime`] for programs without an executor: threads for work, one shared timer thread for sleeping.
///
/// Drive futures with [`block_on`]. It suits tools and tests over a transport that needs no executor either, such as
/// an embedded registry; an HTTP backend brings the runtime that belongs to it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ThreadRuntime;

impl ThreadRuntime {
    /// The runtime; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for ThreadRuntime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(Delay::new(duration))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        std::thread::spawn(move || futures_executor::block_on(task));
    }
}

/// Runs `future` to its end on this thread.
///
/// # Panics
/// When called from within a future that another `block_on` is running on the same thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    futures_executor::block_on(future)
}
