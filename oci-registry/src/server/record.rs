use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use tracing::Span;

use super::counts::{Open, ServerMonitor};
use crate::auth::Caller;
use crate::routes::Route;

/// One request, as the log tells of it once it is over.
pub(super) struct Record {
    bytes_in: BytesIn,
    bytes_out: u64,
    client: SocketAddr,
    complete: bool,
    expected: Option<u64>,
    id: String,
    method: Method,
    monitor: ServerMonitor,
    path: Option<String>,
    caller: Option<Caller>,
    route: &'static str,
    span: Span,
    started: Instant,
    status: Option<StatusCode>,
    _open: [Option<Open>; 2],
}

impl Record {
    pub(super) fn new(request: &Request<Incoming>, id: String, client: SocketAddr, monitor: &ServerMonitor) -> Self {
        let method = request.method().clone();
        let route = Route::parse(&method, request.uri().path()).ok();
        let writes = matches!(route, Some(Route::Upload(..) | Route::Uploads(_))) && !method.is_safe();
        Self {
            bytes_in: BytesIn::new(monitor.clone()),
            bytes_out: 0,
            client,
            complete: false,
            expected: None,
            method,
            monitor: monitor.clone(),
            // Any other path is left out: it may be one of ours with a mistake, and hold the id of an upload.
            path: route.as_ref().map(ToString::to_string),
            caller: None,
            route: route.as_ref().map_or("other", pattern),
            span: tracing::info_span!(target: TARGET, "request", request_id = id),
            id,
            started: Instant::now(),
            status: None,
            _open: [Some(monitor.request()), writes.then(|| monitor.upload())],
        }
    }

    /// What log entries about this request have in common.
    pub(super) const fn span(&self) -> &Span {
        &self.span
    }

    /// The id under which the request is in the log.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Counts what comes in.
    pub(super) fn bytes_in(&self) -> BytesIn {
        self.bytes_in.clone()
    }

    /// The request is answered.
    pub(super) fn answered(&mut self, status: StatusCode, caller: Option<Caller>) {
        self.status = Some(status);
        self.caller = caller;
    }

    /// The answer has a body of this length, which is not sent to a HEAD.
    pub(super) fn expect(&mut self, length: Option<u64>) {
        self.expected = if self.method == Method::HEAD { Some(0) } else { length };
    }

    /// So many bytes of the answer's body have been handed over.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes_out = self.bytes_out.saturating_add(bytes as u64);
        self.monitor.sent(bytes);
    }

    /// The answer's body has been handed over to its end.
    pub(super) const fn completed(&mut self) {
        self.complete = true;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.monitor.ended(self.status);
        let complete = self.status.is_some() && (self.complete || self.expected == Some(self.bytes_out));
        tracing::info!(
            target: TARGET,
            request_id = self.id,
            client = %self.client,
            method = %self.method,
            route = self.route,
            path = self.path,
            principal = self.caller.as_ref().and_then(Caller::name),
            status = self.status.map(|status| status.as_u16()),
            complete,
            bytes_in = self.bytes_in.get(),
            bytes_out = self.bytes_out,
            duration_us = microseconds(self.started.elapsed()),
            "request"
        );
    }
}

/// Counts the bytes of one request's body.
#[derive(Clone)]
pub(super) struct BytesIn {
    count: Arc<AtomicU64>,
    monitor: ServerMonitor,
}

impl BytesIn {
    fn new(monitor: ServerMonitor) -> Self {
        Self {
            count: Arc::default(),
            monitor,
        }
    }

    pub(super) fn add(&self, bytes: usize) {
        self.count.fetch_add(bytes as u64, Ordering::Relaxed);
        self.monitor.received(bytes);
    }

    fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The form of a path, of which there are only a few: by this, requests can be grouped.
const fn pattern(route: &Route) -> &'static str {
    match route {
        Route::Base => "/v2/",
        Route::Blob(..) => "/v2/<name>/blobs/<digest>",
        Route::Catalog => "/v2/_catalog",
        Route::Manifest(..) => "/v2/<name>/manifests/<reference>",
        Route::Referrers(..) => "/v2/<name>/referrers/<digest>",
        Route::Tags(_) => "/v2/<name>/tags/list",
        Route::Upload(..) => "/v2/<name>/blobs/uploads/<id>",
        Route::Uploads(_) => "/v2/<name>/blobs/uploads/",
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The target of all that is logged about requests.
const TARGET: &str = "oci_registry::request";
