use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use http::{HeaderMap, Method, Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};

use crate::{Reply, SimRuntime};

/// A request that a test expects, and the answer to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    absent: Vec<&'static str>,
    headers: Vec<(&'static str, String)>,
    method: Method,
    origin: Option<String>,
    path: String,
    reply: Reply,
}

impl Exchange {
    /// Expects `method` on `path`, which includes the query.
    pub fn new(method: Method, path: impl Into<String>, reply: Reply) -> Self {
        Self {
            absent: Vec::new(),
            headers: Vec::new(),
            method,
            origin: None,
            path: path.into(),
            reply,
        }
    }

    /// Expects a GET.
    pub fn get(path: impl Into<String>, reply: Reply) -> Self {
        Self::new(Method::GET, path, reply)
    }

    /// Expects a HEAD.
    pub fn head(path: impl Into<String>, reply: Reply) -> Self {
        Self::new(Method::HEAD, path, reply)
    }

    /// Expects the request to go to this origin, such as `https://registry.test`.
    #[must_use]
    pub fn at(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Expects a header field with this value.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Expects a header field not to be there.
    #[must_use]
    pub fn without_header(mut self, name: &'static str) -> Self {
        self.absent.push(name);
        self
    }

    /// What is wrong with `request`.
    fn check(&self, request: &Request<Body>) -> Result<(), String> {
        let (method, path) = (request.method(), path_and_query(request));
        if *method != self.method || path != self.path {
            return Err(format!("expected {} {}", self.method, self.path));
        }
        if let Some(expected) = &self.origin
            && *expected != origin(request)
        {
            return Err(format!("expected it at {expected} instead of {}", origin(request)));
        }
        for (name, expected) in &self.headers {
            let found = text(request.headers(), name);
            if found.as_ref() != Some(expected) {
                return Err(format!("expected `{name}: {expected}`, found {found:?}"));
            }
        }
        match self.absent.iter().find(|name| request.headers().contains_key(**name)) {
            Some(name) => Err(format!(
                "expected no `{name}`, found {:?}",
                text(request.headers(), name)
            )),
            None => Ok(()),
        }
    }
}

/// A server that expects these requests in this order, and no others.
///
/// A request that is not the next one fails the test, and so does one that has not come when the transport is dropped.
///
/// ```
/// use http::Request;
/// use oci_client_core::transport::{Body, Transport};
/// use test_support::{Exchange, Reply, ScriptedTransport, SimRuntime};
///
/// let runtime = SimRuntime::new();
/// let server = ScriptedTransport::new(&runtime, [Exchange::get("/v2/", Reply::new(200))]);
/// let request = Request::get("https://registry.test/v2/").body(Body::empty()).unwrap();
/// assert_eq!(runtime.run(server.send(request)).unwrap().status(), 200);
/// ```
pub struct ScriptedTransport {
    runtime: SimRuntime,
    script: Mutex<VecDeque<Exchange>>,
}

impl ScriptedTransport {
    /// A server with this script, whose delays pass on the clock of `runtime`.
    pub fn new(runtime: &SimRuntime, script: impl IntoIterator<Item = Exchange>) -> Self {
        Self {
            runtime: runtime.clone(),
            script: Mutex::new(script.into_iter().collect()),
        }
    }

    /// How many of the requests have not come yet.
    pub fn remaining(&self) -> usize {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn next(&self, request: &Request<Body>) -> Reply {
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let shown = format!("{} {}{}", request.method(), origin(request), path_and_query(request));
        let Some(exchange) = next else {
            panic!("unexpected request after the last one of the script: {shown}");
        };
        if let Err(why) = exchange.check(request) {
            panic!("unexpected request: {shown}: {why}");
        }
        exchange.reply
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let reply = self.next(&request);
        reply.play(&self.runtime).await
    }
}

impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScriptedTransport")
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

impl Drop for ScriptedTransport {
    fn drop(&mut self) {
        let script = self.script.get_mut().unwrap_or_else(PoisonError::into_inner);
        let left: Vec<String> = script
            .iter()
            .map(|exchange| format!("{} {}", exchange.method, exchange.path))
            .collect();
        assert!(
            left.is_empty() || std::thread::panicking(),
            "requests that never came: {left:?}"
        );
    }
}

/// Scheme, host and port of a request, without the scheme's own port.
pub(crate) fn origin<B>(request: &Request<B>) -> String {
    match url::Url::parse(&request.uri().to_string()) {
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => String::new(),
    }
}

pub(crate) fn path_and_query<B>(request: &Request<B>) -> String {
    request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string)
}

/// The values of a field, as one.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    if values.is_empty() {
        None
    } else {
        Some(values.join(", "))
    }
}

#[cfg(test)]
mod tests;
