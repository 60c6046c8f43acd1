use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};

use crate::SimRuntime;

/// What a server in memory answers, and how that goes wrong.
///
/// ```
/// use test_support::{Reply, SimRuntime};
///
/// let runtime = SimRuntime::new();
/// let response = runtime.run(Reply::new(200).with_body("whole").play(&runtime)).unwrap();
/// assert_eq!(response.headers()["content-length"], "5");
/// let body = runtime.run(response.into_body().collect(100)).unwrap();
/// assert_eq!(body, "whole");
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    delay: Duration,
    head: Head,
    headers: HeaderMap,
    pieces: VecDeque<Piece>,
}

impl Reply {
    /// An answer with this status and an empty body.
    ///
    /// # Panics
    /// If `status` is none.
    pub fn new(status: u16) -> Self {
        match StatusCode::from_u16(status) {
            Ok(status) => Self::of(Head::Status(status)),
            Err(error) => panic!("{status}: {error}"),
        }
    }

    /// No answer: the exchange fails.
    pub fn failure(kind: TransportErrorKind) -> Self {
        Self::of(Head::Failure(kind))
    }

    /// No answer, ever.
    pub fn silence() -> Self {
        Self::of(Head::Silence)
    }

    /// Adds a header field. A field that is there already gets another line.
    ///
    /// # Panics
    /// If name or value is none.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref());
        match (name.parse::<HeaderName>(), value) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            _ => panic!("`{name}` cannot be a header field with this value"),
        }
        self
    }

    /// Adds the whole body, and its `Content-Length`.
    #[must_use]
    pub fn with_body(mut self, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        self.headers.insert(CONTENT_LENGTH, content.len().into());
        self.with_piece(content)
    }

    /// Adds a whole JSON document, and its `Content-Length` and `Content-Type`.
    #[must_use]
    pub fn with_json(mut self, content: impl Into<Bytes>) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.with_body(content)
    }

    /// Adds the next piece of the body. No header field says anything of it.
    #[must_use]
    pub fn with_piece(mut self, content: impl Into<Bytes>) -> Self {
        self.pieces.push_back(Piece::Content(content.into()));
        self
    }

    /// The body goes on with `content` again and again and never ends.
    #[must_use]
    pub fn with_endless(mut self, content: impl Into<Bytes>) -> Self {
        self.pieces.push_back(Piece::Endless(content.into()));
        self
    }

    /// The body breaks off here.
    #[must_use]
    pub fn breaking_off(mut self, kind: TransportErrorKind) -> Self {
        self.pieces.push_back(Piece::Failure(kind));
        self
    }

    /// The body stands still here for so long.
    #[must_use]
    pub fn pausing(mut self, pause: Duration) -> Self {
        self.pieces.push_back(Piece::Pause(pause));
        self
    }

    /// The body stands still here for ever.
    #[must_use]
    pub fn stalling(mut self) -> Self {
        self.pieces.push_back(Piece::Stall);
        self
    }

    /// The answer, or its failure, comes so much later.
    #[must_use]
    pub const fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Gives the answer, as a transport would.
    ///
    /// # Errors
    /// If the reply is a failure.
    pub async fn play(self, runtime: &SimRuntime) -> Result<Response<Body>, TransportError> {
        if !self.delay.is_zero() {
            runtime.sleep(self.delay).await;
        }
        let status = match self.head {
            Head::Failure(kind) => return Err(failure(kind)),
            Head::Silence => pending().await,
            Head::Status(status) => status,
        };
        let played = stream::unfold((self.pieces, runtime.clone()), next);
        let mut response = Response::new(Body::from_stream(played, None));
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }

    fn of(head: Head) -> Self {
        Self {
            delay: Duration::ZERO,
            head,
            headers: HeaderMap::new(),
            pieces: VecDeque::new(),
        }
    }
}

#[derive(Clone, Debug)]
enum Head {
    Failure(TransportErrorKind),
    Silence,
    Status(StatusCode),
}

#[derive(Clone, Debug)]
enum Piece {
    Content(Bytes),
    Endless(Bytes),
    Failure(TransportErrorKind),
    Pause(Duration),
    Stall,
}

type Rest = (VecDeque<Piece>, SimRuntime);

async fn next((mut pieces, runtime): Rest) -> Option<(Result<Bytes, TransportError>, Rest)> {
    loop {
        match pieces.pop_front()? {
            Piece::Content(content) => return Some((Ok(content), (pieces, runtime))),
            Piece::Endless(content) => {
                pieces.push_front(Piece::Endless(content.clone()));
                return Some((Ok(content), (pieces, runtime)));
            }
            Piece::Failure(kind) => return Some((Err(failure(kind)), (VecDeque::new(), runtime))),
            Piece::Pause(pause) => runtime.sleep(pause).await,
            Piece::Stall => pending().await,
        }
    }
}

pub(crate) fn failure(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "as the test wants it")
}
