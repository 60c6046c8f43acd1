//! Refusals that the registry would not make, and others in words of their own.

use async_trait::async_trait;
use http::{Method, Request, StatusCode};
use oci_client_core::transport::Body;

use super::chain::{Answer, Hook, Next};
use super::message::{refuse, refused};

/// Refuses the requests that `when` picks.
pub(crate) struct Refuse {
    pub(crate) when: fn(&Request<Body>) -> bool,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

#[async_trait]
impl Hook for Refuse {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if (self.when)(&request) {
            return refused(self.status, self.code, self.message);
        }
        next.run(request).await
    }
}

/// Answers in other words where the registry refuses with the status `from`.
pub(crate) struct Reword {
    /// Whether a request of this method to this path is concerned.
    pub(crate) when: fn(&Method, &str) -> bool,
    pub(crate) from: StatusCode,
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

#[async_trait]
impl Hook for Reword {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let concerned = (self.when)(request.method(), request.uri().path());
        let response = next.run(request).await?;
        if !concerned || response.status() != self.from {
            return Ok(response);
        }
        Ok(refuse(self.status, self.code, self.message))
    }
}
