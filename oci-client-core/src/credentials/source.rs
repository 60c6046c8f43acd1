use std::sync::Arc;

use async_trait::async_trait;

use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// Where credentials come from.
///
/// It is asked only after the registry has shown that it wants to know. Its answer is remembered per host and repository for five minutes, so that a process or
/// keychain behind it is not needed for every operation. If the registry or its token endpoint refuses a credential, the source is asked once more, as short-lived
/// passwords expire; the refusal stands if that brings nothing new. Of requests that want the same credential at the same time
/// one asks and the others wait for the answer; each of them asks itself, one after the other, if the source fails. Whoever takes longer than a minute is no longer waited for.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// The credential for `query`; `None`: there is none, be anonymous.
    ///
    /// # Errors
    /// Where credentials are configured and cannot be had. The operation then fails: it does not go on anonymously, and does not ask again, whatever the kind of the
    /// error. A source that is worth another try tries again itself.
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error>;
}

#[async_trait]
impl<T: CredentialSource + ?Sized> CredentialSource for Arc<T> {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        (**self).credential(query).await
    }
}
