use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use oci_spec_types::Digest;
use oci_spec_types::{RegistryHost, RepositoryName};

use crate::Error;
use crate::secret::Secret;

/// What proves to a registry who is asking.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Credential {
    /// A refresh token, which a token endpoint exchanges for access tokens ([OAuth2 token exchange]). Docker's configuration calls it an identity token.
    ///
    /// [OAuth2 token exchange]: https://distribution.github.io/distribution/spec/auth/oauth/
    IdentityToken(Secret),
    /// A user name and a password.
    Password {
        /// The user name.
        username: String,
        /// The password, or whatever the registry takes in its place.
        password: Secret,
    },
    /// An access token that goes to the registry as it is, by the Bearer scheme.
    RegistryToken(Secret),
}

impl Credential {
    /// A refresh token, to be exchanged for access tokens.
    pub fn identity_token(token: impl Into<Secret>) -> Self {
        Self::IdentityToken(token.into())
    }

    /// A user name and password.
    pub fn password(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::Password {
            username: username.into(),
            password: password.into(),
        }
    }

    /// An access token, to be sent as it is.
    pub fn registry_token(token: impl Into<Secret>) -> Self {
        Self::RegistryToken(token.into())
    }

    /// The value of an `Authorization` field with this credential by the Basic scheme.
    pub(crate) fn basic(&self) -> Result<HeaderValue, Error> {
        let Self::Password { username, password } = self else {
            return Err(Error::new(
                crate::ErrorKind::Unauthorized,
                format!(
                    "the registry wants a user name and a password, and {} was given",
                    self.shown()
                ),
            ));
        };
        if username.contains(':') {
            return Err(Error::new(
                crate::ErrorKind::Invalid,
                "a user name with a colon cannot be sent by the Basic scheme",
            ));
        }
        let pair = Secret::new(format!("{username}:{}", password.expose()));
        let text = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
        sensitive(text.expose())
    }

    pub(crate) fn username(&self) -> Option<&str> {
        match self {
            Self::Password { username, .. } => Some(username),
            Self::IdentityToken(_) | Self::RegistryToken(_) => None,
        }
    }

    /// What the credential is, for messages: `the password of \`me\``.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::IdentityToken(_) => "an identity token".to_owned(),
            Self::Password { username, .. } => format!("the password of `{username}`"),
            Self::RegistryToken(_) => "a registry token".to_owned(),
        }
    }
}

/// The value of an `Authorization` field with a token by the Bearer scheme.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let text = Secret::new(format!("Bearer {token}"));
    sensitive(text.expose())
}

/// The value of an `Authorization` field, marked so that HTTP libraries neither print nor index it.
fn sensitive(value: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            crate::ErrorKind::Invalid,
            "the credential holds characters that no HTTP header can carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// For what a credential is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CredentialQuery {
    /// The registry, under the name that users know it by.
    pub host: RegistryHost,
    /// The repository; `None` for requests about the registry as a whole.
    pub repository: Option<RepositoryName>,
}

impl CredentialQuery {
    /// A query for `repository` on `host`.
    pub const fn new(host: RegistryHost, repository: Option<RepositoryName>) -> Self {
        Self { host, repository }
    }
}

/// Tells credentials apart without keeping them: part of the key under which tokens are cached.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Identity(Option<Digest>);

impl Identity {
    pub(crate) fn of(credential: Option<&Credential>) -> Self {
        Self(credential.map(|credential| {
            let text = Secret::new(match credential {
                Credential::IdentityToken(token) => format!("identity {}", token.expose()),
                // The length keeps "a" + "bc" and "ab" + "c" apart.
                Credential::Password { username, password } => {
                    format!("password {} {username} {}", username.len(), password.expose())
                }
                Credential::RegistryToken(token) => format!("registry {}", token.expose()),
            });
            Digest::sha256(text.expose().as_bytes())
        }))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() {
            "Identity(known)"
        } else {
            "Identity(anonymous)"
        })
    }
}
