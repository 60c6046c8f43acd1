//! What the async client is given to run on one thread: a transport that has answered by the time its future is polled once, and a runtime that does
//! all work where it is asked to.

use std::future::ready;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use futures_core::future::BoxFuture;
use futures_util::{FutureExt, stream};
use http::{Method, Request, Response};
use http_body::Body as _;
use url::Origin;

use super::clock::wait_for;
use super::{BlockingTransport, BlockingTransportFactory, Body, Clock};
use crate::Error;
use crate::hosts::TransportSettings;
use crate::proto::Now;
use crate::runtime::Runtime;
use crate::transport::{self, TimeLimit, Timeouts, Transport, TransportError, TransportFactory};

/// A blocking transport for the async client.
pub(super) struct Bridge {
    timeouts: Timeouts,
    transport: Arc<dyn BlockingTransport>,
}

impl Bridge {
    pub(super) const fn new(transport: Arc<dyn BlockingTransport>, timeouts: Timeouts) -> Self {
        Self { timeouts, transport }
    }
}

#[async_trait]
impl Transport for Bridge {
    async fn send(&self, request: Request<transport::Body>) -> Result<Response<transport::Body>, TransportError> {
        let timeouts = match request.extensions().get() {
            Some(TimeLimit(limit)) => self.timeouts.within(*limit),
            // An upload ends with a PUT without content: the server has all of it by then, and stores it.
            None if request.method() == Method::PUT && request.body().is_end_stream() => {
                self.timeouts.with_head(self.timeouts.commit())
            }
            None => self.timeouts,
        };
        let response = self.transport.send(request.map(outgoing), &timeouts)?;
        Ok(response.map(incoming))
    }
}

/// A factory of blocking transports for the async client.
pub(super) struct BridgeFactory {
    factory: Arc<dyn BlockingTransportFactory>,
    timeouts: Timeouts,
}

impl BridgeFactory {
    pub(super) const fn new(factory: Arc<dyn BlockingTransportFactory>, timeouts: Timeouts) -> Self {
        Self { factory, timeouts }
    }
}

impl TransportFactory for BridgeFactory {
    fn transport(&self, origin: &Origin, settings: &TransportSettings) -> Result<Arc<dyn Transport>, Error> {
        let transport = self.factory.transport(origin, settings)?;
        Ok(Arc::new(Bridge::new(transport, self.timeouts)))
    }
}

/// Does everything on the thread that asks for it.
pub(super) struct Inline(Arc<dyn Clock>);

impl Inline {
    pub(super) const fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }
}

impl Runtime for Inline {
    fn now(&self) -> Now {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        wait_for(&*self.0, task, Duration::MAX);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

fn outgoing(body: transport::Body) -> Body {
    match body.into_whole() {
        Ok(bytes) => bytes.into(),
        Err(body) => {
            let length = http_body::Body::size_hint(&body).exact();
            let piece = Bytes::new();
            Body::from_reader(Outgoing { body, piece }, length)
        }
    }
}

fn incoming(body: Body) -> transport::Body {
    let length = body.len();
    let chunks = stream::unfold(body, |mut body| ready(body.chunk().map(|chunk| (chunk, body))));
    transport::Body::from_stream(chunks, length)
}

/// The content of a request: it comes from a reader, so it is always there.
struct Outgoing {
    body: transport::Body,
    piece: Bytes,
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = match self.body.chunk().now_or_never() {
                Some(Some(chunk)) => chunk?,
                Some(None) => return Ok(0),
                None => return Err(io::Error::other(Error::misuse("content that is read does not wait"))),
            };
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}
