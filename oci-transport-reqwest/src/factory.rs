use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::hosts::{ProxySetting, TransportSettings};
use oci_client_core::transport::{BuildError, Transport, TransportFactory};
use url::Origin;

use crate::ReqwestTransportBuilder;

/// Each origin gets a transport with the builder's settings and, over them, its own.
impl TransportFactory for ReqwestTransportBuilder {
    fn transport(&self, _: &Origin, settings: &TransportSettings) -> Result<Arc<dyn Transport>, Error> {
        let builder = match settings.proxy() {
            ProxySetting::Direct => self.clone().no_proxy(),
            ProxySetting::Inherited => self.clone(),
            ProxySetting::Url(url) => self.clone().proxy(url.expose()),
            _ => return Err(BuildError::new("this transport does not know that kind of proxy").into()),
        };
        Ok(Arc::new(builder.tls_of(settings)?.build()?))
    }
}
