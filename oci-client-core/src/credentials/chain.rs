use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::CredentialSource;
use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// Sources that are asked one after the other, until one has a credential.
///
/// An error of one ends the search: a source that is configured and broken must not turn into another user, or into nobody.
///
/// ```
/// use oci_client_core::credentials::{CredentialChain, CredentialSource, StaticCredentials};
/// use oci_client_core::proto::{Credential, CredentialQuery};
/// use oci_client_core::runtime::block_on;
///
/// let source = |host: &str, user: &str| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(StaticCredentials::new().with(host.parse()?, Credential::password(user, "secret".to_owned())))
/// };
/// let chain = CredentialChain::new().with(source("a.test", "first")?).with(source("b.test", "second")?);
/// let query = CredentialQuery::new("b.test".parse()?, None);
/// let expected = Credential::password("second", "secret".to_owned());
/// assert_eq!(block_on(chain.credential(&query))?, Some(expected));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct CredentialChain {
    sources: Vec<Arc<dyn CredentialSource>>,
}

impl CredentialChain {
    /// A chain without sources, which has no credentials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source, to be asked after those that are there.
    #[must_use]
    pub fn with(mut self, source: impl CredentialSource + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }
}

#[async_trait]
impl CredentialSource for CredentialChain {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        for source in &self.sources {
            if let Some(credential) = source.credential(query).await? {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for CredentialChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CredentialChain")
            .field("sources", &self.sources.len())
            .finish()
    }
}
