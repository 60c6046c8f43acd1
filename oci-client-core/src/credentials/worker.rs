//! Threads for what blocks, so that sources need no runtime.

use std::thread;

use futures_channel::oneshot;
use tracing::Span;
use tracing::dispatcher::{get_default, with_default};

use crate::{Error, ErrorKind};

/// Runs `work` on a thread of its own, which goes on to its end if the future is dropped. What it traces goes where the caller's traces go.
pub(super) async fn on_thread<T, F>(work: F) -> Result<T, Error>
where
    F: FnOnce() -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let (dispatch, span) = (get_default(Clone::clone), Span::current());
    let run = move || {
        let result = with_default(&dispatch, || span.in_scope(work));
        // Whoever waited may be gone by now.
        drop(sender.send(result));
    };
    thread::Builder::new()
        .name("credentials".to_owned())
        .spawn(run)
        .map_err(|error| Error::new(ErrorKind::Store, "cannot start a thread for credentials").with_source(error))?;
    receiver
        .await
        .map_err(|oneshot::Canceled| Error::new(ErrorKind::Store, "the thread for credentials panicked"))?
}
