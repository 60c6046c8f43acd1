//! The transports that are checked, as one.

use std::io::Read;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::stream;
use http::{HeaderMap, Request, Response, StatusCode};

use crate::blocking::{self, BlockingTransport};
use crate::transport::{self, Timeouts, Transport, TransportError};

/// What a request carries.
pub(super) enum Content {
    Bytes(Vec<u8>),
    Empty,
    /// These pieces, and the length where it is told.
    Stream(Vec<Bytes>, Option<u64>),
}

/// What came back, with as much of the body as could be read.
pub(super) struct Answer {
    pub(super) body: Result<Bytes, TransportError>,
    pub(super) headers: HeaderMap,
    pub(super) status: StatusCode,
}

/// A transport of either kind.
pub(super) trait Pipe {
    /// Sends `request` and reads the body of the response, or only a byte of it.
    fn exchange(&self, request: Request<Content>, whole: bool) -> Result<Answer, TransportError>;
}

pub(super) struct Async<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) run: &'a dyn Fn(BoxFuture<'_, ()>),
}

impl Pipe for Async<'_> {
    fn exchange(&self, request: Request<Content>, whole: bool) -> Result<Answer, TransportError> {
        let request = request.map(|content| match content {
            Content::Bytes(bytes) => bytes.into(),
            Content::Empty => transport::Body::empty(),
            Content::Stream(pieces, length) => {
                transport::Body::from_stream(stream::iter(pieces.into_iter().map(Ok)), length)
            }
        });
        let mut answer = None;
        (self.run)(Box::pin(async {
            answer = Some(match self.transport.send(request).await {
                Ok(response) => {
                    let (head, mut body) = response.into_parts();
                    let body = match whole {
                        true => body.collect(LIMIT).await,
                        false => body.chunk().await.unwrap_or(Ok(Bytes::new())),
                    };
                    Ok(answered(&Response::from_parts(head, ()), body))
                }
                Err(error) => Err(error),
            });
        }));
        answer.unwrap_or_else(|| Err(nothing_run()))
    }
}

pub(super) struct Blocking<'a> {
    pub(super) transport: &'a dyn BlockingTransport,
}

impl Pipe for Blocking<'_> {
    fn exchange(&self, request: Request<Content>, whole: bool) -> Result<Answer, TransportError> {
        let request = request.map(|content| match content {
            Content::Bytes(bytes) => bytes.into(),
            Content::Empty => blocking::Body::empty(),
            Content::Stream(pieces, length) => {
                let reader = pieces.into_iter().fold(empty(), |reader, piece| {
                    Box::new(reader.chain(std::io::Cursor::new(piece)))
                });
                blocking::Body::from_reader(reader, length)
            }
        });
        let (head, mut body) = self.transport.send(request, &Timeouts::new())?.into_parts();
        let body = match whole {
            true => body.collect(LIMIT),
            false => body.chunk().unwrap_or(Ok(Bytes::new())),
        };
        Ok(answered(&Response::from_parts(head, ()), body))
    }
}

fn empty() -> Box<dyn Read + Send> {
    Box::new(std::io::empty())
}

fn answered(head: &Response<()>, body: Result<Bytes, TransportError>) -> Answer {
    Answer {
        body,
        headers: head.headers().clone(),
        status: head.status(),
    }
}

fn nothing_run() -> TransportError {
    TransportError::new(
        transport::TransportErrorKind::Other,
        "the future was not run to its end",
    )
}

/// More than any body here has.
const LIMIT: usize = 16 << 20;
