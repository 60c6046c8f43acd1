use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::uri::{Authority, Parts, Scheme};
use http::{Request, Response, Uri};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError};
use tokio::net::{TcpListener, ToSocketAddrs};

use super::definition::Profile;
use super::origins::Origins;
use super::registry::ProfiledRegistry;
use crate::registry::Registry;
use crate::server::Server;

/// A [`ProfiledRegistry`] on ports, over HTTP/1.1 without TLS.
///
/// The API is at the address that was asked for. A token endpoint or content that the profile has at other hosts gets ports of its own on
/// the same interface, which the system chooses.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::ThreadRuntime;
/// use oci_registry::Registry;
/// use oci_registry::profile::{Profile, ProfileServer};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let runtime = Arc::new(ThreadRuntime::new());
/// let server = ProfileServer::bind(Profile::docker_hub(), Registry::in_memory(), runtime, "127.0.0.1:0").await?;
/// println!("listening on http://{}", server.local_addr());
/// assert_eq!(server.registry().profile().origins().content().len(), 2);
/// # let interrupt = std::future::ready(());
/// server.serve_until(interrupt).await;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ProfileServer {
    address: SocketAddr,
    registry: ProfiledRegistry,
    servers: Vec<Server>,
}

impl ProfileServer {
    /// Listens on `address` and on as many further ports as the profile has other hosts. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the address cannot be resolved, or is in use or not allowed.
    pub async fn bind(
        profile: Profile,
        registry: Registry,
        runtime: Arc<dyn Runtime>,
        address: impl ToSocketAddrs,
    ) -> io::Result<Self> {
        let api = TcpListener::bind(address).await?;
        let address = api.local_addr()?;
        let another = || TcpListener::bind((address.ip(), 0));
        let named = profile.origins();
        let mut listeners = vec![api];
        let mut origins = Origins::new(origin(address));
        if named.token() != named.registry() {
            let listener = another().await?;
            origins = origins.with_token(origin(listener.local_addr()?));
            listeners.push(listener);
        }
        for _ in named.content() {
            let listener = another().await?;
            origins = origins.with_content(origin(listener.local_addr()?));
            listeners.push(listener);
        }
        let registry = profile.with_origins(origins).start(registry, runtime);
        let mut servers = Vec::new();
        for listener in listeners {
            let authority = listener.local_addr()?.to_string().parse::<Authority>();
            let part = Part {
                authority: authority.map_err(io::Error::other)?,
                registry: registry.clone(),
            };
            servers.push(Server::on(listener, part)?);
        }
        Ok(Self {
            address,
            registry,
            servers,
        })
    }

    /// The address of the API.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What it serves, with its logins and where its parts are.
    pub const fn registry(&self) -> &ProfiledRegistry {
        &self.registry
    }

    /// Serves until `shutdown` is ready; see [`Server::serve_until`].
    ///
    /// # Cancellation
    /// Dropping the future closes all ports and every connection.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()> + Send) {
        let shutdown = shutdown.shared();
        let servers = self.servers.into_iter();
        join_all(servers.map(|server| server.serve_until(shutdown.clone()))).await;
    }
}

impl fmt::Debug for ProfileServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProfileServer")
            .field("address", &self.address)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

/// The part of the registry behind one port, by whatever name a client calls the machine.
struct Part {
    authority: Authority,
    registry: ProfiledRegistry,
}

#[async_trait]
impl Transport for Part {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let mut parts: Parts = request.uri().clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        // What has no absolute form stays as it is, and is refused.
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        self.registry.send(request).await
    }
}

fn origin(address: SocketAddr) -> String {
    format!("http://{address}")
}
