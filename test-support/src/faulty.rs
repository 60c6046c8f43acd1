use std::fmt;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::Body as _;
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};

use crate::reply::failure;
use crate::tapped::{Tap, tapped};
use crate::{Reply, Rng, SimRuntime};

/// What can happen to an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// One byte of the response's body is another one.
    Corrupted {
        /// Its offset, modulo the length of the body.
        place: u64,
    },
    /// The response's body breaks off.
    CutDownload {
        /// Where, modulo the length of the body.
        place: u64,
    },
    /// The connection is lost while the request's body goes up.
    CutUpload {
        /// After this many bytes.
        after: u64,
    },
    /// The response comes late.
    Delayed(Duration),
    /// The server does what it is asked for, and the connection is lost before its answer arrives.
    LostAnswer,
    /// The connection is lost before anything reaches the server.
    LostRequest,
    /// The server refuses connections.
    Refused,
    /// No answer comes, ever.
    Silence,
    /// The response's body stops for ever.
    Stalled {
        /// Where, modulo the length of the body.
        place: u64,
    },
    /// 429 with a `Retry-After`.
    TooManyRequests {
        /// In seconds.
        wait: u64,
    },
    /// 503.
    Unavailable,
}

/// Puts faults into the exchanges of another transport. The same seed gives the same faults for the same requests.
///
/// ```
/// use test_support::{FaultyTransport, Reply, Responder, SimRuntime};
///
/// let runtime = SimRuntime::new();
/// let server = Responder::new(&runtime, |_| Reply::new(200));
/// let faulty = FaultyTransport::new(server, &runtime, 42).with_rate(100);
/// assert!(faulty.faults().is_empty());
/// ```
pub struct FaultyTransport<T> {
    inner: T,
    plan: Mutex<Plan>,
    rate: u64,
    runtime: SimRuntime,
}

impl<T: Transport> FaultyTransport<T> {
    /// Draws the faults from `seed`: one in four exchanges, by default.
    pub fn new(inner: T, runtime: &SimRuntime, seed: u64) -> Self {
        let plan = Plan {
            faults: Vec::new(),
            rng: Rng::new(seed),
            set: Vec::new(),
        };
        Self {
            inner,
            plan: Mutex::new(plan),
            rate: 25,
            runtime: runtime.clone(),
        }
    }

    /// How many of a hundred exchanges have a fault.
    #[must_use]
    pub const fn with_rate(mut self, percent: u64) -> Self {
        self.rate = percent;
        self
    }

    /// Lets `fault` happen to the next exchange whose request satisfies `when`, in place of one by chance. Of several that are set the first that fits happens.
    pub fn set(&self, fault: Fault, when: impl Fn(&Request<Body>) -> bool + Send + 'static) {
        self.plan().set.push((fault, Box::new(when)));
    }

    /// The faults so far.
    pub fn faults(&self) -> Vec<Fault> {
        self.plan().faults.clone()
    }

    async fn faulty(&self, fault: Fault, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        match fault {
            Fault::CutUpload { after } => {
                let lost = Ending::Failure(TransportErrorKind::Reset);
                let _ = self.inner.send(request.map(|body| shortened(body, after, lost))).await;
                Err(failure(TransportErrorKind::Reset))
            }
            Fault::Delayed(delay) => {
                self.runtime.sleep(delay).await;
                self.inner.send(request).await
            }
            Fault::LostAnswer => {
                let _ = self.inner.send(request).await;
                Err(failure(TransportErrorKind::Reset))
            }
            Fault::LostRequest => Err(failure(TransportErrorKind::Reset)),
            Fault::Refused => Err(failure(TransportErrorKind::Connect)),
            Fault::Silence => pending().await,
            Fault::TooManyRequests { wait } => {
                Reply::new(429)
                    .with_header("retry-after", wait.to_string())
                    .play(&self.runtime)
                    .await
            }
            Fault::Unavailable => Reply::new(503).play(&self.runtime).await,
            Fault::Corrupted { .. } | Fault::CutDownload { .. } | Fault::Stalled { .. } => {
                Ok(spoiled(self.inner.send(request).await?, fault))
            }
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<T: Transport> Transport for FaultyTransport<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let fault = self.plan().fault(&request, self.rate);
        match fault {
            Some(fault) => self.faulty(fault, request).await,
            None => self.inner.send(request).await,
        }
    }
}

impl<T> fmt::Debug for FaultyTransport<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FaultyTransport")
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

struct Plan {
    faults: Vec<Fault>,
    rng: Rng,
    set: Vec<(Fault, Box<When>)>,
}

type When = dyn Fn(&Request<Body>) -> bool + Send;

impl Plan {
    /// What happens to this exchange.
    fn fault(&mut self, request: &Request<Body>, rate: u64) -> Option<Fault> {
        let Some(place) = self.set.iter().position(|(_, when)| when(request)) else {
            return self.draw(rate);
        };
        let (fault, _) = self.set.remove(place);
        self.faults.push(fault);
        Some(fault)
    }

