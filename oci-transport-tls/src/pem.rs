use oci_client_core::transport::BuildError;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// The certificates of a PEM bundle, of which there must be one at least.
pub(crate) fn parse_certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| BuildError::caused_by(what, error))?;
    if certificates.is_empty() {
        return Err(BuildError::caused_by(what, "there is no certificate in it"));
    }
    Ok(certificates)
}
