//! Who may do what: [`Protected`] puts authorization before a registry, or before any other
//! [`Transport`](oci_client_core::transport::Transport) that answers the registry API.
//!
//! - [`Users`] and their [`Access`]: names, passwords, and the actions that each may perform on a repository or below a prefix of names. There are rules for one
//!   user, for any user, and for those without an account. One function decides on every action.
//! - By the Basic scheme ([RFC 7617]) every request carries name and password.
//! - By the Bearer scheme it carries a token, which comes from an endpoint of the registry's own: the [token
//!   specification] (`GET`) and its [OAuth2 form] (`POST`), with scopes, expiry and refresh tokens.
//! - With the feature `htpasswd`, names and passwords come from an `Htpasswd` file.
//!
//! What somebody may not pull is not there for them: it is not listed, and a mount from it is an upload like any other. An upload goes on only by
//! whoever began it.
//!
//! Tokens are random numbers of 256 bits that are looked up in memory: nothing can be read out of one, and a restart ends them all. What a token allows is
//! judged again with each request, and a password that has changed ends the tokens that were given for it.
//!
//! [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
//! [token specification]: https://distribution.github.io/distribution/spec/auth/token/
//! [OAuth2 form]: https://distribution.github.io/distribution/spec/auth/oauth/

mod access;
mod caller;
mod endpoint;
mod gate;
mod header;
#[cfg(feature = "htpasswd")]
mod htpasswd;
mod issued;
mod needed;
mod protected;
mod scope;
mod timestamp;
mod tokens;
mod users;

pub use access::{Access, Action};
pub use caller::Caller;
#[cfg(feature = "htpasswd")]
pub use htpasswd::{Htpasswd, InvalidHtpasswd, InvalidHtpasswdKind};
pub use protected::Protected;
pub use tokens::TokenSettings;
pub use users::{User, Users};

pub(crate) use endpoint::{Form, TokenEndpoint};
pub(crate) use gate::{Gate, GateScheme};
pub(crate) use issued::{Issued, NoRandom};
pub(crate) use scope::Scope;
pub(crate) use tokens::Tokens;
