//! What is traced: a span for each operation, an event for each exchange. Secrets are in neither.

use std::time::Duration;

use http::{Method, Request, Response};
use oci_spec_types::{RegistryHost, RepositoryName};
use tracing::Span;
use url::Url;

use crate::proto::{Now, TransportError};
use crate::redact::shown_url;
use crate::transport::Body;

/// The span of an operation, from its first request to its last.
pub(super) fn operation_span(name: &'static str, host: &RegistryHost, repository: Option<&RepositoryName>) -> Span {
    let repository = repository.map(RepositoryName::as_str);
    tracing::debug_span!("operation", name, %host, repository)
}

/// One exchange on its way.
pub(super) struct Attempt {
    begun: Duration,
    method: Method,
    url: Url,
}

impl Attempt {
    pub(super) fn new(request: &Request<Body>, url: &Url, now: Now) -> Self {
        Self {
            begun: now.monotonic,
            method: request.method().clone(),
            url: url.clone(),
        }
    }

    /// Traces what came of it: a status or a failure, and how long the head took.
    pub(super) fn trace(&self, answer: &Result<Response<Body>, TransportError>, now: Now) {
        let status = answer.as_ref().ok().map(|response| response.status().as_u16());
        let error = answer.as_ref().err().map(tracing::field::display);
        tracing::debug!(
            method = %self.method,
            url = shown_url(&self.url),
            status,
            error,
            elapsed = ?now.monotonic.saturating_sub(self.begun),
            "exchange"
        );
    }
}