    /// What happens to the next exchange.
    fn draw(&mut self, rate: u64) -> Option<Fault> {
        if self.rng.below(100) >= rate {
            return None;
        }
        let (kind, place) = (self.rng.below(13), self.rng.number());
        let fault = match kind {
            0 => Fault::Corrupted { place },
            1..=3 => Fault::CutDownload { place },
            4 => Fault::CutUpload {
                after: place % LONGEST_UPLOAD,
            },
            5 => Fault::Delayed(Duration::from_millis(place % 20_000)),
            6 => Fault::LostAnswer,
            7 => Fault::LostRequest,
            8 => Fault::Refused,
            9 => Fault::Silence,
            10 => Fault::Stalled { place },
            11 => Fault::TooManyRequests { wait: place % 10 },
            _ => Fault::Unavailable,
        };
        self.faults.push(fault);
        Some(fault)
    }
}

/// A response whose body, if there is one, has `fault`.
fn spoiled(response: Response<Body>, fault: Fault) -> Response<Body> {
    let stated = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let length = stated
        .or_else(|| response.body().size_hint().exact())
        .unwrap_or(UNKNOWN_LENGTH);
    if response.body().is_end_stream() {
        return response;
    }
    let within = |place: u64| place.checked_rem(length).unwrap_or_default();
    response.map(|body| match fault {
        Fault::Corrupted { place } => tapped(body, corrupting(within(place))),
        Fault::CutDownload { place } => shortened(body, within(place), Ending::Failure(TransportErrorKind::Body)),
        Fault::Stalled { place } => shortened(body, within(place), Ending::Stall),
        _ => body,
    })
}

/// How a body ends before its time.
#[derive(Clone, Copy)]
enum Ending {
    Failure(TransportErrorKind),
    Stall,
}

/// The first `length` bytes of a body that still promises all of them.
fn shortened(body: Body, length: u64, ending: Ending) -> Body {
    let promised = body.size_hint().exact();
    let pieces = stream::try_unfold((body, length), move |(mut body, left)| async move {
        match (left, ending) {
            (0, Ending::Failure(kind)) => return Err(failure(kind)),
            (0, Ending::Stall) => pending().await,
            _ => {}
        }
        let Some(mut piece) = body.chunk().await.transpose()? else {
            return Ok(None);
        };
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left.saturating_sub(piece.len() as u64);
        Ok(Some((piece, (body, left))))
    });
    Body::from_stream(pieces, promised)
}

/// Flips a bit of the byte at the offset `at`.
fn corrupting(at: u64) -> Tap {
    let mut offset = 0_u64;
    Box::new(move |content: Bytes| {
        let place = at.checked_sub(offset).and_then(|place| usize::try_from(place).ok());
        offset = offset.saturating_add(content.len() as u64);
        let mut content = content.to_vec();
        if let Some(byte) = place.and_then(|place| content.get_mut(place)) {
            *byte ^= 1;
        }
        content.into()
    })
}

/// Uploads are cut somewhere in this many bytes, or arrive whole.
const LONGEST_UPLOAD: u64 = 100_000;

/// How long a body is taken to be that does not say.
const UNKNOWN_LENGTH: u64 = 1000;

#[cfg(test)]
mod tests;
