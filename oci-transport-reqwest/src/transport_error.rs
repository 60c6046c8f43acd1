//! What reqwest's errors mean: which kind of failure, and whether anything was sent.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use oci_client_core::proto::outbound::NotPublic;
use oci_client_core::transport::{TransportError, TransportErrorKind as Kind};

use crate::tls;

/// An error from before the head of the response had arrived.
pub(crate) fn before_response(error: reqwest::Error) -> TransportError {
    let connecting = error.is_connect();
    let (kind, unsent) = if find::<NotPublic>(&error).is_some() {
        (Kind::Other, true)
    } else if causes(&error).any(tls::is_tls_error) {
        (Kind::Tls, connecting)
    } else if error.is_timeout() {
        (Kind::Timeout, connecting)
    } else if connecting {
        (Kind::Connect, true)
    } else if error.is_builder() {
        (Kind::Other, true)
    } else {
        on_connection(&error)
    };
    wrap(kind, unsent, error)
}

/// An error from within the body of the response.
pub(crate) fn in_response_body(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() { Kind::Timeout } else { Kind::Body };
    wrap(kind, false, error)
}

/// `error` and what caused it, from the outside in.
pub(crate) fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |&error| {
        // The source of an I/O error is that of the error inside it, which would be skipped.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as _).or_else(|| error.source())
    })
    // A chain this long does not occur; the bound is against one that points back to itself.
    .take(16)
}

/// What became of an established connection, and whether the request had not been sent by then.
fn on_connection(error: &reqwest::Error) -> (Kind, bool) {
    if let Some(error) = find::<hyper::Error>(error) {
        if error.is_canceled() {
            return (Kind::Reset, true);
        }
        if error.is_parse() {
            return (Kind::Other, false);
        }
        if error.is_incomplete_message() || error.is_closed() {
            return (Kind::Reset, false);
        }
    }
    if let Some(error) = find::<h2::Error>(error) {
        return on_stream(error);
    }
    match find::<io::Error>(error) {
        Some(_) => (Kind::Reset, false),
        None => (Kind::Other, false),
    }
}

/// What became of an HTTP/2 stream.
fn on_stream(error: &h2::Error) -> (Kind, bool) {
    if !error.is_remote() {
        return (if error.is_io() { Kind::Reset } else { Kind::Other }, false);
    }
    // RFC 9113, section 8.7: neither a refused stream nor one above those that a GOAWAY names has been processed, and
    // it is only the latter that h2 fails when a GOAWAY comes.
    (
        Kind::Reset,
        error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM),
    )
}

fn find<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

fn wrap(kind: Kind, unsent: bool, error: reqwest::Error) -> TransportError {
    // URLs are kept out of errors here: their queries may be signed.
    let error = TransportError::new(kind, error.without_url());
    if unsent { error.unsent() } else { error }
}

#[cfg(test)]
mod tests;
