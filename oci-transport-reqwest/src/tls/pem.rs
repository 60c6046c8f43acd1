use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::BuildError;

/// Root certificates as the caller gave them.
#[derive(Clone)]
pub(super) enum Roots {
    Der(Vec<u8>),
    Pem(Vec<u8>),
}

/// A certificate chain and its private key, both PEM.
#[derive(Clone)]
pub(super) struct KeyPair {
    pub(super) chain: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// All certificates in `roots`, or an error if one of them cannot be read or a bundle has none.
pub(super) fn parse_roots(roots: Vec<Roots>) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let mut certificates = Vec::new();
    for root in roots {
        match root {
            Roots::Der(der) => certificates.push(CertificateDer::from(der)),
            Roots::Pem(pem) => {
                certificates.extend(parse_certificates(&pem, "the root certificates are not valid PEM")?)
            }
        }
    }
    Ok(certificates)
}

/// The certificates of a PEM bundle, of which there must be one at least.
pub(super) fn parse_certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| BuildError::caused_by(what, error))?;
    if certificates.is_empty() {
        return Err(BuildError::caused_by(what, "there is no certificate in it"));
    }
    Ok(certificates)
}
