use std::collections::HashMap;

use async_trait::async_trait;
use oci_spec_types::RegistryHost;

use super::CredentialSource;
use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// Credentials held in memory, one per registry.
///
/// ```
/// use oci_client_core::credentials::StaticCredentials;
/// use oci_client_core::proto::Credential;
///
/// let credential = Credential::password("me", "secret".to_owned());
/// let source = StaticCredentials::new().with("registry.example.com".parse()?, credential);
/// assert!(!format!("{source:?}").contains("secret"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StaticCredentials {
    by_host: HashMap<RegistryHost, Credential>,
}

impl StaticCredentials {
    /// No credentials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the credential for a registry, in place of one that was there.
    #[must_use]
    pub fn with(mut self, host: RegistryHost, credential: Credential) -> Self {
        self.by_host.insert(host, credential);
        self
    }
}

#[async_trait]
impl CredentialSource for StaticCredentials {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        Ok(self.by_host.get(&query.host).cloned())
    }
}
