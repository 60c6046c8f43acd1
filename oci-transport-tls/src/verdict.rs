use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Judges all certificates alike. That a server has the key of its certificate is still checked.
#[derive(Debug)]
pub(crate) struct Verdict {
    algorithms: WebPkiSupportedAlgorithms,
    trusts: bool,
}

impl Verdict {
    /// Whatever certificate a server shows is good.
    pub(crate) fn trust_anybody(provider: &CryptoProvider) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
            trusts: true,
        }
    }

    /// No certificate is good, as the system has no root certificates. That is no reason to fail earlier: a registry on plain `http` needs none.
    pub(crate) fn no_roots(provider: &CryptoProvider) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
            trusts: false,
        }
    }
}

impl ServerCertVerifier for Verdict {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.trusts {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::General(
            "this system has no root certificates: install them (package ca-certificates), name a file with some in \
             SSL_CERT_FILE, or give the transport its own"
                .to_owned(),
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
