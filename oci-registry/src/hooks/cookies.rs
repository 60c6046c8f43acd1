use async_trait::async_trait;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use http::{Method, Request};
use oci_client_core::transport::Body;

use super::chain::{Answer, Hook, Next};
use super::message::refused;

/// Sets a session cookie, and takes no writing request that comes back with one.
pub(crate) struct Cookies;

#[async_trait]
impl Hook for Cookies {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads && request.headers().contains_key(COOKIE) {
            return refused(403, "FORBIDDEN", "CSRF token invalid");
        }
        let mut response = next.run(request).await?;
        let cookie = HeaderValue::from_static("sid=0123456789abcdef; Path=/; HttpOnly");
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    }
}
