use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::{HeaderMap, Method, Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};

use crate::Canary;
use crate::scripted::{origin, path_and_query};
use crate::tapped::tapped;

/// One request, and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The beginning of what it carried: what is searched for canaries.
    pub content: Vec<u8>,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its method.
    pub method: Method,
    /// Scheme, host and port it went to, such as `https://registry.test`.
    pub origin: String,
    /// Path and query.
    pub path: String,
    /// How many bytes of the response's body the client took.
    pub received: u64,
    /// How many bytes went up as its body.
    pub sent: u64,
    /// The status of the response; `None`: there was none (yet).
    pub status: Option<u16>,
}

impl Recorded {
    /// A header field of the request, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method, origin, path, ..
        } = self;
        match self.status {
            Some(status) => write!(formatter, "{method} {origin}{path} -> {status}"),
            None => write!(formatter, "{method} {origin}{path}"),
        }
    }
}

/// The log of all requests that go through another transport. Clones share it.
///
/// ```
/// use http::Request;
/// use oci_client_core::transport::{Body, Transport};
/// use test_support::{Recorder, Reply, Responder, SimRuntime};
///
/// let runtime = SimRuntime::new();
/// let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(404))).with_budget(1);
/// let request = Request::get("https://registry.test/v2/").body(Body::empty()).unwrap();
/// runtime.run(recorder.send(request)).unwrap();
/// assert_eq!(recorder.requests()[0].to_string(), "GET https://registry.test/v2/ -> 404");
/// ```
pub struct Recorder<T> {
    budget: Option<usize>,
    inner: Arc<T>,
    log: Arc<Mutex<Vec<Recorded>>>,
}

impl<T: Transport> Recorder<T> {
    /// Records what goes through `inner`.
    pub fn new(inner: T) -> Self {
        Self {
            budget: None,
            inner: Arc::new(inner),
            log: Arc::default(),
        }
    }

    /// Fails the test at the first request after the `budget`th.
    #[must_use]
    pub const fn with_budget(mut self, budget: usize) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The transport that is recorded.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.log().clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.log().len()
    }

    /// How many requests satisfy `predicate`.
    pub fn count_where(&self, predicate: impl Fn(&Recorded) -> bool) -> usize {
        self.log().iter().filter(|request| predicate(request)).count()
    }

    /// Method and path of each request, for comparing with a table.
    pub fn lines(&self) -> Vec<String> {
        self.log()
            .iter()
            .map(|request| format!("{} {}", request.method, request.path))
            .collect()
    }

    /// How many bytes of response bodies the client took.
    pub fn received(&self) -> u64 {
        self.log().iter().map(|request| request.received).sum()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        self.log().clear();
    }

    /// Checks that `canary` went to no origin but the `allowed` ones, in no form.
    ///
    /// # Panics
    /// If it did.
    pub fn assert_confined(&self, canary: &Canary, allowed: &[&str]) {
        for request in self
            .log()
            .iter()
            .filter(|request| !allowed.contains(&request.origin.as_str()))
        {
            let headers = request
                .headers
                .iter()
                .flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
            let texts = headers.chain([request.path.as_bytes(), &request.content]);
            canary.assert_absent_from(&format!("what went to {}", request.origin), texts);
        }
    }

    fn log(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a request; gives its place in the log.
    fn enter(&self, request: &Request<Body>) -> usize {
        let mut log = self.log();
        log.push(Recorded {
            content: Vec::new(),
            headers: request.headers().clone(),
            method: request.method().clone(),
            origin: origin(request),
            path: path_and_query(request),
            received: 0,
            sent: 0,
            status: None,
        });
        if let Some(budget) = self.budget
            && log.len() > budget
        {
            let requests: Vec<String> = log.iter().map(ToString::to_string).collect();
            drop(log);
            panic!("more than the {budget} requests allowed: {requests:#?}");
        }
        log.len().saturating_sub(1)
    }

    /// A body whose pieces are noted for the request at `place`.
    fn tap(&self, body: Body, place: usize, note: fn(&mut Recorded, &[u8])) -> Body {
        let log = self.log.clone();
        let tap = move |content: bytes::Bytes| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(recorded) = log.get_mut(place) {
                note(recorded, &content);
            }
            content
        };
        tapped(body, Box::new(tap))
    }
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let place = self.enter(&request);
        let request = request.map(|body| self.tap(body, place, note_sent));
        let response = self.inner.send(request).await?;
        if let Some(recorded) = self.log().get_mut(place) {
            recorded.status = Some(response.status().as_u16());
        }
        Ok(response.map(|body| self.tap(body, place, note_received)))
    }
}

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        Self {
            budget: self.budget,
            inner: self.inner.clone(),
            log: self.log.clone(),
        }
    }
}

impl<T> fmt::Debug for Recorder<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Recorder")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

fn note_sent(recorded: &mut Recorded, content: &[u8]) {
    recorded.sent = recorded.sent.saturating_add(content.len() as u64);
    let room = CONTENT_KEPT.saturating_sub(recorded.content.len());
    recorded.content.extend(content.iter().take(room));
}

fn note_received(recorded: &mut Recorded, content: &[u8]) {
    recorded.received = recorded.received.saturating_add(content.len() as u64);
}

/// How much of each request's body is kept, in bytes.
const CONTENT_KEPT: usize = 64 << 10;

#[cfg(test)]
mod tests;
