use oci_client_core::transport::BuildError;
use oci_transport_tls::TlsSettings;
use reqwest::{Certificate, ClientBuilder, Identity};

/// TLS as all clients of a transport have it.
#[derive(Clone)]
pub(crate) struct Tls {
    accepts_invalid_certificates: bool,
    identity: Option<Identity>,
    roots: Vec<Certificate>,
}

impl Tls {
    /// Looks into the settings.
    pub(crate) fn new(settings: &TlsSettings, _http1_only: bool) -> Result<Self, BuildError> {
        let identity = match settings.client_certificates()? {
            [] => None,
            [one] => {
                let identity = Identity::from_pkcs8_pem(one.chain(), one.key().expose().as_bytes());
                Some(identity.map_err(|error| BuildError::caused_by("the client certificate cannot be used", error))?)
            }
            _ => {
                return Err(BuildError::new(
                    "the operating system's TLS library shows one client certificate to a host, and there are more: \
                     leave one, or build oci-transport-reqwest with the feature `rustls`",
                ));
            }
        };
        let roots = settings.roots()?.into_iter().map(|root| {
            Certificate::from_der(&root)
                .map_err(|error| BuildError::caused_by("a root certificate cannot be read", error))
        });
        Ok(Self {
            accepts_invalid_certificates: settings.accepts_invalid_certificates(),
            identity,
            roots: roots.collect::<Result<_, _>>()?,
        })
    }

    /// Hands them over to `client`, and sees to it that no other TLS library in the build takes their place.
    pub(crate) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, BuildError> {
        let client = client
            .tls_certs_merge(self.roots.iter().cloned())
            .tls_danger_accept_invalid_certs(self.accepts_invalid_certificates);
        let client = self.identity.iter().cloned().fold(client, ClientBuilder::identity);
        Ok(client.tls_backend_native())
    }
}
