//! Which addresses are connected to for hosts that a server has named, as in a redirect.
//!
//! Such requests have a client of their own, whose resolver leaves out every address that is not public: what is connected to is what was looked at, whatever
//! the name resolves to a moment later, and no connection is shared with requests to hosts that the user has named.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use oci_client_core::proto::outbound::public_addresses;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds the addresses of a host; it may block.
pub(crate) type Lookup = dyn Fn(&str) -> std::io::Result<Vec<SocketAddr>> + Send + Sync;

/// Resolves names to public addresses only.
pub(crate) struct PublicResolver {
    lookup: Arc<Lookup>,
    /// Proxies, which are where the user or the system says.
    proxies: Vec<String>,
}

impl PublicResolver {
    /// Asks the operating system.
    pub(crate) fn new(proxies: Vec<String>) -> Self {
        Self::with_lookup(Arc::new(|name| Ok((name, 0).to_socket_addrs()?.collect())), proxies)
    }

    pub(crate) fn with_lookup(lookup: Arc<Lookup>, proxies: Vec<String>) -> Self {
        Self { lookup, proxies }
    }
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self
            .proxies
            .iter()
            .any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        let lookup = self.lookup.clone();
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || lookup(name.as_str())).await??;
            let allowed = if is_proxy { found } else { public_addresses(found)? };
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The hosts of the proxies that the environment names.
pub(crate) fn environment_proxies(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let names = PROXY_VARIABLES
        .iter()
        .flat_map(|name| [(*name).to_owned(), name.to_ascii_lowercase()]);
    let values = names.filter_map(|name| variable(&name));
    values.filter_map(|value| proxy_host(&value)).collect()
}

/// The host of a proxy, whose URL may lack its scheme.
pub(crate) fn proxy_host(value: &str) -> Option<String> {
    let parsed = Url::parse(value).ok().filter(Url::has_host);
    let url = parsed.or_else(|| Url::parse(&format!("http://{value}")).ok())?;
    url.host_str().map(str::to_owned)
}

const PROXY_VARIABLES: [&str; 3] = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"];

#[cfg(test)]
mod tests;
