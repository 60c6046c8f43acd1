//! TLS by the library that the features choose: rustls, else the operating system's, else none.

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
mod native;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
mod none;
#[cfg(feature = "rustls")]
mod with_rustls;

use std::error::Error as StdError;

#[cfg(any(feature = "native-tls", feature = "rustls"))]
use oci_client_core::hosts::TransportSettings;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
use oci_client_core::transport::BuildError;

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
pub(crate) use native::Tls;
#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
pub(crate) use none::{Tls, TlsSettings, for_host};
#[cfg(any(feature = "native-tls", feature = "rustls"))]
pub(crate) use oci_transport_tls::TlsSettings;
#[cfg(feature = "rustls")]
pub(crate) use with_rustls::Tls;

/// Whether this build can speak `https`.
pub(crate) const AVAILABLE: bool = cfg!(any(feature = "native-tls", feature = "rustls"));

/// `settings` with those of one host over them.
#[cfg(any(feature = "native-tls", feature = "rustls"))]
pub(crate) fn for_host(settings: TlsSettings, host: &TransportSettings) -> Result<TlsSettings, BuildError> {
    Ok(settings.for_host(host))
}

/// Sees to it that reqwest finds a crypto provider where it has to look for one itself; it panics if it finds none.
pub(crate) fn ensure_default_provider() {
    #[cfg(feature = "rustls")]
    with_rustls::ensure_default_provider();
}

/// Whether `error` itself says that no secure connection could be made.
pub(crate) fn is_tls_error(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    if error.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if error.is::<native_tls::Error>() {
        return true;
    }
    // Without a TLS library there is nothing to compare with.
    let _ = error;
    false
}
