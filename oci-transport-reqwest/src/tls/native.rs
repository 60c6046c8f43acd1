use reqwest::{Certificate, ClientBuilder, Identity};
use rustls_pki_types::CertificateDer;

use super::pem::{KeyPair, parse_certificates};
use crate::BuildError;

/// Hands the settings over to `client`, and sees to it that no other TLS library in the build takes their place.
pub(super) fn configure(
    mut client: ClientBuilder,
    roots: &[CertificateDer<'static>],
    client_certificate: Option<&KeyPair>,
) -> Result<ClientBuilder, BuildError> {
    for root in roots {
        let root = Certificate::from_der(root)
            .map_err(|error| BuildError::caused_by("a root certificate cannot be read", error))?;
        client = client.tls_certs_merge([root]);
    }
    if let Some(pair) = client_certificate {
        parse_certificates(&pair.chain, CLIENT_CERTIFICATE)?;
        let identity = Identity::from_pkcs8_pem(&pair.chain, &pair.key)
            .map_err(|error| BuildError::caused_by(CLIENT_CERTIFICATE, error))?;
        client = client.identity(identity);
    }
    Ok(client.tls_backend_native())
}

const CLIENT_CERTIFICATE: &str = "the client certificate cannot be used";
