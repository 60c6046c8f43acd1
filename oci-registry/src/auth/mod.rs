//! Who may do what: [`Protected`] puts authorization before a registry, or before any other
//! [`Transport`](oci_client_core::transport::Transport) that answers the registry API.
//!
//! - [`Users`] and their [`Access`]: names, passwords, and the actions that each may perform below a prefix of repository names.
//! - By the Basic scheme ([RFC 7617]) every request carries name and password.
//! - By the Bearer scheme it carries a token, which comes from an endpoint of the registry's own: the [token
//!   specification] (`GET`) and its [OAuth2 form] (`POST`), with scopes, expiry and refresh tokens.
//!
//! Tokens are random numbers of 256 bits that are looked up in memory: nothing can be read out of one, and a restart ends them all.
//!
//! [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
//! [token specification]: https://distribution.github.io/distribution/spec/auth/token/
//! [OAuth2 form]: https://distribution.github.io/distribution/spec/auth/oauth/

mod endpoint;
mod gate;
mod header;
mod issued;
mod protected;
mod scope;
mod tokens;
mod users;

pub use protected::Protected;
pub use tokens::TokenSettings;
pub use users::{Access, Action, User, Users};

pub(crate) use endpoint::{Form, TokenEndpoint};
pub(crate) use gate::{Gate, GateScheme};
pub(crate) use issued::{Issued, NoRandom};
pub(crate) use scope::Scope;
pub(crate) use tokens::Tokens;
