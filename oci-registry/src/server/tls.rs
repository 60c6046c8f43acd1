use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::stream::Stream;

/// The certificate of a [`Server`](super::Server), and its key.
///
/// TLS 1.2 and 1.3 by rustls, with the ring provider. Clones share what they hold: a certificate that is [replaced](Self::replace) is
/// replaced in all.
///
/// ```
/// use oci_registry::{Registry, Server, ServerTls};
///
/// # let directory = tempfile::tempdir()?;
/// # let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
/// # let made = rcgen::generate_simple_self_signed(["registry.test".to_owned()])?;
/// # std::fs::write(&chain, made.cert.pem())?;
/// # std::fs::write(&key, made.signing_key.serialize_pem())?;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let tls = ServerTls::from_files(&chain, &key)?;
/// let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await?.with_tls(tls.clone());
/// println!("listening on https://{}", server.local_addr());
///
/// // Later, when the certificate has been renewed:
/// tls.replace(&ServerTls::from_files(&chain, &key)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServerTls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

impl ServerTls {
    /// A certificate and its key from two PEM files.
    ///
    /// Reads them on the calling thread; they are small.
    ///
    /// # Errors
    /// If a file cannot be read, or as from [`from_pem`](Self::from_pem).
    pub fn from_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, ServerTlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| ServerTlsError::from(Cause::File(path.to_owned(), error)))
        };
        Self::from_pem(read(chain.as_ref())?, read(key.as_ref())?)
    }

    /// A certificate and its key in PEM: the server's own certificate first, then those that lead from it to one that clients trust, and a
    /// private key in PKCS #8, PKCS #1 or SEC1.
    ///
    /// # Errors
    /// If there is no certificate or no key, if one of them is malformed, or if they do not belong together.
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, ServerTlsError> {
        let provider = Arc::new(ring::default_provider());
        let current = Arc::new(Current(RwLock::new(certified(
            chain.as_ref(),
            key.as_ref(),
            &provider,
        )?)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Cause::Rustls)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            current,
        })
    }

    /// Takes over certificate and key of `other`, for the connections to come.
    pub fn replace(&self, other: &Self) {
        let replacement = other.current.get();
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = replacement;
    }

    pub(super) async fn accept(&self, stream: Stream) -> io::Result<TlsStream<Stream>> {
        self.acceptor.accept(stream).await
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Why a server cannot have this certificate or key.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ServerTlsError(#[from] Cause);

#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("the certificate is malformed PEM")]
    Certificate(#[source] pem::Error),
    #[error("could not read {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("the private key is malformed PEM")]
    Key(#[source] pem::Error),
    #[error("the private key does not belong to the certificate; the server's own certificate must come first")]
    Mismatch,
    #[error("there is no certificate: the PEM text needs a `BEGIN CERTIFICATE` block")]
    NoCertificate,
    #[error("there is no private key: the PEM text needs a `BEGIN PRIVATE KEY` block, without a password")]
    NoKey,
    #[error("the certificate or its key cannot be used")]
    Rustls(#[source] rustls::Error),
}

fn certified(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Cause> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(Cause::Certificate)?;
    if chain.is_empty() {
        return Err(Cause::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        pem::Error::NoItemsFound => Cause::NoKey,
        error => Cause::Key(error),
    })?;
    let certified = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => Cause::Mismatch,
        error => Cause::Rustls(error),
    })?;
    Ok(Arc::new(certified))
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}
