use bytes::Bytes;
use http::{Request, Response};
use oci_spec_types::{RegistryHost, RepositoryName};

use super::clock::Waiter;
use super::{Catalog, Repository, ResponseBody};
use crate::Error;
use crate::client;
use crate::proto::RegistryAccess;
use crate::proto::auth::Scopes;

/// One registry.
#[derive(Clone, Debug)]
pub struct Registry {
    inner: client::Registry,
    waiter: Waiter,
}

impl Registry {
    pub(super) const fn new(inner: client::Registry, waiter: Waiter) -> Self {
        Self { inner, waiter }
    }

    /// The registry's name.
    pub fn host(&self) -> &RegistryHost {
        self.inner.host()
    }

    /// Asks whether this is a registry, and whether it takes the client's credential ([spec, "Determining Support"]).
    ///
    /// One GET of `/v2/`, and what authorization takes. No other operation needs it.
    ///
    /// # Errors
    /// Of kind [`Unauthorized`](crate::ErrorKind::Unauthorized) if the registry wants a credential that it was not given,
    /// [`NotFound`](crate::ErrorKind::NotFound) if this is not a registry.
    ///
    /// [spec, "Determining Support"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
    pub fn check(&self) -> Result<RegistryAccess, Error> {
        self.waiter.perform(self.inner.check())
    }

    /// The repository `name` in this registry. Nothing is asked of the registry.
    pub fn repository(&self, name: RepositoryName) -> Repository {
        Repository::new(self.inner.repository(name), self.waiter.clone())
    }

    /// The registry's repositories, fetched a page at a time as they are asked for, as far as it lists them.
    ///
    /// That a repository is listed does not mean that it can be read, nor that one which is not listed is not there.
    pub fn catalog(&self) -> Catalog {
        Catalog::new(self.inner.catalog(), self.waiter.clone())
    }

    /// Performs a request of your own, with this client's authorization, redirects, retry and errors: for extensions and vendors' APIs.
    ///
    /// As [`Repository::send`]; a path is below the registry's base URL, such as `/v2/_catalog?n=3`, and the scope is that of the catalog where the path is, else none.
    ///
    /// # Errors
    /// As [`Repository::send`].
    pub fn send(&self, request: Request<Bytes>) -> Result<Response<ResponseBody>, Error> {
        let response = self.waiter.perform(self.inner.send(request))?;
        Ok(ResponseBody::of(response, &self.waiter))
    }

    /// As [`send`](Self::send), with a token for `scopes` where the registry wants one.
    ///
    /// # Errors
    /// As [`Repository::send`].
    pub fn send_with_scopes(&self, request: Request<Bytes>, scopes: Scopes) -> Result<Response<ResponseBody>, Error> {
        let response = self.waiter.perform(self.inner.send_with_scopes(request, scopes))?;
        Ok(ResponseBody::of(response, &self.waiter))
    }
}
