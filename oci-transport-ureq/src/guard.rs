//! Which addresses are connected to for hosts that a server has named, as in a redirect.
//!
//! Such requests have an agent of their own, whose resolver leaves out every address that is not public: what is connected to is what was looked at, whatever
//! the name resolves to a moment later, and no connection is shared with requests to hosts that the user has named.

use std::ptr;

use http::Uri;
use oci_client_core::proto::outbound::public_addresses;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Proxy};

/// Resolves names to public addresses only.
#[derive(Debug, Default)]
pub(crate) struct PublicResolver<R> {
    inner: R,
}

impl<R: Resolver> Resolver for PublicResolver<R> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if is_proxy(uri, config) {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in public_addresses(found.iter().copied()).map_err(|error| Error::Other(error.into()))? {
            public.push(address);
        }
        Ok(public)
    }
}

/// Whether the proxy is asked for, which is where the user or the system says. A server could name its host too, but what ureq resolves for a connection to the proxy is
/// the very URL of its configuration.
fn is_proxy(uri: &Uri, config: &Config) -> bool {
    config.proxy().map(Proxy::uri).is_some_and(|proxy| ptr::eq(proxy, uri))
}

#[cfg(test)]
mod tests;
