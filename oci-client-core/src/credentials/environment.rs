use std::env::VarError;

use async_trait::async_trait;
use oci_spec_types::RegistryHost;

use super::CredentialSource;
use crate::proto::{Credential, CredentialQuery};
use crate::{Error, ErrorKind, Secret};

/// A credential for one registry in environment variables, whose names the program gives: no variable is read by default, and no other
/// registry gets what they hold.
///
/// They are read at each query. A variable that is empty counts as unset; without any of them there is no credential.
///
/// ```
/// use oci_client_core::credentials::{CredentialSource, EnvironmentCredentials};
/// use oci_client_core::proto::CredentialQuery;
/// use oci_client_core::runtime::block_on;
///
/// let host: oci_spec_types::RegistryHost = "registry.example.com".parse()?;
/// let source = EnvironmentCredentials::password(host.clone(), "MY_TOOL_USER", "MY_TOOL_PASSWORD");
/// assert_eq!(block_on(source.credential(&CredentialQuery::new(host, None)))?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EnvironmentCredentials {
    host: RegistryHost,
    variables: Variables,
}

impl EnvironmentCredentials {
    /// The user name in the variable `username` and the password in the variable `password`, for `host`.
    pub fn password(host: RegistryHost, username: impl Into<String>, password: impl Into<String>) -> Self {
        let (username, password) = (username.into(), password.into());
        let variables = Variables::Password { username, password };
        Self { host, variables }
    }

    /// The refresh token in the variable `token`, for `host`; see [`Credential::IdentityToken`].
    pub fn identity_token(host: RegistryHost, token: impl Into<String>) -> Self {
        let variables = Variables::IdentityToken(token.into());
        Self { host, variables }
    }

    /// The access token in the variable `token`, for `host`; see [`Credential::RegistryToken`].
    pub fn registry_token(host: RegistryHost, token: impl Into<String>) -> Self {
        let variables = Variables::RegistryToken(token.into());
        Self { host, variables }
    }

    fn read(&self, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Option<Credential>, Error> {
        let read = |name: &str| match variable(name) {
            Ok(value) if value.is_empty() => Ok(None),
            Ok(value) => Ok(Some(Secret::new(value))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(invalid(format!("the environment variable {name} is not UTF-8"))),
        };
        match &self.variables {
            Variables::IdentityToken(name) => Ok(read(name)?.map(Credential::IdentityToken)),
            Variables::RegistryToken(name) => Ok(read(name)?.map(Credential::RegistryToken)),
            Variables::Password { username, password } => match (read(username)?, read(password)?) {
                (None, None) => Ok(None),
                (Some(user), Some(secret)) => Ok(Some(Credential::password(user.expose(), secret))),
                (Some(_), None) => Err(half(username, password)),
                (None, Some(_)) => Err(half(password, username)),
            },
        }
    }
}

#[async_trait]
impl CredentialSource for EnvironmentCredentials {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        if query.host != self.host {
            return Ok(None);
        }
        self.read(|name| std::env::var(name))
    }
}

#[derive(Clone, Debug)]
enum Variables {
    IdentityToken(String),
    Password { username: String, password: String },
    RegistryToken(String),
}

fn half(set: &str, unset: &str) -> Error {
    invalid(format!(
        "the environment variable {set} is set and {unset} is not: set both or neither"
    ))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
