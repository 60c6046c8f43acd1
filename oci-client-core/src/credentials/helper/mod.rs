//! Credential helpers: programs called `docker-credential-NAME` that keep secrets for others ([protocol]).
//!
//! [protocol]: https://github.com/docker/docker-credential-helpers

mod process;
mod programs;
mod protocol;

use async_trait::async_trait;
use oci_spec_types::RegistryHost;

use super::CredentialSource;
use super::worker::on_thread;
use crate::Error;
use crate::proto::{Credential, CredentialQuery};

pub use programs::HelperPrograms;

/// One credential helper, for all registries that it knows.
///
/// What it says or writes is shown in no error. Queries for one registry at the same time share one run of the program; its answers are not kept.
///
/// ```
/// use oci_client_core::credentials::{CredentialHelper, HelperPrograms};
///
/// assert!(CredentialHelper::new("pass", HelperPrograms::new()).is_ok());
/// assert!(CredentialHelper::new("../pass", HelperPrograms::new()).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct CredentialHelper {
    name: String,
    programs: HelperPrograms,
}

impl CredentialHelper {
    /// The helper `docker-credential-NAME`, which is looked for among `programs` when it is needed.
    ///
    /// # Errors
    /// Of kind [`Invalid`](crate::ErrorKind::Invalid) if the name is not letters, digits, `.`, `_` and `-` after a letter or digit.
    pub fn new(name: impl Into<String>, programs: HelperPrograms) -> Result<Self, Error> {
        let name = name.into();
        programs::check_name(&name)?;
        Ok(Self { name, programs })
    }

    /// Has the helper keep `credential` for `host`, in place of one that it has.
    ///
    /// # Errors
    /// If the helper cannot be run, refuses, or takes too long; if it is a registry token, for which the protocol has no form.
    ///
    /// # Cancellation
    /// The program goes on to its end, or to its time limit, if the future is dropped.
    pub async fn store(&self, host: &RegistryHost, credential: &Credential) -> Result<(), Error> {
        let (this, host, credential) = (self.clone(), host.clone(), credential.clone());
        on_thread(move || Ok(this.programs.store(&this.name, &host, &credential)?)).await
    }

    /// Has the helper forget what it has for `host`; `false`: it had nothing.
    ///
    /// # Errors
    /// If the helper cannot be run, refuses, or takes too long.
    ///
    /// # Cancellation
    /// The program goes on to its end, or to its time limit, if the future is dropped.
    pub async fn erase(&self, host: &RegistryHost) -> Result<bool, Error> {
        let (this, host) = (self.clone(), host.clone());
        on_thread(move || Ok(this.programs.erase(&this.name, &host)?)).await
    }
}

#[async_trait]
impl CredentialSource for CredentialHelper {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let (this, host) = (self.clone(), query.host.clone());
        on_thread(move || Ok(this.programs.get(&this.name, &host)?)).await
    }
}
