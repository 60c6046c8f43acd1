//! Limits by time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::Body;

use super::chain::{Answer, Hook, Next};
use super::message::route;
use crate::routes::Route;

/// How often something may happen within a window of time; the first happening opens the window.
pub(crate) struct Window {
    count: Mutex<(Duration, u64)>,
    length: Duration,
    most: u64,
    runtime: Arc<dyn Runtime>,
}

impl Window {
    pub(crate) fn new(most: u64, length: Duration, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            count: Mutex::new((Duration::ZERO, 0)),
            length,
            most,
            runtime,
        }
    }

    /// Counts one; gives how many more may come or, if none may, how long the window still lasts.
    fn take(&self) -> Result<u64, Duration> {
        let now = self.runtime.now().monotonic;
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let (end, taken) = &mut *count;
        if now >= *end {
            *end = now.saturating_add(self.length);
            *taken = 0;
        }
        if *taken >= self.most {
            return Err(end.saturating_sub(now));
        }
        *taken = taken.saturating_add(1);
        Ok(self.most.saturating_sub(*taken))
    }

    /// How many more may come.
    fn left(&self) -> u64 {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let (end, taken) = *count;
        if self.runtime.now().monotonic >= end {
            return self.most;
        }
        self.most.saturating_sub(taken)
    }
}

/// Limits all requests; `refusal` is what one too many gets, with `Retry-After` in seconds.
pub(crate) struct RequestRate {
    pub(crate) window: Window,
    pub(crate) refusal: fn() -> Response<Body>,
}

#[async_trait]
impl Hook for RequestRate {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        match self.window.take() {
            Ok(_) => next.run(request).await,
            Err(wait) => {
                let mut response = (self.refusal)();
                // Rounded up: who waits for this long must not be too early.
                let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
                Ok(response)
            }
        }
    }
}

/// Limits how many manifests are pulled, and says with each answer about a manifest how many are left. A HEAD is free.
pub(crate) struct PullLimit {
    pub(crate) window: Window,
    pub(crate) refusal: fn() -> Response<Body>,
}

impl PullLimit {
    fn mark(&self, response: &mut Response<Body>) {
        let seconds = self.window.length.as_secs();
        for (name, count) in [(LIMIT, self.window.most), (REMAINING, self.window.left())] {
            if let Ok(value) = HeaderValue::try_from(format!("{count};w={seconds}")) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}

#[async_trait]
impl Hook for PullLimit {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads || !matches!(route(&request), Some(Route::Manifest(..))) {
            return next.run(request).await;
        }
        let counts = request.method() == Method::GET;
        let mut response = if counts && self.window.take().is_err() {
            (self.refusal)()
        } else {
            next.run(request).await?
        };
        self.mark(&mut response);
        Ok(response)
    }
}

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
