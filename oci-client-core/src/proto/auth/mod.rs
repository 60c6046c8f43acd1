//! Authorization: challenges, scopes, credentials and the token exchange.

mod challenge;
mod credential;
mod realm;
mod scope;
mod token_request;

pub use challenge::Challenge;
pub use credential::{Credential, CredentialQuery};
pub use scope::{InvalidScope, Scope, Scopes};

pub(crate) use challenge::{Asked, Scheme};
pub(crate) use credential::{Identity, bearer};
pub(crate) use realm::{belongs, trusts};
pub(crate) use scope::DELETE;
pub(crate) use token_request::{Grant, get_token, post_token};
