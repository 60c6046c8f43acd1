use std::sync::Arc;

use oci_client_core::hosts::{ProxySetting, TransportSettings};
use oci_client_core::transport::{Transport, TransportFactory};
use oci_client_core::{Error, ErrorKind};
use url::Origin;

use crate::{BuildError, ReqwestTransportBuilder};

/// Each origin gets a transport with the builder's settings and, over them, its own.
impl TransportFactory for ReqwestTransportBuilder {
    fn transport(&self, _: &Origin, settings: &TransportSettings) -> Result<Arc<dyn Transport>, Error> {
        let refused = |error: BuildError| {
            Error::new(ErrorKind::Invalid, "the host's certificates or proxy cannot be used").with_source(error)
        };
        let builder = match settings.proxy() {
            ProxySetting::Direct => self.clone().no_proxy(),
            ProxySetting::Inherited => self.clone(),
            ProxySetting::Url(url) => self.clone().proxy(url.expose()),
            _ => {
                return Err(refused(BuildError::new(
                    "this transport does not know that kind of proxy",
                )));
            }
        };
        let transport = with_tls(builder, settings).and_then(ReqwestTransportBuilder::build);
        Ok(Arc::new(transport.map_err(refused)?))
    }
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
fn with_tls(
    mut builder: ReqwestTransportBuilder,
    settings: &TransportSettings,
) -> Result<ReqwestTransportBuilder, BuildError> {
    for roots in settings.roots() {
        builder = builder.root_certificates_pem(roots);
    }
    match settings.client_certificates() {
        [] => {}
        [one] => builder = builder.client_certificate_pem(one.chain(), one.key().expose()),
        _ => {
            return Err(BuildError::new(
                "this transport shows one client certificate to a host, and there are more",
            ));
        }
    }
    Ok(match settings.accepts_invalid_certificates() {
        true => builder.danger_accept_invalid_certificates(),
        false => builder,
    })
}

#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
fn with_tls(
    builder: ReqwestTransportBuilder,
    settings: &TransportSettings,
) -> Result<ReqwestTransportBuilder, BuildError> {
    let wants_tls = settings.accepts_invalid_certificates()
        || !settings.client_certificates().is_empty()
        || settings.roots().next().is_some();
    if wants_tls {
        return Err(BuildError::new("there are certificates, and this build has no TLS"));
    }
    Ok(builder)
}
