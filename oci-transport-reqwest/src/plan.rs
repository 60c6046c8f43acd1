use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use oci_client_core::transport::BuildError;
use reqwest::{ClientBuilder, Proxy};

use crate::guard::PublicResolver;
use crate::tls::Tls;

/// What the clients of a transport have in common: any number of them can be made of it.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) connect_timeout: Duration,
    pub(crate) http1_only: bool,
    pub(crate) proxy: PlannedProxy,
    /// What resolves names in place of the system.
    pub(crate) resolver: Option<Arc<PublicResolver>>,
    pub(crate) tls: Tls,
    pub(crate) user_agent: HeaderValue,
}

/// The proxy, with everything about it checked.
#[derive(Clone)]
pub(crate) enum PlannedProxy {
    Direct,
    Of(Box<Proxy>),
    System,
}

impl Plan {
    pub(crate) fn client(&self) -> Result<reqwest::Client, BuildError> {
        let client = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .user_agent(self.user_agent.clone());
        let client = if self.http1_only { client.http1_only() } else { client };
        let client = match &self.proxy {
            PlannedProxy::Direct => client.no_proxy(),
            PlannedProxy::Of(proxy) => client.proxy(proxy.as_ref().clone()),
            PlannedProxy::System => client,
        };
        let client = match &self.resolver {
            Some(resolver) => client.dns_resolver(resolver.clone()),
            None => client,
        };
        finish(self.tls.apply(client)?)
    }
}

/// Makes a plain pipe of what `client` describes.
pub(crate) fn finish(client: ClientBuilder) -> Result<reqwest::Client, BuildError> {
    client
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEADER_LIST_BYTES)
        .no_brotli()
        .no_deflate()
        .no_gzip()
        .no_zstd()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .build()
        .map_err(|error| BuildError::caused_by("the HTTP client cannot be set up", error.without_url()))
}

/// How many header fields a response may have. With hyper's own limit of 100, `Warning` fields could make a pull fail.
const MAX_HEADERS: usize = 4096;
/// The same in HTTP/2, as the sum of names and values and 32 bytes for each field (RFC 9113, section 6.5.2).
const MAX_HEADER_LIST_BYTES: u32 = 512 * 1024;
