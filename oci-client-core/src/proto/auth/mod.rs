//! Authorization: challenges, scopes, credentials and the token exchange.

mod challenge;
mod credential;
mod realm;
mod scope;
mod token_request;

pub use challenge::Challenge;
pub use credential::{Credential, CredentialQuery};
pub use scope::{InvalidScope, Scope, Scopes};

pub(crate) use challenge::Scheme;
pub(crate) use credential::{Identity, sensitive};
pub(crate) use realm::judge_realm;
pub(crate) use token_request::token_request;
