use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::stream;
use http::{Request, Response};

use super::clock::wait_for;
use super::{BlockingTransport, Body, Clock, SystemClock};
use crate::proto::Now;
use crate::transport::{self, Timeouts, Transport, TransportError, TransportErrorKind};

/// A [`Transport`] that needs no executor, such as an embedded registry, as a [`BlockingTransport`]: its futures are polled on the calling thread.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::blocking::{BlockOn, Client};
/// use oci_registry::Registry;
/// use oci_spec_types::Reference;
///
/// let client = Client::new(Arc::new(BlockOn::new(Registry::in_memory())));
/// let reference: Reference = "registry.example.com/app:1.0".parse()?;
/// let target = reference.target().ok_or("no tag")?;
/// assert!(client.repository(&reference).resolve(&target)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BlockOn<T> {
    clock: Arc<dyn Clock>,
    transport: T,
}

impl<T: Transport> BlockOn<T> {
    /// Waits by the system's clocks.
    pub fn new(transport: T) -> Self {
        Self::with_clock(transport, Arc::new(SystemClock::new()))
    }

    /// Waits by `clock`.
    pub fn with_clock(transport: T, clock: Arc<dyn Clock>) -> Self {
        Self { clock, transport }
    }
}

impl<T: Transport> BlockingTransport for BlockOn<T> {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        let upload = Upload::new(self.clock.clone());
        let request = request.map(|body| streamed(body, &upload));
        let mut exchange = self.transport.send(request);
        let mut left = timeouts.head();
        let response = loop {
            if let Some(response) = wait_for(&*self.clock, &mut exchange, left) {
                break response?;
            }
            let (idle, complete) = upload.state();
            let timeout = if complete { timeouts.commit() } else { timeouts.head() };
            left = timeout.saturating_sub(idle);
            if left.is_zero() {
                return Err(stalled("the server's answer", timeout));
            }
        };
        let (clock, idle) = (self.clock.clone(), timeouts.idle());
        Ok(response.map(|body| received(body, clock, idle)))
    }
}

impl<T> fmt::Debug for BlockOn<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BlockOn").finish_non_exhaustive()
    }
}

/// How far the body of a request has come.
#[derive(Clone)]
struct Upload {
    clock: Arc<dyn Clock>,
    /// When some of it went out last, and whether that was all of it.
    last: Arc<Mutex<(Now, bool)>>,
}

impl Upload {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let last = Arc::new(Mutex::new((clock.now(), false)));
        Self { clock, last }
    }

    fn moved(&self, complete: bool) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (self.clock.now(), complete);
    }

    /// How long nothing has moved, and whether all has gone out.
    fn state(&self) -> (Duration, bool) {
        let (last, complete) = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = self.clock.now().monotonic.saturating_sub(last.monotonic);
        (idle, complete)
    }
}

/// The body of a request, for a transport that polls it.
fn streamed(mut body: Body, upload: &Upload) -> transport::Body {
    if !body.is_streamed() {
        return body.chunk().and_then(Result::ok).unwrap_or_default().into();
    }
    let (length, upload) = (body.len(), upload.clone());
    let chunks = stream::unfold(body, move |mut body| {
        let chunk = body.chunk();
        match &chunk {
            Some(Ok(_)) => upload.moved(body.is_empty()),
            Some(Err(_)) => {}
            None => upload.moved(true),
        }
        std::future::ready(chunk.map(|chunk| (chunk, body)))
    });
    transport::Body::from_stream(chunks, length)
}

/// The body of a response, for a thread that waits for it.
fn received(body: transport::Body, clock: Arc<dyn Clock>, idle: Duration) -> Body {
    let piece = Bytes::new();
    let reading = Reading {
        body,
        clock,
        idle,
        piece,
    };
    // What a body that ends early means is judged above, as it is for the async client.
    Body::from_reader(reading, None)
}

struct Reading {
    body: transport::Body,
    clock: Arc<dyn Clock>,
    idle: Duration,
    piece: Bytes,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            let chunk = std::pin::pin!(self.body.chunk());
            self.piece = match wait_for(&*self.clock, chunk, self.idle) {
                Some(None) => return Ok(0),
                Some(Some(chunk)) => chunk?,
                None => return Err(stalled("the body", self.idle).into()),
            };
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

fn stalled(what: &str, timeout: Duration) -> TransportError {
    TransportError::new(
        TransportErrorKind::Timeout,
        format!("nothing of {what} came for {timeout:?}"),
    )
}
