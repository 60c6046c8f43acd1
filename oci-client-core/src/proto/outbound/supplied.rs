use std::net::{IpAddr, SocketAddr};

use http::{Request, Uri};

use super::is_public;

/// Marks a request, by its extensions, whose host a server has named and not the user.
///
/// A transport that resolves names should refuse to connect to an address that is not [public](is_public): at that moment, as an earlier answer of the
/// resolver binds nobody.
///
/// ```
/// use http::Request;
/// use oci_client_core::proto::outbound::{ServerSupplied, check_address, public_addresses};
///
/// let mut request = Request::get("https://cdn.example.com/blob").body(())?;
/// assert!(!ServerSupplied::marks(&request));
/// request.extensions_mut().insert(ServerSupplied::default());
/// assert!(ServerSupplied::marks(&request));
///
/// // Before it connects, or leaves that to a proxy: the host may be an address itself.
/// check_address(request.uri())?;
/// assert!(check_address(&"http://169.254.169.254/latest".parse()?).is_err());
/// // When it connects: to these and to no others, whatever the name resolves to a moment later.
/// let found = ["10.0.0.1:443".parse()?, "1.1.1.1:443".parse()?];
/// assert_eq!(public_addresses(found)?, ["1.1.1.1:443".parse()?]);
/// assert!(public_addresses(["[::ffff:10.0.0.1]:443".parse()?]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerSupplied;

impl ServerSupplied {
    /// Whether `request` carries the mark.
    pub fn marks<B>(request: &Request<B>) -> bool {
        request.extensions().get::<Self>().is_some()
    }
}

/// Judges the host of a URI that a server has named, where that is an address and no name.
///
/// # Errors
/// If it is an address that is not [public](is_public).
pub fn check_address(uri: &Uri) -> Result<(), NotPublic> {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bare.unwrap_or(host).parse::<IpAddr>() {
        Ok(address) if !is_public(address) => Err(NotPublic(())),
        _ => Ok(()),
    }
}

/// Those of the addresses of a host that a server has named that may be connected to.
///
/// # Errors
/// If none of them is [public](is_public).
pub fn public_addresses(found: impl IntoIterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let public: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        return Err(NotPublic(()));
    }
    Ok(public)
}

/// Why a host that a server has named is not connected to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the server leads to a host that has no public address; if that is meant to be, allow it with \
     `OutboundPolicy::with_private_addresses`"
)]
pub struct NotPublic(());
