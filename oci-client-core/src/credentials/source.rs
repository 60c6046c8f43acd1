use std::sync::Arc;

use async_trait::async_trait;

use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// Where credentials come from.
///
/// It is asked at most once per operation, and only after the registry has shown that it wants to know.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// The credential for `query`; `None`: there is none, be anonymous.
    ///
    /// # Errors
    /// Where credentials are configured and cannot be had. The operation then fails: it does not go on anonymously.
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error>;
}

#[async_trait]
impl<T: CredentialSource + ?Sized> CredentialSource for Arc<T> {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        (**self).credential(query).await
    }
}
