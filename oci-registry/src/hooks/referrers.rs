use async_trait::async_trait;
use http::{Method, Request};
use oci_client_core::transport::Body;

use super::chain::{Answer, Hook, Next};
use super::message::{refused, route};
use crate::response::OCI_SUBJECT;
use crate::routes::Route;

/// Does not list referrers.
pub(crate) struct NoReferrers {
    pub(crate) status: u16,
    /// Whether the push of a manifest with a subject is answered as if it did.
    pub(crate) claims_subject: bool,
}

#[async_trait]
impl Hook for NoReferrers {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if reads && matches!(route(&request), Some(Route::Referrers(..))) {
            return refused(self.status, "NOT_FOUND", "no such page");
        }
        let mut response = next.run(request).await?;
        if !self.claims_subject {
            response.headers_mut().remove(OCI_SUBJECT);
        }
        Ok(response)
    }
}
