//! Bodies in which something goes wrong.

use std::future::pending;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body::Body as _;
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};

use super::Pending;

/// How a body ends before its time.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// As if it were whole.
    Clean,
    /// By the loss of the connection.
    Failure(TransportErrorKind),
    /// Not at all.
    Stall,
}

/// The first `length` bytes of `body`.
pub(super) fn shortened(body: Body, length: u64, ending: Ending, fault: Pending) -> Body {
    let promised = body.size_hint().exact();
    let start = Shortened {
        body: Some(body),
        fault: Some(fault),
        left: length,
    };
    let pieces = stream::try_unfold(start, move |mut state| async move {
        if let Some(body) = &mut state.body {
            let Some(mut piece) = body.chunk().await.transpose()? else {
                // It was no longer than that: there was no place for the fault.
                return Ok(None);
            };
            let room = usize::try_from(state.left).unwrap_or(usize::MAX);
            if piece.len() > room {
                piece.truncate(room);
                state.body = None;
            }
            state.left = state.left.saturating_sub(piece.len() as u64);
            if !piece.is_empty() {
                return Ok(Some((piece, state)));
            }
        }
        if let Some(fault) = state.fault.take() {
            fault.happens();
        }
        breathe().await;
        match ending {
            Ending::Clean => Ok(None),
            Ending::Failure(kind) => Err(lost(kind)),
            Ending::Stall => pending().await,
        }
    });
    Body::from_stream(pieces, promised)
}

struct Shortened {
    /// What comes; `None` once it is to end.
    body: Option<Body>,
    fault: Option<Pending>,
    left: u64,
}

/// `body` with one bit of the byte at the offset `at` flipped.
pub(super) fn corrupted(body: Body, at: u64, fault: Pending) -> Body {
    let promised = body.size_hint().exact();
    let pieces = stream::try_unfold((body, at, Some(fault)), |(mut body, at, mut fault)| async move {
        let Some(piece) = body.chunk().await.transpose()? else {
            return Ok::<_, TransportError>(None);
        };
        let place = usize::try_from(at).ok().filter(|_| fault.is_some());
        let at = at.saturating_sub(piece.len() as u64);
        let mut piece = BytesMut::from(piece);
        if let Some(byte) = place.and_then(|place| piece.get_mut(place)) {
            *byte ^= 1;
            if let Some(fault) = fault.take() {
                fault.happens();
            }
        }
        Ok(Some((piece.freeze(), (body, at, fault))))
    });
    Body::from_stream(pieces, promised)
}

/// `body` in which the `length` bytes from the offset `at` on come twice; `promised` is how long it is then.
pub(super) fn duplicated(body: Body, at: u64, length: u64, promised: Option<u64>, fault: Pending) -> Body {
    let twice = Twice {
        fault: Some(fault),
        kept: BytesMut::new(),
        left: length,
        skip: at,
    };
    let pieces = stream::try_unfold((body, twice), |(mut body, mut twice)| async move {
        if twice.left == 0
            && let Some(kept) = twice.take()
        {
            return Ok(Some((kept, (body, twice))));
        }
        let Some(piece) = body.chunk().await.transpose()? else {
            // The body ends within what is to come twice.
            return Ok::<_, TransportError>(twice.take().map(|kept| (kept, (body, twice))));
        };
        let piece = twice.next(piece, &mut body);
        Ok(Some((piece, (body, twice))))
    });
    Body::from_stream(pieces, promised)
}

/// What comes twice of a body.
struct Twice {
    fault: Option<Pending>,
    kept: BytesMut,
    /// How many bytes are still to be kept.
    left: u64,
    /// How many bytes come before them.
    skip: u64,
}

impl Twice {
    /// Takes a piece as it passes. It goes no further than what comes twice, and the rest is put back.
    fn next(&mut self, mut piece: Bytes, body: &mut Body) -> Bytes {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        self.skip = self.skip.saturating_sub(skipped as u64);
        let end = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .saturating_add(skipped)
            .min(piece.len());
        if self.left > 0 && end < piece.len() {
            let rest = piece.split_off(end);
            let following = std::mem::take(body);
            *body = after(rest, following);
        }
        let kept = piece.slice(skipped..end);
        self.left = self.left.saturating_sub(kept.len() as u64);
        self.kept.extend_from_slice(&kept);
        piece
    }

    fn take(&mut self) -> Option<Bytes> {
        let kept = std::mem::take(&mut self.kept);
        let fault = self.fault.take_if(|_| !kept.is_empty())?;
        fault.happens();
        Some(kept.freeze())
    }
}

/// `first`, and then `following`.
fn after(first: Bytes, following: Body) -> Body {
    let pieces = stream::try_unfold((Some(first), following), |(first, mut following)| async move {
        let piece = match first {
            Some(first) => Some(first),
            None => following.chunk().await.transpose()?,
        };
        Ok::<_, TransportError>(piece.map(|piece| (piece, (None, following))))
    });
    Body::from_stream(pieces, None)
}

/// Lets whoever sends the body send what there is of it.
async fn breathe() {
    let mut polled = false;
    std::future::poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a client sees of a connection that a fault has ended.
pub(super) fn lost(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "a fault was to happen here")
}
