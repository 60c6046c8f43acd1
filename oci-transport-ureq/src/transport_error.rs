//! What ureq's errors mean: which kind of failure, and whether anything was sent.

use std::error::Error as StdError;
use std::io;

use oci_client_core::proto::outbound::NotPublic;
use oci_client_core::transport::{TransportError, TransportErrorKind as Kind};
use ureq::Error;

use crate::connector::NotConnected;

/// An error from before the head of the response had arrived.
pub(crate) fn before_response(error: Error) -> TransportError {
    match error {
        Error::Other(error) => match error.downcast::<NotConnected>() {
            Ok(error) => before_connection(error.0),
            Err(error) if error.is::<NotPublic>() => TransportError::new(Kind::Other, error).unsent(),
            Err(error) => TransportError::new(Kind::Other, error),
        },
        error @ (Error::BadUri(_) | Error::Http(_)) => TransportError::new(Kind::Other, plain(error)).unsent(),
        // As a server ends a connection whose client certificate it does not take.
        error if is_tls_error(&error) => TransportError::new(Kind::Tls, plain(error)),
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
        Error::Io(error) => error.get_ref().is_some_and(|cause| cause.is::<rustls::Error>()),
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
