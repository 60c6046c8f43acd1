use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};

use crate::auth::{Caller, Gate};

/// What a [`Hook`] gives back.
pub(crate) type Answer = Result<Response<Body>, TransportError>;

/// Something before a registry that may change requests and answers, and may answer by itself.
#[async_trait]
pub(crate) trait Hook: Send + Sync {
    /// Answers `request`; `next` asks what stands behind.
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer;
}

/// What stands behind a hook. It can be asked as often as the hook needs.
#[derive(Clone, Copy)]
pub(crate) struct Next<'a> {
    end: &'a dyn Transport,
    hooks: &'a [Arc<dyn Hook>],
}

impl<'a> Next<'a> {
    /// The first of `hooks` gets the requests first; what comes through all of them goes to `end`.
    pub(crate) const fn new(hooks: &'a [Arc<dyn Hook>], end: &'a dyn Transport) -> Self {
        Self { end, hooks }
    }

    pub(crate) async fn run(self, request: Request<Body>) -> Answer {
        match self.hooks.split_first() {
            Some((hook, hooks)) => hook.answer(request, Self { hooks, ..self }).await,
            None => self.end.send(request).await,
        }
    }
}

#[async_trait]
impl Hook for Gate {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        match self.refusal(&mut request).await {
            Some(refusal) => Ok(refusal),
            None => {
                // Hooks behind it ask for themselves as well, about the same uploads.
                request.extensions_mut().remove::<Caller>();
                next.run(request).await
            }
        }
    }
}
