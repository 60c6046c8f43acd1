use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use oci_client_core::transport::TransportError;

/// What the two directions of an exchange share: a response can end the upload, and a failed upload explains why
/// there is no response.
#[derive(Clone)]
pub(crate) struct Upload {
    state: Arc<Mutex<State>>,
}

impl Upload {
    pub(crate) fn new() -> Self {
        let state = State {
            failure: None,
            phase: Phase::Sending,
            waker: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Sends no more for now: the response has begun, and its body may still come over the same connection.
    pub(crate) fn pause(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Sending {
            state.phase = Phase::Paused;
        }
    }

    /// Ends an unfinished upload, and its connection with it: nobody waits for the response any more.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Complete {
            return;
        }
        state.phase = Phase::Abandoned;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// All has been handed to the connection.
    pub(super) fn complete(&self) {
        self.lock().phase = Phase::Complete;
    }

    /// The content could not be read.
    pub(super) fn fail(&self, error: TransportError) {
        let mut state = self.lock();
        state.failure = Some(error);
        state.phase = Phase::Complete;
    }

    /// The error that made the upload fail, once.
    pub(crate) fn take_failure(&self) -> Option<TransportError> {
        self.lock().failure.take()
    }

    /// Ready when more may be sent, or with an error when it never may again.
    pub(super) fn poll_open(&self, context: &Context<'_>) -> Poll<Result<(), Stopped>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Abandoned => return Poll::Ready(Err(Stopped)),
            Phase::Complete | Phase::Paused | Phase::Sending => state.waker = Some(context.waker().clone()),
        }
        if state.phase == Phase::Paused {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid after every single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the HTTP library is told when an upload ends early; the reason, if there is one, stays in the [`Upload`].
#[derive(Debug, thiserror::Error)]
#[error("the upload was stopped")]
pub(crate) struct Stopped;

struct State {
    failure: Option<TransportError>,
    phase: Phase,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Phase {
    Abandoned,
    Complete,
    Paused,
    Sending,
}
