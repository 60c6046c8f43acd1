use std::fmt;
use std::sync::Arc;

use oci_client_core::Secret;
use oci_client_core::hosts::{ClientCertificate, TransportSettings};
use oci_client_core::transport::BuildError;
use rustls_pki_types::CertificateDer;

use crate::pem::parse_certificates;

/// What a transport is told of TLS. None of it is looked into before it is asked for.
#[derive(Clone, Default)]
#[must_use]
pub struct TlsSettings {
    accepts_invalid_certificates: bool,
    client_certificates: Vec<ClientCertificate>,
    roots: Vec<Roots>,
}

impl TlsSettings {
    /// Servers are trusted as the operating system says, and see no client certificate.
    pub const fn new() -> Self {
        Self {
            accepts_invalid_certificates: false,
            client_certificates: Vec::new(),
            roots: Vec::new(),
        }
    }

    /// Adds a certificate to show to servers that ask for one: a PEM chain, the client's own certificate first, and its private key in PEM.
    pub fn client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.client_certificates.push(ClientCertificate::new(chain, key));
        self
    }

    /// Accepts any certificate from any server, whoever signed it, for whatever name.
    ///
    /// # Danger
    /// Whoever is on the way can then pose as the server, and read and change everything. Add the server's root certificate instead.
    pub const fn danger_accept_invalid_certificates(mut self) -> Self {
        self.accepts_invalid_certificates = true;
        self
    }

    /// These settings with those of one host over them: its roots are trusted too, and its client certificates, where it has some, are shown in place of
    /// others.
    pub fn for_host(mut self, host: &TransportSettings) -> Self {
        self.accepts_invalid_certificates |= host.accepts_invalid_certificates();
        if !host.client_certificates().is_empty() {
            self.client_certificates = host.client_certificates().to_vec();
        }
        self.roots.extend(host.roots().map(|pem| Roots::Pem(pem.into())));
        self
    }

    /// Also trusts a root certificate in DER.
    pub fn root_certificate_der(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.roots.push(Roots::Der(certificate.into().into()));
        self
    }

    /// Also trusts every certificate of a PEM bundle.
    pub fn root_certificates_pem(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.roots.push(Roots::Pem(bundle.into().into()));
        self
    }

    /// Whether any certificate is accepted.
    pub const fn accepts_invalid_certificates(&self) -> bool {
        self.accepts_invalid_certificates
    }

    /// The certificates to show, in the order in which they were given.
    ///
    /// # Errors
    /// If a chain is not valid PEM, or has no certificate. Keys are not looked into.
    pub fn client_certificates(&self) -> Result<&[ClientCertificate], BuildError> {
        for certificate in &self.client_certificates {
            parse_certificates(certificate.chain(), CLIENT_CERTIFICATE)?;
        }
        Ok(&self.client_certificates)
    }

    /// The roots to trust besides those of the operating system.
    ///
    /// # Errors
    /// If a bundle is not valid PEM, or has no certificate. What is in the certificates is not looked into.
    pub fn roots(&self) -> Result<Vec<CertificateDer<'static>>, BuildError> {
        let mut certificates = Vec::new();
        for roots in &self.roots {
            match roots {
                Roots::Der(der) => certificates.push(CertificateDer::from(der.to_vec())),
                Roots::Pem(pem) => certificates.extend(parse_certificates(pem, ROOTS)?),
            }
        }
        Ok(certificates)
    }
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TlsSettings")
            .field("accepts_invalid_certificates", &self.accepts_invalid_certificates)
            .field("client_certificates", &self.client_certificates.len())
            .field("roots", &self.roots.len())
            .finish()
    }
}

/// Root certificates as they were given.
#[derive(Clone)]
enum Roots {
    Der(Arc<[u8]>),
    Pem(Arc<[u8]>),
}

pub(crate) const CLIENT_CERTIFICATE: &str = "the client certificate cannot be used";
const ROOTS: &str = "the root certificates are not valid PEM";

#[cfg(test)]
mod tests;
