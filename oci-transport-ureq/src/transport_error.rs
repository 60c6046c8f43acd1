//! What ureq's errors mean: which kind of failure, and whether anything was sent.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use oci_client_core::transport::{TransportError, TransportErrorKind as Kind};
use ureq::Error;

use crate::connector::NotConnected;

/// An error from before the head of the response had arrived.
pub(crate) fn before_response(error: Error) -> TransportError {
    match error {
        Error::Other(error) => match error.downcast::<NotConnected>() {
            Ok(error) => before_connection(error.0),
            Err(error) => TransportError::new(Kind::Other, error),
        },
        error @ (Error::BadUri(_) | Error::Http(_)) => TransportError::new(Kind::Other, plain(error)).unsent(),
        Error::Io(error) => TransportError::from_io(error, Kind::Reset),
        error @ Error::Timeout(_) => TransportError::new(Kind::Timeout, error),
        error => TransportError::new(Kind::Other, plain(error)),
    }
}

/// An error from within the body of the response.
pub(crate) fn in_response_body(error: io::Error) -> TransportError {
    let timed_out = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<Error>())
        .is_some_and(|error| matches!(error, Error::Timeout(_)));
    let kind = if timed_out { Kind::Timeout } else { Kind::Body };
    TransportError::from_io(error, kind)
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

fn before_connection(error: Error) -> TransportError {
    let kind = match &error {
        Error::Timeout(_) => Kind::Timeout,
        error if is_tls_error(error) => Kind::Tls,
        _ => Kind::Connect,
    };
    TransportError::new(kind, plain(error)).unsent()
}

fn is_tls_error(error: &Error) -> bool {
    match error {
        Error::Tls(_) | Error::TlsRequired => true,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => true,
        #[cfg(feature = "rustls")]
        Error::Io(error) => causes(error).any(|cause| cause.is::<rustls::Error>()),
        _ => false,
    }
}

/// URLs are kept out of errors: their queries may be signed.
fn plain(error: Error) -> Box<dyn StdError + Send + Sync> {
    match error {
        Error::BadUri(_) => "the URL cannot be requested".into(),
        Error::RequireHttpsOnly(_) => "the URL is not https".into(),
        Error::Io(error) => error.into(),
        error => error.into(),
    }
}
