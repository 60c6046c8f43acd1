//! Telling one's own requests when they come back.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{HeaderMap, HeaderValue, VIA};
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};

use crate::response::ascii;
use crate::storage::UploadId;

/// The name by which a registry knows itself in `Via` (RFC 9110, section 7.6.3).
#[derive(Clone)]
pub(super) struct Mark(HeaderValue);

impl Mark {
    pub(super) fn new() -> Self {
        // Without random numbers all have the same name; then none can be the upstream of another, and uploads fail all the same.
        let name = UploadId::random().map(|id| id.to_string()).unwrap_or_default();
        Self(ascii(format_args!("1.1 oci-registry-{name}")))
    }

    pub(super) fn is_on(&self, headers: &HeaderMap) -> bool {
        let names = headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok());
        let mut names = names.flat_map(|value| value.split(',')).map(str::trim);
        names.any(|name| name == self.0)
    }
}

/// A transport whose requests carry the mark.
pub(super) struct Marked {
    inner: Arc<dyn Transport>,
    mark: Mark,
}

impl Marked {
    pub(super) fn new(inner: Arc<dyn Transport>, mark: &Mark) -> Self {
        Self {
            inner,
            mark: mark.clone(),
        }
    }
}

#[async_trait]
impl Transport for Marked {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        request.headers_mut().append(VIA, self.mark.0.clone());
        self.inner.send(request).await
    }
}
